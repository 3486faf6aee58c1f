"""The batch path of device certificates: a composed sample, and the octets that vary in it.

The template is made by `compose` on a sample and holds its constant octets; filling it gives what
`compose` would give, in microseconds; `agrees` is the lint of the batch path.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import Final

from smki.crypto.identifiers import POINT_OCTETS, key_identifier, spki_p256
from smki.profiles.composing import compose
from smki.profiles.drafts import DeviceSubject, Draft, Issuer
from smki.profiles.settings import NEVER, ProfileSettings
from smki.profiles.table import Algorithm
from smki.terms import (
    EUI64,
    CertificateKind,
    Inconsistent,
    KeyUsage,
    Malformed,
    Refused,
    SerialNumber,
)
from smki.terms.identifiers import EUI64_OCTETS, SERIAL_OCTETS
from smki.wire import der

_SAMPLE_SERIAL: Final = SerialNumber(int.from_bytes(bytes.fromhex("5a" * 16), "big"))
_SAMPLE_DEVICE: Final = EUI64(bytes.fromhex("a5c3a5c3a5c3a5c3"))
_SAMPLE_POINT: Final = b"\x04" + b"\x5a\xa5" * 32
_SAMPLE_INSTANT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_DIGITS: Final = re.compile(rb"[0-9]{12}Z")
_FIRST_UTC_YEAR, _LAST_UTC_YEAR = 1950, 2049  # rfc5280:4.1.2.5
_SIGNATURE_LENGTHS: Final = range(8, 73)  # ECDSA-Sig-Value on P-256


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFields:
    """What varies from one device certificate of an issuer and usage to the next.

    Attributes:
        serial: 16 octets.
        not_before: content of the UTCTime, 13 octets.
        point: public key, 65 octets.
        key_identifier: 8 octets.
        device: Device ID, 8 octets.
    """

    serial: bytes
    not_before: bytes
    point: bytes
    key_identifier: bytes
    device: bytes


class DeviceShape:
    """The constant octets of a device TBSCertificate and where between them the others stand."""

    __slots__ = ("_length", "_parts", "constants", "spans")

    def __init__(self, tbs: bytes, fields: DeviceFields) -> None:
        """The shape of `tbs`, in which `fields` stand in this order.

        Raises:
            Refused: one of them does not stand there in the form of the profile.
        """
        anchors = (
            (b"\x02\x10", fields.serial),
            (b"\x17\x0d", fields.not_before),
            (b"\x03\x42\x00", fields.point),
            (b"\x04\x0a\x04\x08", fields.key_identifier),
            (b"\x04\x08", fields.device),
        )
        constants: list[bytes] = []
        spans: list[tuple[int, int]] = []
        at = 0
        for head, value in anchors:
            found = tbs.find(head + value, at)
            if found < 0:
                raise Refused(
                    f"device template: {value.hex()} not found where the profile puts it",
                    where=f"after offset {at}",
                    clause="sec-app-a:B",
                    rule="device.template",
                )
            start = found + len(head)
            constants.append(tbs[at:start])
            at = start + len(value)
            spans.append((start, at))
        constants.append(tbs[at:])
        self.constants = tuple(constants)
        self.spans = tuple(spans)
        self._length = len(tbs)
        lengths = [len(constants[0])]
        for constant, (begin, end) in zip(constants[1:], spans, strict=True):
            lengths += [end - begin, len(constant)]
        self._parts = Struct("".join(f"{length}s" for length in lengths))

    def join(
        self, serial: bytes, not_before: bytes, point: bytes, identifier: bytes, device: bytes
    ) -> bytes:
        """The octets with these in their places; their lengths are the caller's promise."""
        one, two, three, four, five, six = self.constants
        return b"".join(
            (one, serial, two, not_before, three, point, four, identifier, five, device, six)
        )

    def split(self, octets: bytes, start: int = 0) -> DeviceFields | None:
        """What varies, of the TBSCertificate that begins at `start`; None if a constant differs."""
        values = self.values(octets, start)
        if values is None:
            return None
        serial, not_before, point, identifier, device = values
        return DeviceFields(
            serial=serial,
            not_before=not_before,
            point=point,
            key_identifier=identifier,
            device=device,
        )

    def values(self, octets: bytes, start: int = 0) -> tuple[bytes, ...] | None:
        """As `split`, the values alone, in the order of `DeviceFields`, in a third of its time."""
        if len(octets) < start + self._length:
            return None
        parts: tuple[bytes, ...] = self._parts.unpack_from(octets, start)
        return parts[1::2] if parts[::2] == self.constants else None

    @property
    def length(self) -> int:
        """Octets of the whole TBSCertificate."""
        return self._length


