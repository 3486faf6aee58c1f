"""Each deviation that published certificates show, and each that a CRL can have, made on purpose."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from smki import profiles
from smki.profiles import composing, table
from smki.terms import CertificateKind, Finding, KeyUsage, Malformed, Refused, SerialNumber
from smki.wire import der
from smki.wire.certificate import parse_certificate

K = CertificateKind
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Signer = Callable[[Key, bytes], bytes]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
NULL_PARAMETERS = bytes.fromhex("300c06082a8648ce3d0403020500")


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


def _grown(tbs: bytes, old: bytes, new: bytes) -> bytes:
    """The TBSCertificate with one direct element replaced."""
    elements = _elements(tbs)
    assert old in elements
    return der.sequence(*(new if element == old else element for element in elements))


def _extended(made: _Made, *extensions: bytes) -> bytes:
    """The TBSCertificate with these extensions in place of its own."""
    tag = der.context(3, constructed=True)
    own = next(element for element in _elements(made.tbs) if element[0] == tag)
    return _grown(made.tbs, own, der.element(tag, der.sequence(*extensions)))


def _elements(tbs: bytes) -> list[bytes]:
    reader = der.Reader(tbs, "tbs").enter(der.SEQUENCE, "body")
    elements: list[bytes] = []
    while not reader.at_end:
        elements.append(reader.element("element"))
    return elements


def _extensions(made: _Made) -> list[bytes]:
    """Its extensions, whole elements, in order."""
    return [
        composing.compose_extension(one.oid, one.value, critical=one.critical)
        for one in parse_certificate(made.der).tbs.extensions
    ]


def _named(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.rule, finding.clause) for finding in findings}


@pytest.mark.clause("gbcs:12")
@pytest.mark.parametrize("inside", [True, False])
def test_null_parameters_are_named(hierarchy: Hierarchy, signer: Signer, inside: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """NULL parameters are named in either place, although strict readers refuse the whole."""
    made, bare = hierarchy[K.ORGANISATION], table.Algorithm.ECDSA_SHA256.value
    tbs = _grown(made.tbs, bare, NULL_PARAMETERS) if inside else made.tbs
    signature = signer(hierarchy[K.ISSUING_OCA].key, tbs)
    outer = bare if inside else NULL_PARAMETERS
    octets = der.sequence(tbs, outer, der.bit_string(signature))
    (finding,) = profiles.lint_certificate(octets, issuer=hierarchy[K.ISSUING_OCA].der)
    assert (finding.rule, finding.clause) == ("organisation.algorithm", "gbcs:12")
    assert "NULL parameters, must be left out" in finding.message
    assert finding.where == ("signature" if inside else "signatureAlgorithm")


@pytest.mark.clause("x690:8.3.2")
def test_a_superfluous_zero_in_the_signature_is_named(hierarchy: Hierarchy, signer: Signer) -> None:
    """A signature integer with one zero too many holds, and is named; nothing else is."""
    made, above = hierarchy[K.DEVICE], hierarchy[K.ISSUING_DCA]
    body = der.Reader(signer(above.key, made.tbs), "signature").enter(der.SEQUENCE, "value")
    r, s = body.take(der.INTEGER, "r"), body.take(der.INTEGER, "s")
    loose = der.sequence(der.element(der.INTEGER, b"\x00", r), der.element(der.INTEGER, s))
    octets = profiles.assemble(made.tbs, loose, K.DEVICE)
    found = profiles.lint_certificate(octets, issuer=above.der)
    assert _named(found) == {("device.signature.form", "x690:8.3.2")}


@pytest.mark.clause("sec-app-b:B")
def test_an_empty_basic_constraints_is_named(hierarchy: Hierarchy) -> None:
    """An organisation certificate with an empty, critical basicConstraints has one too many."""
    made = hierarchy[K.ORGANISATION]
    more = composing.compose_extension(table.BASIC_CONSTRAINTS.oid, der.sequence(), critical=True)
    found = profiles.lint_tbs(_extended(made, *_extensions(made), more))
    assert _named(found) == {("organisation.extension.unexpected", "sec-app-b:B")}
    assert found[0].where == "basicConstraints"


@pytest.mark.clause("gbcs:12")
def test_policies_that_are_not_critical_are_named(hierarchy: Hierarchy) -> None:
    """A device certificate with non-critical policies is named with the clause that asks."""
    made = hierarchy[K.DEVICE]
    own = parse_certificate(made.der).tbs.extensions
    changed = [
        composing.compose_extension(
            one.oid, one.value, critical=one.critical and one.oid != table.POLICIES.oid
        )
        for one in own
    ]
    found = profiles.lint_tbs(_extended(made, *changed))
    assert _named(found) == {("device.extension.critical", "gbcs:12")}
    assert "not critical, must be critical" in found[0].message


@pytest.mark.clause("gbcs:12")
def test_a_usage_of_content_commitment_is_named(hierarchy: Hierarchy) -> None:
    """A device certificate for contentCommitment is for neither of the two usages there are."""
    made = hierarchy[K.DEVICE]
    wrong = composing.compose_extension(
        table.KEY_USAGE.oid, bytes.fromhex("03020640"), critical=True
    )
    found = profiles.lint_tbs(_extended(made, wrong, *_extensions(made)[1:]))
    assert _named(found) == {("device.extension.keyUsage", "gbcs:12")}


@pytest.mark.clause("gbcs:12")
def test_a_certificate_that_signed_itself_is_named(hierarchy: Hierarchy, signer: Signer) -> None:
    """Claiming an issuer and signing with one's own key is named, with and without the issuer."""
    made = hierarchy[K.ORGANISATION]
    authority = table.AUTHORITY_KEY.oid
    kept = [one for one in _extensions(made) if authority not in one]
    tbs = _extended(made, *kept)
    octets = profiles.assemble(tbs, signer(made.key, tbs), K.ORGANISATION)
    expected = {
        ("organisation.self-signed", "gbcs:12"),
        ("organisation.extension.missing", "gbcs:12"),
    }
    assert _named(profiles.lint_certificate(octets)) == expected
    with_issuer = profiles.lint_certificate(octets, issuer=hierarchy[K.ISSUING_OCA].der)
    assert _named(with_issuer) == expected | {("organisation.signature", "gbcs:12")}


