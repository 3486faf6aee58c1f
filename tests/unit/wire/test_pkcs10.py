"""Certification requests by parts: a good one of each kind, and each part of it spoilt.

request = { version, subject, key, [0] { attribute { extensions } }, algorithm, signature }
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from smki.terms import EUI64, KeyUsage, Malformed, RemotePartyRole
from smki.wire import der, pkcs10
from smki.wire.pkcs10 import objects
from smki.wire.requests import DeviceRequest, OrganisationRequest, SignedRequest, SystemRequest

POINT: Final = b"\x04" + bytes(range(1, 65))
DEVICE: Final = EUI64(bytes.fromhex("00db1234567890a0"))
HW_TYPE: Final = bytes.fromhex("2A863A0001848FB90F01020201")
SIGNATURE: Final = bytes.fromhex("3006020101020101")
EXPLICIT: Final = der.context(0, constructed=True)
TRUE: Final = der.boolean(value=True)
FALSE: Final = der.boolean(value=False)
SECP256K1: Final = der.oid("1.3.132.0.10")
SECP384R1: Final = der.oid("1.3.132.0.34")


def _extension(oid: bytes, value: bytes, mark: bytes) -> bytes:
    return der.sequence(der.element(der.OID, oid), mark, der.octet_string(value))


def _usage(value: bytes = KeyUsage.DIGITAL_SIGNATURE.value, mark: bytes = TRUE) -> bytes:
    return _extension(objects.KEY_USAGE_OID, value, mark)


def _hardware_name(
    serial: bytes = DEVICE.octets,
    hw_type: bytes = HW_TYPE,
    oid: bytes = objects.HARDWARE_MODULE_NAME_OID,
) -> bytes:
    module = der.sequence(der.element(der.OID, hw_type), der.octet_string(serial))
    return der.element(EXPLICIT, der.element(der.OID, oid), der.element(EXPLICIT, module))


def _hardware(*names: bytes, mark: bytes = TRUE) -> bytes:
    value = der.sequence(*(names or (_hardware_name(),)))
    return _extension(objects.SUBJECT_ALT_NAME_OID, value, mark)


def _attribute(*extensions: bytes, oid: bytes = objects.EXTENSION_REQUEST_OID) -> bytes:
    return der.sequence(der.element(der.OID, oid), der.element(der.SET, der.sequence(*extensions)))


def _ec_key(point: bytes = POINT, curve: bytes = objects.PRIME256V1, unused: int = 0) -> bytes:
    algorithm = der.sequence(der.element(der.OID, objects.EC_PUBLIC_KEY_OID), curve)
    return der.sequence(algorithm, der.bit_string(point, unused=unused))


def _rsa_key(modulus: int, exponent: int = 65_537) -> bytes:
    numbers = der.sequence(der.integer(modulus), der.integer(exponent))
    return der.sequence(objects.RSA_ENCRYPTION, der.bit_string(numbers))


def _name(oid: bytes, value: bytes) -> bytes:
    return der.element(der.SET, der.sequence(der.element(der.OID, oid), value))


def _utf8(text: str) -> bytes:
    return der.element(der.UTF8_STRING, text.encode())


def _build(
    *,
    version: bytes = der.integer(0),
    subject: tuple[bytes, ...] = (),
    key: bytes = _ec_key(),
    attributes: tuple[bytes, ...] = (),
    more: bytes = b"",
    algorithm: bytes = objects.ECDSA_WITH_SHA256,
    signature: bytes = der.bit_string(SIGNATURE),
) -> bytes:
    requested = der.element(EXPLICIT, *attributes) if attributes else b""
    info = der.sequence(version, der.sequence(*subject), key, requested, more)
    return der.sequence(info, algorithm, signature)


OU: Final = _name(objects.ORGANISATIONAL_UNIT_OID, _utf8("02"))
CN: Final = _name(objects.COMMON_NAME_OID, _utf8("GITTESTSUPPLIER"))
UID: Final = _name(objects.UNIQUE_IDENTIFIER_OID, der.bit_string(DEVICE.octets))
O: Final = _name(objects.ORGANISATION_OID, _utf8("Sample Energy"))  # noqa: E741  # X.520's name
MODULUS: Final = (1 << 2047) + 1

_device = partial(_build, attributes=(_attribute(_usage(), _hardware()),))
_organisation = partial(_build, subject=(OU, UID), attributes=(_attribute(_usage()),))
_system = partial(
    _build,
    subject=(O, OU, CN),
    key=_rsa_key(MODULUS),
    attributes=(_attribute(_usage()),),
    algorithm=objects.SHA256_WITH_RSA,
)


def _refused(parse: Callable[[bytes], SignedRequest], octets: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(octets)
    assert caught.value.rule in pkcs10.RULES
    assert caught.value.clause
    return caught.value


def _long(element: bytes) -> bytes:
    """The same element with its length in one octet more than it takes."""
    assert element[1] == 0x81
    return element[:1] + b"\x82\x00" + element[2:]


@pytest.mark.clause("sec-app-m:2.3.1.7", "rfc2986:4.2")
def test_device_request_says_what_it_asks_for() -> None:
    """A device's request gives device, hwType, usage, point, digest and what was signed."""
    octets = _device()
    signed = pkcs10.parse_device_request(octets)
    assert signed.request == DeviceRequest(
        device=DEVICE,
        hw_type=HW_TYPE,
        usage=KeyUsage.DIGITAL_SIGNATURE,
        point=POINT,
        digest=sha256(octets).digest(),
    )
    assert signed.signature == SIGNATURE
    assert pkcs10.assemble_request(signed.info, signed.signature) == octets


