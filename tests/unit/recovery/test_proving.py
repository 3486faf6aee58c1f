"""A recovery is proven from its evidence alone; whatever is changed in it, or in the report, is named."""

from collections.abc import Callable
from copy import copy
from dataclasses import fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest
from tests.support.evidence import POLICIES, Recovery
from tests.support.evidence_people import people
from tests.support.evidence_story import INCIDENT, Story, decision, kept
from tests.support.recovering import AT, CONTINGENCY, MODES, RECOVERY

from smki.governance import DecisionKind
from smki.recovery import Compromised, Fate, Identified
from smki.recovery.evidence import Attack, EvidenceKind, InCell, Item, Tried, Turn, Vouched
from smki.recovery.evidence_bundles import inspections, rosters
from smki.recovery.evidence_rows import Exchange
from smki.recovery.proving import Examined, examine, prove
from smki.recovery.proving_authority import Authorities
from smki.recovery.proving_figures import Result
from smki.recovery.proving_materials import told_by
from smki.recovery.replacing import BROKER_CELL, ROOT_CELL
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

NONE: Final[frozenset[bytes]] = frozenset()
NOTHING: Final = Identified(unique_id=bytes(8), key_identifier=b"12345678")
Change = Callable[[Story], object]


@pytest.fixture(scope="module")
def recoveries() -> dict[CredentialsReplacementMode, Recovery]:
    """A recovery by each key."""
    return {mode: Recovery(mode) for mode in MODES}


@pytest.fixture(scope="module")
def right(recoveries: dict[CredentialsReplacementMode, Recovery]) -> Story:
    """The recovery by the contingency key."""
    return recoveries[CONTINGENCY].story


def changed(story: Story, change: Change) -> Story:
    """The story with something changed; what was told is not touched."""
    other = copy(story)
    for field in fields(Story):
        value = getattr(story, field.name)
        if isinstance(value, list):
            setattr(other, field.name, list(value))
    change(other)
    return other


def told(story: Story) -> str:
    """What is wrong with the evidence."""
    found = examined(story)
    assert found.wrong == len(found.findings)
    return _said(found.findings)


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


def first(story: Story, change: Callable[[Exchange], Exchange]) -> None:
    """The answered exchange of the first device is another."""
    device = story.exchanges[0]
    *others, last = device.exchanges
    story.exchanges[0] = replace(device, exchanges=(*others, change(last)))


def turned(octets: bytes, place: int = -1) -> bytes:
    """A bit of it is turned."""
    other = bytearray(octets)
    other[place] ^= 1
    return bytes(other)


def answer_of(story: Story, number: int) -> bytes:
    """What that device answered."""
    return story.exchanges[number].exchanges[-1].response


def drop(rows: list[Any], number: int) -> None:
    """A row is not there."""
    del rows[number]


def replays(story: Story) -> None:
    """An answer to an earlier command is given for one to a later."""
    device = story.exchanges[0]
    unheard, heard = device.exchanges
    again = replace(unheard, at=AT + timedelta(hours=3), response=b"")
    later = replace(again, command=heard.command, response=heard.response)
    mixed = (heard, replace(later, command=unheard.command))
    story.exchanges[0] = replace(device, exchanges=mixed)


def unanswered(story: Story) -> None:
    """The first device gave no answer at all."""
    first(story, lambda one: replace(one, response=b""))
    drop(story.read_backs, 0)


EXCHANGES: Final[dict[str, tuple[Change, str]]] = {
    "command-signature": (
        lambda s: first(s, lambda one: replace(one, command=turned(one.command))),
        "command of turn commanded: signature does not hold",
    ),
    "command-payload": (
        lambda s: first(s, lambda one: replace(one, command=turned(one.command, 900))),
        "signature does not hold|places another certificate|command of turn commanded",
    ),
    "command-cut": (
        lambda s: first(s, lambda one: replace(one, command=one.command[:-1])),
        "command of turn commanded: GBCS message",
    ),
    "command-of-another": (
        lambda s: first(s, lambda one: replace(one, command=s.exchanges[2].exchanges[-1].command)),
        "is for another device",
    ),
    "response-signature": (
        lambda s: first(s, lambda one: replace(one, response=turned(one.response))),
        "response of turn commanded: signature does not hold",
    ),
    "response-payload": (
        lambda s: first(s, lambda one: replace(one, response=turned(one.response, 120))),
        "response of turn commanded",
    ),
    "response-of-another": (
        lambda s: first(s, lambda one: replace(one, response=answer_of(s, 2))),
        "answers command",
    ),
    "old-response": (replays, "has counter|answers command"),
    "no-response": (
        unanswered,
        "said to be recovered, its exchanges show nothing",
    ),
    "out-of-time": (
        lambda s: first(s, lambda one: replace(one, at=AT - timedelta(minutes=1))),
        "not in the order of time",
    ),
    "too-late": (
        lambda s: first(s, lambda one: replace(one, at=AT + timedelta(days=13))),
        "decision PMA/1 is in force from",
    ),
}


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("name", EXCHANGES)
def test_each_change_of_what_was_said_is_named(right: Story, name: str) -> None:
    """A command or a response that is not the one that there was is told, with its device."""
    change, said = EXCHANGES[name]
    found = told(changed(right, change))
    assert any(part in found for part in said.split("|")), found


