"""`smki ceremony run`, `finish`, `lodge`, `lists`: held, put on record."""

import base64
import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.succeeding import RENEWABLE, take_in_force
from smki.ceremonies.acts_roots import REVOKE
from smki.ceremonies.development import ROOTS
from smki.ceremonies.replaying import replay
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.flows.revocation import current_list
from smki.interfaces.cli.ceremony_console import named_files, prepared
from smki.interfaces.cli.ceremony_files import new_folder
from smki.interfaces.cli.ceremony_holding import (
    FINISHED,
    Asked,
    conclude,
    hold_in,
)
from smki.interfaces.cli.ceremony_options import closed, taking_part
from smki.interfaces.cli.ceremony_telling import told_document, told_lines
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.operations import CEREMONY, perform
from smki.terms import CertificateKind

LISTS = "root-lists"
_PURPOSES = ("rehearsal", "live")


@click.command
@click.option("--out", required=True, metavar="DIR", help="A new folder.")
@click.option(
    "--revoke",
    "revoked",
    type=click.Choice([RENEWABLE.value]),
    help="The certificate of this authority, too: 'issuing' revokes it.",
)
@json_option
def lists(out: str, *, revoked: str | None, as_json: bool) -> None:
    """Write what ceremonies 'root-lists' and 'issuing' bring: each root's certificate and list in force."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        folder = new_folder(out)
        hierarchy = load_hierarchy(front)
        for kind in ROOTS:
            current = current_list(front, kind)
            octets = b"" if current is None else current.octets
            certificate = hierarchy.authority(kind).certificate
            for ending, content in (("cer", certificate), ("crl", octets)):
                with output_file(str(folder / f"{kind.value}.{ending}")) as write:
                    write(content)
        if revoked is not None:
            with output_file(str(folder / REVOKE)) as write:
                write(hierarchy.authority(CertificateKind(revoked)).certificate)
    names = [kind.value for kind in ROOTS]
    lines = (
        f"certificate and list in force of {', '.join(names)}: {out}",
        f"next: 'smki ceremony run root-lists ... --sign {out}/root-oca.cer --sign {out}/root-oca.crl'",
    )
    emit({"folder": out, "roots": names}, lines, as_json=as_json)


@click.command
@click.argument("name")
@click.option("--state", "folder", required=True, metavar="DIR", help="The ceremony's own folder.")
@taking_part
@click.option("--purpose", type=click.Choice(_PURPOSES), default=_PURPOSES[0], show_default=True)
@click.option(
    "--issuing", nargs=2, multiple=True, metavar="KIND REQUEST", help="Of 'requests'; PEM."
)
@click.option(
    "--sign",
    "contents",
    multiple=True,
    metavar="FILE",
    help="Brought to be signed; of 'lists', too.",
)
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
        octets = hold_in(Path(folder), asked, prepared(answers, given), settings, os.environ)
    document, lines = closed(octets, folder)
    emit(document, lines, as_json=as_json)


@click.command
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
    lines = (*told_lines(told, octets), f"the transcript is {place}")
    lines = (*lines, f"next: 'smki ceremony verify {place}', 'smki ceremony lodge {place}'")
    emit({**told_document(told, octets), "transcript": place}, lines, as_json=as_json)


@click.command
@click.argument("transcript")
@json_option
def lodge(transcript: str, *, as_json: bool) -> None:
    """Lodge a transcript in the record, for ever; it is replayed first.

    The revocation lists that a ceremony 'root-lists' made are lodged with it, and are in force.
    Nothing else is by it: 'smki ceremony take' puts in force what a ceremony made.
    """
    with reporting(as_json=as_json):
        octets = read_input(transcript, limit=TRANSCRIPT_MAX)
        told = replay(octets)
        settings = load_settings(os.environ)
        ask = partial(perform, settings, os.environ)
        if told.opening.script.name == LISTS:
            done = take_in_force(settings, ask, octets)
            result: dict[str, Any] = {
                "entry": done.entry,
                "lists": [kind.value for kind in done.lists],
            }
        else:
            text = base64.b64encode(octets).decode()
            result = {**ask(CEREMONY, {"transcript": text}), "lists": []}
    lines = (
        f"the transcript is entry {result['entry']} of the record",
        *(f"the list of {kind} is in force" for kind in result["lists"]),
        "next: 'smki repository audit'",
    )
    emit(result, lines, as_json=as_json)
