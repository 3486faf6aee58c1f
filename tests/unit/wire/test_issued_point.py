"""The public key of an issued certificate, taken from where it stands."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.terms import Malformed
from smki.wire.certificate import P256_SPKI, issued_point, parse_certificate

AT = datetime(2026, 11, 21, tzinfo=UTC)


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, said: bytes = b"") -> bytes:
    """A certificate (DER) of the key, with something said in an extension."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "one")])
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 7, AT, AT + timedelta(days=1))
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), said), critical=False
        )
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )


@pytest.mark.clause("rfc5280:4.1.2.7")
def test_the_key_is_that_which_parsing_finds() -> None:
    """The 65 octets of the point, as they are in the certificate's own field."""
    key = ec.generate_private_key(ec.SECP256R1())
    octets = certificate(key)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert issued_point(octets) == point
    assert parse_certificate(octets).tbs.public_key == P256_SPKI + point


@pytest.mark.clause("rfc5280:4.1.2.7")
def test_no_key_is_taken_where_it_is_not_plain() -> None:
    """Another sort of key, a second place that looks like one, or an end before its end: Malformed."""
    key = ec.generate_private_key(ec.SECP256R1())
    octets = certificate(key)
    cut = octets[: octets.index(P256_SPKI) + len(P256_SPKI) + 64]
    plain = certificate(rsa.generate_private_key(65537, 2048))
    for wrong in (plain, certificate(key, P256_SPKI + bytes(65)), cut, b""):
        with pytest.raises(Malformed, match="must hold one subjectPublicKeyInfo"):
            issued_point(wrong)
