"""`smki document`: versions lodged, listed, shown, their history with proofs, directions that wait."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from smki.bootstrap import Settings, load_settings, open_front
from smki.flows.documents import (
    DOCUMENT_MAX_OCTETS,
    Version,
    content_of,
    directions,
    document_statement,
    history_of,
    titles,
    withdrawal_statement,
)
from smki.flows.office import FrontOffice
from smki.flows.statements import Fields, said
from smki.governance import parse_decision
from smki.interfaces.cli.controlled import COMMANDS
from smki.interfaces.cli.governance import decision_fields
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.operations import perform
from smki.merkle.canonical import encode_json
from smki.repository import prove
from smki.terms import Refused

_decision_option = click.option(
    "--decision", default="", metavar="ID|FILE", help="The recorded decision that permits it."
)


@click.group(cls=WholeSentences, short_help="Policies and procedures: lodge, list, history.")
def document() -> None:
    """Documents of the repository: versions, who lodged them, under which decision."""


for _command in COMMANDS:
    document.add_command(_command)


@document.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--title", required=True, metavar="TEXT", help="The same for all its versions.")
@click.option("--version", required=True, metavar="TEXT", help="The name of this version.")
@_decision_option
@certificate_option
@key_option
@json_option
def lodge(file: Path, *, as_json: bool, **options: str) -> None:
    """Lodge a version of a document, exactly as the file is.

    CERT and KEY are those of the officer who lodges it; what is signed is kept with it. A version
    that supersedes another needs a decision that permits it; what the DCC lodges, always.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        content = read_input(str(file), limit=DOCUMENT_MAX_OCTETS)
        with open_front(settings) as front:
            asked = document_statement(
                front,
                content,
                title=options["title"],
                version=options["version"],
                file=file.name,
                decision=_decision_id(options["decision"]),
            )
        arguments = {"path": str(file.absolute())}
        result = _perform(settings, "lodge-document", asked, options, arguments)
    lines = (
        f"{options['title']}, version {options['version']}, is entry {result['entry']}",
        f"next: smki document history '{options['title']}'",
    )
    emit(result, lines, as_json=as_json)


@document.command
@click.argument("title")
@_decision_option
@certificate_option
@key_option
@json_option
def withdraw(title: str, *, as_json: bool, **options: str) -> None:
    """Withdraw the current version of a document: it stays, and is not in force any more."""
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        with open_front(settings) as front:
            asked = withdrawal_statement(front, title, _decision_id(options["decision"]))
        result = _perform(settings, "withdraw-document", asked, options, {})
    lines = (
        f"{title} is withdrawn by entry {result['entry']}",
        f"next: smki document history '{title}'",
    )
    emit(result, lines, as_json=as_json)


@document.command("list")
@json_option
def list_documents(*, as_json: bool) -> None:
    """List the documents and their versions in force."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = {title: history_of(front, title).current for title in titles(front)}
    rows = [
        {"title": title, "version": one and one.version, "entry": one and one.entry}
        for title, one in found.items()
    ]
    lines = [
        f"{row['title']}: "
        + (f"version {row['version']}, entry {row['entry']}" if row["version"] else "none in force")
        for row in rows
    ] or ["no document is lodged"]
    emit({"documents": rows}, lines, as_json=as_json)


@document.command
@click.argument("title")
@click.option("--version", metavar="TEXT", help="Another than the current one.")
@click.option("--out", metavar="FILE", help="Write its content to a new file; - for stdout.")
@json_option
def show(title: str, *, version: str | None, out: str | None, as_json: bool) -> None:
    """Show a version of a document, and write its content as it was lodged."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        history = history_of(front, title)
        wanted = history.current
        if version is not None:
            wanted = next((one for one in history.versions if one.version == version), None)
        if wanted is None:
            raise Refused(
                f"document {title!r}: no such version in the record",
                where="TITLE",
                clause="sec:L5",
                rule="document.unknown",
            )
        if out is not None:
            with output_file(out) as write:
                write(content_of(front, wanted))
    if out != "-":
        fields = version_fields(wanted)
        lines = [f"{name:11} {value}" for name, value in fields.items() if value is not None]
        emit(fields, lines, as_json=as_json)


@document.command
@click.argument("title")
@click.option("--proofs", metavar="DIR", help="Write a proof file for each entry into it.")
@json_option
@click.pass_context
def history(context: click.Context, title: str, *, proofs: str | None, as_json: bool) -> None:
    """Show who lodged which version under which decision, with proof files for all of it.

    Exit code 1 if something was lodged past the rules: it counts for nothing and is named.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = history_of(front, title)
        files = _prove(front, found.versions, Path(proofs)) if proofs else []
    rows = [version_fields(one) for one in found.versions]
    breaches = [{"entry": entry, "reason": reason} for entry, reason in found.breaches]
    lines = [
        f"entry {row['entry']}: version {row['version']}, {row['standing']}, lodged by"
        f" {row['officer']} on {row['lodged_at']}"
        + (f" under decision {row['decision']}" if row["decision"] else "")
        for row in rows
    ] or [f"nothing of {title!r} is lodged"]
    lines += [f"breach: entry {one['entry']}: {one['reason']}" for one in breaches]
    lines += [f"proof: {file}" for file in files]
    document = {"title": title, "versions": rows, "breaches": breaches, "proofs": files}
    emit(document, lines, as_json=as_json)
    context.exit(1 if breaches else 0)


@document.command("directions")
@json_option
def list_directions(*, as_json: bool) -> None:
    """List the authority's directions to lodge, and which of them wait to be fulfilled."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        rows = [decision_fields(one, used) for one, used in directions(front)]
    lines = [
        f"{row['id']}: {row['object']}, "
        + ("waits to be fulfilled" if row["used"] is None else f"fulfilled by entry {row['used']}")
        for row in rows
    ] or ["no direction is recorded"]
    emit({"directions": rows}, lines, as_json=as_json)


def version_fields(one: Version) -> dict[str, Any]:
    """The version as `--json` shows it."""
    return {
        "entry": one.entry,
        "title": one.title,
        "version": one.version,
        "file": one.file,
        "sha256": one.sha256,
        "length": one.length,
        "lodged_at": one.at.isoformat(timespec="seconds"),
        "officer": one.officer.name,
        "credential": str(one.officer.credential),
        "decision": one.decision or None,
        "standing": one.standing,
        "changed": one.changed,
    }


def _prove(front: FrontOffice, versions: tuple[Version, ...], folder: Path) -> list[str]:
    """One proof file for each entry that the history rests on; their names."""
    entries = {one.entry for one in versions}
    entries |= {one.refers for one in versions if one.refers is not None}
    entries |= {change.entry for one in versions for change in front.index.about(one.entry)}
    folder.mkdir(parents=True, exist_ok=True)
    under = front.reader.checkpoint()
    files = []
    for entry in sorted(entries):
        name = str(folder / f"entry-{entry}.proof")
        with output_file(name) as write:
            for part in prove(front.reader, [entry], under):
                write(part)
        files.append(name)
    return files


def _perform(
    settings: Settings,
    operation: str,
    asked: Fields,
    options: Mapping[str, str],
    arguments: Mapping[str, str],
) -> dict[str, Any]:
    signature = detached(encode_json(asked), options["certificate"], options["key"])
    wanted = {**arguments, "asked": said(asked, signature)}
    return perform(settings, os.environ, operation, wanted)


def _decision_id(text: str) -> str:
    """The id of the decision: itself, or that of the decision in the file of this name."""
    return parse_decision(Path(text).read_bytes()).id if text and Path(text).is_file() else text