def set_row(rows: list[Any], number: int, **values: object) -> None:
    """A row has other values."""
    rows[number] = replace(rows[number], **values)


def reports(story: Story, **values: object) -> None:
    """What it is about is told otherwise."""
    story.about = replace(story.about, **values)  # type: ignore[arg-type]  # values are of its fields


def decides(story: Story, place: int, **values: object) -> None:
    """A decision is another, signed by the same."""
    who = people()
    key = place == 1
    made = decision(
        f"PMA/{place + 1}",
        DecisionKind.USE_KEY if key else DecisionKind.RECOVER,
        "contingency" if key else INCIDENT,
        f"{INCIDENT}: recovery" if key else story.about.method.value,
    )
    other = replace(made, **values)  # type: ignore[arg-type]  # values are of its fields
    story.decisions[place] = kept(other, who.chair, who.secretary)


def places(story: Story, **values: object) -> None:
    """What was placed is told otherwise."""
    story.placed[0] = replace(story.placed[0], **values)  # type: ignore[arg-type]  # values are of its fields


def turns(story: Story, number: int, place: int, turn: Turn) -> None:
    """An exchange of the further updates is said to have been for something else."""
    some = list(story.updates[number].exchanges)
    some[place] = replace(some[place], turn=turn)
    set_row(story.updates, number, exchanges=tuple(some))


def outdates(story: Story, **values: Any) -> None:
    """The first command under the old anchors is another."""
    first_, last = story.updates[0].exchanges
    set_row(story.updates, 0, exchanges=(first_, replace(last, **values)))


def repeats_outdated(story: Story) -> None:
    """The command under the old anchors is one that was sent before."""
    used = story.updates[0].exchanges[0]
    outdates(story, command=used.command)


def asks(story: Story, **values: Any) -> None:
    """The first device is asked something else."""
    (asked,) = story.read_backs[0].exchanges
    set_row(story.read_backs, 0, exchanges=(replace(asked, **values),))


def rooted(story: Story, octets: bytes = b'{"contingency":1}', **values: object) -> None:
    """A ceremony is told otherwise; by default the one that made the new root."""
    held = replace(story.ceremonies[octets], **values)  # type: ignore[arg-type]  # values are of its fields
    story.ceremonies = {**story.ceremonies, octets: held}


def made_at_first(story: Story) -> tuple[bytes, ...]:
    """The certificates of the first ceremony; the last is the root of people's credentials."""
    return story.ceremonies[b'{"roots":1}'].certificates


def inspects(story: Story, number: int, held: Identified = NOTHING) -> None:
    """The inspection finds something else in a cell."""
    row = story.found[number]
    other = {**row.found, BROKER_CELL: held}
    story.found[number] = replace(row, found=other)


def before(story: Story, number: int) -> None:
    """The roster says that a device held something else before."""
    row = story.roster[number]
    held = MappingProxyType({**row.before, BROKER_CELL: NOTHING})
    story.roster[number] = replace(row, before=held)


