"""Emergencies: who may call a body together, who is called, what they are told, and what must be before it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.known import Held

from smki.governance.convening import CRITERIA, DO_NOT_USE, calls_for, criteria_of, told
from smki.governance.encoding import encode_entity, parse_entity
from smki.governance.entities import Entity
from smki.governance.entities.bodies import (
    Alternate,
    BodyKind,
    Committee,
    EmergencyCriterion,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.convening import Call, Choice, Convening
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingKind
from smki.governance.entities.minutes import Resolution, Verb
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_convening import CONVENING

AT = datetime(2016, 2, 1, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
PEOPLE = tuple(
    Person(ref=one, name=one.title(), channel=channel)
    for one, channel in (
        ("ada", "sealed mail ada"),
        ("bo", ""),
        ("cy", "sealed mail cy"),
        ("dee", "sealed mail dee"),
        ("eve", ""),
        ("fay", ""),
    )
)
CHAIR = Seat(ref="QPA/c", body="QPA", category=SeatCategory.CHAIR, votes=False, holder="ada")
SEATS = (
    CHAIR,
    replace(CHAIR, ref="QPA/1", category=SeatCategory.NETWORKS, votes=True, holder="bo"),
    replace(CHAIR, ref="QPA/2", category=SeatCategory.OPERATOR, holder="dee"),
    replace(CHAIR, ref="QPA/3", category=SeatCategory.SECRETARIAT, holder="eve"),
    replace(CHAIR, ref="QPA/4", category=SeatCategory.ADVISER, holder="fay"),
)
STANDS_IN = Alternate(ref="QPA/1/cy", seat="QPA/1", person="cy")
MEETING = Meeting(
    ref="QPA_20_0102",
    body="QPA",
    number=20,
    held_on=AT.date(),
    kind=MeetingKind.EMERGENCY,
)
NEXT = replace(MEETING, ref="QPA_21_0803", number=21, kind=MeetingKind.ORDINARY)
ITEM = AgendaItem(ref="QPA_20_0102/1", meeting=MEETING.ref, number=1, heading="The key")
RESOLVED = Resolution(
    ref="QPA_20_0102/1/1",
    item=ITEM.ref,
    place=1,
    verb=Verb.DECIDED,
    bodies=("QPA",),
    text="The key is not used.",
    short_notice=True,
)
RATIFIED = replace(RESOLVED, ref="QPA_20_0102/1/2", short_notice=False, ratifies=RESOLVED.ref)
PEOPLE_AND_BODY = (BODY, *PEOPLE, *SEATS, STANDS_IN, MEETING, NEXT, ITEM, RESOLVED, RATIFIED)
USE = Choice(text="Use the recovery key.")
CALLS = calls_for(BODY, Held(*PEOPLE_AND_BODY), AT.date())
CALLED = Convening(
    ref="QPA/e1",
    body="QPA",
    criterion="key-compromise",
    circumstances="A custodian lost a share.",
    triggered_by="dee",
    triggered=AT,
    options=(USE, DO_NOT_USE),
    calls=CALLS,
)
SENT = replace(CALLED, calls=tuple(replace(one, sent=AT) for one in CALLS))
REGISTER = Held(*PEOPLE_AND_BODY, SENT)


def refused(
    entity: Entity, *, by: str = "", register: Held = REGISTER, at: datetime = LATER
) -> list[str]:
    """The rules that say no to this step; each with a clause."""
    change = Change(at=at, by=by, said="", entities=(entity,))
    findings = decide_change(change, register, CONVENING)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.") for one in findings]


def acknowledged(person: str) -> Convening:
    """The convening with that person's acknowledgement."""
    return replace(
        SENT,
        calls=tuple(
            replace(one, acknowledged=LATER) if one.person == person else one for one in SENT.calls
        ),
    )


def new(**attributes: object) -> Convening:
    """Another convening, with these attributes."""
    return replace(CALLED, ref="QPA/e2", **attributes)  # type: ignore[arg-type]  # by name


