"""Who may read what: by label, body, presence and what was given out."""

from dataclasses import replace
from datetime import date

import pytest
from tests.support.classified import (
    AMBER_BODY,
    BODIES,
    CONFIDENTIAL,
    DAY,
    ITEMS,
    JOINT,
    JOINT_BODY,
    MET,
    OPEN,
    PAPER,
    PEOPLE,
    RED_BODY,
    RED_FOUR,
    RESOLVED,
    SEATS,
    STUB,
    register,
    who,
)

from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import Alternate, Handling, SeatCategory
from smki.governance.entities.minutes import Comment, Paragraph
from smki.governance.entities.outputs import Alias, Output, OutputAct
from smki.governance.labels import Label
from smki.governance.reading import (
    LET_IN,
    REGISTER,
    SECRETARIATS,
    audience_of,
    label_of,
    may_read,
    reader,
    touched_by,
)

ROLES = (
    "secretary",
    "chair",
    "member",
    "absent",
    "former",
    "adviser",
    "guest",
    "testers",
    "officer",
    "outside",
)


def given(act: OutputAct, of: Entity, *readers: str, withdrawn: date | None = None) -> Output:
    """Something given out."""
    return Output(
        ref=f"{act.value} {of.ref}",
        act=act,
        of_kind=of.KIND,
        of=of.ref,
        on=DAY,
        readers=readers,
        withdrawn=withdrawn,
    )


