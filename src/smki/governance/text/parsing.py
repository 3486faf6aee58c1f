"""A meeting's file is read: forgiving in form, exact in what it gives, and it says what it took.

Headings, from the top (`docs/how-to/meeting-files.md` shows a whole file):

    # PMA_21_0803 (Green)                      fields; then the meeting is in the file
    ## Attendance                              a line each
    ## Minutes open                            fields
    ## 4. Completion report (Green)            fields; without a heading the item is only cited
    ### Paper PMA_21_0803_04: Report           fields; #### sections with their labels
    ### Open minutes, ### Confidential minutes numbered paragraphs
    ### Decision 1                             fields, words; #### Condition 1 the same
    ### Action PMA 21/01                       fields, words
    ### Update action PMA 20/03                what the item says of something earlier

What cannot be read is `Malformed`, with the line, what was found and what was expected.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, replace
from dataclasses import fields as fields_of
from datetime import date
from typing import Any, Final

from smki.governance.encoding import encode_entity, parse_entity
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper, Section
from smki.governance.entities.minutes import (
    Action,
    Condition,
    Minutes,
    Resolution,
)
from smki.governance.labels import Label
from smki.governance.numbering import read_meeting
from smki.governance.text import forms
from smki.governance.text.attendance import read_attendance
from smki.governance.text.blocks import split, unescaped
from smki.governance.text.expecting import (
    named_by,
    no_prose,
    nothing_under,
    text_under,
    unlabelled,
)
from smki.governance.text.fields import read_fields
from smki.governance.text.files import STATES, Amendment, MeetingFile, meeting_file
from smki.governance.text.headings import without_label
from smki.governance.text.lexing import (
    Field,
    Part,
    bullets,
    fields_and_prose,
    malformed,
    numbered,
    parts_of,
)
from smki.governance.text.paragraphs import read_paragraph
from smki.governance.text.values import member_named
from smki.governance.text.words import Note, action_named, meeting_named, paper_named, read_day
from smki.terms import Malformed

_CONDITION: Final = re.compile(r"condition[ ]+(?:(called)[ ]+)?(.+)", re.IGNORECASE)
_UPDATED: Final = frozenset({"on", "state", "successor"})
_DIGITS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file as it was read.

    Attributes:
        file: what it holds.
        notes: where it departs from the one form, and was taken all the same.
    """

    file: MeetingFile
    notes: tuple[str, ...]


def parse_meeting(text: str) -> ReadFile:
    """What a meeting's file holds.

    Raises:
        Malformed: it cannot be read: the line, what was found, what was expected.
    """
    parts, notes = parts_of(text)
    if not parts:
        raise malformed(1, "no heading", "a heading: # PREFIX_NN_DDMM")
    reader = _Reader(notes)
    for part in parts:
        reader.take(part)
    return reader.read()