@pytest.mark.clause("sec-app-m:2.3.1.7")
@pytest.mark.parametrize("usage_mark", [TRUE, b""], ids=["critical", "unmarked"])
@pytest.mark.parametrize("name_mark", [TRUE, b""], ids=["critical", "unmarked"])
@pytest.mark.parametrize("usage", [KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT])
@pytest.mark.parametrize("turned", [False, True], ids=["usage first", "name first"])
def test_criticality_and_order_of_requested_extensions_are_not_judged(
    usage_mark: bytes,
    name_mark: bytes,
    usage: KeyUsage,
    turned: bool,  # noqa: FBT001  # a parametrised argument
) -> None:
    """Extensions may be marked critical or not, and stand in either order."""
    extensions = (_usage(usage.value, mark=usage_mark), _hardware(mark=name_mark))
    octets = _device(attributes=(_attribute(*extensions[:: -1 if turned else 1]),))
    for _ in range(2):
        request = pkcs10.parse_device_request(octets).request
        assert isinstance(request, DeviceRequest)
        assert (request.usage, request.device) == (usage, DEVICE)


BOTH: Final = (_attribute(_usage(), _hardware()),)
NULL: Final = der.element(der.NULL)

DEVICE_REFUSALS: Final = {
    "another version": ("csr.version", _device(version=der.integer(1))),
    "version in two octets": ("csr.version", _device(version=bytes.fromhex("02020000"))),
    "subject not empty": ("csr.subject", _device(subject=(CN,))),
    "two key usages": (
        "csr.usage",
        _device(attributes=(_attribute(_usage(bytes.fromhex("03020388")), _hardware()),)),
    ),
    "usage of an authority": (
        "csr.usage",
        _device(attributes=(_attribute(_usage(bytes.fromhex("03020106")), _hardware()),)),
    ),
    "usage with zero bits left on": (
        "csr.usage",
        _device(attributes=(_attribute(_usage(bytes.fromhex("03020080")), _hardware()),)),
    ),
    "no usage": ("csr.extension", _device(attributes=(_attribute(_hardware()),))),
    "no name": ("csr.extension", _device(attributes=(_attribute(_usage()),))),
    "no extensions": ("csr.extension", _device(attributes=(_attribute(),))),
    "usage twice": (
        "csr.extension",
        _device(attributes=(_attribute(_usage(), _usage(), _hardware()),)),
    ),
    "another extension": (
        "csr.extension",
        _device(
            attributes=(
                _attribute(_usage(), _hardware(), _extension(b"\x55\x1d\x13", b"\x30\x00", b"")),
            )
        ),
    ),
    "critical FALSE written out": (
        "csr.minimal",
        _device(attributes=(_attribute(_usage(mark=FALSE), _hardware()),)),
    ),
    "critical TRUE as 01": (
        "csr.der",
        _device(attributes=(_attribute(_usage(mark=bytes.fromhex("010101")), _hardware()),)),
    ),
    "no attributes": ("csr.attribute", _device(attributes=())),
    "another attribute": (
        "csr.attribute",
        _device(attributes=(_attribute(_usage(), _hardware(), oid=b"\x2a\x03"),)),
    ),
    "two attributes": ("csr.attribute", _device(attributes=BOTH * 2)),
    "attributes under tag 1": (
        "csr.attribute",
        _device(attributes=(), more=der.element(0xA1, *BOTH)),
    ),
    "octets after the attributes": ("csr.trailing", _device(more=NULL)),
    "hwSerialNum of 7 octets": (
        "csr.serial",
        _device(attributes=(_attribute(_usage(), _hardware(_hardware_name(bytes(7)))),)),
    ),
    "hwSerialNum of 9 octets": (
        "csr.serial",
        _device(attributes=(_attribute(_usage(), _hardware(_hardware_name(bytes(9)))),)),
    ),
    "two names": (
        "csr.hardware",
        _device(attributes=(_attribute(_usage(), _hardware(*[_hardware_name()] * 2)),)),
    ),
    "a DNS name": (
        "csr.hardware",
        _device(attributes=(_attribute(_usage(), _hardware(der.element(0x82, b"meter"))),)),
    ),
    "another kind of name": (
        "csr.hardware",
        _device(attributes=(_attribute(_usage(), _hardware(_hardware_name(oid=b"\x2a\x03"))),)),
    ),
    "hwType with a padded arc": (
        "csr.hardware",
        _device(
            attributes=(_attribute(_usage(), _hardware(_hardware_name(hw_type=b"\x2a\x80\x01"))),)
        ),
    ),
    "hwType of 65 octets": (
        "csr.hardware",
        _device(
            attributes=(_attribute(_usage(), _hardware(_hardware_name(hw_type=b"\x2a" * 65))),)
        ),
    ),
    "secp256k1": ("csr.curve", _device(key=_ec_key(curve=SECP256K1))),
    "secp384r1": ("csr.curve", _device(key=_ec_key(b"\x04" + bytes(96), curve=SECP384R1))),
    "curve of NULL": ("csr.curve", _device(key=_ec_key(curve=NULL))),
    "no curve": ("csr.curve", _device(key=_ec_key(curve=b""))),
    "curve and more": ("csr.curve", _device(key=_ec_key(curve=objects.PRIME256V1 + NULL))),
    "an RSA key": ("csr.algorithm", _device(key=_rsa_key(MODULUS))),
    "compressed point": ("csr.point", _device(key=_ec_key(b"\x02" + POINT[1:33]))),
    "hybrid point": ("csr.point", _device(key=_ec_key(b"\x06" + POINT[1:]))),
    "point at infinity": ("csr.point", _device(key=_ec_key(b"\x00"))),
    "point of 66 octets": ("csr.point", _device(key=_ec_key(POINT + b"\x00"))),
    "no point": ("csr.point", _device(key=_ec_key(b""))),
    "point with unused bits": ("csr.point", _device(key=_ec_key(unused=1))),
    "ECDSA with SHA-384": (
        "csr.algorithm",
        _device(algorithm=der.sequence(der.oid("1.2.840.10045.4.3.3"))),
    ),
    "ECDSA with NULL": (
        "csr.algorithm",
        _device(algorithm=der.sequence(der.oid("1.2.840.10045.4.3.2"), NULL)),
    ),
    "signature with unused bits": (
        "csr.der",
        _device(signature=der.bit_string(SIGNATURE, unused=1)),
    ),
    "no signature": ("csr.der", _device(signature=der.bit_string(b""))),
    "trailing octets": ("csr.trailing", _device() + b"\x00\x00"),
    "trailing octets within": ("csr.trailing", _device(signature=der.bit_string(SIGNATURE) + NULL)),
    "length not minimal": ("csr.minimal", _long(_device())),
    "cut off": ("csr.der", _device()[:-1]),
    "indefinite length": ("csr.der", b"\x30\x80" + _device()[3:] + b"\x00\x00"),
    "60 kB of padding": ("csr.size", _device() + bytes(60_000)),
    "60 kB in the signature": ("csr.size", _device(signature=der.bit_string(bytes(60_000)))),
    "nothing": ("csr.der", b""),
    "text": ("csr.der", b"-----BEGIN CERTIFICATE REQUEST-----"),
}


