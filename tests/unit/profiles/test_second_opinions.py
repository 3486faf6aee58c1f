"""Our certificates before programs that share no code with us: a linter, Node, another builder."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pyasn1.type import univ

from smki import profiles
from smki.profiles import table
from smki.terms import CertificateKind, KeyUsage, SerialNumber
from smki.wire import der

K = CertificateKind
METHOD_2 = "pkix.subject_key_identifier_method_2_identified"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class _Made(Protocol):
    @property
    def draft(self) -> profiles.Draft: ...
    @property
    def tbs(self) -> bytes: ...
    @property
    def der(self) -> bytes: ...
    @property
    def key(self) -> Key: ...


Hierarchy = Mapping[CertificateKind, _Made]


def _linted(octets: bytes) -> set[str]:
    """Codes of all findings; pkilint's own tables take 2.5.4.45 for a DirectoryString."""
    names = dict(name.ATTRIBUTE_TYPE_MAPPINGS)
    names[univ.ObjectIdentifier("2.5.4.45")] = univ.BitString()
    linter = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(names, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    results = linter.validate(loader.load_der_certificate(octets, "ours").root)
    return {found.finding.code for result in results for found in result.finding_descriptions}


@pytest.fixture
def short(
    hierarchy: Hierarchy,
    settings: profiles.ProfileSettings,
    signer: Callable[[Key, bytes], bytes],
) -> Callable[[CertificateKind], bytes]:
    """Certificates with short policy OIDs: pkilint's reader has no room for arcs of 128 bits."""
    policies = tuple((kind, f"1.3.6.1.4.1.99999.1.{number}") for number, kind in enumerate(K))
    plain = replace(settings, policies=policies)

    def make(kind: CertificateKind) -> bytes:
        tbs = profiles.compose(hierarchy[kind].draft, plain)
        return profiles.assemble(tbs, signer(hierarchy[kind.issuer].key, tbs), kind)

    return make


@pytest.mark.clause("rfc5280:4.2.1.2")
@pytest.mark.parametrize("kind", K)
def test_pkilint_agrees(kind: CertificateKind, short: Callable[[CertificateKind], bytes]) -> None:
    """An independent linter has nothing to say but by which method the key identifier is made."""
    # It takes no name without a dot for a domain name; the development server is `localhost`.
    said = {"pkix.invalid_domain_name_syntax"} if kind is K.IKI_SERVER else set()
    assert _linted(short(kind)) == {METHOD_2, *said}


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (
            b"99991231235959Z",
            b"20001231235959Z",
            {"pkix.certificate_negative_validity_period", "pkix.wrong_time_useful_type"},
        ),
        (table.POLICIES.oid, table.KEY_USAGE.oid, {"pkix.duplicate_extension"}),
    ],
)
def test_pkilint_would_find(
    old: bytes, new: bytes, codes: set[str], short: Callable[[CertificateKind], bytes]
) -> None:
    """The same linter names a certificate that ends before it begins, and an extension twice."""
    octets = short(K.DEVICE)
    assert old in octets
    assert _linted(octets.replace(old, new, 1)) >= codes


