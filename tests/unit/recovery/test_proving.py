"""A recovery is proven from its evidence alone; whatever is changed in it, or in the report, is named."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.support.evidence import POLICIES, Recovery
from tests.support.evidence_changes import (
    NONE,
    before,
    changed,
    examined,
    inspects,
    places,
    reports,
    rooted,
    said_of,
    set_row,
    told,
    turned,
)
from tests.support.evidence_people import people
from tests.support.evidence_story import Story
from tests.support.recovering import AT, CONTINGENCY, MODES, RECOVERY

from smki.recovery import Compromised
from smki.recovery.evidence import Attack, EvidenceKind, Item, Tried, Turn, Vouched
from smki.recovery.evidence_bundles import inspections, rosters
from smki.recovery.proving import examine, prove
from smki.recovery.proving_authority import Authorities
from smki.recovery.proving_figures import Result
from smki.recovery.proving_materials import told_by
from smki.recovery.replacing import BROKER_CELL
from smki.recovery.report import (
    Criterion,
    Earlier,
    Figures,
    Listed,
    RunKind,
    encode_report,
    parse_report,
)
from smki.terms import Malformed
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_what_is_right_is_proven(
    recoveries: dict[CredentialsReplacementMode, Recovery], mode: CredentialsReplacementMode
) -> None:
    """All that was done is counted as it was, by either key, and nothing is found wrong."""
    story = recoveries[mode].story
    library, report = story.written()
    looked: list[int] = []
    found = prove(report, library, NONE, looked.append)
    assert found.findings == ()
    assert sum(looked) == 10
    figures = found.figures
    assert (figures.devices, figures.recovered) == (10, 7)
    assert (figures.answered, figures.read_back, figures.commands) == (6, 1, 17)
    assert {one.name for one in figures.residue} == {
        "partly: no room",
        "refused: no room",
        "silent: no answer in time",
    }
    assert report.passed
    assert report.residue == 3
    assert found.inspectors == ("First Meter Maker/files-1",)
    assert (Criterion.APEX in found.results) == (mode is CONTINGENCY)
    assert all(result.passed for result in found.results.values())
    assert found.results[Criterion.INSPECTION].of == 7
    assert found.results[Criterion.OUTDATED].of == found.results[Criterion.FURTHER].of == 5


@pytest.mark.clause("sec:L10")
def test_what_the_inspection_does_not_find_fails_its_criterion(right: Story) -> None:
    """An inspection that disagrees is no fault of the evidence: the criterion fails, the device is told."""
    story = changed(right, lambda s: inspects(s, 3))
    library, report = story.written()
    found = prove(report, library, NONE)
    assert found.findings == ()
    result = found.results[Criterion.INSPECTION]
    assert (result.held, result.of) == (6, 7)
    assert "access_control_broker/key_agreement/management" in found.remarks[0]
    assert not report.passed
    hidden = tuple(
        replace(one, held=one.of, passed=True) if one.name == Criterion.INSPECTION.value else one
        for one in report.checks
    )
    found = prove(replace(report, checks=hidden), library, NONE)
    assert "inspection-agrees: 7 of 7, the evidence gives 6 of 7" in said_of(found.findings)


@pytest.mark.clause("sec:L10")
def test_what_is_left_of_the_attacker_is_named(right: Story) -> None:
    """A certificate of the thief's in any cell, or an effect that lasts, fails the criterion."""
    his = next(one for one in right.placed[0].old if one.cell == BROKER_CELL).certificate
    tried = Tried(what="puts certificates into cells", sent=9, obeyed=2, undone=2)
    attack = Attack(compromised=Compromised.ORGANISATION, planted=(his,), tried=(tried,))
    gone = examined(changed(right, lambda s: setattr(s, "attack", attack)))
    assert gone.findings == ()
    assert gone.results[Criterion.ATTACKER] == Result(held=9, of=9)
    lasting = replace(attack, tried=(replace(tried, undone=1),))
    left = examined(changed(right, lambda s: setattr(s, "attack", lasting)))
    assert left.results[Criterion.ATTACKER] == Result(held=8, of=9)
    assert "lasts on 1 of 2 devices" in left.remarks[0]

    def held(story: Story) -> None:
        story.attack = attack
        inspects(story, 0, told_by(his))

    there = examined(changed(right, held))
    assert there.results[Criterion.ATTACKER] == Result(held=8, of=9)
    assert "the thief's certificate is in access_control_broker" in there.remarks[0]