@pytest.mark.clause("sec-app-m:2.3.1.7", "gbcs:12", "x690:10.1", "rfc5480:2.2", "rfc4108:5")
@pytest.mark.parametrize("case", DEVICE_REFUSALS)
def test_device_request_with_one_part_spoilt_is_refused(case: str) -> None:
    """Whatever is not exactly as specified is refused, under the rule that says what."""
    rule, octets = DEVICE_REFUSALS[case]
    pkcs10.parse_device_request(_device())
    assert _refused(pkcs10.parse_device_request, octets).rule == rule


@pytest.mark.clause("x690:10.1")
def test_non_minimal_length_is_refused_wherever_it_stands() -> None:
    """One length written long, at any depth of a request, is refused as not minimal."""
    inner = der.sequence(_usage(), _hardware())
    long = b"\x30\x81" + inner[1:]
    attribute = der.sequence(
        der.element(der.OID, objects.EXTENSION_REQUEST_OID), der.element(der.SET, long)
    )
    fault = _refused(pkcs10.parse_device_request, _device(attributes=(attribute,)))
    assert fault.rule == "csr.minimal"
    assert fault.where.startswith("offset ")


@pytest.mark.clause("gbcs:12")
@pytest.mark.parametrize(
    ("curve", "digest", "rule"),
    [
        (ec.SECP384R1(), hashes.SHA256(), "csr.curve"),
        (ec.SECP384R1(), hashes.SHA384(), "csr.curve"),
        (ec.SECP256K1(), hashes.SHA256(), "csr.curve"),
        (ec.SECP256R1(), hashes.SHA384(), "csr.algorithm"),
    ],
)
def test_request_of_another_curve_or_digest_made_by_others_is_refused(
    curve: ec.EllipticCurve, digest: hashes.SHA256 | hashes.SHA384, rule: str
) -> None:
    """A request that a library made and signed on another curve or with another digest."""
    key = ec.generate_private_key(curve)
    name = x509.OtherName(
        x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4"),
        der.sequence(der.element(der.OID, HW_TYPE), der.octet_string(DEVICE.octets)),
    )
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(_library_usage(), critical=True)
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .sign(key, digest)
    )
    octets = request.public_bytes(serialization.Encoding.DER)
    assert _refused(pkcs10.parse_device_request, octets).rule == rule


