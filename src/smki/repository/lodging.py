"""Steps 8 and 9: what is issued enters the record, and may leave the house once it is indexed.

Everything that is lodged goes through here and becomes a leaf (`merkle.leaf`). Whether it may be
lodged was decided before. No file, no database: the record and the index are ports.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from smki.merkle.leaf import (
    NO_REQUEST,
    CertificateBody,
    LeafType,
    encode_certificate,
    encode_commitment,
    encode_leaf,
)
from smki.ports import CertificateIndex, Record
from smki.steps import Channel, Issued, Lodged, Published
from smki.terms import Inconsistent

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_OPERATOR: Final = bytes(8)  # nobody's EUI-64


def milliseconds(at: datetime) -> int:
    """The instant in milliseconds since 1970, as leaves and rows write it."""
    return (at - _EPOCH) // _MILLISECOND


def lodge(record: Record, issued: tuple[Issued, ...], at: datetime) -> tuple[Lodged, ...]:
    """Step 8: every certificate is durable in the record, in order, under a signed checkpoint.

    All or none.

    Raises:
        Unavailable: nothing was lodged, or, with rule `record.unknown`, that is known only when
            the record opens again.

    Clause: sec-app-m:2.3.1.9
    """
    if not issued:
        return ()
    instant = milliseconds(at)
    leaves = [_certificate_leaf(one, instant) for one in issued]
    first = record.append(leaves).size - len(leaves)
    return tuple(Lodged(issued=one, entry=entry) for entry, one in enumerate(issued, first))


def lodge_ceremony(record: Record, certificates: Sequence[bytes], at: datetime) -> int:
    """The certificates (DER) that a ceremony made are durable in the record; the first's entry.

    They were signed by root keys, outside the house; nobody asked for them by a request.

    Raises:
        Unavailable: as for `lodge`.

    Clause: sec-app-b:B
    """
    bodies = (
        CertificateBody(
            channel=Channel.CEREMONY.value,
            manufacturing=False,
            subscriber=_OPERATOR,
            request=NO_REQUEST,
            certificate=certificate,
        )
        for certificate in certificates
    )
    leaves = [encode_certificate(body, milliseconds(at)) for body in bodies]
    return record.append(leaves).size - len(leaves)


def lodge_leaf(record: Record, kind: LeafType, body: bytes, at: datetime) -> int:
    """The body is durable in the record; the index of its entry.

    For everything but certificates, which pass through `lodge` and nowhere else. Bodies longer
    than 32 KiB are kept as a blob.

    Raises:
        Malformed: the body is not one of that type.
        Inconsistent: a certificate, which must have been issued.
        Unavailable: as for `lodge`.
    """
    if kind is LeafType.CERTIFICATE:
        raise Inconsistent("record: a certificate is lodged as Issued, not as octets")
    leaf, blob = encode_leaf(kind, body, milliseconds(at))
    return record.append([leaf], [] if blob is None else [blob]).size - 1


def lodge_leaves(
    record: Record, bodies: Sequence[tuple[LeafType, bytes]], at: datetime
) -> tuple[int, ...]:
    """The bodies are durable in the record, in order, all or none; the indices of their entries.

    Raises:
        Malformed: a body is not one of its type.
        Inconsistent: a certificate, which must have been issued.
        Unavailable: as for `lodge`.
    """
    if any(kind is LeafType.CERTIFICATE for kind, _ in bodies):
        raise Inconsistent("record: a certificate is lodged as Issued, not as octets")
    made = [encode_leaf(kind, body, milliseconds(at)) for kind, body in bodies]
    blobs = [blob for _, blob in made if blob is not None]
    size = record.append([leaf for leaf, _ in made], blobs).size
    return tuple(range(size - len(made), size))


def lodge_crl(record: Record, crl: bytes, at: datetime, *, authority: bool = False) -> int:
    """The CRL (DER), or the ARL if `authority`, is durable in the record; its entry's index.

    Raises:
        Unavailable: as for `lodge`.

    Clause: sec-app-m:2.3.1.5
    """
    return lodge_leaf(record, LeafType.ARL if authority else LeafType.CRL, crl, at)


def lodge_commitment(record: Record, kind: LeafType, commitment: bytes, at: datetime) -> int:
    """The commitment to a body kept elsewhere is durable in the record; its entry's index.

    Raises:
        Malformed: a type whose body must be open.
        Unavailable: as for `lodge`.
    """
    return record.append([encode_commitment(kind, commitment, milliseconds(at))]).size - 1


def publish(lodged: tuple[Lodged, ...], index: CertificateIndex) -> tuple[Published, ...]:
    """Step 9: every certificate is under a checkpoint and in the index; it may leave the house.

    Raises:
        Inconsistent: the index does not cover an entry yet.

    Clause: sec-app-m:2.3.1.9
    """
    size = index.size()
    for one in lodged:
        if one.entry >= size:
            raise Inconsistent(
                f"entry {one.entry} is not indexed (the index covers {size}), must be first",
                clause="sec-app-m:2.3.1.9",
            )
    return tuple(Published(lodged=one, size=size) for one in lodged)


def _certificate_leaf(issued: Issued, instant: int) -> bytes:
    admitted = issued.prepared.admitted
    body = CertificateBody(
        channel=admitted.channel.value,
        manufacturing=admitted.manufacturing,
        subscriber=admitted.subscriber.octets,
        request=admitted.request.digest,
        certificate=issued.certificate,
    )
    return encode_certificate(body, instant)
