"""`smki ceremony`: scripts listed and shown, ceremonies held, transcripts verified and lodged."""

import base64
import os
from pathlib import Path
from typing import Any

import click

from smki.bootstrap import load_settings
from smki.ceremonies.activating import RehearsalAuthority
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import TO_BE_SIGNED
from smki.ceremonies.opening import script_named
from smki.ceremonies.quorum import RULE as QUORUM
from smki.ceremonies.replaying import Replayed, replay
from smki.ceremonies.scripts import SCRIPTS
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.interfaces.cli.ceremony_console import named_files, prepared
from smki.interfaces.cli.ceremony_custody import custodian, share
from smki.interfaces.cli.ceremony_holding import (
    FINISHED,
    Asked,
    conclude,
    hold_in,
    recorded_authority,
)
from smki.interfaces.cli.ceremony_papers import credential, requests, sign
from smki.interfaces.cli.output import emit, json_option, read_input, reporting
from smki.interfaces.operations import CEREMONY, perform
from smki.terms import Refused

_PURPOSES = ("rehearsal", "live")


@click.group(short_help="Ceremonies with custodians: roots, recovery and contingency keys.")
def ceremony() -> None:
    """Root, recovery and contingency keys: made, used, renewed and destroyed by custodians."""


for _command in (custodian, share, credential, requests, sign):
    ceremony.add_command(_command)


@ceremony.command("list")
@json_option
def list_scripts(*, as_json: bool) -> None:
    """List the scripts."""
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "steps": len(one.steps),
            "uses_keys": one.opens,
            "digest": one.digest,
        }
        for one in SCRIPTS.values()
    ]
    lines = [f"{row['name']:14} {row['steps']:3} steps  {row['title']}" for row in rows]
    emit({"scripts": rows}, [*lines, "next: 'smki ceremony show NAME'"], as_json=as_json)


