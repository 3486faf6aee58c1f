"""`smki repository`: checkpoints, proofs, and the audit of the record and its index.

Reads beside a running server; only `reindex` writes, to the index, and only when no worker runs.
`verify` needs a file and the log's public key and nothing else.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

import click

from smki.bootstrap import (
    load_settings,
    open_front,
    open_record,
    restore_database,
    restore_register,
)
from smki.bootstrap.cosigning import open_cosigning
from smki.bootstrap.opening import open_identity_map
from smki.interfaces.cli.auditing import audit
from smki.interfaces.cli.bulk import check_export, daily, export, unpack
from smki.interfaces.cli.completeness import prove_device, tell_complete
from smki.interfaces.cli.consistency import consistency, tell_contradiction
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.merkle.contradicting import TITLE as CONTRADICTION_TITLE
from smki.merkle.leaf import LeafType, decode_certificate, decode_leaf
from smki.merkle.notes import NOTE_MAX_OCTETS
from smki.merkle.trust import POLICY_MAX_OCTETS, Policy
from smki.repository import prove
from smki.repository import reindex as make_index
from smki.repository.completeness import TITLE as IDENTITY_TITLE
from smki.repository.proving import LINE_MAX_OCTETS, newest_for
from smki.repository.travelling import prove_one, verify_file
from smki.terms import Malformed, Refused, SerialNumber
from smki.wire.certificate import parse_certificate

PROBLEMS_SHOWN: Final = 1_000  # beyond that the index is not damaged but another one


@click.group(cls=WholeSentences, short_help="Checkpoints, proofs and audit of the record.")
def repository() -> None:
    """Prove and verify what was lodged: checkpoints, proofs, audit."""


@repository.command
@json_option
def checkpoint(*, as_json: bool) -> None:
    """Print the newest signed checkpoint of the record.

    Keep a copy: 'smki repository consistency --from FILE' proves later that nothing was rewritten.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        newest = front.reader.checkpoint()
    note = newest.note.decode()
    document = {
        "origin": newest.origin,
        "size": newest.size,
        "root": newest.root.hex(),
        "note": note,
    }
    emit(document, [note.removesuffix("\n")], as_json=as_json)


