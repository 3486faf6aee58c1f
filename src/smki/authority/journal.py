"""Step 6, journalled: intent and serial are written down before anything is signed.

    Entry    ::= seal 32 || size u64 || length u32 and annex || count u32 || Intent * count
    size     ::= entries of the record when it was written: none before is of this intent
    seal     ::= HMAC-SHA-256 over "smki journal entry 1" 00 || batch 8 || chunk 8 || the rest
    Intent   ::= kind u8 || channel u8 || flags u8 || subscriber 8 || form u8 || Request
                 || serial 16 or 20: length u8 and octets || length u16 and TBSCertificate
    flags    ::= bit 0 manufacturing, bit 1 live; the others zero
    Request  ::= form 0, device: device 8 || usage u8 || point 65 || digest 32
                                 || length u8 and hwType
               | form 1, others: length u16 and canonical JSON

What is restored equals what was written (property test), so that after a crash the very same
octets are signed, and with deterministic signatures the very same certificates come out.

The journal lies in a database that others may be able to write. The seal is made with a key that
only the authority has: what is not its own, or was changed, is never signed. An entry of its own
that is put there again is recognised by its serials, which are in the record after `size`
(`flows.issue`).
"""

import hmac
import json
import struct
from collections.abc import Iterable
from typing import Final

from smki.ports import JournalEntry, Workbook
from smki.steps import Admitted, Channel, Journalled, Prepared
from smki.terms import (
    EUI64,
    CertificateKind,
    Inconsistent,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)
from smki.wire.requests import DeviceRequest, OrganisationRequest, SystemRequest

_KINDS: Final = tuple(CertificateKind)  # appended to only: a journal outlives a release
_USAGES: Final = tuple(KeyUsage)
_HEAD: Final = struct.Struct(">BBB8sB")
_DEVICE: Final = struct.Struct(">8sB65s32sB")
_DEVICE_HEAD: Final = struct.Struct(_HEAD.format + _DEVICE.format[1:])
_KIND_CODES: Final = {kind: code for code, kind in enumerate(_KINDS)}
_USAGE_CODES: Final = {usage: code for code, usage in enumerate(_USAGES)}
_CHANNEL_CODES: Final = {channel: channel.value for channel in Channel}
_MANUFACTURING, _LIVE = 1, 2
_OCTET: Final = tuple(bytes((value,)) for value in range(256))
_COUNT: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_DOMAIN: Final = b"smki journal entry 1\0"
_PLACE: Final = struct.Struct(">qq")  # batch, 0 for none: their numbers begin at 1; chunk
_SIZE: Final = struct.Struct(">Q")

SEAL_KEY_OCTETS: Final = 32
_SEAL_OCTETS: Final = 32


