"""Composes certification requests; signing is the caller's.

What is composed here is what `reading` reads back; `smki csr make` and the tests use it.
"""

from smki.terms import EUI64, KeyUsage, RemotePartyRole
from smki.wire import der
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
    SHA256_WITH_RSA,
    SUBJECT_ALT_NAME_OID,
    UNIQUE_IDENTIFIER_OID,
)
from smki.wire.pkcs10.subjects import checked_name

__all__ = [
    "ECDSA_WITH_SHA256",
    "SHA256_WITH_RSA",
    "assemble_request",
    "authority_request_info",
    "device_request_info",
    "organisation_request_info",
    "system_request_info",
]


def device_request_info(
    *, device: EUI64, hw_type: bytes, usage: KeyUsage, point: bytes, critical: bool = True
) -> bytes:
    """CertificationRequestInfo, DER, by which `device` asks for a certificate for one usage.

    Args:
        device: the Device ID.
        hw_type: content octets of the hwType OBJECT IDENTIFIER.
        usage: digital signature or key agreement.
        point: the public key, 65 octets, `04 || x || y`.
        critical: whether the extensions are marked critical.

    Clause: sec-app-m:2.3.1.7
    """
    module = der.sequence(der.element(der.OID, hw_type), der.octet_string(device.octets))
    name = der.element(
        der.context(0, constructed=True),
        der.element(der.OID, HARDWARE_MODULE_NAME_OID),
        der.element(der.context(0, constructed=True), module),
    )
    return _info(
        b"",
        _ec_key(point),
        _extension(KEY_USAGE_OID, usage.value, critical=critical),
        _extension(SUBJECT_ALT_NAME_OID, der.sequence(name), critical=critical),
    )


def organisation_request_info(
    *,
    entity: EUI64,
    role: RemotePartyRole,
    common_name: str | None,
    usage: KeyUsage,
    point: bytes,
) -> bytes:
    """CertificationRequestInfo, DER, by which `entity` asks for a certificate for one usage.

    Raises:
        Malformed: `csr.name`: the common name is not 1 to 64 printable characters.

    Clause: sec-app-m:F
    """
    names = [
        _attribute(ORGANISATIONAL_UNIT_OID, _utf8(role.organisational_unit)),
        _attribute(UNIQUE_IDENTIFIER_OID, der.bit_string(entity.octets)),
    ]
    if common_name is not None:
        names.insert(0, _attribute(COMMON_NAME_OID, _utf8(checked_name(common_name, "commonName"))))
    return _info(
        b"".join(names), _ec_key(point), _extension(KEY_USAGE_OID, usage.value, critical=True)
    )


def system_request_info(
    *, organisation: str, role_code: str, common_name: str, public_key: bytes
) -> bytes:
    """CertificationRequestInfo, DER, for the IKI credential of a system or an officer.

    Args:
        organisation: O, the trading name.
        role_code: OU, two hexadecimal digits.
        common_name: CN, the unique name of the system or officer.
        public_key: SubjectPublicKeyInfo of an RSA-2048 key, DER.

    Raises:
        Malformed: `csr.name`: a name is not 1 to 64 printable characters.

    Clause: sec-app-m:G
    """
    subject = b"".join(
        _attribute(kind, _utf8(checked_name(value, name)))
        for kind, value, name in (
            (ORGANISATION_OID, organisation, "organizationName"),
            (ORGANISATIONAL_UNIT_OID, role_code, "organizationalUnitName"),
            (COMMON_NAME_OID, common_name, "commonName"),
        )
    )
    usage = _extension(KEY_USAGE_OID, KeyUsage.DIGITAL_SIGNATURE.value, critical=True)
    return _info(subject, public_key, usage)


def authority_request_info(*, common_name: str, public_key: bytes) -> bytes:
    """CertificationRequestInfo, DER, by which an issuing authority asks its root: name and key.

    What its certificate says is decided by its profile, so nothing else is asked for.

    Args:
        common_name: CN.
        public_key: SubjectPublicKeyInfo, DER.

    Raises:
        Malformed: `csr.name`: the name is not 1 to 64 printable characters.

    Clause: rfc2986:4.2
    """
    name = _attribute(COMMON_NAME_OID, _utf8(checked_name(common_name, "commonName")))
    no_attributes = der.element(der.context(0, constructed=True), b"")
    return der.sequence(der.integer(0), der.sequence(name), public_key, no_attributes)


def assemble_request(info: bytes, signature: bytes, algorithm: bytes = ECDSA_WITH_SHA256) -> bytes:
    """The whole request, DER.

    Args:
        info: CertificationRequestInfo, the octets that were signed.
        signature: the signature's octets.
        algorithm: AlgorithmIdentifier, DER: `ECDSA_WITH_SHA256` or `SHA256_WITH_RSA`.

    Clause: rfc2986:4.2
    """
    return der.sequence(info, algorithm, der.bit_string(signature))


def _info(subject: bytes, public_key: bytes, *extensions: bytes) -> bytes:
    attribute = der.sequence(
        der.element(der.OID, EXTENSION_REQUEST_OID), der.set_of(der.sequence(*extensions))
    )
    return der.sequence(
        der.integer(0),
        der.sequence(subject),
        public_key,
        der.element(der.context(0, constructed=True), attribute),
    )


def _ec_key(point: bytes) -> bytes:
    algorithm = der.sequence(der.element(der.OID, EC_PUBLIC_KEY_OID), PRIME256V1)
    return der.sequence(algorithm, der.bit_string(point))


def _extension(oid: bytes, value: bytes, *, critical: bool) -> bytes:
    mark = der.boolean(value=True) if critical else b""
    return der.sequence(der.element(der.OID, oid), mark, der.octet_string(value))


def _attribute(oid: bytes, value: bytes) -> bytes:
    return der.element(der.SET, der.sequence(der.element(der.OID, oid), value))


def _utf8(value: str) -> bytes:
    return der.element(der.UTF8_STRING, value.encode())
