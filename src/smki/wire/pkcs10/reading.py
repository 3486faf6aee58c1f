"""Reads certification requests strictly; each refusal under one rule of `RULES`.

Does not check signatures, nor whether a point is on its curve, nor who may ask for what.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.terms import KeyUsage, Malformed, RemotePartyRole
from smki.wire.der import (
    BIT_STRING,
    INTEGER,
    SEQUENCE,
    Reader,
    context,
)
from smki.wire.pkcs10.extensions import hardware_module_name, key_usage, requested_extensions
from smki.wire.pkcs10.keys import POINT_OCTETS, check_rsa_key, point_of
from smki.wire.pkcs10.layouts import DeviceLayouts
from smki.wire.pkcs10.objects import (
    COMMON_NAME_OID,
    ECDSA_WITH_SHA256,
    KEY_USAGE_OID,
    ORGANISATION_OID,
    ORGANISATIONAL_UNIT_OID,
    SHA256_WITH_RSA,
    SUBJECT_ALT_NAME_OID,
    UNIQUE_IDENTIFIER_OID,
)
from smki.wire.pkcs10.rules import part
from smki.wire.pkcs10.subjects import subject_attributes, text, unique_identifier
from smki.wire.requests import DeviceRequest, OrganisationRequest, SignedRequest, SystemRequest

EC_REQUEST_OCTETS_MAX: Final = 2_000  # the largest well formed one has about 700
RSA_REQUEST_OCTETS_MAX: Final = 4_000  # the largest well formed one has about 1,600

_DEVICE: Final = "sec-app-m:2.3.1.7"
_ORGANISATION: Final = "sec-app-m:F"
_SYSTEM: Final = "sec-app-m:G"
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
        point = point_of(frame.key)
        extensions = requested_extensions(
            frame.attributes, (KEY_USAGE_OID, SUBJECT_ALT_NAME_OID), _DEVICE
        )
        usage = key_usage(extensions[KEY_USAGE_OID], _END_ENTITY_USAGES)
        hw_type, device, serial = hardware_module_name(extensions[SUBJECT_ALT_NAME_OID])
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
        point = point_of(frame.key)
        extensions = requested_extensions(frame.attributes, (KEY_USAGE_OID,), _ORGANISATION)
        usage = key_usage(extensions[KEY_USAGE_OID], _END_ENTITY_USAGES)
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
        check_rsa_key(frame.key)
        extensions = requested_extensions(frame.attributes, (KEY_USAGE_OID,), _SYSTEM)
        key_usage(extensions[KEY_USAGE_OID], _SIGNING_ONLY)
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
        """The signature's octets, made with `algorithm`.

        Raises:
            Malformed: made with another, or not whole octets.
        """
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
