"""What of an entity its reader sees, and what a change may find out."""

import re
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, get_args, get_type_hints

import pytest
from tests.support.classified import (
    BODIES,
    CONFIDENTIAL,
    DAY,
    ITEMS,
    MEETING,
    MET,
    OPEN,
    PAPER,
    PEOPLE,
    RED_BODY,
    RED_FOUR,
    RESOLVED,
    STUB,
    paragraph,
    register,
    who,
)

from smki.governance.entities import ENTITIES, Entity, Kind
from smki.governance.entities.bodies import Handling, Person
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper
from smki.governance.entities.minutes import Resolution
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.seeing import POINTERS, as_seen, as_seen_before, opened_by, sees_all
from smki.governance.sighted import decide_sighted

DISTRIBUTED: Final = Output(
    ref="d", act=OutputAct.DISTRIBUTE, of_kind=Kind.MEETING, of=MEETING, on=DAY
)


def seen(entity: Entity, role: str, *more: Entity) -> Entity | None:
    """The entity as that role sees it."""
    return as_seen(entity, who(role), register(*more))


@pytest.mark.clause("sec:M4.13")
def test_stub_in_the_items_stead() -> None:
    """Who may read the meeting sees the stub of a Red item, and nothing else that was said of it."""
    found = seen(ITEMS[2], "officer", DISTRIBUTED)
    assert found == AgendaItem(
        ref=ITEMS[2].ref,
        label=Label.RED,
        meeting=MEETING,
        number=3,
        heading="An assessment was considered",
        place=3,
    )
    assert seen(ITEMS[2], "member") == ITEMS[2]
    assert seen(ITEMS[3], "absent") is None
    assert ITEMS[2].texts == ("An assessment was considered",)


@pytest.mark.clause("sec:M4.13")
def test_sections_with_labels_of_their_own() -> None:
    """A section with a higher label is cut out; one with a lower opens nothing and hides nothing."""
    everything, cut = seen(PAPER, "member"), seen(PAPER, "absent")
    assert everything == PAPER
    assert isinstance(cut, Paper)
    assert [one.heading for one in cut.sections] == ["Open"]
    assert not any("red" in text for text in PAPER.texts)
    entitled = Output(
        ref="e",
        act=OutputAct.ENTITLE,
        of_kind=Kind.PAPER,
        of=PAPER.ref,
        on=DAY,
        readers=("guest",),
    )
    amber = replace(
        PAPER, label=Label.AMBER, sections=(replace(PAPER.sections[0], label=Label.WHITE),)
    )
    assert seen(amber, "guest", entitled, amber) == amber


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("secretary", {"chair": None, "member": (1, 2, 3, 5), "former": None, "adviser": (4,)}),
        ("absent", {"chair": None, "member": None, "former": None}),
        ("officer", {"chair": None, "member": (1, 2, 3), "former": None}),
    ],
)
def test_attendance(role: str, expected: dict[str, tuple[int, ...] | None]) -> None:
    """Who was there for a part is shown as far as it is for items that the reader knows.

    Items: 1 white, 2 green, 3 red with a stub, 4 red without, 5 amber and joint.
    """
    white = replace(ITEMS[0], label=Label.GREEN)
    five = replace(ITEMS[4], stub="A joint item") if role == "absent" else ITEMS[4]
    found = seen(MET, role, DISTRIBUTED, white, five)
    assert isinstance(found, Meeting)
    shown = {one.person: one.part.items if one.part else None for one in found.attendance}
    joined = shown.pop("testers", "not there")
    assert (joined == "not there") is (role == "officer")
    if role == "officer":
        expected = {**expected, "member": None}  # 1, 2 and 3 are all that they know
    assert shown == expected


@pytest.mark.clause("sec:M4.13")
def test_pointers_to_what_is_withheld() -> None:
    """A pointer to what the reader may not read is as one to nothing."""
    assert seen(RESOLVED, "secretary") == RESOLVED
    cut = seen(RESOLVED, "absent")
    assert isinstance(cut, Resolution)
    assert cut.about == ""
    dangling = replace(RESOLVED, about="nothing of that name")
    assert seen(dangling, "absent", dangling) == cut
    assert seen(dangling, "chair", dangling) == cut


@pytest.mark.clause("sec:M4.13")
def test_pointers_of_ones_own() -> None:
    """Who keeps something sees what they wrote, and is not locked out by a pointer to nothing."""
    dangling = replace(RESOLVED, about="nothing of that name")
    known = register(dangling)
    assert sees_all(dangling, who("secretary"), known)
    at = datetime(2026, 3, 9, tzinfo=UTC)
    for after, refused in (
        (replace(dangling, text="Said otherwise."), False),
        (replace(dangling, about="nothing else"), True),
        (replace(dangling, about=f"{MEETING}/1"), False),
    ):
        change = Change(at=at, by="secretary", said="", entities=(after,))
        assert bool(decide_sighted(change, known, who("secretary"))) is refused
    strict = replace(BODIES[0], handling=Handling(red_to_secretariat=False))
    pointing = replace(RESOLVED, about=RED_FOUR.ref)
    cut = seen(pointing, "secretary", pointing, strict)
    assert isinstance(cut, Resolution)
    assert not cut.about


def test_how_a_person_is_called() -> None:
    """The channel of a person who is published is seen by whoever sits in a body alone."""
    public = replace(PEOPLE[1], label=Label.WHITE)
    out = Output(ref="p", act=OutputAct.PUBLISH, of_kind=Kind.PERSON, of=public.ref, on=DAY)
    assert seen(public, "testers", public, out) == public
    cut = seen(public, "outside", public, out)
    assert isinstance(cut, Person)
    assert not cut.channel


