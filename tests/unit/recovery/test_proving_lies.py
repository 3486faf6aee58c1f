"""Lies of whoever holds the record and writes the report: each is named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.evidence_people import Credential, people
from tests.support.evidence_story import INCIDENT, Story, decision, kept
from tests.support.recovering import AT

from smki.governance import Decision, DecisionKind
from smki.profiles import Draft, OfficerSubject, assemble, compose, development
from smki.profiles.reading import issuer_from_certificate, policies, subject_key_identifier
from smki.recovery.evidence import Vouched
from smki.recovery.proving import Examined, examine, prove
from smki.recovery.report import Criterion
from smki.terms import CertificateKind, KeyUsage, Method, SerialNumber
from smki.wire.certificate import parse_certificate

NONE: Final[frozenset[bytes]] = frozenset()
LATER: Final = AT + timedelta(hours=81, minutes=30)


@pytest.fixture
def story(right: Story) -> Story:
    """All that it left, to be changed."""
    return replace(
        right,
        decisions=list(right.decisions),
        placed=list(right.placed),
        updates=list(right.updates),
    )


def examined(story: Story, rehearsed: frozenset[bytes] = NONE) -> Examined:
    """What its evidence comes to."""
    library, listed = story.shelved()
    return examine(story.about, listed, library, rehearsed)


def said(found: Examined) -> str:
    """All that is wrong."""
    return "\n".join(one.message for one in found.findings)


def officers_by(issuer: Credential) -> Iterator[Credential]:
    """Two officers whom the holder of a credential made up, and signed with its key."""
    tbs = parse_certificate(issuer.certificate).tbs
    genuine = issuer_from_certificate(people().issuing.certificate)
    named = replace(genuine, name=tbs.subject, key_identifier=subject_key_identifier(tbs) or b"")
    for number, name in enumerate(("chair", "secretary"), 1):
        key = rsa.generate_private_key(65537, 2048)
        point = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        octets = compose(
            Draft(
                kind=CertificateKind.IKI_OFFICER,
                serial=SerialNumber((1 << 121) + number),
                issuer=named,
                subject=OfficerSubject(
                    organisation="The authority", role_code="00", common_name=name
                ),
                usage=KeyUsage.DIGITAL_SIGNATURE,
                public_key=point,
                not_before=AT - timedelta(days=1),
                not_after=AT + timedelta(days=400),
            ),
            development(),
        )
        signature = issuer.key.sign(octets, padding.PKCS1v15(), SHA256())
        yield Credential(
            certificate=assemble(octets, signature, CertificateKind.IKI_OFFICER), key=key
        )


@pytest.mark.clause("rfc5280:6.1.3", "sec:L10.9")
def test_who_is_in_the_record_makes_no_officers(story: Story) -> None:
    """A certificate of a party, at its entry of the record, vouches for nobody it signs."""
    party = people().maker
    method = story.about.method.value
    made_up = decision("PMA/1", DecisionKind.RECOVER, INCIDENT, method)
    story.decisions[0] = kept(made_up, *officers_by(party))
    first = story.placed[0]
    vouched = Vouched(certificate=party.certificate, entry=17)
    story.placed[0] = replace(first, authorities=(*first.authorities, vouched))
    library, listed = story.shelved()
    library.lodged[17] = party.certificate
    found = examine(story.about, listed, library, NONE)
    assert "no believed authority issued it" in said(found)
    assert "'PMA/1': not among the evidence, or not to be believed" in said(found)


@pytest.mark.clause("sec:L10", "sec-app-l:3")
def test_officers_and_inspectors_of_a_rehearsal_are_none_of_a_real_recovery(story: Story) -> None:
    """Who decided and who looked are marked as the run is, as all else."""
    who = people()
    for one in (who.chair, who.maker):
        policy = frozenset(policies(parse_certificate(one.certificate).tbs))
        assert "must be none of rehearsals" in said(examined(story, policy))


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize("method", [Method.ONE, Method.BY_RECOVERY])
def test_the_key_that_signed_needs_its_decision_whatever_the_report_says(
    story: Story, method: Method
) -> None:
    """Commands by the contingency key are no subscriber's own, and none of the recovery key's."""
    who = people()
    about = decision("PMA/1", DecisionKind.RECOVER, INCIDENT, method.value)
    story.decisions[0] = kept(about, who.chair, who.secretary)
    recovery = decision("PMA/2", DecisionKind.USE_KEY, "recovery", f"{INCIDENT}: recovery")
    story.decisions[1] = kept(recovery, who.chair, who.secretary)
    named = "" if method is Method.ONE else "PMA/2"
    story.about = replace(story.about, method=method, key_decision=named)
    found = examined(story)
    assert not found.results[Criterion.AUTHORITY].passed
    assert "decision '': not among" in said(found) or "commands are by the contingency" in said(
        found
    )


@pytest.mark.clause("sec:L10.9")
def test_decisions_about_other_keys_are_each_looked_at(story: Story) -> None:
    """The symmetric key's is in force at each command; another's is signed, and about this incident."""
    who, use = people(), DecisionKind.USE_KEY
    scope = f"{INCIDENT}: contingency"
    right = decision("PMA/4", use, "contingency-symmetric", scope)
    root = decision("PMA/5", use, "root-oca", scope)
    early = AT - timedelta(minutes=30)  # before the first command
    two = (who.chair, who.secretary)
    story.about = replace(story.about, further_decisions=("PMA/4", "PMA/5"))

    def looked_at(symmetric: Decision, other: Decision = root, *, officers: int = 2) -> str:
        both = (kept(symmetric, *two), kept(other, *two[:officers]))
        changed = replace(story, decisions=[*story.decisions, *both])
        found = examined(changed)
        assert found.results[Criterion.AUTHORITY].passed is (found.wrong == 0)
        return said(found)

    assert looked_at(right, replace(root, expiry=early)) == ""
    assert "PMA/4 is in force from" in looked_at(replace(right, expiry=early))
    assert "PMA/5 is signed by 1 officer" in looked_at(right, officers=1)
    for wrong, why in (
        (replace(root, scope="INC-8: all"), "must begin with"),
        (replace(root, kind=DecisionKind.RECOVER), "PMA/5 is a recovery-method"),
        (replace(root, id="PMA/6"), "'PMA/5': not among the evidence"),
    ):
        assert why in looked_at(right, wrong)
    story.about = replace(story.about, further_decisions=("PMA/4", "PMA/2"))
    assert "PMA/2 is named twice" in looked_at(right)


@pytest.mark.clause("sec:L10.9", "sec:L10")
def test_one_decision_is_not_taken_for_two(story: Story) -> None:
    """A decision about the key alone, named for the method too, permits no method."""
    story.about = replace(story.about, decision="PMA/2")
    found = examined(story)
    assert "PMA/2 is a use-key" in said(found)
    assert not found.results[Criterion.AUTHORITY].passed


@pytest.mark.clause("sec:L10")
def test_one_device_updated_twice_hides_no_other(story: Story) -> None:
    """The further update counts once for each device, however often it succeeds."""
    first, second, *others = story.updates
    update, _ = first.exchanges
    twice = replace(update, at=LATER)
    unheard = replace(second.exchanges[0], response=b"")
    story.updates = [
        replace(first, exchanges=(update, twice)),
        replace(second, exchanges=(unheard, *second.exchanges[1:])),
        *others,
    ]
    further = examined(story).results[Criterion.FURTHER]
    assert (further.held, further.of) == (len(story.updates) - 1, len(story.updates))


@pytest.mark.clause("sec:L10")
def test_no_criterion_is_made_one_of_opinion(story: Story) -> None:
    """What the evidence decides is binary: a report that fails it cannot say that all is met."""
    story.found = []
    library, report = story.written()
    assert not report.passed
    softened = tuple(replace(one, binary=one.passed) for one in report.checks)
    found = prove(replace(report, checks=softened), library, NONE)
    assert "inspection-agrees: is said to be for people" in said(found)


@pytest.mark.clause("sec:L10")
def test_no_criterion_is_there_twice(story: Story) -> None:
    """A better result beside the right one is told, wherever it stands."""
    library, report = story.written()
    better = replace(report.checks[0], held=99, of=99)
    for checks in ((better, *report.checks), (*report.checks, better)):
        found = prove(replace(report, checks=checks), library, NONE)
        assert f"{better.name}: is there twice" in said(found)


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("defects", [(), ("D-1", "D-1"), ("D-2",)])
def test_defects_are_those_of_the_evidence(story: Story, defects: tuple[str, ...]) -> None:
    """What did not work stands in the report as it stands in the evidence, each once."""
    library, report = story.written()
    found = prove(replace(report, defects=defects), library, NONE)
    assert "the evidence has D-1" in said(found)


@pytest.mark.clause("sec:L10")
def test_a_later_version_names_the_one_before(story: Story) -> None:
    """Only the first report supersedes none: 1.1 cannot be silent about what 1.0 said."""
    library, report = story.written()
    for version in ("1.1", "0.9", "2.0"):
        found = prove(replace(report, version=version), library, NONE)
        assert f"version {version} supersedes none" in said(found)


def test_the_roots_that_all_rests_on_are_named(story: Story) -> None:
    """Whoever reads can compare them with those that they know: nothing else proves who made them."""
    roots = examined(story).roots
    assert people().root.certificate in roots
    assert all(
        parse_certificate(one).tbs.issuer == parse_certificate(one).tbs.subject for one in roots
    )
