"""Proof files about an identity: all its entries as at size m, and everything lodged since.

    smki-identity-proof 1 LF
    identity <EUI-64, 16 hexadecimal digits> LF
    root <index of the entry that lodged the map's root, which covers the first m entries> LF
    bucket <base64> LF                            the identity's pair is in it, or nowhere
    nodes <number of lines that follow> LF
    node <base64, 32 octets> LF                   the hash beside each node from the bucket up
    then a proof file, smki-proof 1, of these entries in the order of the log:
        those of the identity before index m, all of them
        every entry from m up to the checkpoint, the root's among them

The map says the identity's value, which is worked out again from the entries themselves: one more or
less, and it is another. What came after the entries that the root covers is looked through. The file and the log's public key are enough to verify.

Clause: sec:L5, c2sp:tlog-checkpoint
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from cryptography import x509

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.checkpoints import TreeHead
from smki.merkle.hashing import leaf_hash
from smki.merkle.identity_map import (
    DEPTH_MAX,
    MapProof,
    decode_root,
    prove_identity,
    value_of,
    verify_identity,
)
from smki.merkle.leaf import LeafForm, LeafType, certificate_of, decode_leaf, number_of
from smki.merkle.trust import Policy
from smki.ports import CertificateIndex, IdentityMap, RecordReader
from smki.profiles import view
from smki.repository.identities import index_root_of
from smki.repository.proving import LINE_MAX_OCTETS, Proven, prove, verify_proof
from smki.repository.rows import revoked_by
from smki.terms import (
    EUI64,
    CertificateStatus,
    Inconsistent,
    Malformed,
    Refused,
    SerialNumber,
    Unavailable,
)

TITLE: Final = "smki-identity-proof 1"
_CLAUSE: Final = "sec:L5"

_Entry: TypeAlias = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """What a proof file about an identity proves.

    Attributes:
        head: the checkpoint it stands under, signed by the log.
        identity: whose entries they are.
        size: all of them are known as at this size, which the root covers.
        entries: index and leaf of each, in the order of the log; none if it has none.
        later: those among the entries that the root does not cover, up to the checkpoint.
        scanned: how many of these were looked through, without the root's own.
        unread: entries among these that only name their content by its digest.
    """

    head: TreeHead
    identity: EUI64
    size: int
    entries: tuple[_Entry, ...]
    later: tuple[_Entry, ...]
    scanned: int
    unread: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteProof:
    """A proof file about an identity, to be written.

    Attributes:
        entries: the indices of the identity's entries before `size`.
        size: as at which size they are all.
        checkpoint_size: the size of the checkpoint it stands under.
        parts: the octets of the file, memory flat.
    """

    entries: tuple[int, ...]
    size: int
    checkpoint_size: int
    parts: Iterator[bytes]


def prove_complete(
    reader: RecordReader, index: CertificateIndex, identity_map: IdentityMap, identity: EUI64
) -> CompleteProof:
    """The proof that these are all entries of the identity, be there some or none.

    Raises:
        Unavailable: no root of the map was lodged yet.
        Inconsistent: index, map and record disagree: run the audit.

    Clause: sec:L5
    """
    with identity_map.reading() as kept:
        state = kept.state
        under = reader.checkpoint()  # after the state: a root is in the log before it is here
        if state.entry is None or state.entry >= under.size:
            raise Unavailable(
                f"identity map: covers {state.size} of {under.size} entries and is being made,"
                " a root must be lodged first; try again when a server has run for a minute",
                rule="map.none",
            )
        proof = prove_identity(kept, state.root, identity.octets)
    entries = _entries_of(reader, index, identity, state.size)
    hashed = [(entry, leaf_hash(reader.leaf(entry))) for entry in entries]
    said = verify_identity(proof, identity.octets, state.root)
    if said != value_of(hashed):
        raise Inconsistent(
            f"index: has {len(entries)} entries of {identity} before {state.size}, which are not"
            " those that the map committed to; run the audit",
            rule="map.index",
        )
    wanted = (*entries, *range(state.size, under.size))
    return CompleteProof(
        entries=entries,
        size=state.size,
        checkpoint_size=under.size,
        parts=_parts(identity, state.entry, proof, prove(reader, wanted, under)),
    )


def verify_complete(lines: Iterable[bytes], believed: str | Policy) -> Complete:
    """The identity has exactly these entries as at `size`, in the log of that key.

    `lines` are the file's lines with their ends.

    Raises:
        Malformed: not such a file, or not a verifier key.
        Refused: not signed by that key, or something was left out, added or changed.

    Clause: sec:L5, c2sp:tlog-checkpoint
    """
    remaining = iter(lines)
    claim = _read_claim(remaining)
    proven = verify_proof(remaining, believed)
    octets = claim.identity.octets
    size, root = _rooted(claim.root, proven.entries)
    entries = tuple(one for one in proven.entries if one[0] < size)
    since = proven.entries[len(entries) :]
    if [entry for entry, _ in since] != [*range(size, proven.head.size)]:
        raise _refused(f"{len(since)} entries from {size} on, must be all up to {proven.head.size}")
    if verify_identity(claim.proof, octets, root) != value_of(
        [(entry, leaf_hash(leaf)) for entry, leaf in entries]
    ):
        raise _refused(f"{len(entries)} entries are not those that the map has of {claim.identity}")
    serials = _serials_of(claim.identity, entries)
    later, unread = _scan(claim.identity, serials, since)
    return Complete(
        head=proven.head,
        identity=claim.identity,
        size=size,
        entries=entries,
        later=later,
        scanned=len(since) - 1,
        unread=unread,
    )


def hidden_from(complete: Complete, proven: Proven) -> tuple[_Entry, ...]:
    """Certificates of the identity that another proof shows, and this one says that there are not.

    Both were verified, of one log: then the root of the map that `complete` stands on is a lie, and
    the two files show it to anyone. A proof that was made later hides nothing here.

    Clause: sec:L5
    """
    told = {entry for entry, _ in complete.entries}
    return tuple(
        (entry, leaf)
        for entry, leaf in proven.entries
        if entry < complete.size and entry not in told
        if (found := _certificate(leaf)) is not None and found[1] == complete.identity
    )


def _rooted(entry: int, entries: Iterable[_Entry]) -> tuple[int, bytes]:
    """The size that the root in that entry covers, and the root."""
    body = next((index_root_of(leaf) for at, leaf in entries if at == entry), None)
    if body is None:
        raise _refused(f"entry {entry} is not there as an index root, must be")
    size, root = decode_root(body)
    if size > entry:
        raise _refused(f"entry {entry} covers {size} entries, must be at most those before it")
    return size, root


class _Claim(NamedTuple):
    identity: EUI64
    root: int
    proof: MapProof


def _entries_of(
    reader: RecordReader, index: CertificateIndex, identity: EUI64, size: int
) -> tuple[int, ...]:
    """The identity's entries before `size`, as the index knows them."""
    rows = index.by_identity(identity)
    entries = {row.entry for row in rows}
    revoked = {row.serial for row in rows if row.status is CertificateStatus.REVOKED}
    for one in index.lists() if revoked else ():
        if named := revoked.intersection(revoked_by(reader, reader.leaf(one.entry))):
            entries.add(one.entry)
            revoked -= named
    return tuple(sorted(entry for entry in entries if entry < size))


