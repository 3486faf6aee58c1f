"""Meetings of a body that there is not, as many as wanted: what the register's benchmark is filled with.

Each meeting has ten items, the last two Red, minutes of both kinds with a hundred paragraphs, five
actions, and after it what was given out. Words are as frequent as in any text, a few in every
second paragraph and most in almost none. The same number gives the same meetings.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Final

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import (
    BodyKind,
    Committee,
    MinutesSet,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import (
    AgendaItem,
    Attendance,
    Meeting,
    MeetingState,
    Presence,
)
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Due,
    DueKind,
    Minutes,
    MinutesState,
    Paragraph,
    ParagraphRole,
)
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.reading import audience_of
from smki.governance.rules import Ahead

BODY: Final = "PMA"
MEMBERS: Final = tuple(f"member-{number:02}" for number in range(1, 16))
SECRETARY: Final = "secretary"
ADVISER: Final = "adviser"
PARAGRAPHS: Final = 100  # of a meeting
ACTIONS: Final = 5
VOCABULARY: Final = 5_000
COMMON: Final = 20  # words, each in one paragraph of five or more
_WORDS: Final = 25  # of a paragraph
_ITEMS: Final = 10
_RED: Final = frozenset({9, 10})
PUBLISHED_EACH: Final = 25  # meetings of which one's minutes are White and published
_ADVISED_EACH: Final = 20  # meetings of which the adviser is there for one's ninth item
_OPEN_EACH: Final = 50  # actions of which one is open still
_FIRST_DAY: Final = date(1998, 1, 5)
_SYLLABLES: Final = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti")

Audiences = Mapping[Key, frozenset[str]]


def word(rank: int) -> str:
    """The word that is the `rank`th most frequent, from 0."""
    found, rest = "", rank + len(_SYLLABLES)
    while rest:
        rest, place = divmod(rest, len(_SYLLABLES))
        found += _SYLLABLES[place]
    return found


def meeting_ref(number: int) -> str:
    """How the meeting of that number, from 1, is called."""
    return f"{BODY}_{number:02}_{_day(number):%d%m}"


def rare_word(number: int) -> str:
    """A word that one paragraph of that meeting has, and no other."""
    return f"case{number}"


@dataclass
class MadeRegister:
    """Makes changes, and says who may read what they name; knows no more than one meeting at a time."""

    seed: int = 5
    _founded: dict[Key, Entity] = field(default_factory=dict)
    _weights: tuple[float, ...] = tuple(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    _words: tuple[str, ...] = tuple(map(word, range(VOCABULARY)))

    def founding(self) -> tuple[Change, Audiences]:
        """The body, its people and their seats."""
        people = [*MEMBERS, SECRETARY, ADVISER]
        seats = (
            Seat(
                ref=f"{BODY}/{person}",
                body=BODY,
                category=category,
                votes=category is SeatCategory.OTHER_USER,
                holder=person,
            )
            for person in people[:-1]
            for category in [
                SeatCategory.SECRETARIAT if person == SECRETARY else SeatCategory.OTHER_USER
            ]
        )
        entities = (
            Committee(ref=BODY, name="Policy Authority", kind=BodyKind.COMMITTEE),
            *(Person(ref=one, name=f"The {one}") for one in people),
            *seats,
        )
        self._founded = {one.key: one for one in entities}
        return self._decided(_FIRST_DAY, "founded", entities, ())

    def meeting(self, number: int) -> Iterator[tuple[Change, Audiences]]:
        """What is put into the register of one meeting, in two entries and perhaps a third."""
        chance = random.Random(f"{self.seed} {number}")  # noqa: S311 - texts, nothing secret
        day = _day(number)
        agenda = tuple(_agenda(number, day))
        yield self._decided(day, "agenda", agenda, ())
        minutes = (*_minutes(number), *self._paragraphs(number, chance), *_actions(number, day))
        yield self._decided(day + timedelta(days=3), "minutes", minutes, agenda)
        if number % PUBLISHED_EACH == 0:
            ref = f"{meeting_ref(number)}/open"
            output = Output(
                ref=f"publish {ref}",
                act=OutputAct.PUBLISH,
                of_kind=Kind.MINUTES,
                of=ref,
                on=day + timedelta(days=20),
            )
            there = (*agenda, *minutes)
            yield self._decided(output.on, "published", (output,), there, minutes)

    def _decided(
        self,
        day: date,
        said: str,
        entities: tuple[Entity, ...],
        there: tuple[Entity, ...],
        opened: tuple[Entity, ...] = (),
    ) -> tuple[Change, Audiences]:
        ahead = Ahead(_Known(self._founded, there), entities)
        at = datetime.combine(day, time(12), UTC)
        change = Change(at=at, by=SECRETARY, said=said, entities=entities)
        return change, {one.key: audience_of(one, ahead) for one in (*entities, *opened)}

    def _paragraphs(self, number: int, chance: random.Random) -> Iterator[Paragraph]:
        places = {MinutesSet.OPEN: 0, MinutesSet.CONFIDENTIAL: 0}
        for place in range(PARAGRAPHS):
            item = place * _ITEMS // PARAGRAPHS + 1
            of = MinutesSet.CONFIDENTIAL if item in _RED else MinutesSet.OPEN
            places[of] += 1
            text = " ".join(chance.choices(self._words, cum_weights=self._weights, k=_WORDS))
            minutes = f"{meeting_ref(number)}/{of.value}"
            yield Paragraph(
                ref=f"{minutes}/{places[of]:03}",
                minutes=minutes,
                item=f"{meeting_ref(number)}/{item}",
                place=places[of],
                role=ParagraphRole.WITHHELD_BODY if item in _RED else ParagraphRole.TEXT,
                text=f"{text} {rare_word(number)}." if place == 0 else f"{text}.",
            )


class _Known:
    """What there is of the register that one meeting's readers follow from."""

    def __init__(self, founded: Mapping[Key, Entity], there: tuple[Entity, ...]) -> None:
        self._there = {**founded, **{one.key: one for one in there}}

    def get(self, key: Key) -> Entity | None:
        return self._there.get(key)

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        if kind is Kind.OUTPUT:
            return ()  # a meeting has one at most, which is ahead
        found = (one for one in self._there.values() if one.KIND is kind)
        return tuple(one for one in found if parent in one.parents)


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)


