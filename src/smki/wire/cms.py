"""Detached CMS signatures: who signed, with what, over which attributes. Reads; verifies nothing.

    ContentInfo  = SEQUENCE { signedData OID, [0] SignedData }
    SignedData   = SEQUENCE { version 1, SET { sha256 }, SEQUENCE { data OID },
                              [0] certificates OPTIONAL, SET { SignerInfo } }
    SignerInfo   = SEQUENCE { version 1, SEQUENCE { issuer, serial }, sha256,
                              [0] signed attributes OPTIONAL, RSA, OCTET STRING }

One signer, SHA-256, RSA (PKCS#1 v1.5), named by issuer and serial number; nothing else is read.
What `openssl cms -sign -binary -outform DER` writes is of this form, and what we write.

Clause: x690:10
"""

from dataclasses import dataclass, replace
from typing import Final

from smki.terms import Malformed, SerialNumber
from smki.wire import der

CMS_MAX_OCTETS: Final = 32 * 1024  # a certificate and its chain, three times over

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_DATA: Final = "1.2.840.113549.1.7.1"
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_RSA: Final = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"})
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_EXPLICIT: Final = der.context(0, constructed=True)
_VERSION: Final = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachedSignature:
    """A detached signature, taken apart.

    Attributes:
        issuer: DER of the name of the signer's issuer.
        serial: serial number of the signer's certificate.
        attributes: the signed attributes as they were signed, a SET in DER; None without any.
        digest: SHA-256 of the content as the attributes say it; None without any.
        signature: as many octets as the modulus has.
        certificates: certificates that came along, in DER one after the other, as they came:
            nothing signs them.
    """

    issuer: bytes
    serial: SerialNumber
    attributes: bytes | None
    digest: bytes | None
    signature: bytes
    certificates: bytes = b""


def parse_detached(octets: bytes) -> DetachedSignature:
    """The signature in this ContentInfo (DER).

    Raises:
        Malformed: anything but what stands above: more than one signer, the content inside,
            another algorithm, octets left over.

    Clause: x690:10
    """
    if len(octets) > CMS_MAX_OCTETS:
        raise _malformed(f"{len(octets)} octets, must be at most {CMS_MAX_OCTETS}")
    outer = der.Reader(octets, "signature")
    info = outer.enter(der.SEQUENCE, "ContentInfo")
    outer.done()
    _oid(info, "contentType", {_SIGNED_DATA})
    explicit = info.enter(_EXPLICIT, "content")
    info.done()
    data = explicit.enter(der.SEQUENCE, "SignedData")
    explicit.done()
    _version(data)
    algorithms = data.enter(der.SET, "digestAlgorithms")
    _algorithm(algorithms, "digestAlgorithm", {_SHA256})
    algorithms.done()
    content = data.enter(der.SEQUENCE, "encapContentInfo")
    _oid(content, "eContentType", {_DATA})
    if not content.at_end:
        raise _malformed("the content stands inside, must be detached")
    along = data.take(_EXPLICIT, "certificates") if data.peek() == _EXPLICIT else b""
    signers = data.enter(der.SET, "signerInfos")
    data.done()
    signer = _signer(signers)
    signers.done()
    return replace(signer, certificates=along)


def _signer(signers: der.Reader) -> DetachedSignature:
    info = signers.enter(der.SEQUENCE, "SignerInfo")
    _version(info)
    name = info.enter(der.SEQUENCE, "issuerAndSerialNumber")
    issuer = name.element("issuer", der.SEQUENCE)
    serial = SerialNumber(int.from_bytes(name.take(der.INTEGER, "serialNumber"), "big"))
    name.done()
    _algorithm(info, "digestAlgorithm", {_SHA256})
    attributes = digest = None
    if info.peek() == _EXPLICIT:
        whole = info.element("signedAttrs", _EXPLICIT)
        attributes = bytes((der.SET,)) + whole[1:]  # signed as a SET: rfc5652, 5.4
        digest = _message_digest(attributes)
    _algorithm(info, "signatureAlgorithm", _RSA)
    signature = info.take(der.OCTET_STRING, "signature")
    info.done()
    return DetachedSignature(
        issuer=issuer, serial=serial, attributes=attributes, digest=digest, signature=signature
    )


def _message_digest(attributes: bytes) -> bytes:
    """The digest among the attributes, which name data as their content's type."""
    found: dict[str, bytes] = {}
    reader = der.Reader(attributes, "signedAttrs").enter(der.SET, "set")
    while not reader.at_end:
        attribute = reader.enter(der.SEQUENCE, "attribute")
        kind = der.dotted(attribute.take(der.OID, "type"))
        if kind in found:
            raise _malformed(f"signed attribute {kind} twice, must be there once")
        found[kind] = attribute.enter(der.SET, "values").rest()
        attribute.done()
    if found.get(_CONTENT_TYPE) != der.oid(_DATA):
        raise _malformed("signed attributes: content type is not data, must be")
    reader = der.Reader(found.get(_MESSAGE_DIGEST, b""), "messageDigest")
    digest = reader.take(der.OCTET_STRING, "digest")
    reader.done()
    return digest


def _version(reader: der.Reader) -> None:
    if reader.take(der.INTEGER, "version") != _VERSION:
        raise _malformed(f"{reader.name}: version is not 1, must be")


def _oid(reader: der.Reader, field: str, allowed: set[str] | frozenset[str]) -> None:
    found = der.dotted(reader.take(der.OID, field))
    if found not in allowed:
        raise _malformed(f"{field}: {found}, must be {' or '.join(sorted(allowed))}")


def _algorithm(reader: der.Reader, field: str, allowed: set[str] | frozenset[str]) -> None:
    algorithm = reader.enter(der.SEQUENCE, field)
    _oid(algorithm, field, allowed)
    if not algorithm.at_end and algorithm.take(der.NULL, "parameters"):
        raise _malformed(f"{field}: parameters, must be NULL or absent")
    algorithm.done()


def _malformed(message: str) -> Malformed:
    return Malformed(f"signature: {message}", where="CMS", clause="x690:10", rule="cms.form")