def _parts(identity: EUI64, root: int, proof: MapProof, proven: Iterator[bytes]) -> Iterator[bytes]:
    lines = [
        TITLE,
        f"identity {identity.digits}",
        f"root {root}",
        _encoded("bucket", proof.bucket),
        f"nodes {len(proof.siblings)}",
        *[_encoded("node", one) for one in proof.siblings],
    ]
    yield "".join(f"{line}\n" for line in lines).encode()
    yield from proven


def _encoded(word: str, octets: bytes) -> str:
    return f"{word} {write_base64(octets)}"


def _read_claim(lines: Iterator[bytes]) -> _Claim:
    """The head of the file; `lines` are left before the proof file that follows it."""
    if _line(lines) != TITLE:
        raise _malformed(f"first line, must be {TITLE!r}")
    digits = _word(lines, "identity")
    if digits != digits.lower() or len(digits) != 16:
        raise _malformed(f"identity {digits[:40]!r}, must be 16 hexadecimal digits, small")
    identity, root = EUI64.parse(digits), _number(lines, "root")
    bucket = _octets(_word(lines, "bucket"))
    count = _number(lines, "nodes")
    if count > DEPTH_MAX:
        raise _malformed(f"{count} nodes, must be at most {DEPTH_MAX}")
    siblings = tuple(_octets(_word(lines, "node")) for _ in range(count))
    return _Claim(identity=identity, root=root, proof=MapProof(bucket=bucket, siblings=siblings))