@pytest.mark.clause("sec:M4.13")
def test_earlier_states_are_the_keepers() -> None:
    """Earlier states are seen by who keeps the entity and reads all of that state, and nobody else."""
    known = register()
    for role, looks in (
        ("secretary", True),
        ("chair", True),
        ("member", False),
        ("outside", False),
    ):
        seen_before = as_seen_before(RED_BODY, ("QSC",), who(role), known, known)
        assert seen_before == (RED_BODY if looks else None)
    without = replace(MET, attendance=MET.attendance[1:])
    other = register(without)
    assert as_seen_before(RED_BODY, ("QSC",), who("chair"), other, other) is None
    cut = as_seen_before(PAPER, ("QSC",), who("chair"), other, other)
    assert isinstance(cut, Paper)
    assert [one.heading for one in cut.sections] == ["Open"]
    assert as_seen_before(RED_BODY, ("QTG",), who("testers"), known, known) is None


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize("role", ["testers", "officer", "absent"])
def test_a_change_cannot_ask_what_is_there(role: str) -> None:
    """What is put below something withheld is refused in the words for what is not there."""

    def refused(minutes: str) -> list[str]:
        new = replace(
            paragraph(replace(CONFIDENTIAL, ref=minutes), 7, 4, "x"), ref="new", item=ITEMS[1].ref
        )
        change = Change(at=datetime(2026, 3, 9, tzinfo=UTC), by=role, said="", entities=(new,))
        found = decide_sighted(change, known, who(role))
        return [str(one).replace(minutes, "M") for one in found]

    known = register(replace(CONFIDENTIAL, label=Label.RED))
    assert refused(CONFIDENTIAL.ref) == refused("nothing")
    assert refused("nothing")


@pytest.mark.clause("sec:M4.13")
def test_who_sees_a_part_cannot_change_it() -> None:
    """Whoever sees a stub, or some sections, does not put the whole otherwise."""
    at = datetime(2026, 3, 9, tzinfo=UTC)
    for entity in (ITEMS[2], PAPER):
        change = Change(at=at, by="absent", said="", entities=(entity,))
        found = decide_sighted(change, register(), who("absent"))
        assert [one.rule for one in found] == ["register.sighted"]
        assert not sees_all(entity, who("absent"), register())
        assert not decide_sighted(change, register(), who("secretary"))


_BELONGS: Final = {"ControlledDocument.part_of"}  # with a default, but what it belongs to
_POINTS: Final = re.compile(r"\brefs?\b")
_FREE: Final = re.compile(r"body|bodies|person|seat|role|group|whom|who |their|criteria|its ref")


def test_every_pointer_is_known() -> None:
    """What names something of the register is either what it belongs to, a body or person, or a pointer.

    By the attributes' own descriptions: a new one cannot be forgotten.
    """
    found = {name for of in ENTITIES.values() for name in _pointing(of)}
    left = found - _BELONGS
    assert left <= set(POINTERS), sorted(left - set(POINTERS))


def _pointing(of: type[Any]) -> set[str]:
    described = dict(re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", of.__doc__ or "", re.MULTILINE))
    names = set()
    for field in fields(of):
        names |= {
            name for inner in _inside(get_type_hints(of)[field.name]) for name in _pointing(inner)
        }
        said = described.get(field.name, "")
        if _POINTS.search(said) and not _FREE.search(said) and field.default is not MISSING:
            names.add(f"{of.__name__}.{field.name}")
    return names


def _inside(hint: Any) -> set[type[Any]]:
    found = {one for part in get_args(hint) for one in _inside(part)}
    return found | ({hint} if isinstance(hint, type) and is_dataclass(hint) else set())


def test_pointers_are_attributes() -> None:
    """Each pointer of the table is an attribute that there is."""
    assert BODIES
    known = {f"{one.__name__}.{name.name}" for one in _all_classes() for name in fields(one)}
    assert set(POINTERS) <= known


def _all_classes() -> set[type[Any]]:
    waiting, found = list(ENTITIES.values()), set[type[Any]]()
    while waiting:
        of = waiting.pop()
        if of not in found:
            found.add(of)
            waiting += [one for hint in get_type_hints(of).values() for one in _inside(hint)]
    return found


@pytest.mark.clause("sec:M4.13")
def test_what_goes_out() -> None:
    """What an act opens is told before: what it names and goes with it, and nothing that is open already."""
    known = register()

    def opened(act: OutputAct, of: Entity, *readers: str) -> set[str]:
        output = Output(ref="o", act=act, of_kind=of.KIND, of=of.ref, on=DAY, readers=readers)
        found = [str(one.key) for one in opened_by(output, known, known.below)]
        assert len(set(found)) == len(found), "each once"
        return set(found)

    meeting, items = f"meeting {MEETING}", [f"agenda-item {one.ref}" for one in ITEMS]
    with_meeting = {meeting, items[0], items[1], items[2], f"paper {PAPER.ref}"}
    assert opened(OutputAct.DISTRIBUTE, MET) == with_meeting
    minutes = {f"minutes {OPEN.ref}", f"paragraph {STUB.ref}", f"resolution {RESOLVED.ref}"}
    assert opened(OutputAct.DISTRIBUTE, OPEN) == minutes
    assert opened(OutputAct.PUBLISH, PAPER) == set()
    assert f"paragraph {RED_BODY.ref}" not in opened(OutputAct.ENTITLE, CONFIDENTIAL, "guest")
    assert f"paragraph {RED_BODY.ref}" in opened(OutputAct.ENTITLE, ITEMS[2], "guest")