@pytest.mark.clause("sec:L10.9")
def test_who_votes_presides_or_writes_is_called() -> None:
    """One for each such seat; where the holder has no channel, who stands in and has one."""
    assert [(one.person, one.seat, one.channel) for one in CALLS] == [
        ("ada", "QPA/c", "sealed mail ada"),
        ("cy", "QPA/1", "sealed mail cy"),
        ("eve", "QPA/3", ""),
    ]


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize(
    "entity",
    [
        new(),
        new(options=(Choice(text="Do not use the key"), USE)),
        new(calls=(replace(CALLS[0]), Call(person="bo", seat="QPA/1"), CALLS[2])),
        acknowledged("ada"),
        replace(SENT, options=(*SENT.options, Choice(text="Wait."))),
        replace(SENT, calls=(*SENT.calls, Call(person="fay", seat="QPA/4"))),
        replace(SENT, stood_down=LATER),
        replace(
            SENT,
            meeting=MEETING.ref,
            chosen=DO_NOT_USE.text,
            resolution=RESOLVED.ref,
            ratified_by=RATIFIED.ref,
        ),
        replace(BODY, convening=CRITERIA[:1]),
    ],
)
def test_what_is_in_order_is_kept(entity: Entity) -> None:
    """Called, sent, acknowledged, resolved upon, ratified, stood down: nothing is refused."""
    assert refused(entity) == []


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize(
    ("entity", "rule"),
    [
        (new(criterion="boredom"), "criterion"),
        (new(triggered_by="bo"), "trigger"),
        (new(criterion="direction"), "trigger"),
        (new(triggered=LATER + timedelta(1)), "instant"),
        (new(options=(USE,)), "options"),
        (new(options=(USE, USE, DO_NOT_USE)), "options"),
        (new(options=(Choice(text=" "), DO_NOT_USE)), "options"),
        (new(circumstances=" "), "circumstances"),
        (new(calls=CALLS[1:]), "called"),
        (new(calls=(*CALLS, CALLS[0])), "calls"),
        (new(calls=(*CALLS, Call(person="zoe", seat="QPA/9"))), "calls"),
        (new(calls=(replace(CALLS[0], acknowledged=AT), *CALLS[1:])), "calls"),
        (replace(SENT, circumstances="Nothing much."), "stays"),
        (replace(SENT, options=SENT.options[1:]), "stays"),
        (replace(SENT, calls=SENT.calls[1:]), "calls"),
        (replace(SENT, calls=(replace(SENT.calls[0], sent=LATER), *SENT.calls[1:])), "calls"),
        (replace(SENT, meeting=NEXT.ref), "meeting"),
        (replace(SENT, chosen=USE.text), "chosen"),
        (replace(SENT, chosen="Other.", resolution=RESOLVED.ref), "chosen"),
        (replace(SENT, chosen=USE.text, resolution=RATIFIED.ref), "resolution"),
        (
            replace(SENT, chosen=USE.text, resolution=RESOLVED.ref, ratified_by=RESOLVED.ref),
            "ratified",
        ),
        (
            replace(SENT, chosen=USE.text, resolution=RESOLVED.ref, stood_down=LATER),
            "stood-down",
        ),
    ],
)
def test_what_is_not_in_order_is_refused(entity: Entity, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert set(refused(entity)) == {f"convening.{rule}"}


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize(
    ("entity", "by", "rules"),
    [
        (acknowledged("ada"), "ada", []),
        (acknowledged("ada"), "eve", []),
        (acknowledged("cy"), "cy", []),
        (acknowledged("ada"), "cy", ["convening.by"]),
        (acknowledged("ada"), "dee", ["convening.by"]),
        (replace(SENT, stood_down=LATER), "dee", ["convening.by"]),
        (replace(SENT, stood_down=LATER), "eve", []),
        (new(), "dee", []),
        (new(), "eve", []),
        (new(), "bo", ["convening.by"]),
    ],
)
def test_each_says_what_is_theirs_to_say(entity: Convening, by: str, rules: list[str]) -> None:
    """Each acknowledges for themselves, who triggers it puts it; all else is the secretariat's."""
    assert refused(entity, by=by) == rules


def test_a_body_may_have_criteria_of_its_own() -> None:
    """Its own go before the defaults; one without a text or without who may trigger is none."""
    own = EmergencyCriterion(name="fire", text="It burns.", triggered_by=(SeatCategory.NETWORKS,))
    body = replace(BODY, convening=(own,))
    register = REGISTER.with_these(body)
    assert criteria_of(BODY) == CRITERIA
    assert refused(new(criterion="fire", triggered_by="bo"), register=register) == []
    assert refused(new(), register=register) == ["convening.criterion"]
    for wrong in (replace(own, text=""), replace(own, triggered_by=())):
        assert refused(replace(BODY, convening=(wrong,))) == ["body.convening"]
    assert refused(replace(BODY, convening=(own, own))) == ["body.convening"]


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("label", "permitted", "tells"),
    [
        (Label.AMBER, Label.AMBER, True),
        (Label.RED, Label.AMBER, False),
        (Label.AMBER, Label.WHITE, False),
        (None, Label.AMBER, True),
    ],
)
def test_a_message_says_what_its_channel_may_carry(
    *, label: Label | None, permitted: Label, tells: bool
) -> None:
    """Above that, and to who may not read it, the message says only that they are called."""
    one = replace(CALLED, label=label)
    found = told(one, one.calls[0], REGISTER, permitted)
    assert found is not None
    assert "You are called to an emergency meeting of QPA." in found.text
    assert ("custodian" in found.text) is tells
    assert ("Do not use the key." in found.text) is tells
    assert found.text.startswith(f"Classification: {'Amber' if tells else 'White'}\n")
    assert (found.label is Label.WHITE) is not tells


def test_who_may_not_read_it_is_told_no_more() -> None:
    """Somebody of no seat is called by name, and learns no circumstances; nobody is told of nobody."""
    guest = Call(person="zoe", seat="QPA/9", channel="sealed mail zoe")
    register = REGISTER.with_these(Person(ref="zoe", name="Zoe"))
    found = told(CALLED, guest, register)
    assert found is not None
    assert "custodian" not in found.text
    assert told(CALLED, guest, REGISTER) is None


@pytest.mark.parametrize(
    ("entity", "standing"),
    [
        (SENT, "called"),
        (
            replace(SENT, calls=tuple(replace(one, acknowledged=LATER) for one in SENT.calls)),
            "acknowledged",
        ),
        (replace(SENT, resolution="r"), "resolved"),
        (replace(SENT, resolution="r", ratified_by="s"), "ratified"),
        (replace(SENT, stood_down=LATER), "stood down"),
    ],
)
def test_how_far_it_is_can_be_asked_for(entity: Convening, standing: str) -> None:
    """Called, acknowledged by all, resolved upon, ratified, stood down; and it reads as it was written."""
    assert entity.standing == standing
    assert parse_entity(entity.key, encode_entity(entity)) == entity
