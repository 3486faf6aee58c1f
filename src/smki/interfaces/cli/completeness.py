"""`smki repository prove-device`: all certificates of an identity, and none hidden.

What `smki repository verify` says of such a file is here too.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.opening import open_identity_map
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.merkle.leaf import LeafType, certificate_of, decode_leaf
from smki.merkle.trust import Policy
from smki.profiles import view
from smki.repository import Complete, Proven, prove_complete, verify_complete
from smki.repository.completeness import hidden_from
from smki.terms import EUI64, Refused


@click.command("prove-device")
@click.argument("eui64")
@click.option("--out", required=True, metavar="FILE", help="The proof file; - for stdout.")
@json_option
def prove_device(eui64: str, *, out: str, as_json: bool) -> None:
    """Make a proof file: these are all entries of the identity EUI64, or it has none.

    For a device, and as well for an organisation. The file holds the entries, the
    newest root of the verifiable index that was lodged, and all that was lodged since; who has it
    needs only the log's public key: 'smki repository verify FILE --key VKEY'.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        identity = EUI64.parse(eui64)
        proof = prove_complete(front.reader, front.index, open_identity_map(settings), identity)
        with output_file(out) as write:
            for part in proof.parts:
                write(part)
        key = front.reader.verifier_key
    if out != "-":
        emit(
            {
                "identity": str(identity),
                "entries": list(proof.entries),
                "as_at": proof.size,
                "size": proof.checkpoint_size,
                "file": out,
            },
            (
                (
                    f"the proof in {out}: {identity} has {len(proof.entries)} entries as at size"
                    f" {proof.size}, and what was lodged since, up to {proof.checkpoint_size}"
                ),
                f"next: anyone may run 'smki repository verify {out} --key {key}'",
            ),
            as_json=as_json,
        )


def tell_complete(
    lines: Iterable[bytes], key: str | Policy, against: Proven | None, *, as_json: bool
) -> None:
    """What the file about an identity proves is told.

    Raises:
        Malformed: not such a file.
        Refused: it proves nothing, or leaves out what `against` shows.
    """
    found = verify_complete(lines, key)
    hidden = () if against is None else hidden_from(found, against)
    if hidden:
        certificate = _shown(hidden[0])
        raise Refused(
            f"identity proof: says that these are all entries of {found.identity} as at size"
            f" {found.size}, and leaves out entry {certificate['entry']}, certificate"
            f" {certificate['serial']}, which the other proof shows: the index root lies, and the"
            " two files together are the evidence",
            clause="sec:L5",
            rule="map.lie",
        )
    entries, later = (list(map(_shown, part)) for part in (found.entries, found.later))
    document = {
        "verified": True,
        "origin": found.head.origin,
        "identity": str(found.identity),
        "as_at": found.size,
        "size": found.head.size,
        "root": found.head.root.hex(),
        "entries": len(entries),
        "all": entries,
        "later": later,
        "scanned": found.scanned,
        "unread": list(found.unread),
    }
    emit(document, _lines(found, entries, later), as_json=as_json)


def _lines(
    found: Complete, entries: list[dict[str, Any]], later: list[dict[str, Any]]
) -> Iterator[str]:
    yield (
        f"verified: {found.identity} has {len(entries)} entries in the record of"
        f" {found.head.origin} as at size {found.size}, and no other"
    )
    yield from map(_line, entries)
    yield (
        f"{len(later)} of the {found.scanned} entries lodged since, up to the checkpoint of size"
        f" {found.head.size}, are of it too"
    )
    yield from map(_line, later)
    for entry in found.unread:
        yield f"entry {entry} is a revocation list that is kept beside the record: look there"


def _line(one: dict[str, Any]) -> str:
    return f"  entry {one['entry']}, {one['type']} {one['serial'] or ''}".rstrip()


def _shown(one: tuple[int, bytes]) -> dict[str, Any]:
    entry, octets = one
    leaf = decode_leaf(octets)
    is_certificate = leaf.type is LeafType.CERTIFICATE
    return {
        "entry": entry,
        "type": leaf.type.name.lower().replace("_", " "),
        "lodged_at": leaf.instant,
        "serial": str(view(certificate_of(octets)).serial) if is_certificate else None,
    }