def _library_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("subject", [(OU, UID), (CN, OU, UID), (UID, OU), (OU, CN, UID)])
def test_organisation_request_says_what_it_asks_for(subject: tuple[bytes, ...]) -> None:
    """OU, uniqueIdentifier and perhaps CN, in any order, give role, entity and name."""
    octets = _organisation(subject=subject)
    assert pkcs10.parse_organisation_request(octets).request == OrganisationRequest(
        entity=DEVICE,
        role=RemotePartyRole.SUPPLIER,
        common_name="GITTESTSUPPLIER" if CN in subject else None,
        usage=KeyUsage.DIGITAL_SIGNATURE,
        point=POINT,
        digest=sha256(octets).digest(),
    )


def _printable(text: bytes) -> bytes:
    return der.element(der.PRINTABLE_STRING, text)


def _role(value: bytes) -> bytes:
    return _name(objects.ORGANISATIONAL_UNIT_OID, value)


def _common(value: bytes) -> bytes:
    return _name(objects.COMMON_NAME_OID, value)


def _uid(value: bytes) -> bytes:
    return _name(objects.UNIQUE_IDENTIFIER_OID, value)


def test_names_may_be_printable_strings() -> None:
    """PrintableString does as well as UTF8String, and roles in small letters too."""
    octets = _organisation(subject=(_common(_printable(b"A (b)")), _role(_printable(b"7f")), UID))
    request = pkcs10.parse_organisation_request(octets).request
    assert isinstance(request, OrganisationRequest)
    assert (request.common_name, request.role) == ("A (b)", RemotePartyRole.OTHER)