OTHERS: Final[dict[str, tuple[Change, str]]] = {
    "fate": (
        lambda s: set_row(s.outcomes, 7, fate=Fate.RECOVERED),
        "said to be recovered, its exchanges show nothing",
    ),
    "fate-worse": (
        lambda s: set_row(s.outcomes, 0, fate=Fate.SILENT),
        "said to be silent, its exchanges show recovered",
    ),
    "no-outcome": (lambda s: drop(s.outcomes, 7), "nothing says what became of it"),
    "not-in-roster": (
        lambda s: drop(s.roster, 7),
        "in exchanges, not in the roster",
    ),
    "before": (lambda s: before(s, 0), "held what it did not hold by the roster"),
    "certificate": (
        lambda s: set_row(s.roster, 0, certificate=s.roster[1].certificate),
        "certificate: is of ",
    ),
    "certificate-signature": (
        lambda s: set_row(s.roster, 0, certificate=turned(s.roster[0].certificate)),
        "certificate: ",
    ),
    "incident": (lambda s: reports(s, incident="INC-2"), "must be about 'INC-2'"),
    "method": (
        lambda s: decides(s, 0, scope="method-1"),
        "has the scope 'method-1', must have 'by-contingency'",
    ),
    "expired": (
        lambda s: decides(s, 0, not_before=AT - timedelta(hours=20), expiry=AT),
        "decision PMA/1 is in force from",
    ),
    "later": (
        lambda s: decides(s, 1, not_before=AT + timedelta(hours=1)),
        "decision PMA/2 is in force from",
    ),
    "another-key": (lambda s: decides(s, 1, object="root-oca"), "is about 'root-oca'"),
    "another-incident": (
        lambda s: decides(s, 1, scope="INC-9: recovery"),
        "must begin with 'INC-1: '",
    ),
    "conditions": (lambda s: decides(s, 0, conditions=("if so",)), "has conditions"),
    "one-officer": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[0].signatures[:1]),
        "is signed by 1 officer, must be by 2",
    ),
    "other-credential": (
        lambda s: set_row(
            s.decisions,
            0,
            signatures=(people().maker.sign(s.decisions[0].decision),) * 2,
        ),
        "another kind of credential, must be iki-officer",
    ),
    "same-officer": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[0].signatures[:1] * 2),
        "is signed by 1 officer, must be by 2",
    ),
    "signature": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[1].signatures),
        "was made over other octets",
    ),
    "no-decision": (lambda s: drop(s.decisions, 1), "'PMA/2': not among the evidence"),
    "no-approval": (lambda s: drop(s.decisions, 2), "'PMA/3' is not among the evidence"),
    "officer-of-nobody": (
        lambda s: rooted(s, b'{"roots":1}', certificates=made_at_first(s)[:4]),
        "no believed authority issued it",
    ),
    "root-of-no-ceremony": (
        lambda s: rooted(s, certificates=()),
        "no ceremony made it",
    ),
    "placed-not": (
        lambda s: places(s, new=s.placed[0].new[:-1]),
        "places another certificate in",
    ),
    "placed-partly": (
        lambda s: places(s, new=s.placed[0].new[:-1]),
        "must be in every cell",
    ),
    "outdated-by-another-key": (
        lambda s: turns(s, 0, 0, Turn.OUTDATED),
        "command under the old anchors: is not signed by one of their keys",
    ),
    "outdated-counter": (
        repeats_outdated,
        "has a counter that was used before",
    ),
    "outdated-for-another": (
        lambda s: outdates(s, command=s.updates[1].exchanges[1].command),
        "command under the old anchors: is for another device",
    ),
    "read-back-answered-by-no-message": (
        lambda s: asks(s, response=b"x"),
        "response of turn read-back: ",
    ),
    "read-back-answered-to-another": (
        lambda s: asks(s, response=s.read_backs[1].exchanges[0].response),
        "response of turn read-back: answers command",
    ),
    "read-back-of-another": (
        lambda s: asks(s, command=s.read_backs[1].exchanges[0].command),
        "read-back: is for another device",
    ),
    "read-back-otherwise": (
        lambda s: asks(s, command=s.updates[0].exchanges[0].command),
        "read-back: another use case",
    ),
    "placed-twice": (
        lambda s: s.placed.append(s.placed[0]),
        "once for each turn",
    ),
    "placed-nowhere": (lambda s: drop(s.placed, 0), "and of the recovery"),
    "placed-broken": (
        lambda s: places(s, new=(InCell(cell=ROOT_CELL, certificate=b"no"),)),
        "certificate",
    ),
    "originator": (lambda s: places(s, originators=()), "must be of who commands"),
    "inspector-commands": (
        lambda s: setattr(s, "inspector", people().commander),
        "looked and commands or decided, must be somebody else",
    ),
    "inspector-decides": (
        lambda s: setattr(s, "inspector", people().chair),
        "another kind of credential",
    ),
    "another-recovery": (lambda s: reports(s, name="second"), "is of 'first', must be of 'second'"),
    "rehearsal": (lambda s: reports(s, kind=RunKind.REHEARSAL), "must be one of rehearsals"),
    "exercise-of-no-list": (
        lambda s: reports(s, kind=RunKind.LIVE_EXERCISE, incident="EX-1@" + "0" * 64),
        "must be a live exercise of the list that they name",
    ),
    "incident-of-a-list": (
        lambda s: reports(s, incident="INC-1@" + "0" * 64),
        "must be a live exercise of the list that they name",
    ),
    "rehearsed-root": (lambda s: rooted(s, rehearsal=True), "must be of the run's own kind"),
}