@pytest.mark.clause("sec:L10")
def test_what_a_device_held_of_the_thiefs_is_counted(right: Story) -> None:
    """A device that held the thief's certificate when it was commanded is counted, and is right."""
    his = next(one for one in right.placed[0].old if one.cell == BROKER_CELL).certificate
    attack = Attack(compromised=Compromised.ORGANISATION, planted=(his,), tried=())

    def robbed(story: Story) -> None:
        story.attack = attack
        before(story, 0)

    found = examined(changed(right, robbed))
    assert found.findings == ()
    assert found.figures.foreign == 1


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("kind", EvidenceKind, ids=lambda kind: kind.value)
def test_evidence_that_is_changed_or_not_there_is_named(right: Story, kind: EvidenceKind) -> None:
    """Of each kind: an octet more, another item in its place, and none at all are told."""
    with_attack = changed(
        right,
        lambda s: setattr(
            s, "attack", Attack(compromised=Compromised.ORGANISATION, planted=(), tried=())
        ),
    )
    library, report = with_attack.written()
    for name, item in list(library.items.items()):
        if item.kind is kind:
            library.items[name] = replace(item, octets=item.octets + b" ")
            assert f"{name}: has another digest" in said_of(prove(report, library, NONE).findings)
            del library.items[name]
            assert f"{name}: not in the record" in said_of(prove(report, library, NONE).findings)
            library.items[name] = item
    some = [one for one in report.evidence if one.kind is kind]
    assert some
    assert prove(report, library, NONE).findings == ()


def test_a_planted_certificate_that_is_none_is_named(right: Story) -> None:
    """What an attacker planted must be certificates, or is told."""
    real = right.placed[0].new[0].certificate
    subject = parse_certificate(real).tbs.subject
    nameless = real.replace(subject, subject[:6] + b"\x0e" + subject[7:])  # an attribute of no type
    for planted, said in ((b"his", "planted: certificate"), (nameless, "planted: name.Name")):
        story = changed(right, lambda _: None)
        story.attack = Attack(compromised=Compromised.ORGANISATION, planted=(planted,), tried=())
        assert said in told(story)


def test_evidence_of_another_form_is_named(right: Story) -> None:
    """A document and a bundle that are listed by their digests, but are none, are told."""
    library, report = right.written()
    for kind in (EvidenceKind.NOTES, EvidenceKind.ROSTER, EvidenceKind.TRANSCRIPT):
        listed = next(one for one in report.evidence if one.kind is kind)
        whole = library.items[listed.name]
        other = Item(kind=kind, name=listed.name, octets=b"{}x")
        library.items[listed.name] = other
        evidence = tuple(
            replace(one, sha256=other.digest) if one is listed else one for one in report.evidence
        )
        said = said_of(examine(right.about, evidence, library, NONE).findings)
        assert f"{listed.name}: " in said
        library.items[listed.name] = whole


@pytest.mark.clause("sec:L10")
def test_a_device_counted_twice_is_named(right: Story) -> None:
    """A device in two bundles of the roster, or of another kind, is told and counted once."""
    library, report = right.written()
    (again,) = rosters(right.roster[:1])
    library.items["roster-000002"] = replace(again, name="roster-000002")
    listed = next(one for one in report.evidence if one.kind is EvidenceKind.ROSTER)
    more = replace(listed, name="roster-000002", sha256=again.digest)
    found = prove(replace(report, evidence=(*report.evidence, more)), library, NONE)
    assert "in roster twice, or out of order" in said_of(found.findings)
    assert found.figures.devices == 10


