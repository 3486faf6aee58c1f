"""Signatures through `verify_p256` and through the path that a request takes.

request octets → parse_device_request → verify_p256(point, signature, info)
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from smki.crypto import (
    is_signed_by,
    spki_p256,
    verify_certificate_signature,
    verify_p256,
    verify_rsa_sha256,
)
from smki.terms import EUI64, KeyUsage, Malformed
from smki.wire import der
from smki.wire.pkcs10 import (
    EC_REQUEST_OCTETS_MAX,
    RULES,
    assemble_request,
    device_request_info,
    parse_device_request,
)
from smki.wire.requests import DeviceRequest

ROOT: Final = Path(__file__).parents[3]
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
SIGNER: Final = ec.derive_private_key(0x5EED, ec.SECP256R1())
POINT: Final = SIGNER.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)


@pytest.fixture(scope="module")
def vectors() -> Path:
    """The folder of reference data."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT / "../shared/vectors"))
    if not (folder / "wycheproof").is_dir():
        pytest.skip(f"no reference data in {folder}: set SMKI_VECTORS")
    return folder


def _info(point: bytes = POINT) -> bytes:
    return device_request_info(
        device=EUI64(bytes(range(8))),
        hw_type=b"\x2a\x03",
        usage=KeyUsage.DIGITAL_SIGNATURE,
        point=point,
    )


