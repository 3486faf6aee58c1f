"""Reads certification requests strictly; each refusal under one rule of `RULES`.

Does not check signatures, nor whether a point is on its curve, nor who may ask for what.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.terms import EUI64, KeyUsage, Malformed, RemotePartyRole
from smki.wire.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Reader,
    context,
    dotted,
)
from smki.wire.pkcs10.layouts import DeviceLayouts
from smki.wire.pkcs10.objects import (
    COMMON_NAME_OID,
    EC_PUBLIC_KEY_OID,
    ECDSA_WITH_SHA256,
    EXTENSION_REQUEST_OID,
    HARDWARE_MODULE_NAME_OID,
    KEY_USAGE_OID,
    ORGANISATION_OID,
    ORGANISATIONAL_UNIT_OID,
    PRIME256V1,
    RSA_ENCRYPTION,
    SHA256_WITH_RSA,
    SUBJECT_ALT_NAME_OID,
    UNIQUE_IDENTIFIER_OID,
    name_of,
)
from smki.wire.pkcs10.rules import part
from smki.wire.pkcs10.subjects import subject_attributes, text, unique_identifier
from smki.wire.requests import DeviceRequest, OrganisationRequest, SignedRequest, SystemRequest

EC_REQUEST_OCTETS_MAX: Final = 2_000  # the largest well formed one has about 700
RSA_REQUEST_OCTETS_MAX: Final = 4_000  # the largest well formed one has about 1,600
POINT_OCTETS: Final = 65  # 04 || x (32) || y (32)
HW_TYPE_OCTETS_MAX: Final = 64  # those in use have 10 to 13

_DEVICE: Final = "sec-app-m:2.3.1.7"
_ORGANISATION: Final = "sec-app-m:F"
_SYSTEM: Final = "sec-app-m:G"
_RSA_MODULUS_OCTETS: Final = 257  # 00, then 2048 bits of which the first is set
_RSA_EXPONENT: Final = (65_537).to_bytes(3, "big")
_END_ENTITY_USAGES: Final = {
    usage.value: usage for usage in (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)
}
_SIGNING_ONLY: Final = {KeyUsage.DIGITAL_SIGNATURE.value: KeyUsage.DIGITAL_SIGNATURE}

_LAYOUTS: Final = DeviceLayouts()


def parse_device_request(der: bytes) -> SignedRequest:
    """`der` is a well formed device CSR, and this is what it says (`DeviceRequest`).

    Raises:
        Malformed: under one rule of `RULES`.

    Clause: sec-app-m:2.3.1.7
    """
    return _LAYOUTS.split(der) or _parse_and_learn(der)


def _parse_and_learn(der: bytes) -> SignedRequest:
    signed, point, serial = read_device_request(der)
    _LAYOUTS.learn(der, signed, point, serial)
    return signed


def read_device_request(der: bytes) -> tuple[SignedRequest, int, int]:
    """As `parse_device_request`, always the strict way; with the offsets of point and hwSerialNum.

    Raises:
        Malformed: under one rule of `RULES`.
    """
    with part("csr.der", trailing="csr.trailing"):
        frame = _open(der, EC_REQUEST_OCTETS_MAX, _DEVICE)
        if not frame.subject.at_end:
            raise Malformed(
                "subject: not empty, must be empty in a device's request",
                where=f"offset {frame.subject.position}",
                clause=_DEVICE,
                rule="csr.subject",
            )
        point = _point(frame.key)
        extensions = _extensions(frame.attributes, (KEY_USAGE_OID, SUBJECT_ALT_NAME_OID), _DEVICE)
        usage = _usage(extensions[KEY_USAGE_OID], _END_ENTITY_USAGES)
        hw_type, device, serial = _hardware(extensions[SUBJECT_ALT_NAME_OID])
        signature = frame.signature(ECDSA_WITH_SHA256, "ecdsa-with-SHA256 without parameters")
    request = DeviceRequest(
        device=device, hw_type=hw_type, usage=usage, point=point, digest=sha256(der).digest()
    )
    signed = SignedRequest(request=request, info=frame.info, signature=signature)
    return signed, frame.key.position - POINT_OCTETS, serial


def parse_organisation_request(der: bytes) -> SignedRequest:
    """`der` is a well formed organisation CSR, and this is what it says (`OrganisationRequest`).

    Raises:
        Malformed: under one rule of `RULES`.

    Clause: sec-app-m:F
    """
    with part("csr.der", trailing="csr.trailing"):
        frame = _open(der, EC_REQUEST_OCTETS_MAX, _ORGANISATION)
        subject = subject_attributes(
            frame.subject,
            (ORGANISATIONAL_UNIT_OID, UNIQUE_IDENTIFIER_OID),
            (COMMON_NAME_OID,),
            _ORGANISATION,
        )
        common_name = (
            text(subject[COMMON_NAME_OID], "commonName") if COMMON_NAME_OID in subject else None
        )
        role = _role(subject[ORGANISATIONAL_UNIT_OID])
        entity = unique_identifier(subject[UNIQUE_IDENTIFIER_OID])
        point = _point(frame.key)
        extensions = _extensions(frame.attributes, (KEY_USAGE_OID,), _ORGANISATION)
        usage = _usage(extensions[KEY_USAGE_OID], _END_ENTITY_USAGES)
        signature = frame.signature(ECDSA_WITH_SHA256, "ecdsa-with-SHA256 without parameters")
    request = OrganisationRequest(
        entity=entity,
        role=role,
        common_name=common_name,
        usage=usage,
        point=point,
        digest=sha256(der).digest(),
    )
    return SignedRequest(request=request, info=frame.info, signature=signature)


def parse_system_request(der: bytes) -> SignedRequest:
    """`der` is a well formed CSR for an IKI credential, and this is what it says (`SystemRequest`).

    Raises:
        Malformed: under one rule of `RULES`.

    Clause: sec-app-m:G
    """
    with part("csr.der", trailing="csr.trailing"):
        frame = _open(der, RSA_REQUEST_OCTETS_MAX, _SYSTEM)
        subject = subject_attributes(
            frame.subject,
            (ORGANISATION_OID, ORGANISATIONAL_UNIT_OID, COMMON_NAME_OID),
            (),
            _SYSTEM,
        )
        organisation = text(subject[ORGANISATION_OID], "organizationName")
        role_code = _role_code(subject[ORGANISATIONAL_UNIT_OID])
        common_name = text(subject[COMMON_NAME_OID], "commonName")
        _rsa_key(frame.key)
        extensions = _extensions(frame.attributes, (KEY_USAGE_OID,), _SYSTEM)
        _usage(extensions[KEY_USAGE_OID], _SIGNING_ONLY)
        signature = frame.signature(SHA256_WITH_RSA, "sha256WithRSAEncryption with NULL")
    request = SystemRequest(
        organisation=organisation,
        role_code=role_code,
        common_name=common_name,
        public_key=frame.public_key,
        digest=sha256(der).digest(),
    )
    return SignedRequest(request=request, info=frame.info, signature=signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A request laid open: its parts in place, none of them judged."""

    info: bytes
    subject: Reader
    public_key: bytes
    key: Reader
    attributes: Reader
    signature_algorithm: bytes
    signature_bits: bytes

    def signature(self, algorithm: bytes, name: str) -> bytes:
        """The signature's octets, made with `algorithm`."""
        if self.signature_algorithm != algorithm:
            raise Malformed(
                f"signatureAlgorithm: {self.signature_algorithm[:40].hex().upper()},"
                f" must be {name} ({algorithm.hex().upper()})",
                where="signatureAlgorithm",
                clause="rfc2986:4.2",
                rule="csr.algorithm",
            )
        if len(self.signature_bits) < 2 or self.signature_bits[0]:
            raise Malformed(
                "signature: empty or with unused bits, must be whole octets",
                where="signature",
                clause="rfc2986:4.2",
                rule="csr.der",
            )
        return self.signature_bits[1:]