@ceremony.command
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show a script: its steps, who must be present, what is typed."""
    with reporting(as_json=as_json):
        script = script_named(name)
    steps = [
        {
            "step": step.number,
            "act": step.act.value,
            "about": step.about,
            "title": step.title,
            "present": [role.value for role in step.present],
            "types": step.types,
        }
        for step in script.steps
    ]
    lines = [f"{script.name}: {script.title}", f"digest {aloud(script.digest)}"]
    for step in script.steps:
        present = ", ".join(role.value for role in step.present)
        about = f" [{step.about}]" if step.about else ""
        lines.append(f"{step.number:3}. {step.title}{about}")
        lines.append(f"     present: {present}; types: {step.types}")
    lines.append(
        f"next: 'smki ceremony run {script.name} --state DIR', see --help for who takes part"
    )
    document = {"name": script.name, "title": script.title, "digest": script.digest, "steps": steps}
    emit(document, lines, as_json=as_json)


@ceremony.command
@click.argument("name")
@click.option("--state", "folder", required=True, metavar="DIR", help="The ceremony's own folder.")
@click.option("--answers", metavar="FILE", help="JSON object: an answer for each prompt.")
@click.option("--answer", "given", multiple=True, metavar="PROMPT=TEXT", help="One answer.")
@click.option("--purpose", type=click.Choice(_PURPOSES), default=_PURPOSES[0], show_default=True)
@click.option("--quorum", type=int, default=3, show_default=True, help="m: so many open a key.")
@click.option(
    "--of-one-organisation", "most", type=int, default=1, show_default=True, help="At most so many."
)
@click.option("--custodian", "custodians", multiple=True, metavar="FILE", help="Each of the n.")
@click.option("--operator", nargs=2, metavar="ORGANISATION CERT", help="Who runs it; PEM.")
@click.option(
    "--witness", "witnesses", nargs=2, multiple=True, metavar="ORGANISATION CERT", help="PEM."
)
@click.option(
    "--issuing", nargs=2, multiple=True, metavar="KIND REQUEST", help="Of 'requests'; PEM."
)
@click.option("--key", "keys", multiple=True, metavar="FILE", help="A key in custody to be used.")
@click.option("--sign", "contents", multiple=True, metavar="FILE", help="Content to be signed.")
@click.option(
    "--name", "names", nargs=2, multiple=True, metavar="KIND NAME", help="Of an authority."
)
@json_option
def run(
    name: str,
    *,
    folder: str,
    answers: str | None,
    given: tuple[str, ...],
    contents: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Hold a ceremony by its script; called again, it goes on where it was.

    Who takes part is named once, when it is opened. Every prompt asks at the terminal, unless its
    answer is prepared; an answer @FILE is the content of that file. Exit code 3 if nobody answers.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        asked = Asked(script=name, contents=named_files(contents), **options)
        live = asked.purpose == "live"
        with recorded_authority(settings, os.environ, needed=live and asked.opens) as recorded:
            authority = recorded or RehearsalAuthority()
            answers_given = prepared(answers, given)
            try:
                octets = hold_in(Path(folder), asked, answers_given, settings, authority)
            except Refused as error:
                if recorded is not None and error.rule == QUORUM:
                    recorded.tell_refused(error.message)
                raise
    digest = fingerprint(octets)
    place = str(Path(folder) / TO_BE_SIGNED)
    lines = (
        "the ceremony is closed; nothing was left out",
        f"to be signed by operator and witnesses: {place}",
        f"  SHA-256 {aloud(digest)}",
        f"next: 'smki ceremony sign {place} ...' by each, then 'smki ceremony finish --state {folder}'",
    )
    emit({"state": folder, "to_be_signed": place, "sha256": digest}, lines, as_json=as_json)


@ceremony.command
@click.option("--state", "folder", required=True, metavar="DIR", help="The ceremony's own folder.")
@click.option(
    "--signature", "signatures", required=True, multiple=True, metavar="FILE", help="Of 'sign'."
)
@json_option
def finish(folder: str, *, signatures: tuple[str, ...], as_json: bool) -> None:
    """Put the signatures under the transcript, and replay it once."""
    with reporting(as_json=as_json):
        octets = conclude(Path(folder), [read_input(one) for one in signatures])
        told = replay(octets)
    place = str(Path(folder) / FINISHED)
    lines = (*_lines(told, octets), f"the transcript is {place}")
    lines = (*lines, f"next: 'smki ceremony verify {place}', 'smki ceremony lodge {place}'")
    emit({**_document(told, octets), "transcript": place}, lines, as_json=as_json)


@ceremony.command
@click.argument("transcript")
@click.option("--certificate", "files", multiple=True, metavar="FILE", help="Made by it? DER, PEM.")
@json_option
def verify(transcript: str, *, files: tuple[str, ...], as_json: bool) -> None:
    """Replay a transcript: needs the file alone, and no state directory.

    Checks chain, script, attendance, quorum, signatures, the certificates and lists made, and that
    what the root carries is the contingency key of this ceremony.
    """
    with reporting(as_json=as_json):
        octets = read_input(transcript, limit=TRANSCRIPT_MAX)
        told = replay(octets)
        made = {bytes(one) for one in told.certificates.values()}
        for path in files:
            if _der(read_input(path)) not in made:
                raise Refused(
                    "certificate: not one that this ceremony made, must be",
                    where=path,
                    clause="sec-app-l:3",
                    rule="ceremony.transcript",
                )
    emit(_document(told, octets), _lines(told, octets), as_json=as_json)


@ceremony.command
@click.argument("transcript")
@json_option
def lodge(transcript: str, *, as_json: bool) -> None:
    """Lodge a transcript in the record, for ever; it is replayed first."""
    with reporting(as_json=as_json):
        octets = read_input(transcript, limit=TRANSCRIPT_MAX)
        text = base64.b64encode(octets).decode()
        settings = load_settings(os.environ)
        result = perform(settings, os.environ, CEREMONY, {"transcript": text})
    lines = (
        f"the transcript is entry {result['entry']} of the record",
        "next: 'smki repository audit'",
    )
    emit(result, lines, as_json=as_json)


def _document(told: Replayed, octets: bytes) -> dict[str, Any]:
    """What a transcript tells, as `--json` shows it."""
    opening = told.opening
    return {
        "script": opening.script.name,
        "purpose": opening.purpose.value,
        "result": told.result,
        "quorum": opening.rule.quorum,
        "custodians": len(opening.seats),
        "present": list(told.present),
        "keys": dict(told.keys),
        "certificates": {kind.value: fingerprint(der) for kind, der in told.certificates.items()},
        "lists": {kind.value: fingerprint(der) for kind, der in told.lists.items()},
        "deviations": list(told.deviations),
        "refusals": list(told.refusals),
        "interruptions": told.interruptions,
        "sha256": fingerprint(octets),
    }


def _lines(told: Replayed, octets: bytes) -> tuple[str, ...]:
    opening = told.opening
    made = {
        **told.keys,
        **{f"{k.value} certificate": fingerprint(v) for k, v in told.certificates.items()},
    }
    return (
        (
            f"{opening.purpose.value} ceremony '{opening.script.name}': {told.result},"
            f" {opening.rule.quorum} of {len(opening.seats)} custodians open its keys"
        ),
        *(f"  {name}: {aloud(digest)}" for name, digest in made.items()),
        *(f"  deviation: {one}" for one in told.deviations),
        *(f"  refused: {one}" for one in told.refusals),
        f"  interrupted {told.interruptions} times; SHA-256 {aloud(fingerprint(octets))}",
    )


def _der(octets: bytes) -> bytes:
    if not octets.startswith(b"-----"):
        return octets
    body = octets.split(b"-----")[2]
    return base64.b64decode(body)