@pytest.mark.parametrize("kind", K)
def test_node_reads_it(kind: CertificateKind, hierarchy: Hierarchy) -> None:
    """`crypto.X509Certificate` reads each kind, with our serial number, under its issuer's key."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not in the path: whether it reads our certificates is not known")
    script = (
        "const {X509Certificate} = require('crypto');"
        "const [own, above] = JSON.parse(require('fs').readFileSync(0))"
        ".map(hex => new X509Certificate(Buffer.from(hex, 'hex')));"
        "console.log(JSON.stringify([own.serialNumber, own.verify(above.publicKey), own.ca]))"
    )
    asked = json.dumps([hierarchy[kind].der.hex(), hierarchy[kind.issuer].der.hex()])
    done = subprocess.run(
        [node, "-e", script], input=asked, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [str(hierarchy[kind].draft.serial), True, kind.is_authority]


# -- the library's builder -----------------------------------------------------------------------

_PURPOSES = {
    K.IKI_OFFICER: ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"),
    K.IKI_AD_HOC: ("1.3.6.1.5.5.7.3.2",),
    K.IKI_BATCH: ("1.3.6.1.5.5.7.3.2",),
    K.IKI_FILE_SIGNING: ("1.3.6.1.5.5.7.3.4",),
    K.IKI_SERVER: ("1.3.6.1.5.5.7.3.1",),
}


def _usage(usage: KeyUsage) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=usage is KeyUsage.DIGITAL_SIGNATURE,
        key_agreement=usage is KeyUsage.KEY_AGREEMENT,
        key_cert_sign=usage is KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
        crl_sign=usage is KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        encipher_only=False,
        decipher_only=False,
    )


def _built_extensions(
    draft: profiles.Draft, settings: profiles.ProfileSettings, own: x509.SubjectKeyIdentifier
) -> dict[str, x509.ExtensionType]:
    """What each extension of the profile says, in the library's own classes."""
    kind, subject, issuer = draft.kind, draft.subject, draft.issuer
    above = own.digest if issuer is None else issuer.key_identifier
    policy = x509.ObjectIdentifier(dict(settings.policies)[kind])
    length = 0 if kind in (K.ISSUING_OCA, K.ISSUING_DCA, K.ISSUING_ICA) else None
    built: dict[str, x509.ExtensionType] = {
        "keyUsage": _usage(draft.usage),
        "basicConstraints": x509.BasicConstraints(ca=True, path_length=length),
        "certificatePolicies": x509.CertificatePolicies([x509.PolicyInformation(policy, None)]),
        "subjectKeyIdentifier": own,
        "authorityKeyIdentifier": x509.AuthorityKeyIdentifier(above, None, None),
        "WrappedApexContingencyKey": x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.5.5.7.1.20"),
            bytes.fromhex("306f300b060960864801650304010804" + "60") + bytes(96),
        ),
    }
    if kind in _PURPOSES:
        oids = [x509.ObjectIdentifier(oid) for oid in _PURPOSES[kind]]
        built["extKeyUsage"] = x509.ExtendedKeyUsage(oids)
    if isinstance(subject, profiles.DeviceSubject):
        module = der.sequence(
            der.element(der.OID, subject.hw_type), der.octet_string(subject.device.octets)
        )
        oid = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4")
        built["subjectAltName"] = x509.SubjectAlternativeName([x509.OtherName(oid, module)])
    if isinstance(subject, profiles.ServerSubject):
        built["serverNames"] = x509.SubjectAlternativeName(
            [
                *(x509.DNSName(text) for text in subject.dns_names),
                *(x509.IPAddress(ip_address(text)) for text in subject.addresses),
            ]
        )
    return built


@pytest.mark.clause("gbcs:12", "sec-app-a:B", "sec-app-b:B", "sec-app-q:B")
@pytest.mark.parametrize("kind", K)
def test_the_librarys_builder_gives_the_same_octets(
    kind: CertificateKind, hierarchy: Hierarchy, settings: profiles.ProfileSettings
) -> None:
    """`CertificateBuilder`, told what the draft says, gives our TBSCertificate for every kind."""
    made = hierarchy[kind]
    draft, ours = made.draft, x509.load_der_x509_certificate(made.der)
    own = ours.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateBuilder()
        .serial_number(draft.serial.value)
        .issuer_name(ours.issuer)
        .subject_name(ours.subject)
        .public_key(made.key.public_key())
        .not_valid_before(draft.not_before)
        .not_valid_after(draft.not_after)
    )
    built = _built_extensions(draft, settings, own)
    for row in table.PROFILES[kind].extensions:
        builder = builder.add_extension(built[row.name], critical=row.critical)
    signer = hierarchy[kind.issuer].key
    assert builder.sign(signer, hashes.SHA256()).tbs_certificate_bytes == made.tbs


@pytest.mark.clause("sec-app-b:B-crl")
@pytest.mark.parametrize("kind", [kind for kind in K if kind.is_authority])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_librarys_builder_gives_the_same_crl(
    kind: CertificateKind,
    count: int,
    hierarchy: Hierarchy,
    signer: Callable[[Key, bytes], bytes],
) -> None:
    """`CertificateRevocationListBuilder` gives our list, for every authority, also when empty."""
    made, now = hierarchy[kind], datetime(2026, 11, 21, 1, 2, 3, tzinfo=UTC)
    issuer = profiles.issuer_from_certificate(made.der)
    entries = [(SerialNumber(99 + number), now) for number in range(count)]
    tbs = profiles.compose_crl(issuer, entries, 7, now, now + timedelta(days=2))
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.load_der_x509_certificate(made.der).subject)
        .last_update(now)
        .next_update(now + timedelta(days=2))
        .add_extension(x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False)  # noqa: FBT003 - the library's own order
        .add_extension(x509.CRLNumber(7), False)  # noqa: FBT003 - the same
    )
    for serial, when in entries:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder(serial.value, when).build()
        )
    assert builder.sign(made.key, hashes.SHA256()).tbs_certlist_bytes == tbs
    whole = profiles.assemble_crl(tbs, signer(made.key, tbs), issuer)
    key = load_der_public_key(made.draft.public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    assert x509.load_der_x509_crl(whole).is_signature_valid(key)