def _open(der: bytes, limit: int, clause: str) -> _Frame:
    if len(der) > limit:
        raise Malformed(
            f"CSR: {len(der)} octets, must be at most {limit}", clause=clause, rule="csr.size"
        )
    whole = Reader(der, "CSR")
    body = whole.enter(SEQUENCE, "CertificationRequest")
    whole.done()
    start = body.position
    info = body.enter(SEQUENCE, "certificationRequestInfo")
    end = body.position
    algorithm = body.element("signatureAlgorithm", SEQUENCE)
    signature = body.take(BIT_STRING, "signature")
    body.done()
    version_at = info.position
    version = info.take(INTEGER, "version")
    if version != b"\x00":
        raise Malformed(
            f"version: {version[:8].hex() or 'empty'}, must be 0 (00)",
            where=f"offset {version_at}",
            clause="rfc2986:4.1",
            rule="csr.version",
        )
    subject = info.enter(SEQUENCE, "subject")
    key_at = info.position
    key = info.enter(SEQUENCE, "subjectPKInfo")
    key_end = info.position
    with part("csr.attribute"):
        attributes = (
            Reader(der, "CSR.attributes", start=info.position, end=info.position)
            if info.at_end
            else info.enter(context(0, constructed=True), "attributes")
        )
    info.done()
    return _Frame(
        info=der[start:end],
        subject=subject,
        public_key=der[key_at:key_end],
        key=key,
        attributes=attributes,
        signature_algorithm=algorithm,
        signature_bits=signature,
    )