@pytest.mark.clause("x690:11.5")
def test_a_default_written_out_is_named(hierarchy: Hierarchy) -> None:
    """`critical FALSE` written out is named by the rule of DER."""
    made = hierarchy[K.DEVICE]
    own = _extensions(made)
    subject_key = parse_certificate(made.der).tbs.extensions[1]
    loose = der.sequence(
        der.element(der.OID, subject_key.oid),
        der.boolean(value=False),
        der.octet_string(subject_key.value),
    )
    found = profiles.lint_tbs(_extended(made, own[0], loose, *own[2:]))
    assert _named(found) == {("device.extension.default", "x690:11.5")}


# -- revocation lists ----------------------------------------------------------------------------


@pytest.fixture
def listed(hierarchy: Hierarchy) -> tuple[profiles.Issuer, bytes]:
    """The Issuing OCA, and the TBSCertList of a list of its with one entry."""
    issuer = profiles.issuer_from_certificate(hierarchy[K.ISSUING_OCA].der)
    entries = [(SerialNumber(99), NOW)]
    return issuer, profiles.compose_crl(issuer, entries, 7, NOW, NOW + timedelta(days=2))


_ENTRY = der.sequence(der.integer(99), composing.compose_time(NOW))


@pytest.mark.clause("sec-app-b:B-crl", "rfc5280:5.1.2.5", "rfc5280:5.1.2.6")
@pytest.mark.parametrize(
    ("number", "replacement", "expected"),
    [
        (0, b"", {("crl.version", "rfc5280:5.1.2.1")}),
        (1, NULL_PARAMETERS, {("crl.algorithm", "gbcs:12")}),
        (2, der.sequence(), {("crl.issuer", "rfc5280:5.1.2.3")}),
        (4, b"", {("crl.next-update", "rfc5280:5.1.2.5")}),
        (4, composing.compose_time(NOW), {("crl.order", "rfc5280:5.1.2.5")}),
        (5, der.sequence(), {("crl.empty", "rfc5280:5.1.2.6")}),
        (5, der.sequence(_ENTRY, _ENTRY), {("crl.twice", "rfc5280:5.1.2.6")}),
        (
            6,
            b"",
            {
                ("crl.extensions", "sec-app-b:B-crl"),
                ("crl.key-identifier", "rfc5280:5.2.1"),
            },
        ),
    ],
)
def test_each_deviation_of_a_crl_is_named(
    number: int,
    replacement: bytes,
    expected: set[tuple[str, str]],
    listed: tuple[profiles.Issuer, bytes],
    hierarchy: Hierarchy,
    signer: Signer,
) -> None:
    """A list with one element changed or left out gets exactly the findings for it."""
    issuer, tbs = listed
    elements = _elements(tbs)
    changed = der.sequence(*elements[:number], replacement, *elements[number + 1 :])
    signature = signer(hierarchy[K.ISSUING_OCA].key, changed)
    octets = profiles.assemble_crl(changed, signature, issuer)
    found = profiles.lint_crl(octets, issuer, hierarchy[K.ISSUING_OCA].der)
    assert _named(found) == expected


