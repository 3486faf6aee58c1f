"""What the pages of the main nouns show beside their own attributes; every other kind has the general page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Alternate, Committee, MinutesSet, Person, Seat
from smki.governance.entities.documents import ControlledDocument, DocumentVersion
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper, StandingItem
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Minutes,
    Paragraph,
    Resolution,
)
from smki.governance.voting import Quorum, quorum_of
from smki.interfaces.web.portal.register.documents import (
    effect_of,
    route_shown,
    unwatched,
    versions_of,
)
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.showing import facts_of
from smki.interfaces.web.portal.register.words import SETS, choice, one_of
from smki.ports.register import Wanted

OPEN_ACTIONS: Final = tuple(one.value for one in ActionState if one.is_open)
_NEVER: Final = date.max
_SAID: Final = frozenset({"text"})  # at the top of the page already
_ACTIONS_MOST: Final = 25  # of each sort, on a page that shows other things too


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page shows.

    Attributes:
        title: of the page.
        template: which.
        values: what that template needs beside the entity.
    """

    title: str
    template: str = "entity.html"
    values: Mapping[str, Any] = field(default_factory=dict)


def view_of(entity: Entity, scene: Scene) -> View:
    """What the page of this entity shows."""
    made = _VIEWS.get(entity.KIND)
    if made is not None:
        return made(entity, scene)
    name = one_of(entity.KIND)
    title = name if entity.title == entity.ref else entity.title
    below = _below(entity, scene, leave=frozenset())
    return View(
        title=title if entity.title != entity.ref else f"{name} {entity.ref}",
        values={"facts": facts_of(entity, scene), "below": below},
    )


def open_actions(scene: Scene, body: str = "") -> tuple[Action, ...]:
    """Open actions that this reader may read, those due first; of one body, or of all.

    Of more than a page can show, those that are overdue and those that were raised last.
    """
    wanted = Wanted(tokens=None, kinds=(Kind.ACTION,), standings=OPEN_ACTIONS)
    overdue = replace(wanted, until=scene.reading.today)
    pages = (scene.reading.find(one, limit=_ACTIONS_MOST) for one in (wanted, overdue))
    found = {one.entity.ref: one.entity for page in pages for one in page.kept}
    return by_due(one for one in found.values() if not body or body in bodies_above(one, scene))


def by_due(some: Iterable[Entity]) -> tuple[Action, ...]:
    """The actions among them, those due first."""
    actions = (one for one in some if isinstance(one, Action))
    return tuple(sorted(actions, key=lambda one: (one.due_on or _NEVER, one.ref)))


def bodies_above(entity: Entity, scene: Scene) -> frozenset[str]:
    """Refs of the bodies that it belongs to, as far as this reader may know."""
    if entity.KIND is Kind.BODY:
        return frozenset({entity.ref})
    above = (scene.reading.get(parent) for parent in entity.parents)
    return frozenset().union(*(bodies_above(one, scene) for one in above if one is not None))


def agenda(meeting: Meeting, scene: Scene) -> tuple[AgendaItem, ...]:
    """The items that this reader may see, in running order."""
    items = scene.reading.under(meeting.key, Kind.AGENDA_ITEM)
    own = [one for one in items if isinstance(one, AgendaItem)]
    return tuple(sorted(own, key=lambda one: (one.place or one.number, one.number)))


def paragraphs(minutes: Minutes, scene: Scene) -> tuple[Paragraph, ...]:
    """The paragraphs of one version of the minutes, in their order."""
    found = scene.reading.under(minutes.key, Kind.PARAGRAPH)
    return tuple(sorted((one for one in found if isinstance(one, Paragraph)), key=_place))


def _place(one: Paragraph) -> tuple[int, str]:
    return one.place, one.ref


