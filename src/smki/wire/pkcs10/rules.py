"""The closed set of rules by which a certification request can be refused for its octets.

Interfaces choose codes by these names; they are lasting. No parsing here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from smki.terms import Malformed

RULES: Final = MappingProxyType(
    {
        "csr.size": "the request is larger than any that is well formed",
        "csr.armour": "text around the base64 is not the armour of a request, or lines are uneven",
        "csr.base64": "not canonical base64",
        "csr.der": "not DER: a tag, length or value is not what the structure has there",
        "csr.minimal": "not DER: longer than the one shortest encoding",
        "csr.trailing": "octets after the end",
        "csr.version": "PKCS#10 version is not 0",
        "csr.subject": "the subject is not the one of this kind of request",
        "csr.name": "a name is empty, too long, or of characters or a string type not allowed",
        "csr.role": "OU is not the two hexadecimal digits of a remote party role",
        "csr.identifier": "uniqueIdentifier is not a BIT STRING of 64 bits",
        "csr.algorithm": "public key or signature algorithm is not the one asked for",
        "csr.curve": "the elliptic curve is not P-256",
        "csr.point": "the public key is not an uncompressed point of the curve",
        "csr.rsa": "the RSA key is not one of 2048 bits with exponent 65537",
        "csr.attribute": "the attributes are not exactly one extensionRequest",
        "csr.extension": "the requested extensions are not exactly those asked for",
        "csr.usage": "the key usage is not exactly one of those allowed",
        "csr.hardware": "subjectAltName is not exactly one hardwareModuleName",
        "csr.serial": "hwSerialNum is not 8 octets",
        "csr.signature": "the signature does not prove possession of the private key",
    }
)

_EVERYWHERE: Final = {"der.minimal": "csr.minimal", "der.length": "csr.der"}


@contextmanager
def part(rule: str, trailing: str | None = None) -> Iterator[None]:
    """Within it, what the DER reader finds breaks a rule of `RULES`.

    Lengths break `csr.minimal` or `csr.der` wherever they are; another tag or a wrong object
    identifier breaks `rule`, and so do octets left over unless `trailing` names another.

    Raises:
        Malformed: what was raised within, under its rule of `RULES`.
    """
    try:
        yield
    except Malformed as fault:
        if not fault.rule.startswith("der."):
            raise
        other = (trailing or rule) if fault.rule == "der.trailing" else rule
        raise Malformed(
            fault.message,
            where=fault.where,
            clause=fault.clause,
            rule=_EVERYWHERE.get(fault.rule, other),
        ) from fault