def _point(key: Reader) -> bytes:
    """The 65 octets of an uncompressed P-256 point; `key` ends with them."""
    algorithm = key.enter(SEQUENCE, "algorithm")
    where = f"offset {algorithm.position}"
    if algorithm.element("algorithm", OID)[2:] != EC_PUBLIC_KEY_OID:
        raise Malformed(
            "public key algorithm: another, must be id-ecPublicKey",
            where=where,
            clause="gbcs:12",
            rule="csr.algorithm",
        )
    parameters = b"" if algorithm.at_end else algorithm.element("parameters")
    if parameters != PRIME256V1 or not algorithm.at_end:
        raise Malformed(
            f"curve: {parameters[:24].hex().upper() or 'absent'},"
            f" must be prime256v1 ({PRIME256V1.hex().upper()})",
            where=where,
            clause="gbcs:12",
            rule="csr.curve",
        )
    bits = key.take(BIT_STRING, "subjectPublicKey")
    key.done()
    if len(bits) != POINT_OCTETS + 1 or bits[:2] != b"\x00\x04":
        raise Malformed(
            f"public key: {max(len(bits) - 1, 0)} octets, first"
            f" {bits[1:2].hex().upper() or 'absent'}, must be an uncompressed point: 65 octets,"
            " first 04",
            where=f"offset {key.position - len(bits)}",
            clause="gbcs:12",
            rule="csr.point",
        )
    return bits[1:]


def _rsa_key(key: Reader) -> None:
    """Holds if `key` is an RSA key of 2048 bits with exponent 65537."""
    where = f"offset {key.position}"
    if key.element("algorithm", SEQUENCE) != RSA_ENCRYPTION:
        raise Malformed(
            "public key algorithm: another, must be rsaEncryption with NULL",
            where=where,
            clause=_SYSTEM,
            rule="csr.algorithm",
        )
    bits = key.take(BIT_STRING, "subjectPublicKey")
    key.done()
    with part("csr.rsa"):
        octets = Reader(bits, "RSA key", start=1) if bits[:1] == b"\x00" else Reader(b"", "RSA key")
        numbers = octets.enter(SEQUENCE, "RSAPublicKey")
        octets.done()
        modulus = numbers.take(INTEGER, "modulus")
        exponent = numbers.take(INTEGER, "publicExponent")
        numbers.done()
    exact = len(modulus) == _RSA_MODULUS_OCTETS and modulus[0] == 0 and modulus[1] >= 0x80
    if not exact or not modulus[-1] & 1 or exponent != _RSA_EXPONENT:
        size = int.from_bytes(modulus, "big").bit_length()
        raise Malformed(
            f"RSA key: {size} bits, exponent {exponent[:8].hex()},"
            " must be a positive odd modulus of 2048 bits and exponent 010001",
            where=where,
            clause=_SYSTEM,
            rule="csr.rsa",
        )


def _extensions(
    attributes: Reader, wanted: Collection[bytes], clause: str
) -> Mapping[bytes, Reader]:
    """Readers over the values of the requested extensions, which are exactly `wanted`."""
    found: dict[bytes, Reader] = {}
    with part("csr.extension"):
        extensions = _extension_request(attributes)
        while not extensions.at_end:
            extension = extensions.enter(SEQUENCE, "extension")
            oid = extension.take(OID, "extnID")
            if extension.peek() == BOOLEAN:
                _critical(extension)
            value = extension.enter(OCTET_STRING, "extnValue")
            extension.done()
            if oid in found or oid not in wanted:
                raise _wrong_extensions(
                    f"{name_of(oid)} {'twice' if oid in found else 'there'}", wanted, clause
                )
            found[oid] = value
    missing = [name_of(oid) for oid in wanted if oid not in found]
    if missing:
        raise _wrong_extensions(f"{' and '.join(missing)} missing", wanted, clause)
    return found


