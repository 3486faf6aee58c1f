"""The published certificates: the conforming ones pass, each deviation is named."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from smki import profiles
from smki.crypto.identifiers import key_identifier
from smki.profiles import reading
from smki.terms import CertificateKind
from smki.wire import der
from smki.wire.certificate import parse_certificate, parse_public_key

DEVIATIONS = {
    "mdr": {
        ("organisation.algorithm", "gbcs:12"),
        ("organisation.issuer.string-type", "sec-app-b:B"),
        ("organisation.extension.order", "sec-app-b:B"),
    },
    "xml-sign": {
        ("organisation.self-signed", "gbcs:12"),
        ("organisation.extension.missing", "gbcs:12"),
        ("organisation.issuer.string-type", "sec-app-b:B"),
        ("organisation.validity.lifetime", "sec-app-b:B"),
        ("organisation.extension.order", "sec-app-b:B"),
    },
    "odd/": {("device.signature.form", "x690:8.3.2")},
    "otherUser": {("organisation.extension.unexpected", "sec-app-b:B")},
    "CS02d": {("device.extension.keyUsage", "gbcs:12")},
}
DEVIATIONS["90b3d51f30010008-"] = DEVIATIONS["xml-sign"]  # the messages' load controller


@pytest.mark.clause("gbcs:12", "sec-app-a:B", "sec-app-b:B")
@pytest.mark.parametrize("mark", DEVIATIONS)
def test_each_deviation_is_named_with_its_clause(mark: str, reference: Mapping[str, bytes]) -> None:
    """The published certificates that leave the profile get exactly these findings."""
    deviating = [octets for name, octets in reference.items() if mark in name]
    assert deviating
    for octets in deviating:
        found = {(finding.rule, finding.clause) for finding in profiles.lint_certificate(octets)}
        assert found == DEVIATIONS[mark]


@pytest.mark.clause("gbcs:12", "sec-app-a:B", "sec-app-b:B")
def test_conforming_certificates_have_no_finding(reference: Mapping[str, bytes]) -> None:
    """Every other published certificate passes without a finding."""
    conforming = [
        octets for name, octets in reference.items() if not any(mark in name for mark in DEVIATIONS)
    ]
    assert len(conforming) > 30
    assert [profiles.lint_certificate(octets) for octets in conforming] == [()] * len(conforming)


@pytest.mark.clause("rfc5280:4.2.1.2")
def test_key_identifiers_are_those_of_method_2(reference: Mapping[str, bytes]) -> None:
    """Every published subjectKeyIdentifier is the one that we compute."""
    for octets in reference.values():
        tbs = parse_certificate(octets).tbs
        _, point = parse_public_key(tbs.public_key)
        assert reading.subject_key_identifier(tbs) == key_identifier(point)


@pytest.mark.clause("gbcs:12")
def test_issuer_given_its_signature_is_checked(
    reference: Mapping[str, bytes], vectors: Path
) -> None:
    """Under Z1 its own pass; one from Z2 and one with a changed signature octet do not."""
    issuer = (vectors / "keys/pki/z1-issuing.der").read_bytes()
    own = next(octets for name, octets in reference.items() if "90b3d51f30010000-ka" in name)
    other = next(octets for name, octets in reference.items() if "IMMEDIATE_ERROR" in name)
    changed = own[:-1] + bytes((own[-1] ^ 0xC0,))
    assert profiles.lint_certificate(own, issuer=issuer) == ()
    rules = [finding.rule for finding in profiles.lint_certificate(changed, issuer=issuer)]
    assert rules == ["organisation.signature"]
    rules = [finding.rule for finding in profiles.lint_certificate(other, issuer=issuer)]
    assert rules == [
        "organisation.issuer.name",
        "organisation.issuer.key-identifier",
        "organisation.signature",
    ]


@pytest.mark.clause("sec-app-a:B", "sec-app-b:B")
@pytest.mark.parametrize(
    "name", ["90b3d51f30010000-ds", "90b3d51f30010000-ka", "00db1234567890a0-ds", "z1-issuing"]
)
def test_ours_differ_from_the_published_only_in_what_they_say(
    name: str, reference: Mapping[str, bytes]
) -> None:
    """Composing what a published certificate says gives its octets, but for the policy OID."""
    octets = next(octets for place, octets in reference.items() if name in place)
    tbs = parse_certificate(octets).tbs
    shown = profiles.view(octets)
    settings = _as_published(shown)
    draft = _draft_of(shown, tbs.public_key)
    assert profiles.compose(draft, settings) == tbs.octets


def _as_published(shown: profiles.CertificateView) -> profiles.ProfileSettings:
    ours = profiles.development()
    policies = tuple(
        (kind, shown.policies[0] if kind is shown.kind else dotted)
        for kind, dotted in ours.policies
    )
    return profiles.ProfileSettings(environment="published", policies=policies)


def _draft_of(shown: profiles.CertificateView, public_key: bytes) -> profiles.Draft:
    text = dict(shown.fields)
    subject: profiles.Subject
    tbs_name = text["subject"]
    if shown.kind is CertificateKind.DEVICE:
        assert shown.identity is not None
        subject = profiles.DeviceSubject(device=shown.identity, hw_type=der.oid(text["hwType"])[2:])
    elif shown.identity is not None:
        assert shown.role is not None
        name = tbs_name.removeprefix("CN=").split(",")[0] if tbs_name.startswith("CN=") else None
        subject = profiles.OrganisationSubject(
            entity=shown.identity, role=shown.role, common_name=name
        )
    else:
        subject = profiles.AuthoritySubject(
            common_name=tbs_name.rpartition("=")[2], role=shown.role
        )
    assert shown.authority_key is not None
    assert shown.usage is not None
    return profiles.Draft(
        kind=shown.kind,
        serial=shown.serial,
        issuer=profiles.Issuer(
            kind=shown.kind.issuer, name=shown.issuer, key_identifier=shown.authority_key
        ),
        subject=subject,
        usage=shown.usage,
        public_key=public_key,
        not_before=shown.not_before,
        not_after=shown.not_after,
    )
