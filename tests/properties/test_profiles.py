"""Profiles, by property: an independent builder agrees, and no octets raise another family."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from hypothesis import given, settings
from hypothesis import strategies as st

from smki import profiles
from smki.crypto.identifiers import key_identifier
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire import der

OURS = profiles.development()
KEY = ec.derive_private_key(7, ec.SECP256R1())
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ISSUER = x509.Name(
    [
        x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "07", _ASN1Type.PrintableString),
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "Z1", _ASN1Type.PrintableString),
    ]
)
SERIALS = st.binary(min_size=16, max_size=16).map(SerialNumber.from_random)
INSTANTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without zone
    datetime(2049, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
USAGES = st.sampled_from([KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT])
DEVICES = st.binary(min_size=8, max_size=8).map(EUI64)


def _built(
    draft: profiles.Draft, subject: x509.Name, san: x509.SubjectAlternativeName | None
) -> bytes:
    assert draft.issuer is not None
    signs = draft.usage is KeyUsage.DIGITAL_SIGNATURE
    usage = x509.KeyUsage(
        digital_signature=signs,
        key_agreement=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    policy = x509.ObjectIdentifier(dict(OURS.policies)[draft.kind])
    builder = (
        x509.CertificateBuilder()
        .serial_number(draft.serial.value)
        .issuer_name(ISSUER)
        .subject_name(subject)
        .public_key(KEY.public_key())
        .not_valid_before(draft.not_before)
        .not_valid_after(draft.not_after)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier(key_identifier(POINT)), critical=False)
    )
    if san is not None:
        builder = builder.add_extension(san, critical=True)
    builder = builder.add_extension(
        x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), critical=True
    ).add_extension(
        x509.AuthorityKeyIdentifier(draft.issuer.key_identifier, None, None), critical=False
    )
    return builder.sign(KEY, hashes.SHA256()).tbs_certificate_bytes


def _draft(
    kind: CertificateKind,
    serial: SerialNumber,
    instant: datetime,
    usage: KeyUsage,
    subject: profiles.Subject,
) -> profiles.Draft:
    first, last = profiles.validity(kind, instant, OURS)
    return profiles.Draft(
        kind=kind,
        serial=serial,
        issuer=profiles.Issuer(
            kind=kind.issuer, name=ISSUER.public_bytes(), key_identifier=b"\x41" * 8
        ),
        subject=subject,
        usage=usage,
        public_key=SPKI,
        not_before=first,
        not_after=last,
    )


@pytest.mark.clause("sec-app-a:B")
@settings(max_examples=50, deadline=None)
@given(serial=SERIALS, instant=INSTANTS, usage=USAGES, device=DEVICES)
def test_device_certificates_equal_an_independent_builders(
    serial: SerialNumber, instant: datetime, usage: KeyUsage, device: EUI64
) -> None:
    """`CertificateBuilder`, our composer and our template give the same octets."""
    hw_type = der.oid(profiles.DEVELOPMENT_HARDWARE)[2:]
    subject = profiles.DeviceSubject(device=device, hw_type=hw_type)
    draft = _draft(CertificateKind.DEVICE, serial, instant, usage, subject)
    module = der.sequence(der.element(der.OID, hw_type), der.octet_string(device.octets))
    name = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4"), module)
    composed = profiles.compose(draft, OURS)
    assert composed == _built(draft, x509.Name([]), x509.SubjectAlternativeName([name]))
    assert draft.issuer is not None
    template = profiles.DeviceTemplate(draft.issuer, OURS, usage, hw_type)
    assert composed == template.fill(serial.to_octets(), instant, device.octets, POINT)
    assert template.agrees(composed, device.octets, POINT)


@pytest.mark.clause("sec-app-b:B")
@settings(max_examples=50, deadline=None)
@given(
    serial=SERIALS,
    instant=INSTANTS,
    usage=USAGES,
    entity=DEVICES,
    role=st.sampled_from(RemotePartyRole),
    name=st.none() | st.text("ABCxyz é-&", min_size=1, max_size=64),
)
def test_organisation_certificates_equal_an_independent_builders(
    serial: SerialNumber,
    instant: datetime,
    usage: KeyUsage,
    entity: EUI64,
    role: RemotePartyRole,
    name: str | None,
) -> None:
    """`CertificateBuilder` and our composer give the same octets, and the lint passes them."""
    subject = profiles.OrganisationSubject(entity=entity, role=role, common_name=name)
    draft = _draft(CertificateKind.ORGANISATION, serial, instant, usage, subject)
    attributes: list[x509.NameAttribute[str | bytes]] = [
        x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, role.organisational_unit),
        x509.NameAttribute(
            x509.NameOID.X500_UNIQUE_IDENTIFIER, b"\x00" + entity.octets, _ASN1Type.BitString
        ),
    ]
    if name is not None:
        attributes.insert(0, x509.NameAttribute(x509.NameOID.COMMON_NAME, name))
    composed = profiles.compose(draft, OURS)
    assert composed == _built(draft, x509.Name(attributes), None)
    assert profiles.lint_tbs(composed, OURS) == ()


@settings(max_examples=100, deadline=None)
@given(octets=st.binary(max_size=300), at=st.integers(0, 400), put=st.binary(max_size=3))
def test_the_lint_is_total(octets: bytes, at: int, put: bytes) -> None:
    """Any octets, and any damage to a certificate, give findings and never an exception."""
    assert profiles.lint_certificate(octets)
    subject = profiles.OrganisationSubject(entity=EUI64(bytes(8)), role=RemotePartyRole.SUPPLIER)
    draft = _draft(
        CertificateKind.ORGANISATION,
        SerialNumber(1 << 120),
        datetime(2026, 1, 1, tzinfo=UTC),
        KeyUsage.KEY_AGREEMENT,
        subject,
    )
    tbs = profiles.compose(draft, OURS)
    whole = profiles.assemble(tbs, bytes(70), CertificateKind.ORGANISATION)
    damaged = whole[:at] + put + whole[at + len(put) :]
    assert profiles.lint_certificate(damaged)