class _Reader:
    """What was read so far, and below which heading we are."""

    def __init__(self, notes: Iterable[str]) -> None:
        self._notes = list(notes)
        self._meeting = ""
        self._day: date | None = None
        self._item: str | None = None
        self._under: Key | None = None  # the paper or decision that level 4 belongs to
        self._entities: dict[Key, Entity] = {}
        self._lines: dict[Key, int] = {}
        self._sections: dict[Key, list[Section]] = {}
        self._amendments: list[Amendment] = []
        self._places: dict[str, int] = {}

    def take(self, part: Part) -> None:
        """One heading and what stands under it."""
        if not self._meeting and part.level != 1:
            raise malformed(part.line, repr(part.title[:60]), "a heading: # PREFIX_NN_DDMM")
        written, label, _ = without_label(part.title)
        for pattern, read in _LEVELS.get(part.level, ()):
            if found := pattern.fullmatch(written):
                read(self, part, found, label)
                return
        expected = _EXPECTED.get(part.level, "of level 1 to 4")
        raise malformed(part.line, f"heading {part.title[:60]!r}", expected)

    def read(self) -> ReadFile:
        """What was read."""
        entities = tuple(map(self._whole, self._entities.values()))
        for one in entities:
            try:
                parse_entity(one.key, encode_entity(one))
            except Malformed as error:
                raise malformed(self._lines[one.key], str(error), "so") from error
        file = meeting_file(self._meeting, entities, self._amendments)
        return ReadFile(file=file, notes=tuple(self._notes))

    def meeting(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """The meeting, if there are fields."""
        if self._meeting:
            raise malformed(part.line, f"a second meeting, {part.title[:60]!r}", "one in a file")
        noted = self._noted(part.line)
        self._meeting = meeting_named(unescaped(found[0]), noted)
        fields, prose = fields_and_prose(part.body)
        no_prose(prose)
        if not fields:
            return
        values = read_fields(forms.MEETING, fields, noted)
        try:
            reference = read_meeting(self._meeting).value
        except Malformed:
            reference = None
        if reference:
            values = {"body": reference.prefix, "number": reference.number, **values}
        self._make(Meeting, part.line, {"ref": self._meeting, "label": label, **values})
        day = self._day = values["held_on"]
        if reference and not reference.is_of(day):
            noted(f"the reference says {self._meeting[-4:]}, the date {day:%d%m}")

    def attendance(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """Who was there."""
        del found, label
        key = Key(Kind.MEETING, self._meeting)
        meeting = self._entities.get(key)
        if not isinstance(meeting, Meeting):
            raise malformed(part.line, "attendance of a meeting that is only cited", "no such part")
        lines = tuple(read_attendance(line, number) for number, line in bullets(part.body))
        self._entities[key] = replace(meeting, attendance=lines)

    def minutes(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """A set of minutes."""
        which = forms.SETS.get(found[1].strip().lower())
        if which is None:
            raise malformed(part.line, f"minutes {found[1][:40]!r}", " or ".join(forms.SETS))
        fields, prose = fields_and_prose(part.body)
        no_prose(prose)
        ref, others = named_by(fields, forms.minutes_ref(self._meeting, which.value))
        values = read_fields(forms.MINUTES, others, self._noted(part.line), self._day)
        named = {"ref": ref, "label": label, "meeting": self._meeting, "set": which}
        self._make(Minutes, part.line, {**named, **values})

    def item(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """An agenda item; without a heading it is only cited."""
        number = int(found[1])
        fields, prose = fields_and_prose(part.body)
        no_prose(prose)
        self._under = None
        ref, others = named_by(fields, forms.item_ref(self._meeting, number))
        self._item = ref
        if found[2]:
            values = read_fields(forms.ITEM, others, self._noted(part.line), self._day)
            named = {"meeting": self._meeting, "number": number, "heading": unescaped(found[2])}
            self._make(AgendaItem, part.line, {"ref": ref, "label": label, **named, **values})
        elif others or label:
            raise malformed(part.line, "an item without a heading", f"{number}. heading")

    def cited(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """An item that is only cited."""
        nothing_under(part, label)
        self._under = None
        name = unescaped(found[2])
        plain = not found[1] and _DIGITS.fullmatch(name)
        self._item = forms.item_ref(self._meeting, int(name)) if plain else name

    def paper(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """A paper; its sections follow."""
        noted = self._noted(part.line)
        name, heading = (*split(found[1], ":", 2), "")[:2]
        ref = paper_named(unescaped(name), noted)
        _, _, none_said = without_label(part.title)
        if label is None and not none_said and "_CONF" in ref.upper():
            label = Label.AMBER
            noted(f"{ref} is confidential by its number and has no label, taken as Amber")
        fields, prose = fields_and_prose(part.body)
        no_prose(prose)
        values = read_fields(forms.PAPER, fields, noted, self._day)
        named = {"item": self._in_item(part), "heading": unescaped(heading)}
        self._make(Paper, part.line, {"ref": ref, "label": label, **named, **values})
        self._under = Key(Kind.PAPER, ref)

    def below(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """A section of the paper, or a condition of the decision, above it."""
        if self._under is None:
            raise malformed(part.line, f"{part.title[:40]!r}", "under a paper or a decision")
        paper = self._entities.get(self._under)
        if isinstance(paper, Paper):
            section = Section(heading=unescaped(found[0]), text=text_under(part.body), label=label)
            self._sections.setdefault(paper.key, []).append(section)
        elif named := _CONDITION.fullmatch(found[0]):
            self._condition(part, named, self._under.ref, label)
        else:
            raise malformed(part.line, f"{part.title[:40]!r}", "a condition: #### Condition 1")

    def paragraphs(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """Paragraphs of a set of minutes, to this item."""
        unlabelled(part, label)
        which = found[1] or found[2]
        usual = forms.minutes_ref(self._meeting, which.lower())
        minutes = usual if found[1] else unescaped(found[2])
        item = self._in_item(part)
        self._under = None
        for one in numbered(part.body):
            place = self._places.get(minutes, 0) + 1 if one.number is None else one.number
            self._places[minutes] = place
            entity = read_paragraph(one, minutes, item, place)
            self._keep(entity, one.line)

    def decision(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """A decision; without fields it is only cited."""
        item, name = self._in_item(part), unescaped(found[2])
        plain = not found[1] and _DIGITS.fullmatch(name)
        ref = forms.resolution_ref(item, int(name)) if plain else name
        self._under = Key(Kind.RESOLUTION, ref)
        fields, prose = fields_and_prose(part.body)
        if not fields:
            nothing_under(part, label)
            return
        values = read_fields(forms.RESOLUTION, fields, self._noted(part.line), self._day)
        place = {"place": int(name)} if plain else {}
        named = {"ref": ref, "label": label, "item": item, "text": text_under(prose), **place}
        self._make(Resolution, part.line, {**named, **values})

    def action(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """An action; it was raised the day of the meeting, if no other is said."""
        noted = self._noted(part.line)
        ref = action_named(unescaped(found[1]), noted)
        fields, prose = fields_and_prose(part.body)
        values = read_fields(forms.ACTION, fields, noted, self._day)
        if self._day is not None:
            values = {"raised": self._day, **values}
        named = {"ref": ref, "label": label, "item": self._in_item(part), "text": text_under(prose)}
        self._under = None
        self._make(Action, part.line, {**named, **values})

    def update(self, part: Part, found: re.Match[str], label: Label | None) -> None:
        """What the item says of something that an earlier meeting left."""
        unlabelled(part, label)
        kind = next((one for one in STATES if one.value == found[1].lower()), None)
        if kind is None:
            known = ", ".join(one.value for one in STATES)
            raise malformed(part.line, f"update of {found[1][:40]!r}", f"one of {known}")
        noted = self._noted(part.line)
        name = unescaped(found[2])
        ref = action_named(name, noted) if kind is Kind.ACTION else name
        fields, prose = fields_and_prose(part.body)
        values = {one.name: one for one in fields}
        if unknown := values.keys() - _UPDATED:
            one = values[min(unknown)]
            raise malformed(one.line, f"field {one.name[:40]!r}", "On, State or Successor")
        self._amendments.append(
            Amendment(
                key=Key(kind, ref),
                item=self._in_item(part),
                on=self._on(part, values.get("on")),
                state=_state(kind, values.get("state")),
                said=text_under(prose),
                successor=unescaped(values["successor"].value) if "successor" in values else "",
            )
        )
        self._under = None

    def _whole(self, one: Entity) -> Entity:
        """A paper with the sections that follow it; anything else as it is."""
        if isinstance(one, Paper):
            return replace(one, sections=tuple(self._sections.get(one.key, ())))
        return one

    def _condition(
        self, part: Part, found: re.Match[str], resolution: str, label: Label | None
    ) -> None:
        name = unescaped(found[2])
        plain = not found[1] and _DIGITS.fullmatch(name)
        ref = forms.condition_ref(resolution, int(name)) if plain else name
        fields, prose = fields_and_prose(part.body)
        values = read_fields(forms.CONDITION, fields, self._noted(part.line), self._day)
        named = {"ref": ref, "label": label, "resolution": resolution, "text": text_under(prose)}
        self._make(Condition, part.line, {**named, **values})

    def _on(self, part: Part, field: Field | None) -> date:
        if field is None:
            if self._day is None:
                raise malformed(part.line, "no field On", "there: the meeting's date is not")
            return self._day
        try:
            return read_day(field.value, self._day)
        except Malformed as error:
            raise malformed(field.line, f"On: {error}", "readable") from error

    def _in_item(self, part: Part) -> str:
        if self._item is None:
            raise malformed(part.line, f"{part.title[:40]!r}", "under an item: ## 4. heading")
        return self._item

    def _noted(self, line: int) -> Note:
        def noted(text: str) -> None:
            self._notes.append(text if text.startswith("line ") else f"line {line}: {text}")

        return noted

    def _make(self, of: type[Entity], line: int, values: Mapping[str, Any]) -> Entity:
        """The entity with these attributes is kept."""
        for one in fields_of(of):
            if one.default is MISSING and one.name not in values:
                name = one.name.replace("_", " ").capitalize()
                raise malformed(line, f"no field {name}", "there")
        return self._keep(of(**values), line)

    def _keep(self, entity: Entity, line: int) -> Entity:
        if entity.key in self._entities:
            first = self._lines[entity.key]
            raise malformed(line, f"{entity.key} a second time", f"there once (line {first})")
        self._entities[entity.key], self._lines[entity.key] = entity, line
        return entity


_Take = Callable[[_Reader, Part, "re.Match[str]", Label | None], None]
_ANY: Final = re.compile(r".*")
_LEVELS: Final[Mapping[int, tuple[tuple[re.Pattern[str], _Take], ...]]] = {
    1: ((_ANY, _Reader.meeting),),
    2: (
        (re.compile(r"attendance", re.IGNORECASE), _Reader.attendance),
        (re.compile(r"minutes[ ]+(.+)", re.IGNORECASE), _Reader.minutes),
        (re.compile(r"([0-9]{1,9})\.(?:[ ]+(.*))?"), _Reader.item),
        (re.compile(r"item[ ]+(?:(called)[ ]+)?(.+)", re.IGNORECASE), _Reader.cited),
    ),
    3: (
        (re.compile(r"paper[ ]+(.+)", re.IGNORECASE), _Reader.paper),
        (
            re.compile(r"(?:(open|confidential)[ ]+minutes|minutes[ ]+(.+))", re.IGNORECASE),
            _Reader.paragraphs,
        ),
        (re.compile(r"decision[ ]+(?:(called)[ ]+)?(.+)", re.IGNORECASE), _Reader.decision),
        (re.compile(r"action[ ]+(.+)", re.IGNORECASE), _Reader.action),
        (re.compile(r"update[ ]+(?:of[ ]+)?([a-z]+)[ ]+(.+)", re.IGNORECASE), _Reader.update),
    ),
    4: ((_ANY, _Reader.below),),
}
_EXPECTED: Final = {
    2: "Attendance, Minutes open, Minutes confidential, 4. heading or Item 4",
    3: "Paper, Open minutes, Confidential minutes, Decision, Action or Update",
}


def _state(kind: Kind, field: Field | None) -> Any:
    if field is None:
        return None
    try:
        return member_named(STATES[kind], field.value)
    except Malformed as error:
        raise malformed(field.line, f"State: {error}", "readable") from error