def readers_of(entity: Entity, *more: Entity) -> str:
    """The roles that may read it, with these in the register."""
    audience = audience_of(entity, register(*more))
    return " ".join(role for role in ROLES if may_read(who(role), audience))


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("entity", "roles"),
    [
        (MET, "secretary chair member absent"),
        (ITEMS[0], "secretary chair member absent"),
        (AMBER_BODY, "secretary chair member absent"),
        (RED_BODY, "secretary chair member former"),
        (RED_FOUR, "secretary chair former adviser"),
        (ITEMS[3], "secretary chair former adviser"),
        (JOINT, "secretary chair member absent testers"),
        (JOINT_BODY, "secretary chair member absent testers"),
        (PEOPLE[0], "secretary chair member absent testers"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.ref,
)
def test_label_and_presence(entity: Entity, roles: str) -> None:
    """Amber is the body's, Red theirs who were there for the item; nobody else's, a term ended."""
    assert readers_of(entity) == roles


@pytest.mark.clause("sec:M4.13")
def test_given_out() -> None:
    """White is published, Green distributed, to Amber and Red named readers are entitled."""
    body = "secretary chair member absent"
    others = "former adviser guest testers officer"
    publish = given(OutputAct.PUBLISH, MET)
    assert readers_of(ITEMS[0], publish) == f"{body} {others} outside"
    assert readers_of(ITEMS[1], publish) == body
    distribute = given(OutputAct.DISTRIBUTE, OPEN)
    assert readers_of(STUB, distribute) == f"{body} {others}"
    assert readers_of(RESOLVED, distribute) == f"{body} {others}"
    assert (
        readers_of(AMBER_BODY, given(OutputAct.ENTITLE, CONFIDENTIAL, "guest")) == f"{body} guest"
    )
    withdrawn = given(OutputAct.DISTRIBUTE, OPEN, withdrawn=DAY)
    assert readers_of(STUB, withdrawn) == body


@pytest.mark.clause("sec:M4.13")
def test_not_with_the_meeting() -> None:
    """Minutes, resolutions, drafts of papers and comments do not go out with their meeting."""
    body = "secretary chair member absent"
    meeting = given(OutputAct.DISTRIBUTE, MET)
    draft = replace(PAPER, circulated=None)
    comment = Comment(
        ref="c", about_kind=Kind.MINUTES, about=OPEN.ref, by="absent", received=DAY, text="no"
    )
    minutes = given(OutputAct.DISTRIBUTE, OPEN)
    assert readers_of(PAPER, meeting).endswith("officer")
    for entity in (OPEN, STUB, RESOLVED, draft):
        assert readers_of(entity, entity, meeting) == body, entity.ref
    assert readers_of(comment, comment, minutes) == body
    assert readers_of(minutes, minutes) == body


@pytest.mark.clause("sec:M4.13")
def test_red_is_entitled_by_itself() -> None:
    """Who is entitled to something Amber does not read the Red below it; to Red, they do."""
    amber = given(OutputAct.ENTITLE, CONFIDENTIAL, "guest")
    assert "guest" not in readers_of(RED_BODY, amber)
    red = replace(CONFIDENTIAL, label=Label.RED)
    assert "guest" in readers_of(RED_BODY, red, amber)
    assert "guest" in readers_of(RED_BODY, given(OutputAct.ENTITLE, ITEMS[2], "guest"))
    assert "guest" not in readers_of(RED_BODY, given(OutputAct.ENTITLE, ITEMS[3], "guest"))


@pytest.mark.clause("sec:M4.13")
def test_confidential_minutes_are_never_low() -> None:
    """What is in confidential minutes is Amber at least, whatever it or its meeting says."""
    careless = Paragraph(
        ref=f"{CONFIDENTIAL.ref}/009",
        label=Label.WHITE,
        minutes=CONFIDENTIAL.ref,
        item=ITEMS[0].ref,
        place=9,
        role=RED_BODY.role,
        text="not to be read",
    )
    out = given(OutputAct.PUBLISH, CONFIDENTIAL), given(OutputAct.PUBLISH, careless)
    assert label_of(careless, register(careless)) is Label.AMBER
    assert readers_of(careless, careless, *out) == "secretary chair member absent"


@pytest.mark.clause("sec:M4.13")
def test_body_label_is_its_own() -> None:
    """A body that all may know does not make its meetings and aliases White."""
    white = replace(BODIES[0], label=Label.WHITE)
    alias = Alias(ref="a", body="QSC", category="Large Supplier", letters="B", party="party")
    known = register(white, alias, given(OutputAct.PUBLISH, white))
    assert label_of(replace(MET, label=None), known) is Label.AMBER
    assert label_of(alias, known) is Label.AMBER
    assert "outside" in readers_of(white, white, given(OutputAct.PUBLISH, white))
    assert "outside" in readers_of(SEATS[2], white, given(OutputAct.PUBLISH, white))
    assert readers_of(alias, white, alias, given(OutputAct.PUBLISH, white)).endswith("absent")


@pytest.mark.clause("sec:M4.13")
def test_stub_opens_the_item_to_readers_of_the_meeting() -> None:
    """Who may read the meeting knows a Red item that has a stub, and no other Red item."""
    out = given(OutputAct.DISTRIBUTE, MET)
    assert "officer" in readers_of(ITEMS[2], out)
    assert "officer" not in readers_of(ITEMS[3], out)
    assert "absent" in readers_of(ITEMS[2])


@pytest.mark.clause("sec:M4.13")
def test_how_a_body_handles_it() -> None:
    """Which seats read Amber, whether those there do, and whether the secretariat reads Red."""
    by_seat = replace(BODIES[0], handling=Handling(amber_seats=(SeatCategory.LARGE_SUPPLIER,)))
    assert readers_of(AMBER_BODY, by_seat) == "secretary member"
    there = replace(BODIES[0], handling=Handling(amber_to_those_there=True))
    assert readers_of(AMBER_BODY, there) == "secretary chair member absent former"
    strict = replace(BODIES[0], handling=Handling(red_to_secretariat=False))
    assert readers_of(RED_BODY, strict) == "chair member former"
    alias = Alias(
        ref="a", label=Label.RED, body="QSC", category="Supplier", letters="B", party="party"
    )
    assert readers_of(alias, strict, alias) == "secretary"


@pytest.mark.clause("sec:M4.13")
def test_joint_attendance_is_for_the_joint_item() -> None:
    """Who came by another body reads the Red of the joint item, though no part is said."""
    red = replace(JOINT_BODY, label=Label.RED)
    assert readers_of(red) == "secretary chair member former testers"
    assert "testers" not in readers_of(RED_BODY)


@pytest.mark.clause("sec:M4.13")
def test_no_bodys() -> None:
    """What is no body's is read by whoever sits in one; if it is Red, by secretariats."""
    person = PEOPLE[0]
    assert audience_of(person, register()) == {REGISTER}
    assert audience_of(replace(person, label=Label.RED), register()) == {SECRETARIATS}


@pytest.mark.clause("sec:C6")
def test_alternate_reads_as_the_seat() -> None:
    """Who stands in for a seat reads as its holder while they may, but is no secretary by that."""
    known = register()
    guest = next(one for one in PEOPLE if one.ref == "guest")
    for seat, reads in ((SEATS[2], True), (SEATS[0], True)):
        stands_in = Alternate(ref="x", seat=seat.ref, person="guest", end=date(2026, 3, 31))
        during = reader(guest, SEATS, DAY, "", (stands_in,))
        after = reader(guest, SEATS, date(2026, 4, 1), "", (stands_in,))
        assert may_read(during, audience_of(AMBER_BODY, known)) is reads
        assert not may_read(during, audience_of(RED_BODY, known))
        assert not may_read(after, audience_of(AMBER_BODY, known))


def test_officer_without_a_person() -> None:
    """An officer who sits in no body holds what parties hold, and nothing else."""
    assert who("officer").tokens == {"everybody", LET_IN}


CHANGES: tuple[tuple[Entity | None, Entity], ...] = (
    (MET, replace(MET, label=Label.AMBER)),
    (MET, replace(MET, attendance=MET.attendance[:2])),
    (ITEMS[2], replace(ITEMS[2], label=Label.AMBER)),
    (JOINT, replace(JOINT, joint=None)),
    (OPEN, replace(OPEN, label=Label.WHITE)),
    (CONFIDENTIAL, replace(CONFIDENTIAL, label=Label.RED)),
    (BODIES[0], replace(BODIES[0], handling=Handling(red_to_secretariat=False))),
    (BODIES[0], replace(BODIES[0], label=Label.WHITE)),
    (None, given(OutputAct.DISTRIBUTE, MET)),
    (None, given(OutputAct.DISTRIBUTE, OPEN)),
    (None, given(OutputAct.ENTITLE, ITEMS[2], "guest")),
    (None, given(OutputAct.PUBLISH, BODIES[0])),
)


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=lambda one: getattr(one, "ref", "none"))
def test_what_a_change_touches(before: Entity | None, after: Entity) -> None:
    """Whatever has another audience after a change is among what it is said to touch."""
    published = given(OutputAct.PUBLISH, BODIES[0]), given(OutputAct.DISTRIBUTE, OPEN)
    entitled = given(OutputAct.ENTITLE, CONFIDENTIAL, "guest")
    was = register(*published, entitled)
    will = register(*published, entitled, after)
    touched = {one.key for one in touched_by(before, after, was, was.below)} | {after.key}
    everything = [one for body in BODIES for one in was.below(body.key)]
    for one in (*BODIES, *everything):
        now = will.get(one.key) or one
        if audience_of(one, was) != audience_of(now, will):
            assert one.key in touched, one.key