class DeviceTemplate:
    """Device certificates of one issuer, usage and hwType, filled in rather than composed.

    `hw_type` is the content octets of the OID. Safe to use from any thread.

    Clause: sec-app-a:B
    """

    __slots__ = ("_frames", "_shape")

    def __init__(
        self,
        issuer: Issuer,
        settings: ProfileSettings,
        usage: KeyUsage,
        hw_type: bytes,
        *,
        live: bool = False,
    ) -> None:
        """The template of a composed sample, of live certificates or of those for tests.

        Raises:
            Refused: the issuer is not an Issuing DCA, or devices may not have the hwType.
        """
        if not settings.permits_hw_type(hw_type) or usage is KeyUsage.CERTIFICATE_AND_CRL_SIGNING:
            raise Refused(
                f"device template: hwType {der.dotted(hw_type)} for {usage.code}, must be a"
                " permitted hwType for DS or KA",
                clause="sec-app-a:B",
                rule="device.hw-type",
            )
        draft = Draft(
            kind=CertificateKind.DEVICE,
            serial=_SAMPLE_SERIAL,
            issuer=issuer,
            subject=DeviceSubject(device=_SAMPLE_DEVICE, hw_type=hw_type),
            usage=usage,
            public_key=spki_p256(_SAMPLE_POINT),
            not_before=_SAMPLE_INSTANT,
            not_after=NEVER,
            live=live,
        )
        tbs = compose(draft, settings)
        fields = DeviceFields(
            serial=_SAMPLE_SERIAL.to_octets(),
            not_before=_utc_time(_SAMPLE_INSTANT),
            point=_SAMPLE_POINT,
            key_identifier=key_identifier(_SAMPLE_POINT),
            device=_SAMPLE_DEVICE.octets,
        )
        self._shape = DeviceShape(tbs, fields)
        if not self.agrees(tbs, _SAMPLE_DEVICE.octets, _SAMPLE_POINT):
            raise Inconsistent("device template: filled with its own sample it gives other octets")
        self._frames = {length: _frame(len(tbs), length) for length in _SIGNATURE_LENGTHS}

    def fill(self, serial: bytes, not_before: datetime, device: bytes, point: bytes) -> bytes:
        """The TBSCertificate, DER, that `compose` would give for these.

        `serial` is 16 octets, the first 01 to 7F; `not_before` whole seconds through 2049 with a
        time zone; `device` 8 octets; `point` 65 octets beginning with 04, not checked to be on
        the curve. The key identifier is computed here.

        Raises:
            Malformed: one of them is not so.

        Clause: sec-app-a:B
        """
        if len(serial) != SERIAL_OCTETS or not 0 < serial[0] < 0x80:
            raise _wrong("serial", serial, "16 octets, the first 01 to 7F", "rfc5280:4.1.2.2")
        if len(device) != EUI64_OCTETS:
            raise _wrong("device", device, "8 octets", "gbcs:4.3.1")
        if len(point) != POINT_OCTETS or point[:1] != b"\x04":
            raise _wrong("point", point, "65 octets beginning with 04", "gbcs:12")
        return self._shape.join(serial, _utc_time(not_before), point, key_identifier(point), device)

    def agrees(self, tbs: bytes, device: bytes, point: bytes) -> bool:
        """True if `tbs` is one of this template for this device and key, each other field sound.

        The lint of the batch path, octet for octet what the full lint would pass.

        Clause: sec-app-a:B
        """
        shape = self._shape
        if len(tbs) != shape.length or point[:1] != b"\x04":
            return False
        (start, end), (begin, stop) = shape.spans[:2]
        serial, not_before = tbs[start:end], tbs[begin:stop]
        return (
            0 < serial[0] < 0x80
            and _is_utc_time(not_before)
            and tbs == shape.join(serial, not_before, point, key_identifier(point), device)
        )

    def assemble(self, tbs: bytes, signature: bytes) -> bytes:
        """The Certificate, DER; `tbs` is one of this template's, `signature` an ECDSA-Sig-Value.

        Raises:
            Malformed: the signature is not of the length of one.

        Clause: rfc5280:4.1.1
        """
        frame = self._frames.get(len(signature))
        if frame is None:
            raise _wrong("signature", signature, "8 to 72 octets", "rfc5280:4.1.1.3")
        return frame[0] + tbs + frame[1] + signature


def _frame(tbs: int, signature: int) -> tuple[bytes, bytes]:
    after = Algorithm.ECDSA_SHA256.value + der.bit_string(bytes(signature))[:-signature]
    whole = der.sequence(bytes(tbs), after, bytes(signature))
    return whole[: len(whole) - tbs - len(after) - signature], after


@lru_cache(maxsize=1024)
def _is_utc_time(content: bytes) -> bool:
    return _DIGITS.fullmatch(content) is not None


@lru_cache(maxsize=1024)  # a batch has few instants
def _utc_time(instant: datetime) -> bytes:
    if instant.tzinfo is None:
        raise Malformed("notBefore: without time zone, must have one", clause="rfc5280:4.1.2.5")
    utc = instant.astimezone(UTC)
    if not _FIRST_UTC_YEAR <= utc.year <= _LAST_UTC_YEAR:
        raise Malformed(
            f"notBefore: year {utc.year}, must be {_FIRST_UTC_YEAR} to {_LAST_UTC_YEAR} in this"
            " template",
            clause="rfc5280:4.1.2.5",
        )
    return utc.strftime("%y%m%d%H%M%SZ").encode()


def _wrong(field: str, octets: bytes, expected: str, clause: str) -> Malformed:
    return Malformed(
        f"device template: {field} is {len(octets)} octets beginning"
        f" {octets[:1].hex() or 'with none'}, must be {expected}",
        where=field,
        clause=clause,
        rule="device.template",
    )