def _line(lines: Iterator[bytes]) -> str:
    line = next(lines, b"")
    if not line.endswith(b"\n") or len(line) > LINE_MAX_OCTETS or not line.isascii():
        raise _malformed(f"line of {len(line)} octets, must be a whole line of ASCII")
    return line[:-1].decode("ascii")


def _word(lines: Iterator[bytes], word: str) -> str:
    found, _, rest = _line(lines).partition(" ")
    if found != word:
        raise _malformed(f"{found[:40]!r}, must be {word!r}")
    return rest


def _number(lines: Iterator[bytes], word: str) -> int:
    digits = _word(lines, word)
    if not digits.isdecimal() or len(digits) > 18 or str(int(digits)) != digits:
        raise _malformed(f"{word} {digits[:40]!r}, must be decimal without leading zeros")
    return int(digits)


def _octets(encoded: str) -> bytes:
    octets = read_base64(encoded)
    if octets is None:
        raise _malformed(f"{encoded[:60]!r} is not base64 in its only form, must be")
    return octets


def _serials_of(identity: EUI64, entries: Iterable[_Entry]) -> set[SerialNumber]:
    """The serial numbers of the identity's certificates; each is really of this identity."""
    serials = set()
    for entry, leaf in entries:
        if (found := _certificate(leaf)) is not None:
            if found[1] != identity:
                raise _refused(f"entry {entry} is a certificate of {found[1]}, must be {identity}")
            serials.add(found[0])
    return serials


def _scan(
    identity: EUI64, serials: set[SerialNumber], since: Iterable[_Entry]
) -> tuple[tuple[_Entry, ...], tuple[int, ...]]:
    """Those of the identity among later entries, and the lists whose content is not in the file."""
    later: list[_Entry] = []
    unread: list[int] = []
    for entry, octets in since:
        kind = number_of(octets)
        if kind == LeafType.CERTIFICATE and identity.octets in octets:  # DER has them as they are
            certificate = _certificate(octets)
            if certificate is not None and certificate[1] == identity:
                later.append((entry, octets))
                serials.add(certificate[0])
        if kind not in {LeafType.CRL, LeafType.ARL}:
            continue
        leaf = decode_leaf(octets)
        if leaf.form is not LeafForm.INLINE:
            unread.append(entry)
        elif serials & _named_by(leaf.body):
            later.append((entry, octets))
    return tuple(later), tuple(unread)


def _certificate(leaf: bytes) -> tuple[SerialNumber, EUI64 | None] | None:
    """Serial number and identity of the certificate in this leaf; None if it is no such leaf."""
    if leaf[1:2] != bytes((LeafType.CERTIFICATE,)):
        return None
    shown = view(certificate_of(leaf))
    return shown.serial, shown.identity


def _named_by(crl: bytes) -> set[SerialNumber]:
    try:
        return {SerialNumber(one.serial_number) for one in x509.load_der_x509_crl(crl)}
    except ValueError as error:
        raise _malformed(f"a revocation list that is none ({error})") from error


def _malformed(message: str) -> Malformed:
    return Malformed(f"identity proof: {message}", clause=_CLAUSE, rule="proof.form")


def _refused(message: str) -> Refused:
    return Refused(f"identity proof: {message}", clause=_CLAUSE, rule="map.proof")