@pytest.mark.clause("sec:L10", "sec:L10.9")
@pytest.mark.parametrize("name", OTHERS)
def test_each_change_of_other_evidence_is_named(right: Story, name: str) -> None:
    """Whatever else is changed is told, in words that say what it must be."""
    change, said = OTHERS[name]
    found = told(changed(right, change))
    assert said in found, found


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
    assert "inspection-agrees: 7 of 7, the evidence gives 6 of 7" in _said(found.findings)


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
            assert f"{name}: has another digest" in _said(prove(report, library, NONE).findings)
            del library.items[name]
            assert f"{name}: not in the record" in _said(prove(report, library, NONE).findings)
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
        said = _said(examine(right.about, evidence, library, NONE).findings)
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
    assert "in roster twice, or out of order" in _said(found.findings)
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
        said = _said(prove(replace(report, figures=figures), library, NONE).findings)
        assert f"figures: {name}: " in said
    for number, check in enumerate(report.checks):
        others = report.checks[:number] + report.checks[number + 1 :]
        hidden = prove(replace(report, checks=others), library, NONE)
        assert f"{check.name}: is not in it" in _said(hidden.findings)
        worse = (*others, replace(check, held=check.held - 1))
        changed_ = prove(replace(report, checks=worse), library, NONE)
        assert f"{check.name}: {check.held - 1} of {check.of}" in _said(changed_.findings)
    about = replace(right.about, commander="First Meter Maker")
    found = prove(replace(report, subject=about), library, NONE)
    assert "inspection-agrees: 7 of 7, the evidence gives 0 of 7" in _said(found.findings)


@pytest.mark.clause("sec:L10")
def test_a_criterion_without_evidence_is_named(
    recoveries: dict[CredentialsReplacementMode, Recovery],
) -> None:
    """A criterion of the contingency key has no place in a recovery by the recovery key."""
    library, report = recoveries[RECOVERY].story.written()
    made_up = replace(report.checks[0], name=Criterion.APEX.value)
    found = prove(replace(report, checks=(*report.checks, made_up)), library, NONE)
    assert "apex-key: there is no evidence for it" in _said(found.findings)


def test_a_version_supersedes_an_earlier_one(right: Story) -> None:
    """1.10 is later than 1.9, and nothing supersedes what is as late as itself."""
    library, report = right.written()
    earlier = Earlier(version="1.9", sha256="0" * 64, entry=9)
    later = replace(report, version="1.10", supersedes=earlier)
    assert prove(later, library, NONE).findings == ()
    found = prove(replace(report, version="1.9", supersedes=earlier), library, NONE)
    assert "version 1.9 supersedes 1.9" in _said(found.findings)


def test_a_rehearsal_is_marked(right: Story) -> None:
    """Under policies of rehearsals the same is a rehearsal, and is told if it says that it is not."""
    rehearsed = changed(right, lambda s: reports(s, kind=RunKind.REHEARSAL))
    rehearsed.ceremonies = {
        octets: replace(held, rehearsal=True) for octets, held in right.ceremonies.items()
    }
    library, report = rehearsed.written()
    assert examine(rehearsed.about, report.evidence, library, POLICIES).findings == ()
    found = examine(right.about, report.evidence, library, POLICIES)
    assert "must be none of rehearsals" in _said(found.findings)


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
    said = _said(examine(right.about, report.evidence, library, NONE).findings)
    assert "no ceremony made it" in said


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


def examined(story: Story) -> Examined:
    """What its evidence comes to."""
    library, listed = story.shelved()
    return examine(story.about, listed, library, NONE)


def _said(findings: tuple[Any, ...]) -> str:
    return "\n".join(one.message for one in findings)