class JournalSeal:
    """Makes and checks the seals of journal entries. Shows nothing of its key.

    One seal for each entry, that is for a chunk of a batch: about half a microsecond a certificate.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def over(self, octets: bytes, batch: int | None, chunk: int) -> bytes:
        """The seal, 32 octets, over the content of the entry for that chunk of that batch."""
        place = _PLACE.pack(batch or 0, chunk)
        return hmac.digest(self._key, b"".join((_DOMAIN, place, octets)), "sha256")

    def __repr__(self) -> str:
        return f"JournalSeal({len(self._key)} octets, not shown)"


def journal(
    workbook: Workbook,
    prepared: tuple[Prepared, ...],
    seal: JournalSeal,
    *,
    size: int,
    batch: int | None = None,
    chunk: int = 0,
    annex: bytes = b"",
) -> Journalled:
    """The intents are durable; what comes back can be signed once.

    `size` is that of the record now, and goes with the intents: what it has is none of these.
    `annex` is kept beside them: what the journey needs to go on after a crash.

    Raises:
        Unavailable: nothing was written, nothing may be signed.

    Clause: sec-app-b:4.3
    """
    octets = b"".join((_SIZE.pack(size), _COUNT.pack(len(annex)), annex, _write(prepared)))
    intents = seal.over(octets, batch, chunk) + octets
    number = workbook.open_entry(batch=batch, chunk=chunk, intents=intents)
    return Journalled(journal=number, prepared=prepared)


def restore(entry: JournalEntry, seal: JournalSeal) -> tuple[Journalled, bytes, int]:
    """What an open entry of the journal says is to be signed, its annex, and the record's size.

    Raises:
        Inconsistent: the entry is not what `journal` wrote, for that place, with that key.

    Clause: sec-app-b:4.3
    """
    octets = _opened(entry, seal)
    try:
        (size,), (width,) = _SIZE.unpack_from(octets), _COUNT.unpack_from(octets, _SIZE.size)
        start = _SIZE.size + _COUNT.size
        annex, intents = octets[start : start + width], octets[start + width :]
        return Journalled(journal=entry.number, prepared=tuple(_read(intents))), annex, size
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise Inconsistent(
            f"journal entry {entry.number}: not readable ({error}), must be as it was written"
        ) from error


def _opened(entry: JournalEntry, seal: JournalSeal) -> bytes:
    found, octets = entry.intents[:_SEAL_OCTETS], entry.intents[_SEAL_OCTETS:]
    if not hmac.compare_digest(found, seal.over(octets, entry.batch, entry.chunk)):
        raise Inconsistent(
            f"journal entry {entry.number}: its seal does not hold, must be one that this authority"
            " wrote and nobody changed; nothing is signed: find out who can write the database,"
            " and look at the entry before you remove it",
            where="work_journal",
            clause="sec-app-b:4.3",
            rule="journal.seal",
        )
    return octets


def _write(prepared: tuple[Prepared, ...]) -> bytes:
    parts = [_COUNT.pack(len(prepared))]
    for one in prepared:
        admitted, request, serial = one.admitted, one.admitted.request, one.serial.to_octets()
        head = (
            _KIND_CODES[admitted.kind],
            _CHANNEL_CODES[admitted.channel],
            admitted.manufacturing | one.live << 1,
            admitted.subscriber.octets,
        )
        if isinstance(request, DeviceRequest):
            device = (request.device.octets, _USAGE_CODES[request.usage], request.point)
            hw_type = request.hw_type
            described = _DEVICE_HEAD.pack(*head, 0, *device, request.digest, len(hw_type)) + hw_type
        else:
            text = _as_json(request)
            described = _HEAD.pack(*head, 1) + _LENGTH.pack(len(text)) + text
        parts += (described, _OCTET[len(serial)], serial, _LENGTH.pack(len(one.tbs)), one.tbs)
    return b"".join(parts)


def _read(octets: bytes) -> Iterable[Prepared]:
    (count,) = _COUNT.unpack_from(octets)
    at = _COUNT.size
    for _ in range(count):
        kind, channel, flags, subscriber, form = _HEAD.unpack_from(octets, at)
        at += _HEAD.size
        request: DeviceRequest | OrganisationRequest | SystemRequest
        if form == 0:
            device, usage, point, digest, width = _DEVICE.unpack_from(octets, at)
            at += _DEVICE.size
            request = DeviceRequest(
                device=EUI64(device),
                hw_type=octets[at : at + width],
                usage=_USAGES[usage],
                point=point,
                digest=digest,
            )
            at += width
        else:
            (width,) = _LENGTH.unpack_from(octets, at)
            at += _LENGTH.size
            request = _from_json(octets[at : at + width])
            at += width
        width = octets[at]
        serial = SerialNumber(int.from_bytes(octets[at + 1 : at + 1 + width], "big"))
        at += 1 + width
        (width,) = _LENGTH.unpack_from(octets, at)
        at += _LENGTH.size
        tbs = octets[at : at + width]
        at += width
        yield Prepared(
            admitted=Admitted(
                request=request,
                kind=_KINDS[kind],
                subscriber=EUI64(subscriber),
                channel=Channel(channel),
                manufacturing=bool(flags & _MANUFACTURING),
            ),
            serial=serial,
            tbs=tbs,
            live=bool(flags & _LIVE),
        )
    if at != len(octets):
        raise IndexError(f"{len(octets) - at} octets left over")


def _as_json(request: OrganisationRequest | SystemRequest) -> bytes:
    if isinstance(request, OrganisationRequest):
        fields: dict[str, str | None] = {
            "entity": request.entity.digits,
            "role": request.role.organisational_unit,
            "common_name": request.common_name,
            "usage": request.usage.code,
            "point": request.point.hex(),
            "digest": request.digest.hex(),
        }
    else:
        fields = {
            "organisation": request.organisation,
            "role_code": request.role_code,
            "common_name": request.common_name,
            "public_key": request.public_key.hex(),
            "digest": request.digest.hex(),
        }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _from_json(octets: bytes) -> OrganisationRequest | SystemRequest:
    fields = json.loads(octets)
    if "entity" in fields:
        return OrganisationRequest(
            entity=EUI64.parse(fields["entity"]),
            role=RemotePartyRole.from_organisational_unit(fields["role"]),
            common_name=fields["common_name"],
            usage={usage.code: usage for usage in KeyUsage}[fields["usage"]],
            point=bytes.fromhex(fields["point"]),
            digest=bytes.fromhex(fields["digest"]),
        )
    return SystemRequest(
        organisation=fields["organisation"],
        role_code=fields["role_code"],
        common_name=fields["common_name"],
        public_key=bytes.fromhex(fields["public_key"]),
        digest=bytes.fromhex(fields["digest"]),
    )