def _wrong_extensions(found: str, wanted: Collection[bytes], clause: str) -> Malformed:
    names = " and ".join(name_of(oid) for oid in wanted)
    return Malformed(
        f"requested extensions: {found}, must be exactly {names}",
        where="extensionRequest",
        clause=clause,
        rule="csr.extension",
    )


def _extension_request(attributes: Reader) -> Reader:
    where = f"offset {attributes.position}"
    with part("csr.attribute"):
        kind = b""
        if not attributes.at_end:
            attribute = attributes.enter(SEQUENCE, "attribute")
            kind = attribute.take(OID, "type")
        if kind != EXTENSION_REQUEST_OID:
            raise Malformed(
                f"attributes: {name_of(kind) if kind else 'none'},"
                " must be exactly one, extensionRequest",
                where=where,
                clause="rfc2986:4.1",
                rule="csr.attribute",
            )
        values = attribute.enter(SET, "values")
        attribute.done()
        extensions = values.enter(SEQUENCE, "extensions")
        values.done()
        attributes.done()
    return extensions


def _critical(extension: Reader) -> None:
    """Passes over the mark; TRUE is FF in DER, and FALSE, the default, is left out."""
    where = f"offset {extension.position}"
    value = extension.take(BOOLEAN, "critical")
    if value != b"\xff":
        raise Malformed(
            f"critical: {value[:4].hex().upper() or 'empty'}, must be left out, or TRUE as FF",
            where=where,
            clause="x690:11.5" if value == b"\x00" else "x690:11.1",
            rule="csr.minimal" if value == b"\x00" else "csr.der",
        )


def _usage(value: Reader, allowed: Mapping[bytes, KeyUsage]) -> KeyUsage:
    where = f"offset {value.position}"
    bits = value.rest()
    usage = allowed.get(bits)
    if usage is None:
        names = " or ".join(usage.name for usage in allowed.values())
        raise Malformed(
            f"keyUsage: {bits[:12].hex().upper() or 'empty'}, must be exactly one usage, {names}"
            f" ({' or '.join(octets.hex().upper() for octets in allowed)})",
            where=where,
            clause="rfc5280:4.2.1.3",
            rule="csr.usage",
        )
    return usage


def _hardware(value: Reader) -> tuple[bytes, EUI64, int]:
    """Content of hwType, the Device ID, and the offset of the Device ID."""
    with part("csr.hardware"):
        names = value.enter(SEQUENCE, "subjectAltName")
        value.done()
        name = names.enter(context(0, constructed=True), "otherName")
        names.done()
        kind = name.take(OID, "type-id")
        if kind != HARDWARE_MODULE_NAME_OID:
            raise _wrong_hardware(f"otherName of type {kind[:24].hex().upper()}", value)
        explicit = name.enter(context(0, constructed=True), "value")
        name.done()
        module = explicit.enter(SEQUENCE, "hardwareModuleName")
        explicit.done()
        hw_type = module.take(OID, "hwType")
        if len(hw_type) > HW_TYPE_OCTETS_MAX:
            raise _wrong_hardware(f"hwType of {len(hw_type)} octets", value)
        dotted(hw_type)
        serial = module.take(OCTET_STRING, "hwSerialNum")
        module.done()
    at = module.position - len(serial)
    if len(serial) != 8:
        raise Malformed(
            f"hwSerialNum: {len(serial)} octets, must be the 8 of the Device ID",
            where=f"offset {at}",
            clause="gbcs:4.3.1",
            rule="csr.serial",
        )
    return hw_type, EUI64(serial), at


def _wrong_hardware(found: str, value: Reader) -> Malformed:
    return Malformed(
        f"subjectAltName: {found}, must be one hardwareModuleName with a hwType of at most"
        f" {HW_TYPE_OCTETS_MAX} octets",
        where=f"offset {value.position}",
        clause="rfc4108:5",
        rule="csr.hardware",
    )


def _role(attribute: Reader) -> RemotePartyRole:
    return RemotePartyRole.from_organisational_unit(text(attribute, "organizationalUnitName"))


def _role_code(attribute: Reader) -> str:
    code = text(attribute, "organizationalUnitName")
    if len(code) != 2 or not set(code) <= set("0123456789ABCDEFabcdef"):
        raise Malformed(
            f"organizationalUnitName: {code[:20]!r}, must be two hexadecimal digits",
            where="subject",
            clause=_SYSTEM,
            rule="csr.role",
        )
    return code
