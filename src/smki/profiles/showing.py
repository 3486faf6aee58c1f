"""What a certificate shows: every field as text, and the few that the index needs, fast."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from smki.crypto import key_fingerprint
from smki.profiles import reading, table
from smki.profiles.settings import ProfileSettings
from smki.profiles.template import DeviceFields, DeviceShape
from smki.terms import (
    EUI64,
    CertificateKind,
    KeyUsage,
    Malformed,
    Refused,
    RemotePartyRole,
    SerialNumber,
    instant_text,
)
from smki.wire import der
from smki.wire.certificate import Certificate, parse_certificate, parse_public_key

_NAMES = {
    table.COMMON_NAME: "CN",
    table.ORGANISATION_NAME: "O",
    table.ORGANISATIONAL_UNIT: "OU",
    table.UNIQUE_IDENTIFIER: "uniqueIdentifier",
}
_TBS_AT = 4  # a certificate of 256 to 65,535 octets: 30 82 xx xx


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateView:
    """A certificate with its fields at hand.

    Attributes:
        kind: by policy OID under the settings, else by what it looks like.
        serial: its serial number.
        issuer: Name, DER.
        subject: Name, DER.
        identity: Device ID or Entity Identifier; None if it has neither.
        role: remote party role in the subject; None if it has none.
        usage: key usage; None if it is none of those that the profiles know.
        key: the 65-octet point if P-256, else SubjectPublicKeyInfo.
        not_before: first second.
        not_after: last second.
        subject_key: subjectKeyIdentifier.
        authority_key: authorityKeyIdentifier.
        policies: policy OIDs, dotted.
        fields: every field as (name, text), in the order of the certificate.
    """

    kind: CertificateKind
    serial: SerialNumber
    issuer: bytes
    subject: bytes
    identity: EUI64 | None
    role: RemotePartyRole | None
    usage: KeyUsage | None
    key: bytes
    not_before: datetime
    not_after: datetime
    subject_key: bytes | None
    authority_key: bytes | None
    policies: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFields:
    """What the index needs of a certificate; `not_after` in seconds since 1970.

    `public_key` is the 65-octet point, or the SubjectPublicKeyInfo if it is not P-256.
    """

    serial: SerialNumber
    kind: CertificateKind
    identity: EUI64 | None
    role: RemotePartyRole | None
    usage: KeyUsage
    public_key: bytes
    not_after: int

    @property
    def key(self) -> int:
        """Fingerprint of the public key; see `ports.CertificateRow.key`."""
        return key_fingerprint(self.public_key)


def view(octets: bytes, settings: ProfileSettings | None = None) -> CertificateView:
    """All fields of the certificate that `octets` are.

    Raises:
        Malformed: not a certificate.
    """
    certificate = parse_certificate(octets)
    tbs = certificate.tbs
    return CertificateView(
        kind=reading.guess_kind(tbs, settings),
        serial=SerialNumber(int.from_bytes(tbs.serial, "big", signed=True)),
        issuer=tbs.issuer,
        subject=tbs.subject,
        identity=reading.identity(tbs),
        role=reading.role(tbs),
        usage=reading.key_usage(tbs),
        key=reading.public_key_octets(tbs),
        not_before=tbs.not_before.instant,
        not_after=tbs.not_after.instant,
        subject_key=reading.subject_key_identifier(tbs),
        authority_key=reading.authority_key_identifier(tbs),
        policies=tuple(der.dotted(policy) for policy in reading.policies(tbs)),
        fields=tuple(_fields(certificate)),
    )


def name_text(name: bytes) -> str:
    """A Name as text, `OU=07, CN=Z1`, in its own order; `(empty)` if it is.

    Raises:
        Malformed: not a Name.
    """
    shown = [
        f"{_NAMES.get(attribute.oid) or der.dotted(attribute.oid)}="
        + (
            attribute.value[1:].hex("-").upper()
            if attribute.tag == der.BIT_STRING
            else attribute.value.decode("utf-8", "backslashreplace")
        )
        for attribute in reading.attributes(name)
    ]
    return ", ".join(shown) or "(empty)"


class RowReader:
    """Reads row fields; learns the shapes of device certificates, so that the next ones are quick.

    One reader for each thread.
    """

    __slots__ = ("_settings", "_shapes")

    def __init__(self, settings: ProfileSettings) -> None:
        """A reader that has learned nothing yet."""
        self._settings = settings
        self._shapes: list[tuple[DeviceShape, KeyUsage, int]] = []

    def read(self, octets: bytes) -> RowFields:
        """What the index needs of the certificate that `octets` are, kind by policy OID.

        Raises:
            Malformed: not a certificate, or of no kind or key usage that the settings know.
        """
        for shape, usage, not_after in self._shapes:
            values = shape.values(octets, _TBS_AT)
            if values is not None:
                serial, _, point, _, device = values
                return RowFields(
                    serial=SerialNumber(int.from_bytes(serial, "big")),
                    kind=CertificateKind.DEVICE,
                    identity=EUI64(device),
                    role=None,
                    usage=usage,
                    public_key=point,
                    not_after=not_after,
                )
        return self._slowly(octets)

    def names(self, octets: bytes) -> tuple[bytes, bytes] | None:
        """Serial number and EUI-64 of a device certificate of a shape that it knows, else None.

        Learns the shape if it can; no part of the certificate is judged.
        """
        for shape, _, _ in self._shapes:
            values = shape.values(octets, _TBS_AT)
            if values is not None:
                return values[0], values[4]
        with suppress(Malformed):
            self._slowly(octets)
        return None

    def _slowly(self, octets: bytes) -> RowFields:
        tbs = parse_certificate(octets).tbs
        kind, usage = reading.kind_by_policy(tbs, self._settings), reading.key_usage(tbs)
        if kind is None or usage is None:
            raise Malformed(
                f"certificate: policy {', '.join(map(der.dotted, reading.policies(tbs))) or 'none'}"
                f" and usage {usage.code if usage else 'unknown'}, must be ones of this environment",
                clause="gbcs:12",
                rule="certificate.kind",
            )
        row = RowFields(
            serial=SerialNumber(int.from_bytes(tbs.serial, "big", signed=True)),
            kind=kind,
            identity=reading.identity(tbs),
            role=reading.role(tbs) if kind is CertificateKind.ORGANISATION else None,
            usage=usage,
            public_key=reading.public_key_octets(tbs),
            not_after=int(tbs.not_after.instant.timestamp()),
        )
        identifier = reading.subject_key_identifier(tbs)
        if kind is CertificateKind.DEVICE and row.identity and identifier:
            fields = DeviceFields(
                serial=tbs.serial,
                not_before=tbs.not_before.text,
                point=row.public_key,
                key_identifier=identifier,
                device=row.identity.octets,
            )
            if octets[_TBS_AT : _TBS_AT + len(tbs.octets)] == tbs.octets:
                self._learn(tbs.octets, fields, usage, row.not_after)
        return row

    def _learn(self, tbs: bytes, fields: DeviceFields, usage: KeyUsage, not_after: int) -> None:
        if len(self._shapes) < _SHAPES and len(fields.serial) == 16:
            with suppress(Refused):  # not in the form of the profile: read slowly every time
                self._shapes.append((DeviceShape(tbs, fields), usage, not_after))


_SHAPES = 16  # issuers times usages, more than an environment has at once


def _fields(certificate: Certificate) -> list[tuple[str, str]]:
    tbs = certificate.tbs
    _, key = parse_public_key(tbs.public_key)
    shown = [
        ("version", f"v{tbs.version + 1}"),
        ("serialNumber", tbs.serial.hex().upper()),
        ("signature", _algorithm(tbs.algorithm)),
        ("issuer", name_text(tbs.issuer)),
        ("notBefore", instant_text(tbs.not_before.instant)),
        ("notAfter", instant_text(tbs.not_after.instant)),
        ("subject", name_text(tbs.subject)),
        ("subjectPublicKey", key.hex()),
    ]
    for extension in tbs.extensions:
        row = next((row for row in _SHOWN if row.oid == extension.oid), None)
        label = der.dotted(extension.oid) if row is None else row.name
        shown.append((label + (" (critical)" if extension.critical else ""), extension.value.hex()))
    module = reading.hardware_module(tbs)
    if module is not None:
        shown += [
            ("hwType", der.dotted(module[0])),
            ("hwSerialNum", module[1].hex("-").upper()),
        ]
    shown += [("policy", der.dotted(policy)) for policy in reading.policies(tbs)]
    return [*shown, ("signatureValue", certificate.signature.hex())]


_SHOWN = (
    table.KEY_USAGE,
    table.BASIC_CONSTRAINTS,
    table.POLICIES,
    table.SUBJECT_KEY,
    table.AUTHORITY_KEY,
    table.HARDWARE_NAME,
    table.CONTINGENCY_KEY,
    table.PURPOSES,
)


def _algorithm(octets: bytes) -> str:
    known = next((row.name for row in table.Algorithm if row.value == octets), None)
    return known or octets.hex()