SUBJECT_REFUSALS: Final = {
    "empty": ("csr.subject", ()),
    "no OU": ("csr.subject", (UID,)),
    "no identifier": ("csr.subject", (OU, CN)),
    "OU twice": ("csr.subject", (OU, OU, UID)),
    "organisation": ("csr.subject", (O, OU, UID)),
    "two attributes in one name": (
        "csr.subject",
        (der.element(der.SET, OU[2:], UID[2:]),),
    ),
    "empty relative name": ("csr.der", (OU, UID, der.element(der.SET))),
    "no such role": ("csr.role", (_role(_utf8("09")), UID)),
    "role in decimal": ("csr.role", (_role(_utf8("137")), UID)),
    "identifier of 7 octets": ("csr.identifier", (OU, _uid(der.bit_string(bytes(7))))),
    "identifier of 9 octets": ("csr.identifier", (OU, _uid(der.bit_string(bytes(9))))),
    "identifier with unused bits": (
        "csr.identifier",
        (OU, _uid(der.bit_string(bytes(8), unused=1))),
    ),
    "identifier as text": ("csr.identifier", (OU, _uid(_utf8("00db1234567890a0")))),
    "empty common name": ("csr.name", (_common(_utf8("")), OU, UID)),
    "common name of 65": ("csr.name", (_common(_utf8("x" * 65)), OU, UID)),
    "control character": ("csr.name", (_common(_utf8("a\nb")), OU, UID)),
    "change of direction": ("csr.name", (_common(_utf8("a\u202eb")), OU, UID)),
    "octets that are not UTF-8": (
        "csr.name",
        (_common(der.element(der.UTF8_STRING, b"\xff")), OU, UID),
    ),
    "asterisk in a PrintableString": ("csr.name", (_common(_printable(b"*")), OU, UID)),
    "IA5String": ("csr.name", (_common(der.element(0x16, b"a")), OU, UID)),
    "octets after a value": (
        "csr.name",
        (_name(objects.COMMON_NAME_OID, _utf8("a") + NULL), OU, UID),
    ),
}


@pytest.mark.clause("sec-app-m:F", "gbcs:4.3.1", "gbcs:4.3.2.2", "rfc5280:4.1.2.6")
@pytest.mark.parametrize("case", SUBJECT_REFUSALS)
def test_organisation_request_of_another_subject_is_refused(case: str) -> None:
    """A subject that is not [CN], OU, uniqueIdentifier is refused, under the rule that says why."""
    rule, subject = SUBJECT_REFUSALS[case]
    octets = _organisation(subject=subject)
    assert _refused(pkcs10.parse_organisation_request, octets).rule == rule


@pytest.mark.clause("sec-app-m:F")
def test_organisation_request_has_no_alternative_name() -> None:
    """A subjectAltName does not belong into an organisation's request."""
    octets = _organisation(attributes=BOTH)
    assert _refused(pkcs10.parse_organisation_request, octets).rule == "csr.extension"


@pytest.mark.clause("sec-app-m:G")
def test_system_request_says_what_it_asks_for() -> None:
    """The request for an IKI credential gives O, OU, CN and the RSA key."""
    octets = _system()
    assert pkcs10.parse_system_request(octets).request == SystemRequest(
        organisation="Sample Energy",
        role_code="02",
        common_name="GITTESTSUPPLIER",
        public_key=_rsa_key(MODULUS),
        digest=sha256(octets).digest(),
    )


