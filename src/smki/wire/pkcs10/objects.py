"""Object identifiers of certification requests, and the fixed elements made of them.

Constants alone. `*_OID` are content octets, everything else is a whole element.
"""

from typing import Final

from smki.wire import der


def _content(dotted: str) -> bytes:
    return der.oid(dotted)[2:]


COMMON_NAME_OID: Final = _content("2.5.4.3")
ORGANISATION_OID: Final = _content("2.5.4.10")
ORGANISATIONAL_UNIT_OID: Final = _content("2.5.4.11")
UNIQUE_IDENTIFIER_OID: Final = _content("2.5.4.45")
EXTENSION_REQUEST_OID: Final = _content("1.2.840.113549.1.9.14")
KEY_USAGE_OID: Final = _content("2.5.29.15")
SUBJECT_ALT_NAME_OID: Final = _content("2.5.29.17")
HARDWARE_MODULE_NAME_OID: Final = _content("1.3.6.1.5.5.7.8.4")
EC_PUBLIC_KEY_OID: Final = _content("1.2.840.10045.2.1")

PRIME256V1: Final = der.oid("1.2.840.10045.3.1.7")
ECDSA_WITH_SHA256: Final = der.sequence(der.oid("1.2.840.10045.4.3.2"))
RSA_ENCRYPTION: Final = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.element(der.NULL))
SHA256_WITH_RSA: Final = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.element(der.NULL))

NAMES: Final = {
    COMMON_NAME_OID: "commonName",
    ORGANISATION_OID: "organizationName",
    ORGANISATIONAL_UNIT_OID: "organizationalUnitName",
    UNIQUE_IDENTIFIER_OID: "uniqueIdentifier",
    KEY_USAGE_OID: "keyUsage",
    SUBJECT_ALT_NAME_OID: "subjectAltName",
}


def name_of(oid: bytes) -> str:
    """What to call the object whose identifier has these content octets, in a message."""
    return NAMES.get(oid) or f"an object of identifier {oid[:24].hex().upper() or '(empty)'}"