@pytest.mark.clause("sec:L10")
def test_two_inspectors_look_at_devices_of_their_own(right: Story) -> None:
    """Each has bundles of their own, whatever the order of their devices; both are named."""
    library, report = right.written()
    listed = [one for one in report.evidence if one.kind is not EvidenceKind.INSPECTIONS]
    for number, rows in enumerate((right.found[::2], right.found[1::2])):
        (item,) = inspections(
            rows,
            recovery=right.about.name,
            by="somebody",
            at=AT,
            sign=people().maker.sign,
            authorities=(),
        )
        name = f"inspections-{number:03}-000001"
        library.items[name] = replace(item, name=name)
        listed.append(Listed(kind=item.kind, name=name, sha256=item.digest, entry=number))
    assert prove(replace(report, evidence=tuple(listed)), library, NONE).findings == ()


@pytest.mark.clause("sec:L10")
def test_every_figure_and_criterion_of_the_report_is_compared(right: Story) -> None:
    """Each figure that is changed, and each criterion that is changed, hidden or made up, is told."""
    library, report = right.written()
    for name in Figures.__slots__:
        value = getattr(report.figures, name)
        other: object = value[:-1] if isinstance(value, tuple) else None
        if isinstance(value, int):
            other = value + 1
        if isinstance(value, datetime):
            other = value + timedelta(seconds=1)
        figures = replace(report.figures, **{name: other})  # type: ignore[arg-type]  # of its kind
        said = said_of(prove(replace(report, figures=figures), library, NONE).findings)
        assert f"figures: {name}: " in said
    for number, check in enumerate(report.checks):
        others = report.checks[:number] + report.checks[number + 1 :]
        hidden = prove(replace(report, checks=others), library, NONE)
        assert f"{check.name}: is not in it" in said_of(hidden.findings)
        worse = (*others, replace(check, held=check.held - 1))
        changed_ = prove(replace(report, checks=worse), library, NONE)
        assert f"{check.name}: {check.held - 1} of {check.of}" in said_of(changed_.findings)
    about = replace(right.about, commander="First Meter Maker")
    found = prove(replace(report, subject=about), library, NONE)
    assert "inspection-agrees: 7 of 7, the evidence gives 0 of 7" in said_of(found.findings)


@pytest.mark.clause("sec:L10")
def test_a_criterion_without_evidence_is_named(
    recoveries: dict[CredentialsReplacementMode, Recovery],
) -> None:
    """A criterion of the contingency key has no place in a recovery by the recovery key."""
    library, report = recoveries[RECOVERY].story.written()
    made_up = replace(report.checks[0], name=Criterion.APEX.value)
    found = prove(replace(report, checks=(*report.checks, made_up)), library, NONE)
    assert "apex-key: there is no evidence for it" in said_of(found.findings)


def test_a_version_supersedes_an_earlier_one(right: Story) -> None:
    """1.10 is later than 1.9, and nothing supersedes what is as late as itself."""
    library, report = right.written()
    earlier = Earlier(version="1.9", sha256="0" * 64, entry=9)
    later = replace(report, version="1.10", supersedes=earlier)
    assert prove(later, library, NONE).findings == ()
    found = prove(replace(report, version="1.9", supersedes=earlier), library, NONE)
    assert "version 1.9 supersedes 1.9" in said_of(found.findings)


def test_a_rehearsal_is_marked(right: Story) -> None:
    """Under policies of rehearsals the same is a rehearsal, and is told if it says that it is not."""
    rehearsed = changed(right, lambda s: reports(s, kind=RunKind.REHEARSAL))
    rehearsed.ceremonies = {
        octets: replace(held, rehearsal=True) for octets, held in right.ceremonies.items()
    }
    library, report = rehearsed.written()
    assert examine(rehearsed.about, report.evidence, library, POLICIES).findings == ()
    found = examine(right.about, report.evidence, library, POLICIES)
    assert "must be none of rehearsals" in said_of(found.findings)


def test_who_has_not_obeyed_yet_and_says_so_is_none_of_the_recovered(
    recoveries: dict[CredentialsReplacementMode, Recovery],
) -> None:
    """A device that knows the broker, and says that nothing was placed, is silent and no failure."""
    recovery = recoveries[CONTINGENCY]

    def asked(story: Story) -> None:
        silent = story.exchanges[7]
        said = recovery.asked_before(silent.device)
        set_row(story.exchanges, 7, exchanges=(*silent.exchanges, said))

    found = examined(changed(recovery.story, asked))
    assert found.findings == ()
    assert found.results[Criterion.READ_BACK] == Result(held=8, of=8)
    assert found.figures.recovered == 7