INFO: Final = _info()
GOOD: Final = SIGNER.sign(INFO, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
R, S = decode_dss_signature(GOOD)


def _signature(r: int, s: int) -> bytes:
    return der.sequence(der.integer(r), der.integer(s))


def _examine(octets: bytes) -> None:
    signed = parse_device_request(octets)
    assert isinstance(signed.request, DeviceRequest)
    verify_p256(signed.request.point, signed.signature, signed.info)


def _rule(octets: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        _examine(octets)
    assert caught.value.rule in RULES
    assert caught.value.clause
    return caught.value.rule


def _cases(path: Path, key: str) -> Iterator[tuple[dict[str, str], str]]:
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        public = group.get("publicKey", {}).get("uncompressed", "")
        for case in group["tests"]:
            assert key in case
            yield case, public


@pytest.mark.clause("gbcs:12")
def test_every_published_edge_case_of_a_signature_has_its_verdict(vectors: Path) -> None:
    """All Wycheproof vectors of ECDSA on P-256 with SHA-256 in DER: accepted or refused alike."""
    count = 0
    for case, public in _cases(vectors / "wycheproof/ecdsa_secp256r1_sha256_test.json", "sig"):
        arguments = (bytes.fromhex(text) for text in (public, case["sig"], case["msg"]))
        count += 1
        if case["result"] == "valid":
            verify_p256(*arguments)
        else:
            with pytest.raises(Malformed) as caught:
                verify_p256(*arguments)
            assert caught.value.rule == "csr.signature", case
    assert count == 484


@pytest.mark.clause("gbcs:12")
def test_published_edge_case_signatures_prove_no_possession(vectors: Path) -> None:
    """No signature of the Wycheproof vectors, put into a request, makes it acceptable."""
    count = 0
    for case, public in _cases(vectors / "wycheproof/ecdsa_secp256r1_sha256_test.json", "sig"):
        signature = bytes.fromhex(case["sig"])
        if not signature:
            continue
        count += 1
        request = assemble_request(_info(bytes.fromhex(public)), signature)
        expected = "csr.size" if len(request) > EC_REQUEST_OCTETS_MAX else "csr.signature"
        assert _rule(request) == expected, case
    assert count > 450


@pytest.mark.clause("gbcs:12", "rfc5480:2.2")
def test_published_edge_case_points_are_refused(vectors: Path) -> None:
    """Points that Wycheproof calls invalid, and compressed ones, are refused as points."""
    seen = set()
    for case, _ in _cases(vectors / "wycheproof/ecdh_secp256r1_ecpoint_test.json", "public"):
        point = bytes.fromhex(case["public"])
        if case["result"] == "valid" and len(point) == 65:
            assert _rule(assemble_request(_info(point), GOOD)) == "csr.signature", case
        else:
            assert _rule(assemble_request(_info(point), GOOD)) == "csr.point", case
            seen.add((len(point), point[:1]))
    assert {(65, b"\x04"), (33, b"\x02")} <= seen


@pytest.mark.clause("sec-app-m:2.3.1.2")
def test_request_signed_by_its_own_key_is_accepted() -> None:
    """Proof of possession holds for a request signed by the key in it."""
    _examine(assemble_request(INFO, GOOD))


@pytest.mark.clause("gbcs:12")
def test_signature_with_the_other_s_is_accepted() -> None:
    """With n - s for s the signature is as good: possession is proved, octets name nothing."""
    _examine(assemble_request(INFO, _signature(R, ORDER - S)))


def _with_length(signature: bytes, at: int) -> bytes:
    """The same structure with the length at `at` in two octets."""
    return signature[:at] + b"\x81" + signature[at:]


EDGES: Final = {
    "r = 0": _signature(0, S),
    "s = 0": _signature(R, 0),
    "both 0": _signature(0, 0),
    "r = n": _signature(ORDER, S),
    "s = n": _signature(R, ORDER),
    "r + n": _signature(R + ORDER, S),
    "s + n": _signature(R, S + ORDER),
    "r negative": _signature(-R, S),
    "s negative": _signature(R, -S),
    "s - n": _signature(R, S - ORDER),
    "r without its leading zero": der.sequence(
        der.element(der.INTEGER, (R | 1 << 255).to_bytes(32, "big")), der.integer(S)
    ),
    "r with a leading zero too many": der.sequence(
        der.element(der.INTEGER, b"\x00" + der.integer(R)[2:]), der.integer(S)
    ),
    "s with a leading zero too many": der.sequence(
        der.integer(R), der.element(der.INTEGER, b"\x00" + der.integer(S)[2:])
    ),
    "long length": _with_length(GOOD, 1),
    "long length of r": der.sequence(_with_length(der.integer(R), 1), der.integer(S)),
    "indefinite length": b"\x30\x80" + GOOD[2:] + b"\x00\x00",
    "octets after": GOOD + b"\x00",
    "octets after s": der.sequence(der.integer(R), der.integer(S), b"\x05\x00"),
    "r and s swapped": _signature(S, R),
    "r alone": der.sequence(der.integer(R)),
    "empty sequence": b"\x30\x00",
    "r || s": R.to_bytes(32, "big") + S.to_bytes(32, "big"),
    "one bit turned": GOOD[:-1] + bytes((GOOD[-1] ^ 1,)),
    "cut off": GOOD[:-1],
    "one octet": b"\x30",
    "huge r": _signature(1 << 8000, S),
}


@pytest.mark.clause("gbcs:12", "sec-app-m:2.3.1.2")
@pytest.mark.parametrize("case", EDGES)
def test_edge_case_signature_in_a_request_is_refused(case: str) -> None:
    """Out of range, or in any encoding but the one of DER: possession is not proved."""
    assert EDGES[case] != GOOD
    assert _rule(assemble_request(INFO, EDGES[case])) == "csr.signature"


@pytest.mark.clause("sec-app-m:2.3.1.2")
def test_signature_of_another_key_or_over_another_request_is_refused() -> None:
    """A signature proves possession of the key in the request over the very octets of it."""
    other = ec.derive_private_key(0xBAD, ec.SECP256R1())
    assert _rule(assemble_request(INFO, other.sign(INFO, ec.ECDSA(hashes.SHA256())))) == (
        "csr.signature"
    )
    changed = INFO[:-1] + bytes((INFO[-1] ^ 1,))
    assert _rule(assemble_request(changed, GOOD)) == "csr.signature"


X, Y = POINT[1:33], POINT[33:]

POINTS: Final = {
    "point at infinity": b"\x00",
    "infinity in 65 octets": bytes(65),
    "off the curve": b"\x04" + X + Y[:-1] + bytes((Y[-1] ^ 1,)),
    "the origin": b"\x04" + bytes(64),
    "compressed, y even": b"\x02" + X,
    "compressed, y odd": b"\x03" + X,
    "hybrid, y even": b"\x06" + X + Y,
    "hybrid, y odd": b"\x07" + X + Y,
    "x = p": b"\x04" + PRIME.to_bytes(32, "big") + Y,
    "y = p": b"\x04" + X + PRIME.to_bytes(32, "big"),
    "all ones": b"\x04" + b"\xff" * 64,
    "x over p": b"\x04" + (PRIME + 5).to_bytes(32, "big") + Y,
    "without its first octet": X + Y,
    "65th octet missing": POINT[:-1],
}


@pytest.mark.clause("gbcs:12", "rfc5480:2.2")
@pytest.mark.parametrize("case", POINTS)
def test_edge_case_point_in_a_request_is_refused(case: str) -> None:
    """Anything but an uncompressed point of the curve is refused, by reader and verifier."""
    assert _rule(assemble_request(_info(POINTS[case]), GOOD)) == "csr.point"
    with pytest.raises(Malformed, match="uncompressed point") as caught:
        verify_p256(POINTS[case], GOOD, INFO)
    assert caught.value.rule == "csr.point"


@pytest.mark.clause("gbcs:12")
def test_point_whose_x_is_not_reduced_is_refused() -> None:
    """A point whose x, less p, is on the curve is refused when written with x over p."""
    right = PRIME - 3  # the curve's a
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    for x in range(200):
        square = (x**3 + right * x + b) % PRIME
        y = pow(square, (PRIME + 1) // 4, PRIME)
        if y * y % PRIME == square:
            break
    else:
        pytest.fail("no small x on the curve")
    ends = y.to_bytes(32, "big")
    good = b"\x04" + x.to_bytes(32, "big") + ends
    assert _rule(assemble_request(_info(good), GOOD)) == "csr.signature"
    unreduced = b"\x04" + (x + PRIME).to_bytes(32, "big") + ends
    assert _rule(assemble_request(_info(unreduced), GOOD)) == "csr.point"


@pytest.mark.clause("sec-app-m:G")
def test_rsa_signature_is_checked() -> None:
    """RSA with SHA-256 and PKCS#1 padding is accepted; other messages, paddings, keys are not."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    good = key.sign(b"message", padding.PKCS1v15(), hashes.SHA256())
    pss = key.sign(b"message", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    verify_rsa_sha256(spki, good, b"message")
    refusals = (
        (spki, good, b"another", "csr.signature"),
        (spki, pss, b"message", "csr.signature"),
        (spki, b"", b"message", "csr.signature"),
        (spki, good + b"\x00", b"message", "csr.signature"),
        (spki_p256(POINT), good, b"message", "csr.rsa"),
        (b"\x30\x00", good, b"message", "csr.rsa"),
    )
    for public, signature, message, rule in refusals:
        with pytest.raises(Malformed) as caught:
            verify_rsa_sha256(public, signature, message)
        assert caught.value.rule == rule


@pytest.mark.clause("rfc5280:6.1.3")
def test_real_issuing_certificate_was_signed_by_the_real_root(vectors: Path) -> None:
    """Z1's certificate holds under ZA's key, and under no other; a changed one does not."""
    certificate = (vectors / "keys/pki/z1-issuing.der").read_bytes()
    pem = (vectors / "keys/pki/za-root-public.pem").read_bytes()
    root = serialization.load_pem_public_key(pem).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    verify_certificate_signature(certificate, root)
    changed = certificate.replace(b"Z1", b"Z2", 1)
    for octets, key in ((certificate, spki_p256(POINT)), (changed, root)):
        with pytest.raises(Malformed, match="must be of the issuer's key") as caught:
            verify_certificate_signature(octets, key)
        assert caught.value.rule == "certificate.signature"


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", b"certificate"])
def test_what_is_no_certificate_is_malformed(octets: bytes) -> None:
    """Octets that are no certificate are refused as such."""
    with pytest.raises(Malformed, match="must be DER") as caught:
        verify_certificate_signature(octets, spki_p256(POINT))
    assert caught.value.rule == "certificate.der"


@pytest.mark.clause("rfc5280:6.1.3")
def test_whose_key_signed_a_certificate() -> None:
    """Its issuer's alone; what is no certificate signed nothing, and nobody signed it."""
    ours, others = (_self_signed(key) for key in (SIGNER, ec.derive_private_key(7, ec.SECP256R1())))
    assert is_signed_by(ours, ours)
    assert not is_signed_by(ours, others)
    assert not is_signed_by(ours, b"certificate")
    assert not is_signed_by(b"certificate", ours)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "R1")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
