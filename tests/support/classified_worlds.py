"""Registers of random classified content, and each as it is beside it for what one reader may not see.

Every text has a word of its own that is nowhere else, so that whatever is seen of it shows. `beside`
gives the same register with other words and lengths, and things that are not there, wherever that
is withheld from the reader: nothing that the reader is given may differ.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final

from tests.support.classified import BODIES, DAY, PEOPLE, SEATS, Standing

from smki.governance.duties import bodies_of
from smki.governance.encoding import encode_entity, entity_of, parse_entity
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Handling, Interest, MinutesSet, SeatCategory
from smki.governance.entities.documents import ControlledDocument, DocumentKind, DocumentVersion
from smki.governance.entities.incidents import (
    FactorAnswer,
    Incident,
    IncidentState,
    IncidentStep,
)
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attachment,
    Attendance,
    JointItem,
    Meeting,
    MeetingState,
    Paper,
    Presence,
    Section,
)
from smki.governance.entities.minutes import (
    Action,
    Comment,
    Condition,
    ConditionKind,
    Criterion,
    Due,
    DueKind,
    Minutes,
    MinutesState,
    Paragraph,
    ParagraphRole,
    Resolution,
    Update,
    Verb,
)
from smki.governance.entities.outputs import Alias, Output, OutputAct
from smki.governance.labels import Label, highest
from smki.governance.reading import Reader, label_of, secretariat_token, top_label_of
from smki.governance.seeing import as_seen
from smki.merkle.canonical import JSON, parse_json
from smki.terms import Compromised

MARKER: Final = re.compile(r"zq[0-9]+qz")
_OPEN: Final = (Label.WHITE, Label.GREEN)
_CLOSED: Final = (Label.AMBER, Label.RED)
_ROLES: Final = tuple(one.ref for one in PEOPLE)


class World:
    """A random register of one meeting or two; the same number gives the same one."""

    def __init__(self, number: int, meetings: int = 2) -> None:
        self.chance = random.Random(number)  # noqa: S311 - content of tests
        self._words = count()
        self.entities: dict[Key, Entity] = {}
        self.put(*PEOPLE, *self._bodies(), *SEATS)
        held = (("QSC", 7, DAY), ("QTG", 3, DAY + timedelta(days=30)))
        for body, number_, day in held[:meetings]:
            self._meeting(body, number_, day)
        self._document()
        self.put(*(self._incident(one) for one in BODIES))
        self._given_out()

    @property
    def known(self) -> Standing:
        """As it stands."""
        return Standing(*self.entities.values())

    def put(self, *entities: Entity) -> None:
        """They are in it."""
        self.entities.update({one.key: one for one in entities})

    def say(self) -> str:
        """A text with a word of its own."""
        return f"zq{next(self._words)}qz common {self.chance.choice(('', 'words of many'))}".strip()

    def maybe(self, text: str) -> str:
        """That text, or none."""
        return self.chance.choice((text, ""))

    def label(self, *labels: Label) -> Label:
        """One of these, or of all."""
        return self.chance.choice(labels or tuple(Label))

    def _bodies(self) -> tuple[Entity, ...]:
        handling = Handling(
            amber_seats=self.chance.choice(((), (SeatCategory.CHAIR, SeatCategory.SECRETARIAT))),
            amber_to_those_there=self.chance.random() < 0.3,
            red_to_secretariat=self.chance.random() < 0.7,
        )
        host = replace(BODIES[0], handling=handling, label=self.label(Label.WHITE, Label.AMBER))
        aliases = (
            Alias(
                ref=f"QSC Supplier {letters}",
                label=self.label(*_CLOSED),
                body="QSC",
                category="Supplier",
                letters=letters,
                party=self.say(),
            )
            for letters in "AB"
        )
        interest = Interest(
            ref="i1",
            body="QSC",
            person="member",
            text=self.say(),
            declared=DAY,
            item="QSC_07_0903/3",
        )
        return (host, BODIES[1], *aliases, interest)

    def _meeting(self, body: str, number: int, day: date) -> None:
        ref = f"{body}_{number:02d}_{day:%d%m}"
        items = [self._item(ref, body, at) for at in range(1, 5)]
        people = self.chance.sample(_ROLES, 5)
        attendance = tuple(self._attendance(one, items) for one in people)
        self.put(
            Meeting(
                ref=ref,
                label=self.label(*_OPEN),
                body=body,
                number=number,
                held_on=day,
                place=self.say(),
                state=MeetingState.HELD,
                attendance=attendance,
            ),
            *items,
        )
        self._minutes(ref, items)
        for one in items:
            self._under(one, ref, body)

    def _item(self, meeting: str, body: str, at: int) -> AgendaItem:
        label = self.chance.choice((*Label, None))
        others = ("QSC", "QTG") if body == "QSC" else ("QTG", "QSC")
        return AgendaItem(
            ref=f"{meeting}/{at}",
            label=label,
            meeting=meeting,
            number=at,
            place=at,
            heading=self.say(),
            stub=self.maybe(self.say()),
            presenter=self.say(),
            omitted=self.maybe(self.say()),
            pointer=self.maybe("QTG_03_0804"),
            joint=JointItem(bodies=others) if self.chance.random() < 0.3 else None,
        )

    def _attendance(self, person: str, items: list[AgendaItem]) -> Attendance:
        numbers = [one.number for one in items]
        some = tuple(sorted(self.chance.sample(numbers, self.chance.randint(1, 3))))
        return Attendance(
            person=person,
            organisation=self.say() if person == "guest" else "",
            part=Presence(items=some) if self.chance.random() < 0.5 else None,
            joint_of="QTG" if person == "testers" else "",
        )

    def _minutes(self, meeting: str, items: list[AgendaItem]) -> None:
        for kept in MinutesSet:
            is_open = kept is MinutesSet.OPEN
            label = self.label(*_OPEN) if is_open else self.chance.choice((*_CLOSED, None))
            minutes = Minutes(
                ref=f"{meeting}/{kept.value}",
                label=label,
                meeting=meeting,
                set=kept,
                state=self.chance.choice((MinutesState.DRAFT, MinutesState.FINAL)),
            )
            self.put(minutes)
            roles = (
                ParagraphRole.TEXT,
                ParagraphRole.OPEN_STUB if is_open else ParagraphRole.WITHHELD_BODY,
            )
            for place in range(1, 7):
                # Careless labels, too: what is closed in open minutes, and the other way round.
                self.put(
                    Paragraph(
                        ref=f"{minutes.ref}/{place:03d}",
                        label=self.chance.choice((None, None, *Label)),
                        minutes=minutes.ref,
                        item=self._open_item(items, is_open=is_open).ref,
                        place=place,
                        role=self.chance.choice(roles),
                        text=self.say(),
                        footnotes=(self.say(),),
                        of=self.maybe(f"{items[0].ref}/1"),
                    )
                )
            self.put(
                Comment(
                    ref=f"{minutes.ref}/c1",
                    about_kind=Kind.MINUTES,
                    about=minutes.ref,
                    by=self.say(),
                    received=DAY,
                    text=self.say(),
                )
            )

    def _open_item(self, items: list[AgendaItem], *, is_open: bool) -> AgendaItem:
        """An item that open text may be of: one that is not confidential, or has a stub."""
        may = [one for one in items if not is_open or one.stub or one.label in _OPEN]
        return self.chance.choice(may or items)

    def _under(self, item: AgendaItem, meeting: str, body: str) -> None:
        sections = tuple(
            Section(heading=self.say(), text=self.say(), label=self.chance.choice((None, *Label)))
            for _ in range(3)
        )
        open_ = item.stub or item.label in _OPEN
        own = self.chance.choice((None, *Label)) if open_ else self.label(*_CLOSED)
        attached = Attachment(name=self.say(), sha256=f"{item.number:064x}", octets=item.number)
        self.put(
            Paper(
                ref=f"{meeting}_{item.number:02d}",
                label=own,
                item=item.ref,
                heading=self.say(),
                ask=Ask.DECISION,
                purpose=self.say(),
                requested=self.say(),
                sections=sections,
                author=self.say(),
                circulated=self.chance.choice((None, DAY)),
                attachments=(attached,),
            ),
            Resolution(
                ref=f"{item.ref}/1",
                label=own,
                item=item.ref,
                place=1,
                verb=Verb.DECIDED,
                bodies=(body,),
                text=self.say(),
                clause=self.say(),
                criteria=(Criterion(text=self.say(), shown=self.say()),),
                evidence=(self.say(),),
                rests_on=(f"{meeting}/{5 - item.number}/1",),
            ),
            Condition(
                ref=f"{item.ref}/1/c1",
                label=self.chance.choice((None, *_CLOSED)),
                resolution=f"{item.ref}/1",
                kind=ConditionKind.PRECEDENT,
                text=self.say(),
                judge=self.say(),
                deadline=DAY,
                action=f"{body} {meeting[4:6]}/{item.number:02d}",
                outcome=self.say(),
            ),
            Action(
                ref=f"{body} {meeting[4:6]}/{item.number:02d}",
                label=self.chance.choice((own, Label.RED)),
                text=self.say(),
                item=item.ref,
                raised=DAY,
                owner=self.say(),
                due=Due(kind=DueKind.DATE, on=DAY, action=self.maybe(f"{body} {meeting[4:6]}/01")),
                due_on=DAY + timedelta(days=item.number),
                updates=(Update(on=DAY, text=self.say(), item=f"{meeting}/3"),),
            ),
        )

    def _document(self) -> None:
        document = ControlledDocument(
            ref="DOC", label=Label.WHITE, body="QSC", name=self.say(), kind=DocumentKind.PROCEDURE
        )
        part = replace(document, ref="PART", label=Label.RED, name=self.say(), part_of="DOC")
        version = DocumentVersion(
            ref="DOC/1.0",
            document="DOC",
            number="1.0",
            changes=(self.say(),),
            resolutions=("QSC_07_0903/1/1", "QSC_07_0903/2/1"),
        )
        self.put(document, part, version)

    def _incident(self, body: Entity) -> Incident:
        at = datetime.combine(DAY, time(9), UTC)
        return Incident(
            ref=f"{body.ref}/i1",
            label=self.label(),
            body=body.ref,
            compromised=Compromised.ORGANISATION,
            names=(self.say(),),
            party=self.say(),
            organisation=self.say(),
            reference=self.say(),
            known=True,
            discovered=at,
            circumstances=self.say(),
            steps=(IncidentStep(state=IncidentState.NOTIFIED, at=at, text=self.say()),),
            answers=(FactorAnswer(factor="size", text=self.say(), by="chair", at=at),),
        )

    def _given_out(self) -> None:
        """Outputs, as the rules have them: White is published, Green distributed, Amber and Red entitled."""
        known = self.known
        for one in tuple(self.entities.values()):
            if one.KIND in (Kind.COMMENT, Kind.OUTPUT, Kind.ALIAS) or self.chance.random() < 0.4:
                continue
            label = label_of(one, known)
            act = OutputAct.PUBLISH if label is Label.WHITE else OutputAct.DISTRIBUTE
            if highest((Label.AMBER, top := top_label_of(one, known))) is top:
                act = OutputAct.ENTITLE
            self.put(
                Output(
                    ref=f"o {one.key}",
                    act=act,
                    of_kind=one.KIND,
                    of=one.ref,
                    on=DAY,
                    readers=("guest",) if act is OutputAct.ENTITLE else (),
                    withdrawn=self.chance.choice((None, None, DAY)),
                )
            )


def markers_of(entity: Entity) -> set[str]:
    """The words in it that are nowhere else."""
    return set(MARKER.findall(encode_entity(entity).decode()))


def seen_by(world: World, who: Reader) -> dict[Key, Entity]:
    """What the reader sees of it."""
    known = world.known
    seen = {key: as_seen(one, who, known) for key, one in world.entities.items()}
    return {key: one for key, one in seen.items() if one is not None}


def withheld_from(world: World, who: Reader) -> set[str]:
    """The words of it that the reader may not see."""
    everything = set[str]().union(*map(markers_of, world.entities.values()))
    return everything.difference(*map(markers_of, seen_by(world, who).values()))


def beside(world: World, who: Reader, *, gone: bool) -> tuple[Entity, ...]:
    """The same register but for what the reader may not see: said otherwise, or not there."""
    seen, withheld = seen_by(world, who), withheld_from(world, who)
    chance = random.Random(len(withheld))  # noqa: S311 - content of tests
    others = {one: "".join(chance.choices("klmn", k=chance.randint(1, 40))) for one in withheld}

    def otherwise(entity: Entity) -> Entity:
        octets = MARKER.sub(
            lambda found: others.get(found[0], found[0]), encode_entity(entity).decode()
        )
        return parse_entity(entity.key, octets.encode())

    kept = dict(world.entities)
    if gone:
        kept = _without(kept, seen)
        kept = {key: _cut(one, seen.get(key), kept) for key, one in kept.items()}
        gone_refs = {key.ref for key in world.entities} - {key.ref for key in kept}
        known = Standing(*kept.values())
        kept = {
            # What somebody's own body names, they wrote.
            key: one if _is_own(one, who, known) else _never_told(one, gone_refs)
            for key, one in kept.items()
        }
    return tuple(map(otherwise, kept.values()))


def _without(entities: dict[Key, Entity], seen: dict[Key, Entity]) -> dict[Key, Entity]:
    """Without what is not seen and nothing that is seen belongs to."""
    needed = set(seen)
    waiting = list(seen.values())
    while waiting:
        for parent in waiting.pop().parents:
            if parent in entities and parent not in needed:
                needed.add(parent)
                waiting.append(entities[parent])
    # Outputs and people say who sees what; they stay wherever what they are about does.
    stay = (Kind.PERSON, Kind.SEAT, Kind.BODY)
    return {
        key: one
        for key, one in entities.items()
        if key in needed
        or key.kind in stay
        or (key.kind is Kind.OUTPUT and needed.issuperset(one.parents))
    }


def _is_own(entity: Entity, who: Reader, known: Standing) -> bool:
    bodies = bodies_of(entity, known)
    return not who.tokens.isdisjoint({secretariat_token(body) for body in bodies})


def _cut(entity: Entity, seen: Entity | None, kept: Mapping[Key, Entity]) -> Entity:
    """A paper without the sections that are not seen, a meeting without who was there for what is gone."""
    if isinstance(entity, Paper) and isinstance(seen, Paper):
        return replace(entity, sections=seen.sections)
    if isinstance(entity, Meeting):
        left = [
            one
            for one in kept.values()
            if isinstance(one, AgendaItem) and one.meeting == entity.ref
        ]
        there = (_left_of(one, left) for one in entity.attendance)
        return replace(entity, attendance=tuple(one for one in there if one is not None))
    return entity


def _left_of(one: Attendance, items: list[AgendaItem]) -> Attendance | None:
    """As it would be if there were these items alone."""
    if one.part is not None:
        numbers = {item.number for item in items}
        left = tuple(number for number in one.part.items if number in numbers)
        return replace(one, part=Presence(items=left)) if left else None
    if one.joint_of and not any(item.joint for item in items):
        return None
    return one


def _never_told(entity: Entity, gone: set[str]) -> Entity:
    """Without a word of what is gone: no attribute is its name."""

    def left(value: JSON) -> JSON:
        if isinstance(value, Mapping):
            return {name: left(one) for name, one in value.items() if not is_gone(one)}
        if isinstance(value, list):
            return [left(one) for one in value if not is_gone(one)]
        return value

    def is_gone(value: JSON) -> bool:
        return isinstance(value, str) and value in gone

    told = left(parse_json(encode_entity(entity), "entity"))
    return entity_of(entity.KIND, told)