def test_whoever_obeys_the_old_key_is_told(right: Story) -> None:
    """A command under the old anchors that has an effect fails the criterion, and names the device."""

    def obeyed(story: Story) -> None:
        good, _ = story.updates[0].exchanges
        set_row(story.updates, 0, exchanges=(replace(good, turn=Turn.OUTDATED),))

    found = examined(changed(right, obeyed))
    assert found.results[Criterion.OUTDATED] == Result(held=4, of=5)
    assert "obeyed a command under the old anchors" in found.remarks[0]


@pytest.mark.clause("rfc5280:6.1.3")
def test_only_authorities_vouch_for_others(right: Story) -> None:
    """The certificate of a party, though believed, makes nobody an authority."""
    made = (one for held in right.ceremonies.values() for one in held.certificates)
    authorities = Authorities(made, lambda _: None)
    issuing = right.placed[0].authorities[-1].certificate
    party = right.placed[0].new[-1].certificate
    assert authorities.add([Vouched(certificate=issuing, entry=None)]) == ()
    assert authorities.wrong_with(party, AT) == ""
    assert authorities.add([Vouched(certificate=party, entry=None)]) == (party,)
    assert authorities.wrong_with(party, AT + timedelta(days=40_000)).startswith("not valid on")
    assert authorities.wrong_with(b"none", AT).startswith("certificate")


def test_authorities_may_be_entries_of_the_record(right: Story) -> None:
    """An authority that no ceremony made is believed if the record has it at its entry."""
    without = changed(right, lambda s: rooted(s, certificates=()))
    (root,) = right.ceremonies[b'{"contingency":1}'].certificates

    def named(story: Story) -> None:
        authorities = tuple(
            Vouched(certificate=one.certificate, entry=17 if one.certificate == root else None)
            for one in story.placed[0].authorities
        )
        places(story, authorities=authorities)

    by_entry = changed(without, named)
    library, report = by_entry.written()
    library.lodged[17] = root
    assert examine(right.about, report.evidence, library, NONE).findings == ()
    library.lodged[17] = turned(root)
    said = said_of(examine(right.about, report.evidence, library, NONE).findings)
    assert "no ceremony made it" in said


def test_reports_from_before_further_decisions_were_named_are_read(right: Story) -> None:
    """Without their names as ever, with them as they are; an empty list of them is no spelling."""
    _, report = right.written()
    octets = encode_report(report)
    assert b"further_decisions" not in octets
    named = replace(report, subject=replace(report.subject, further_decisions=("PMA/4",)))
    assert parse_report(encode_report(named)) == named
    with pytest.raises(Malformed, match="one spelling"):
        parse_report(encode_report(named).replace(b'["PMA/4"]', b"[]"))


def test_reports_have_one_spelling(right: Story) -> None:
    """A report is read back as it was; out of order, of another format or cut it is malformed."""
    _, report = right.written()
    octets = encode_report(report)
    assert parse_report(octets) == report
    later = replace(
        report, version="1.1", supersedes=Earlier(version="1.0", sha256="0" * 64, entry=9)
    )
    assert parse_report(encode_report(later)) == later
    with pytest.raises(Malformed, match="by kind and name, none twice"):
        parse_report(encode_report(replace(report, evidence=report.evidence[::-1])))
    with pytest.raises(Malformed, match=r"report: version: '1.0a', must be as 1\.0"):
        parse_report(encode_report(replace(report, version="1.0a")))
    earlier = replace(report, supersedes=Earlier(version="0", sha256="0" * 64, entry=9))
    with pytest.raises(Malformed, match=r"report: supersedes.version: '0', must be as 1\.0"):
        parse_report(encode_report(earlier))
    with pytest.raises(Malformed, match="format"):
        parse_report(encode_report(replace(report, format="other")))
    for end in range(0, len(octets), 97):
        with pytest.raises(Malformed):
            parse_report(octets[:end])