SYSTEM_REFUSALS: Final = {
    "no organisation": ("csr.subject", _system(subject=(OU, CN))),
    "an identifier": ("csr.subject", _system(subject=(O, OU, CN, UID))),
    "OU of words": (
        "csr.role",
        _system(subject=(O, _role(_utf8("Metering")), CN)),
    ),
    "an EC key": ("csr.algorithm", _system(key=_ec_key())),
    "2047 bits": ("csr.rsa", _system(key=_rsa_key((1 << 2046) + 1))),
    "2049 bits": ("csr.rsa", _system(key=_rsa_key((1 << 2048) + 1))),
    "4096 bits": ("csr.rsa", _system(key=_rsa_key((1 << 4095) + 1))),
    "negative modulus": ("csr.rsa", _system(key=_rsa_key(-(1 << 2047) + 1))),
    "even modulus": ("csr.rsa", _system(key=_rsa_key(1 << 2047))),
    "exponent 3": ("csr.rsa", _system(key=_rsa_key(MODULUS, 3))),
    "key agreement": (
        "csr.usage",
        _system(attributes=(_attribute(_usage(KeyUsage.KEY_AGREEMENT.value)),)),
    ),
    "ECDSA signature": ("csr.algorithm", _system(algorithm=objects.ECDSA_WITH_SHA256)),
    "SHA-1": (
        "csr.algorithm",
        _system(algorithm=der.sequence(der.oid("1.2.840.113549.1.1.5"), NULL)),
    ),
    "60 kB of padding": ("csr.size", _system() + bytes(60_000)),
}


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize("case", SYSTEM_REFUSALS)
def test_system_request_with_one_part_spoilt_is_refused(case: str) -> None:
    """Whatever is not RSA-2048 with SHA-256 for O, OU, CN and one usage is refused."""
    rule, octets = SYSTEM_REFUSALS[case]
    assert _refused(pkcs10.parse_system_request, octets).rule == rule


@pytest.mark.clause("sec-app-m:G")
def test_system_request_made_by_others_is_read() -> None:
    """A request that a library made for O, OU, CN and one usage is read."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    names = (
        (NameOID.ORGANIZATION_NAME, "Énergie & Co"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "02"),
        (NameOID.COMMON_NAME, "adhoc-1"),
    )
    octets = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in names]))
        .add_extension(_library_usage(), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    request = pkcs10.parse_system_request(octets).request
    assert isinstance(request, SystemRequest)
    assert (request.organisation, request.common_name) == ("Énergie & Co", "adhoc-1")
    info = pkcs10.system_request_info(
        organisation=request.organisation,
        role_code=request.role_code,
        common_name=request.common_name,
        public_key=request.public_key,
    )
    assert info == pkcs10.parse_system_request(octets).info


def test_request_for_the_library_equals_ours() -> None:
    """What is composed here, a library reads as a request of the same content."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    info = pkcs10.device_request_info(
        device=DEVICE, hw_type=HW_TYPE, usage=KeyUsage.KEY_AGREEMENT, point=point
    )
    octets = pkcs10.assemble_request(info, key.sign(info, ec.ECDSA(hashes.SHA256())))
    request = x509.load_der_x509_csr(octets)
    assert request.is_signature_valid
    assert request.extensions.get_extension_for_class(x509.KeyUsage).value.key_agreement
    name = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name.get_values_for_type(x509.OtherName)[0].value.endswith(DEVICE.octets)


@pytest.mark.parametrize("common_name", ["", "x" * 65, "a\tb"])
def test_name_that_would_be_refused_is_not_composed(common_name: str) -> None:
    """A common name that the reader refuses is refused when composing."""
    with pytest.raises(Malformed, match="printable characters") as caught:
        pkcs10.organisation_request_info(
            entity=DEVICE,
            role=RemotePartyRole.SUPPLIER,
            common_name=common_name,
            usage=KeyUsage.DIGITAL_SIGNATURE,
            point=POINT,
        )
    assert caught.value.rule == "csr.name"