def _agenda(number: int, day: date) -> Iterator[Entity]:
    ref = meeting_ref(number)
    there = [Attendance(person=one, votes=True) for one in MEMBERS]
    there.append(Attendance(person=SECRETARY))
    if number % _ADVISED_EACH == 9:
        there.append(Attendance(person=ADVISER, part=Presence(items=(9,))))
    yield Meeting(
        ref=ref,
        label=Label.WHITE if number % PUBLISHED_EACH == 0 else Label.GREEN,
        body=BODY,
        number=number,
        held_on=day,
        state=MeetingState.HELD,
        attendance=tuple(there),
    )
    for item in range(1, _ITEMS + 1):
        red = item in _RED
        yield AgendaItem(
            ref=f"{ref}/{item}",
            label=Label.RED if red else None,
            meeting=ref,
            number=item,
            heading=f"What is to be said of matter {item}",
            stub="A matter that is confidential" if red else "",
            place=item,
        )


def _minutes(number: int) -> Iterator[Minutes]:
    for of in MinutesSet:
        yield Minutes(
            ref=f"{meeting_ref(number)}/{of.value}",
            meeting=meeting_ref(number),
            set=of,
            state=MinutesState.FINAL,
        )


def _actions(number: int, day: date) -> Iterator[Action]:
    for place in range(1, ACTIONS + 1):
        among = (number * ACTIONS + place) % _OPEN_EACH
        due = day + timedelta(days=20)
        yield Action(
            ref=f"{BODY} {number:02}/{place:02}",
            text=f"To report on matter {place}",
            item=f"{meeting_ref(number)}/{2 * place - 1}",
            raised=day,
            owner=MEMBERS[number % len(MEMBERS)],
            due=Due(kind=DueKind.DATE, on=due),
            due_on=due,
            state=ActionState.CLOSED if among else ActionState.OPEN,
        )
