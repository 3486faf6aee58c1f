"""Certification requests that are refused, one by one and inside a batch; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from smki.terms import EUI64, AdHocStatus, ItemStatus, KeyUsage
from smki.wire import der
from smki.wire.pkcs10 import assemble_request, device_request_info

if TYPE_CHECKING:
    from tests.journeys.conftest import House

pytestmark = pytest.mark.clause("sec-app-m:2.3.1.7", "sec-app-m:F")
HARDWARE_MODULE_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4")
HW_TYPE = der.oid("2.25.1")
PADDING = 60_000
Wrong = Callable[[EUI64], bytes]


def built(
    device: EUI64,
    *,
    curve: ec.EllipticCurve | None = None,
    subject: str = "",
    serial: bytes | None = None,
    usages: tuple[str, ...] = ("digital_signature",),
    padding: int = 0,
) -> bytes:
    """A request composed and signed by another library, with whatever is asked for in it."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    module = der.sequence(HW_TYPE, der.octet_string(device.octets if serial is None else serial))
    names = [x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else []
    alternative = x509.SubjectAlternativeName([x509.OtherName(HARDWARE_MODULE_NAME, module)])
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name(names))
        .add_extension(key_usage(*usages), critical=True)
        .add_extension(alternative, critical=True)
    )
    if padding:
        oid = x509.ObjectIdentifier("2.25.2")
        padded = x509.UnrecognizedExtension(oid, der.octet_string(bytes(padding)))
        builder = builder.add_extension(padded, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def key_usage(*wanted: str) -> x509.KeyUsage:
    """The extension with these bits and no other."""
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: bit in wanted for bit in bits})


def with_point(change: Callable[[bytes], bytes]) -> Wrong:
    """Makes requests whose public key is another octet string than its point."""

    def make(device: EUI64) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        info = device_request_info(
            device=device,
            hw_type=HW_TYPE[2:],
            usage=KeyUsage.DIGITAL_SIGNATURE,
            point=change(point),
        )
        return assemble_request(info, key.sign(info, ec.ECDSA(hashes.SHA256())))

    return make


def compressed(point: bytes) -> bytes:
    """The point with the sign of y in place of y."""
    return bytes((2 + (point[-1] & 1),)) + point[1:33]


def off_curve(point: bytes) -> bytes:
    """A pair of coordinates that is no point of the curve."""
    return point[:-1] + bytes((point[-1] ^ 1,))


def other_signature(device: EUI64) -> bytes:
    """The signature of another request, for another key, under this one."""
    mine, other = built(device), built(device)
    return assemble_request(info_of(mine), x509.load_der_x509_csr(other).signature)


def zero_signature(device: EUI64) -> bytes:
    """A signature whose two numbers are zero: true for every key if nobody checks the range."""
    zero = der.sequence(der.integer(0), der.integer(0))
    return assemble_request(info_of(built(device)), zero)


def info_of(request: bytes) -> bytes:
    """The part of a request that is signed."""
    return x509.load_der_x509_csr(request).tbs_certrequest_bytes


def longer_length(device: EUI64) -> bytes:
    """The request with its outer length in one octet more than it needs."""
    request = built(device)
    assert request[:2] == b"\x30\x82"
    return b"\x30\x83\x00" + request[2:]


