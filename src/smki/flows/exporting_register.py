"""What one reader may have of something and of all that belongs to it, to be written out.

Every export takes what `gather` found and nothing else. What a reader may not read is not there:
`Reading` gave everything, as far as this reader sees it, and it is noted that they have it.

Clause: sec:M4.13
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from smki.flows.reading_register import Reading
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Committee, Person
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Action, Minutes, Paragraph
from smki.governance.labels import Label
from smki.governance.text import MeetingFile, meeting_file, told_in
from smki.ports.register import Wanted
from smki.terms import Refused

BODY_MEETINGS: Final = 60  # five years of a committee that meets each month
TOLD_PAGES: Final = 10  # of actions that a meeting may have spoken of, newest first
_PAGE: Final = 200
_OF_BODY: Final = tuple(one for one in Kind if one is not Kind.MEETING)
_DECIDED: Final = (Kind.RESOLUTION, Kind.ACTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found for one reader.

    Attributes:
        key: what was asked for.
        reader: how the reader is called.
        at: when.
        entities: it, and what belongs to it, as far as the reader sees it.
        labels: of each of them, its own or that of what it belongs to.
        names: of the persons who are named, as far as the reader may know them.
        others: actions of other meetings of which a meeting's items say something.
    """

    key: Key
    reader: str
    at: datetime
    entities: tuple[Entity, ...]
    labels: Mapping[Key, Label]
    names: Mapping[str, str]
    others: tuple[Action, ...] = ()

    @property
    def file(self) -> MeetingFile:
        """It as a meeting's file; for a meeting, its minutes, or what belongs to either."""
        meeting = self.key.ref.split("/", 1)[0]
        return meeting_file(meeting, self.entities, told_in(meeting, self.others))


def gather(reading: Reading, ref: str, kind: Kind | None = None) -> Gathered:
    """What the reader may have of what is called so.

    A name that several kinds have is of the first of them in the order of kinds. To a set of
    minutes belong its meeting, the items, and what they decided, but no papers; to a body what is
    its own, and of its newest meetings that the reader knows (`BODY_MEETINGS`) what they decided.

    Raises:
        Refused: there is nothing of that name that this reader may read.
        Unavailable: the database is away.

    Clause: sec:M4.13
    """
    top = _named(reading, ref, kind)
    entities = tuple(_all(reading, top))
    others = tuple(_told(reading, top)) if isinstance(top, Meeting) else ()
    labels = {one.key: reading.label(one) for one in (*entities, *others)}
    names = {
        one.ref: one.name
        for one in reading.all(Wanted(tokens=None, kinds=(Kind.PERSON,)))
        if isinstance(one, Person)
    }
    reading.note()
    return Gathered(
        key=top.key,
        reader=reading.reader.person or reading.reader.name,
        at=reading.now,
        entities=entities,
        labels=MappingProxyType(labels),
        names=MappingProxyType(names),
        others=others,
    )


def _named(reading: Reading, ref: str, kind: Kind | None) -> Entity:
    for one in (kind,) if kind else Kind:
        found = reading.get(Key(one, ref))
        if found is not None:
            return found
    raise Refused(
        f"{ref}: there is nothing of that name that this reader may read",
        where="ref",
        clause="sec:M4.13",
        rule="register.unknown",
    )


def _all(reading: Reading, top: Entity) -> Iterator[Entity]:
    """It, and all that belongs to it, be it below something that the reader may not read."""
    match top:
        case Minutes():
            yield from _minutes(reading, top)
        case Committee():
            yield top
            yield from reading.under(top.key, *_OF_BODY)
            yield from _meetings(reading, top)
        case _:
            yield top
            yield from _below(reading, top.key)


def _meetings(reading: Reading, body: Committee) -> Iterator[Entity]:
    known = reading.register
    wanted = Wanted(tokens=None, kinds=(Kind.MEETING,), under=body.key)
    for kept in reading.find(wanted, limit=BODY_MEETINGS).kept:
        meeting = kept.entity
        yield meeting
        yield from _seen(reading, known.under(meeting.key, Kind.MINUTES))
        for item in known.under(meeting.key, Kind.AGENDA_ITEM):
            for kind in _DECIDED:
                for one in known.under(item.key, kind):
                    yield from _seen(reading, (one, *known.under(one.key, Kind.CONDITION)))


def _minutes(reading: Reading, minutes: Minutes) -> Iterator[Entity]:
    meeting = Key(Kind.MEETING, minutes.meeting)
    shown = reading.get(meeting)
    if shown is not None:
        yield shown
    for one in _below(reading, meeting):
        other = isinstance(one, Minutes) and one.ref != minutes.ref
        elsewhere = isinstance(one, Paragraph) and one.minutes != minutes.ref
        if not (other or elsewhere or one.KIND is Kind.PAPER):
            yield one


def _below(reading: Reading, top: Key) -> Iterator[Entity]:
    return _seen(reading, reading.register.below(top))


def _seen(reading: Reading, entities: Iterable[Entity]) -> Iterator[Entity]:
    """Those of them that the reader may know of, as they see them."""
    for one in entities:
        found = reading.get(one.key)
        if found is not None:
            yield found


def _told(reading: Reading, meeting: Meeting) -> Iterator[Action]:
    """Actions that other meetings raised, as far as the reader may know that this one spoke of them.

    Of the newest alone: what was said of an action stands with the meeting that raised it, too.
    """
    after = ""
    wanted = Wanted(tokens=reading.reader.tokens, kinds=(Kind.ACTION,))
    for _ in range(TOLD_PAGES):
        page = reading.register.find(wanted, after=after, limit=_PAGE)
        for kept in page.kept:
            if _is_told(meeting, kept.entity):
                found = reading.get(kept.entity.key)
                if isinstance(found, Action) and _is_told(meeting, found):
                    yield found
        after = page.more
        if not after:
            return


def _is_told(meeting: Meeting, one: Entity | None) -> bool:
    return isinstance(one, Action) and bool(told_in(meeting.ref, (one,)))
