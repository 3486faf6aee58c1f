"""`smki repository consistency`: the record still begins with what was signed, or the evidence.

What `smki repository verify` says of such evidence is here too.
"""

import os
from collections.abc import Iterable
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.merkle.contradicting import CONTRADICTION_MAX_OCTETS, Contradiction
from smki.merkle.heads import TreeHead
from smki.merkle.notes import NOTE_MAX_OCTETS
from smki.merkle.trust import Policy
from smki.ports import RecordReader
from smki.repository import check_extends
from smki.repository.consistency import REWRITTEN, contradiction
from smki.terms import Refused

NEXT: Final = (
    "next: give it to others and to the policy authority, and lodge it as a document in a record"
    " that did not fork"
)


@click.command
@click.option("--from", "earlier", required=True, metavar="FILE", help="An earlier checkpoint.")
@click.option("--evidence", metavar="OUT", help="If the record was rewritten: what shows it.")
@json_option
def consistency(earlier: str, *, evidence: str | None, as_json: bool) -> None:
    """Prove that the record still begins with what an earlier checkpoint signed.

    FILE is a checkpoint as 'smki repository checkpoint' printed it; - is standard input. If the log
    signed two histories, --evidence writes a file that anyone can check with the log's public key:
    'smki repository verify OUT --key VKEY'.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        note = read_input(earlier, limit=NOTE_MAX_OCTETS)
        before, now = extends_or_evidence(front.reader, note, evidence)
    document = {
        "consistent": True,
        "origin": now.origin,
        "from": _shown(before),
        "to": _shown(now),
    }
    lines = (
        (
            f"consistent: the {now.size} entries of {now.origin} begin with the"
            f" {before.size} of that checkpoint; nothing was changed or removed"
        ),
        "next: keep the present one too, 'smki repository checkpoint > FILE'",
    )
    emit(document, lines, as_json=as_json)


def extends_or_evidence(
    reader: RecordReader, note: bytes, evidence: str | None
) -> tuple[TreeHead, TreeHead]:
    """The log begins with that checkpoint's; both heads. If not, `evidence` is written.

    Raises:
        Refused: the log went back or was rewritten, and where the evidence is.
        Malformed: not a checkpoint, or the file is there already.
        Inconsistent: the log's files do not lead to its checkpoint.
    """
    try:
        return check_extends(reader, note)
    except Refused as error:
        if evidence is None or error.rule != REWRITTEN:
            raise
        raise _kept(error, reader, note, evidence) from error


def _kept(error: Refused, reader: RecordReader, note: bytes, path: str) -> Refused:
    with output_file(path) as write:
        write(contradiction(reader, note).encode())
    return Refused(
        f"{error.message}; the evidence is in {path}, anyone may check it with"
        " 'smki repository verify'",
        where=error.where,
        clause=error.clause,
        rule=error.rule,
    )


def tell_contradiction(lines: Iterable[bytes], believed: Policy, *, as_json: bool) -> None:
    """What a file shows against a log is told.

    Raises:
        Malformed: no such file.
        Refused: it shows nothing.
    """
    octets = b""
    for line in lines:
        octets += line
        if len(octets) > CONTRADICTION_MAX_OCTETS:
            break  # its reader says that it is too long
    found = Contradiction.parse(octets).verify([log.key for log in believed.logs])
    earlier, later = found.earlier, found.later
    document = {
        "verified": True,
        "contradiction": True,
        "origin": later.origin,
        "earlier": _shown(earlier),
        "later": _shown(later),
        "root": found.root.hex(),
    }
    said = (
        f"verified: {later.origin} signed two histories",
        f"it signed root {earlier.root.hex()} of {earlier.size} entries",
        f"and root {later.root.hex()} of {later.size}",
        f"whose first {earlier.size} lead to {found.root.hex()}",
        NEXT,
    )
    emit(document, said, as_json=as_json)


def _shown(head: TreeHead) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex()}