WRONG: dict[str, tuple[Wrong, str]] = {
    "signature of another request": (other_signature, "CR:CC6"),
    "signature of zeros": (zero_signature, "CR:CC6"),
    "P-384": (lambda device: built(device, curve=ec.SECP384R1()), "CR:CC7"),
    "secp256k1": (lambda device: built(device, curve=ec.SECP256K1()), "CR:CC7"),
    "compressed point": (with_point(compressed), "CR:CC8"),
    "point off the curve": (with_point(off_curve), "CR:CC8"),
    "point at infinity": (with_point(lambda _: b"\x00"), "CR:CC8"),
    "infinity as zeros": (with_point(lambda _: b"\x04" + bytes(64)), "CR:CC8"),
    "two key usages": (
        lambda device: built(device, usages=("digital_signature", "key_agreement")),
        "CR:CC9",
    ),
    "certificate signing": (lambda device: built(device, usages=("key_cert_sign",)), "CR:CC9"),
    "subject not empty": (lambda device: built(device, subject="meter"), "CR:CD1"),
    "hwSerialNum of 7 octets": (
        lambda device: built(device, serial=device.octets[:7]),
        "CR:CD3",
    ),
    "trailing octets": (lambda device: built(device) + b"\x00", "CR:CC4"),
    "length not minimal": (longer_length, "CR:CC4"),
    "60 kB of padding": (lambda device: built(device, padding=PADDING), "CR:CC5"),
    "60 kB of tail": (lambda device: built(device) + bytes(PADDING), "CR:CC5"),
    "nothing": (lambda _: b"\x30\x00", "CR:CC3"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("nothing_stored")
def test_a_wrong_request_is_refused(
    house: House, known_devices: Iterator[EUI64], name: str
) -> None:
    """Through the ad hoc service: CSR_ERROR, its own code, no certificate; the service goes on."""
    make, code = WRONG[name]
    answer = house.ad_hoc(make(next(known_devices)))
    assert (answer.status, answer.code) == (AdHocStatus.CSR_ERROR, code), answer
    assert answer.certificate is None
    assert answer.transaction_id > 0


def test_wrong_requests_in_a_batch_do_not_harm_the_others(house: House) -> None:
    """Each wrong item is a CSR_ERROR with the same code; every good one among them is issued."""
    wrong = [(f"w{n}", make(house.fresh_device())) for n, (make, _) in enumerate(WRONG.values())]
    good = [(f"g{n}", house.device_request(house.fresh_device())) for n in range(len(wrong))]
    before = house.stored()
    outcomes = house.batch([item for pair in zip(wrong, good, strict=True) for item in pair])
    assert len(outcomes) == 2 * len(WRONG)
    for n, (name, (_, code)) in enumerate(WRONG.items()):
        found = outcomes[f"w{n}"]
        expected = (ItemStatus.CSR_ERROR, code, None)
        assert (found.status, found.code, found.certificate) == expected, name
    for item, request in good:
        issued = outcomes[item].certificate
        assert issued is not None
        asked = x509.load_der_x509_csr(request).public_key()
        assert x509.load_der_x509_certificate(issued).public_key() == asked
    assert house.stored() == (before[0] + len(good), before[1] + len(good))


ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
SIGNATURES: dict[str, Callable[[int, int], bytes]] = {
    "r is 0": lambda _, s: encoded(0, s),
    "s is 0": lambda r, _: encoded(r, 0),
    "r is the order": lambda _, s: encoded(ORDER, s),
    "s is the order": lambda r, _: encoded(r, ORDER),
    "r and the order": lambda r, s: encoded(r + ORDER, s),
    "s and the order": lambda r, s: encoded(r, s + ORDER),
    "r negated": lambda r, s: encoded(-r, s),
    "s negated": lambda r, s: encoded(r, -s),
    "both 1": lambda _, __: encoded(1, 1),
    "r one more": lambda r, s: encoded(r + 1, s),
    "r and s exchanged": lambda r, s: encoded(s, r),
    "r enormous": lambda r, s: encoded(r + (ORDER << 4096), s),
    "a zero before r": lambda r, s: der.sequence(b"\x02\x22\x00" + octets(r), der.integer(s)),
    "a number too many": lambda r, s: der.sequence(der.integer(r), der.integer(s), der.integer(0)),
    "a number missing": lambda r, _: der.sequence(der.integer(r)),
    "octets after the end": lambda r, s: encoded(r, s) + b"\x00",
    "length in two octets": lambda r, s: b"\x30\x81" + encoded(r, s)[1:],
    "indefinite length": lambda r, s: b"\x30\x80" + encoded(r, s)[2:] + b"\x00\x00",
    "no DER, r and s alone": lambda r, s: r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    "empty": lambda _, __: b"",
    "an empty sequence": lambda _, __: b"\x30\x00",
}


def encoded(r: int, s: int) -> bytes:
    """An ECDSA signature of any two numbers, DER."""
    return der.sequence(*(der.element(0x02, whole(number)) for number in (r, s)))


def whole(number: int) -> bytes:
    """The content octets of any INTEGER, negative ones too."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def octets(number: int) -> bytes:
    """33 octets of a number below the order."""
    return number.to_bytes(33, "big")


def test_edge_cases_of_signatures_are_refused(house: House) -> None:
    """No known trick with the two numbers, or with how they are written, proves possession."""
    before = house.stored()
    items = []
    for number, change in enumerate(SIGNATURES.values()):
        request = x509.load_der_x509_csr(built(house.fresh_device()))
        changed = change(*decode_dss_signature(request.signature))
        items.append((f"s{number}", assemble_request(request.tbs_certrequest_bytes, changed)))
    outcomes = house.batch(items)
    for name, one in zip(SIGNATURES, outcomes.values(), strict=True):
        assert one.status is ItemStatus.CSR_ERROR, name
        assert one.code in {"CR:CC3", "CR:CC4", "CR:CC6"}, (name, one)
    assert house.stored() == before


def test_the_other_of_the_two_valid_signatures_is_taken(house: House) -> None:
    """(r, n - s) is as valid as (r, s): the standard has both, and so do devices."""
    request = x509.load_der_x509_csr(built(house.fresh_device()))
    r, s = decode_dss_signature(request.signature)
    twin = assemble_request(request.tbs_certrequest_bytes, encoded(r, ORDER - s))
    assert house.batch([("twin", twin)])["twin"].status is ItemStatus.SUCCESS


def test_requests_of_another_library_are_taken(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """What the tests get wrong on purpose is else right: unspoilt, it is issued."""
    assert house.ad_hoc(built(next(known_devices))).status is AdHocStatus.SUCCESS