def _body(entity: Committee, scene: Scene) -> View:
    seats = [one for one in scene.reading.under(entity.key, Kind.SEAT) if isinstance(one, Seat)]
    today = scene.reading.today
    meetings = Wanted(tokens=None, kinds=(Kind.MEETING,), under=entity.key)
    coming = scene.reading.all(replace(meetings, since=today))
    past = scene.reading.find(replace(meetings, until=today - timedelta(days=1)))
    standing = [
        one
        for one in scene.reading.under(entity.key, Kind.STANDING_ITEM)
        if isinstance(one, StandingItem) and (one.until is None or one.until >= today)
    ]
    return View(
        title=entity.name,
        template="body.html",
        values={
            "facts": facts_of(entity, scene),
            "seats": [(seat, _alternates(seat, scene)) for seat in seats],
            "coming": sorted(coming, key=lambda one: (one.day or _NEVER, one.ref)),
            "past": [one.entity for one in past.kept],
            "standing": sorted(standing, key=lambda one: (one.place, one.ref)),
            "actions": open_actions(scene, entity.ref),
            "below": _below(
                entity, scene, leave=frozenset({Kind.SEAT, Kind.MEETING, Kind.STANDING_ITEM})
            ),
        },
    )


def _alternates(seat: Seat, scene: Scene) -> tuple[Alternate, ...]:
    found = scene.reading.under(seat.key, Kind.ALTERNATE)
    return tuple(one for one in found if isinstance(one, Alternate))


def _meeting(entity: Meeting, scene: Scene) -> View:
    items = agenda(entity, scene)
    sets = [
        one for one in scene.reading.under(entity.key, Kind.MINUTES) if isinstance(one, Minutes)
    ]
    return View(
        title=f"Meeting {entity.ref}",
        template="meeting.html",
        values={
            "items": [(one, _of_item(one, scene)) for one in items],
            "sets": sorted(sets, key=lambda one: one.set.value, reverse=True),
            "names": SETS,
            "quorum": _quorum(entity, scene),
            "below": _below(
                entity, scene, leave=frozenset({Kind.AGENDA_ITEM, Kind.MINUTES, Kind.OUTPUT})
            ),
        },
    )


def _quorum(meeting: Meeting, scene: Scene) -> Quorum | None:
    """Whether enough were there, for who keeps it and sees all who were."""
    body = scene.reading.get(Key(Kind.BODY, meeting.body))
    if not isinstance(body, Committee) or not meeting.attendance or not scene.keeps(meeting):
        return None
    seats = scene.reading.under(body.key, Kind.SEAT)
    return quorum_of(body, meeting, (one for one in seats if isinstance(one, Seat)))


def _of_item(item: AgendaItem, scene: Scene) -> Mapping[str, tuple[Entity, ...]]:
    below = scene.reading.under(item.key, Kind.PAPER, Kind.RESOLUTION, Kind.ACTION)
    return {
        name: tuple(one for one in below if one.KIND is kind)
        for name, kind in (
            ("papers", Kind.PAPER),
            ("decisions", Kind.RESOLUTION),
            ("actions", Kind.ACTION),
        )
    }


def _item(entity: AgendaItem, scene: Scene) -> View:
    said = scene.reading.under(entity.key, Kind.PARAGRAPH)
    return View(
        title=f"Item {entity.number}: {entity.heading}",
        template="item.html",
        values={
            "facts": facts_of(entity, scene),
            "of": _of_item(entity, scene),
            "said": _by_minutes((one for one in said if isinstance(one, Paragraph)), scene),
            "below": _below(
                entity,
                scene,
                leave=frozenset(
                    {Kind.PARAGRAPH, Kind.PAPER, Kind.RESOLUTION, Kind.ACTION, Kind.OUTPUT}
                ),
            ),
        },
    )


def _by_minutes(
    said: Iterable[Paragraph], scene: Scene
) -> list[tuple[Minutes, tuple[Paragraph, ...]]]:
    found: dict[str, list[Paragraph]] = {}
    for one in said:
        found.setdefault(one.minutes, []).append(one)
    pairs = ((scene.reading.get(Key(Kind.MINUTES, ref)), some) for ref, some in found.items())
    shown = [
        (minutes, tuple(sorted(some, key=_place)))
        for minutes, some in pairs
        if isinstance(minutes, Minutes)
    ]
    return sorted(shown, key=lambda pair: pair[0].set.value, reverse=True)


def _paper(entity: Paper, scene: Scene) -> View:
    return View(
        title=f"{entity.ref}: {entity.heading}",
        template="paper.html",
        values={"below": _below(entity, scene, leave=frozenset({Kind.OUTPUT}))},
    )