@pytest.mark.clause("gbcs:12", "x690:8.3.2")
def test_a_crl_of_another_key_or_a_loose_signature_is_named(
    listed: tuple[profiles.Issuer, bytes], hierarchy: Hierarchy, signer: Signer
) -> None:
    """Another's signature, a loosely written one, and octets that are no list are each named."""
    issuer, tbs = listed
    above = hierarchy[K.ISSUING_OCA]
    other = profiles.assemble_crl(tbs, signer(hierarchy[K.ROOT_OCA].key, tbs), issuer)
    assert _named(profiles.lint_crl(other, issuer, above.der)) == {("crl.signature", "gbcs:12")}
    body = der.Reader(signer(above.key, tbs), "signature").enter(der.SEQUENCE, "value")
    r, s = body.take(der.INTEGER, "r"), body.take(der.INTEGER, "s")
    loose = der.sequence(der.element(der.INTEGER, b"\x00", r), der.element(der.INTEGER, s))
    octets = profiles.assemble_crl(tbs, loose, issuer)
    form = {("crl.signature-form", "x690:8.3.2")}
    assert _named(profiles.lint_crl(octets, issuer, above.der)) == form
    (finding,) = profiles.lint_crl(octets + b"\x00")
    assert (finding.rule, finding.clause) == ("der.trailing", "x690:8.1.3")


@pytest.mark.clause("rfc5280:5.2.3", "rfc5280:5.1.2.5")
@pytest.mark.parametrize("number", [-1, 1 << 159])
def test_a_crl_number_out_of_range_is_refused(
    number: int, listed: tuple[profiles.Issuer, bytes]
) -> None:
    """CRL numbers are 0 to 20 octets; a list must end after it begins; times have a zone."""
    issuer, _ = listed
    with pytest.raises(Refused, match="must be 0 to 20 octets") as refused:
        profiles.compose_crl(issuer, [], number, NOW, NOW + timedelta(days=1))
    assert refused.value.rule == "crl.number"
    with pytest.raises(Refused, match="must be after this update"):
        profiles.compose_crl(issuer, [], 1, NOW, NOW)
    with pytest.raises(Malformed, match="without time zone"):
        profiles.compose_crl(issuer, [], 1, NOW.replace(tzinfo=None), NOW)


def test_only_authorities_list_what_is_revoked(hierarchy: Hierarchy) -> None:
    """Neither a list nor an issuer can be had of a device's certificate."""
    made = hierarchy[K.DEVICE]
    assert made.draft.usage is KeyUsage.DIGITAL_SIGNATURE
    with pytest.raises(Refused, match="must be a certification authority's"):
        profiles.issuer_from_certificate(made.der)