@repository.command("prove")
@click.argument("serial")
@click.option("--out", required=True, metavar="FILE", help="The proof file; - for stdout.")
@click.option(
    "--form",
    type=click.Choice(["smki", "tlog"]),
    default="smki",
    show_default=True,
    help="Ours, for any number of entries; or C2SP's tlog-proof.",
)
@json_option
def prove_serial(serial: str, *, out: str, form: str, as_json: bool) -> None:
    """Make a proof file: the certificate with this serial number is in the record.

    SERIAL is 1 to 40 hexadecimal digits. The file holds the entry itself and the signed checkpoint;
    who has it needs only the log's public key to verify it.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        number = SerialNumber.parse(serial)
        row = front.index.by_serial(number)
        if row is None:
            raise Refused(
                f"serial number {number}: found no certificate, must be one in the repository",
                where="SERIAL",
                clause="sec-app-o:web-service",
                rule="certificate.unknown",
            )
        with output_file(out) as write:
            under = newest_for(front.reader, [row.entry])
            if form == "tlog":
                write(prove_one(front.reader, row.entry, under).encode())
            else:
                for part in prove(front.reader, [row.entry], under):
                    write(part)
        key = front.reader.verifier_key
    if out != "-":
        emit(
            {"serial": str(number), "entry": row.entry, "size": under.size, "file": out},
            (
                f"the proof in {out}: {number} is entry {row.entry} of {under.size}",
                f"next: anyone may run 'smki repository verify {out} --key {key}'",
            ),
            as_json=as_json,
        )


@repository.command
@click.argument("file")
@click.option("--key", metavar="VKEY", help="The log's public key, as 'smki status' prints it.")
@click.option(
    "--policy",
    "policy_file",
    metavar="POLICY",
    help="A C2SP tlog-policy: which logs, and how many of which witnesses, are believed.",
)
@click.option(
    "--against",
    metavar="PROOF",
    help="Of a proof about an identity: does it leave out what this other proof shows?",
)
@json_option
def verify(
    file: str, *, key: str | None, policy_file: str | None, against: str | None, as_json: bool
) -> None:
    """Verify a proof file, of one certificate, of a batch, or of all of an identity, offline.

    Also the evidence that a log signed two histories, as 'smki repository consistency' or a witness
    writes it. FILE is the proof, of our own form or a C2SP tlog-proof; - is standard input. Without
    --key and --policy the SMKI of the state directory, if there is one, says which log is believed.
    Needs no server.
    """
    with reporting(as_json=as_json):
        believed = _believed(key, policy_file)
        other = None
        if against is not None:
            with _opened(against) as stream:
                other = verify_file(_lines(stream), believed)
        with _opened(file) as stream:
            proof = _lines(stream)
            first = next(proof, b"")
            if first == f"{IDENTITY_TITLE}\n".encode():
                tell_complete(chain((first,), proof), believed, other, as_json=as_json)
                return
            if first == f"{CONTRADICTION_TITLE}\n".encode():
                tell_contradiction(chain((first,), proof), believed, as_json=as_json)
                return
            if other is not None:
                raise Malformed("file: not about an identity, must be with --against", where=file)
            proven = verify_file(chain((first,), proof), believed)
        one = _shown(*proven.entries[0]) if len(proven.entries) == 1 else {}
    head = proven.head
    cosigners = [name for name, _ in proven.cosigners]
    document = {
        "verified": True,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "entries": len(proven.entries),
        "cosigners": cosigners,
        **one,
    }
    what = f"{len(proven.entries)} entries, {proven.entries[0][0]} to {proven.entries[-1][0]},"
    if one:
        what = f"entry {one['entry']}, {one['type']} {one['serial'] or ''}".rstrip() + ","
    lines = (
        f"verified: {what} in the record of {head.origin}",
        f"under the checkpoint of size {head.size}, root {head.root.hex()}",
        *([f"cosigned by {', '.join(cosigners)}"] if cosigners else []),
    )
    emit(document, lines, as_json=as_json)


def _believed(key: str | None, policy_file: str | None) -> Policy:
    if key and policy_file:
        raise click.UsageError("either --key or --policy: a policy names its logs itself")
    if policy_file:
        return Policy.parse(read_input(policy_file, limit=POLICY_MAX_OCTETS))
    believed = key or load_settings(os.environ).log_vkey
    if not believed:
        raise Malformed(
            "key: none was given and there is no SMKI in the state directory, must be given"
            " with --key as name+hash+base64",
            where="--key",
            clause="c2sp:signed-note",
        )
    return Policy.of_log(believed)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.readline(LINE_MAX_OCTETS + 1), b"")


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below; only opening may fail here
    except OSError as error:
        raise Malformed(f"file: cannot be read, {error.strerror}", where=file) from error
    with stream:
        yield stream


def _shown(entry: int, octets: bytes) -> dict[str, Any]:
    leaf = decode_leaf(octets)
    serial = None
    if leaf.type is LeafType.CERTIFICATE:
        certificate = parse_certificate(decode_certificate(octets)[1].certificate)
        serial = str(SerialNumber(int.from_bytes(certificate.tbs.serial, "big")))
    return {
        "entry": entry,
        "type": leaf.type.name.lower().replace("_", " "),
        "lodged_at": leaf.instant,
        "serial": serial,
    }


@repository.command
@click.option("--add", metavar="FILE", help="Take cosignatures from a checkpoint instead.")
@json_option
@click.pass_context
def cosign(context: click.Context, *, add: str | None, as_json: bool) -> None:
    """Ask the configured witnesses now to cosign the newest checkpoint.

    A server does so by itself whenever the checkpoint is another. With --add the cosignatures of
    a checkpoint that a witness wrote into FILE are taken. Exit code 1 if a witness did not sign.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        cosigning = open_cosigning(load_settings(os.environ), front.reader)
        if add is None:
            done = cosigning.collect()
        else:
            done = cosigning.add(read_input(add, limit=NOTE_MAX_OCTETS))
    emit(
        {"size": done.size, "cosigners": list(done.cosigners), "problems": list(done.problems)},
        (
            f"size {done.size}: cosigned by {', '.join(done.cosigners) or 'nobody'}",
            *(f"problem: {problem}" for problem in done.problems),
        ),
        as_json=as_json,
    )
    context.exit(1 if done.problems else 0)


@repository.command
@json_option
def reindex(*, as_json: bool) -> None:
    """Throw the index away and make it again from the record.

    Only while no server runs. Batches, journal and register are left alone. If the database was
    lost, what the record and the state directory show of the register is there again, and what is
    gone is said. Cut off, it is finished by the next start.
    """
    gone: list[str] = []
    with (
        reporting(as_json=as_json),
        open_record(
            load_settings(os.environ),
            os.environ,
            lambda settings: gone.extend(restore_database(settings)),
        ) as (front, record),
    ):
        open_identity_map(load_settings(os.environ)).clear()  # a server makes it again by the way
        with progress_bar("index") as told:
            covered = make_index(
                record,
                front.index,
                front.describe,
                lambda progress: told(progress.done, progress.total),
            )
        count = front.index.count()
        restored = list(restore_register(load_settings(os.environ), front))
    emit(
        {"entries": covered, "certificates": count, "restored": restored, "gone": gone},
        (
            f"a new index of {count} certificates, over {covered} entries of the record",
            *restored,
            *gone,
            "next: 'smki repository audit'",
        ),
        as_json=as_json,
    )


for _command in (audit, consistency, export, daily, check_export, unpack, prove_device):
    repository.add_command(_command)