def _minutes(entity: Minutes, scene: Scene) -> View:
    meeting = scene.reading.get(Key(Kind.MEETING, entity.meeting))
    said = paragraphs(entity, scene)
    items = agenda(meeting, scene) if isinstance(meeting, Meeting) else ()
    by_item = [(item, [one for one in said if one.item == item.ref]) for item in items]
    shown = {item.ref for item in items}
    return View(
        title=f"{SETS[entity.set]} of {entity.meeting}",
        template="minutes.html",
        values={
            "meeting": meeting,
            "by_item": [(item, _heading(item, entity), some) for item, some in by_item if some],
            "rest": [one for one in said if one.item not in shown],
            "comments": scene.reading.under(entity.key, Kind.COMMENT),
        },
    )


def _heading(item: AgendaItem, minutes: Minutes) -> str:
    """What an item is called in these minutes: in the open ones by its stub, if it has one."""
    return item.stub if minutes.set is MinutesSet.OPEN and item.stub else item.heading


def _resolution(entity: Resolution, scene: Scene) -> View:
    return View(
        title=f"{choice(entity.verb)}: {entity.ref}",
        template="resolution.html",
        values={
            "facts": facts_of(entity, scene, leave=_SAID),
            "effect": effect_of(entity, scene),
            "conditions": scene.reading.under(entity.key, Kind.CONDITION),
            "below": _below(entity, scene, leave=frozenset({Kind.CONDITION, Kind.OUTPUT})),
        },
    )


def _document(entity: ControlledDocument, scene: Scene) -> View:
    return View(
        title=f"{entity.ref}: {entity.name}",
        template="document.html",
        values={
            "facts": facts_of(entity, scene),
            "versions": versions_of(entity, scene),
            "unwatched": unwatched(entity, scene),
            "below": _below(entity, scene, leave=frozenset({Kind.VERSION})),
        },
    )


def _version(entity: DocumentVersion, scene: Scene) -> View:
    return View(
        title=f"Version {entity.number} of {scene.called(Kind.DOCUMENT, entity.document)}",
        template="version.html",
        values={
            "facts": facts_of(entity, scene),
            "effect": effect_of(entity, scene),
            "route": route_shown(entity, scene),
            "below": _below(entity, scene, leave=frozenset()),
        },
    )


def _action(entity: Action, scene: Scene) -> View:
    late = entity.state in (ActionState.OPEN, ActionState.ON_TARGET)
    return View(
        title=f"Action {entity.ref}",
        template="action.html",
        values={
            "late": late and (entity.due_on or _NEVER) < scene.reading.today,
            "facts": facts_of(entity, scene, leave=_SAID),
        },
    )


def _person(entity: Person, scene: Scene) -> View:
    seats = scene.reading.all(Wanted(tokens=None, kinds=(Kind.SEAT,)))
    return View(
        title=entity.name,
        template="person.html",
        values={
            "facts": facts_of(entity, scene),
            "seats": [one for one in seats if isinstance(one, Seat) and one.holder == entity.ref],
            "actions": [
                one for one in open_actions(scene) if one.owner in (entity.ref, entity.name)
            ],
        },
    )


def _below(
    entity: Entity, scene: Scene, leave: frozenset[Kind]
) -> tuple[tuple[Kind, tuple[Entity, ...]], ...]:
    """What belongs to it, by kind."""
    found: dict[Kind, list[Entity]] = {}
    kinds = tuple(one for one in Kind if one not in leave and one is not Kind.OUTPUT)
    for one in scene.reading.under(entity.key, *kinds):
        if one.KIND in kinds:
            found.setdefault(one.KIND, []).append(one)
    return tuple((kind, tuple(found[kind])) for kind in Kind if kind in found)


_VIEWS: Final[Mapping[Kind, Callable[[Any, Scene], View]]] = {
    Kind.BODY: _body,
    Kind.PERSON: _person,
    Kind.MEETING: _meeting,
    Kind.AGENDA_ITEM: _item,
    Kind.PAPER: _paper,
    Kind.MINUTES: _minutes,
    Kind.RESOLUTION: _resolution,
    Kind.ACTION: _action,
    Kind.DOCUMENT: _document,
    Kind.VERSION: _version,
}
