"""`smki transcript`: confidential content that the record commits to, shown, and removed by law."""

import base64
import os
from typing import Final

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.opening import open_confidential
from smki.flows.confiding import removal_statement, revealed
from smki.flows.statements import said
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.operations import perform
from smki.merkle.canonical import encode_json

MAX_OCTETS: Final = 512 * 1024  # goes over the link, whose lines end at a mebibyte


@click.group(
    cls=WholeSentences, short_help="Confidential content: lodge a commitment, show, remove by law."
)
def transcript() -> None:
    """Transcripts and registers: kept apart, the record holds a salted commitment only."""


@transcript.command
@click.argument("file")
@click.option("--name", required=True, metavar="TEXT", help="What it is; confidential too.")
@json_option
def lodge(file: str, *, name: str, as_json: bool) -> None:
    """Keep the content of a file apart, and lodge a salted commitment to it."""
    with reporting(as_json=as_json):
        content = base64.b64encode(read_input(file, limit=MAX_OCTETS)).decode()
        arguments = {"name": name, "content": content}
        result = perform(load_settings(os.environ), os.environ, "confide", arguments)
    lines = (
        f"entry {result['entry']} commits to it, and says nothing of it",
        f"next: 'smki transcript show {result['entry']} --out FILE'",
    )
    emit(result, lines, as_json=as_json)


@transcript.command
@click.argument("entry", type=click.IntRange(0))
@click.option("--out", required=True, metavar="FILE", help="A new file; - for stdout.")
@json_option
def show(entry: int, *, out: str, as_json: bool) -> None:
    """Write the content to which an entry commits, if it is the one that was lodged."""
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        name, content = revealed(front, open_confidential(settings), entry)
        with output_file(out) as write:
            write(content)
    if out != "-":
        document = {"entry": entry, "name": name, "file": out}
        emit(document, (f"{name}: in {out}, as entry {entry} commits to it",), as_json=as_json)


@transcript.command
@click.argument("entry", type=click.IntRange(0))
@click.option("--decision", required=True, metavar="ID", help="The recorded decision.")
@certificate_option
@key_option
@json_option
def remove(entry: int, *, as_json: bool, **options: str) -> None:
    """Remove the content to which an entry commits, by decision: a tombstone says so for ever.

    The decision's object is the entry's number. Cannot be undone; the record stays whole.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        with open_front(settings) as front:
            asked = removal_statement(front, entry, options["decision"])
        signature = detached(encode_json(asked), options["certificate"], options["key"])
        wanted = {"asked": said(asked, signature)}
        result = perform(settings, os.environ, "remove-content", wanted)
    lines = (
        (
            f"the content of entry {entry} is gone; entry {result['tombstone']} says under which"
            f" decision: {result['decision']}"
        ),
        "next: 'smki repository audit' tells it too",
    )
    emit(result, lines, as_json=as_json)
