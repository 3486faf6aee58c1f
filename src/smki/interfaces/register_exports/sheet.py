"""What was gathered as a sheet: headings, fields, paragraphs and tables, with a label on each.

HTML and PDF are the same sheet. Only what was gathered is looked at; numbers and order are those of
the things themselves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from smki.flows.exporting_register import Gathered
from smki.governance.encoding import encode_entity
from smki.governance.entities import Entity, Kind
from smki.governance.entities.meetings import AgendaItem, Attendance, Meeting, Paper
from smki.governance.entities.minutes import (
    Action,
    Condition,
    Minutes,
    Paragraph,
    ParagraphRole,
    Resolution,
)
from smki.governance.labels import Label, highest
from smki.governance.text.words import day_in_words, due_in_words
from smki.merkle.canonical import JSON, parse_json

WHITE_NOTE: Final = "White: may be published by anyone. Copyright in the document applies."
_NOTES: Final[Mapping[Label, str]] = {
    Label.WHITE: WHITE_NOTE,
    Label.GREEN: "Green: may be shared with parties and stakeholders, never published.",
    Label.AMBER: "Amber: for its readers alone.",
    Label.RED: "Red: for those who were present and those who are named, alone.",
}
_Entity = TypeVar("_Entity", bound=Entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a sheet; which attributes it has follows from what it is.

    Attributes:
        kind: `heading`, `fields`, `paragraph`, `table`.
        text: of a heading or paragraph, an empty line between paragraphs; caption of a table.
        level: of a heading, from 2.
        label: White, Green, Amber or Red; empty if it is that of the heading above.
        number: of a paragraph; empty if it has none.
        role: what a paragraph is, in a word; empty for a plain one.
        notes: footnotes.
        head: columns of a table.
        rows: of a table; names and values of fields.
    """

    kind: str
    text: str = ""
    level: int = 0
    label: str = ""
    number: str = ""
    role: str = ""
    notes: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is to be shown.

    Attributes:
        title: of it.
        label: the highest of all that is in it.
        note: what may be done with it.
        reader: for whom it was made.
        made: when, in words.
        blocks: from the top.
    """

    title: str
    label: str
    note: str
    reader: str
    made: str
    blocks: tuple[Block, ...]


def sheet_of(found: Gathered) -> Sheet:
    """What was gathered, as a sheet."""
    label = highest(found.labels[one.key] for one in found.entities)
    meeting = next((one for one in found.entities if isinstance(one, Meeting)), None)
    of_meeting = found.key.kind in (Kind.MEETING, Kind.MINUTES)
    top = next(one for one in found.entities if one.key == found.key)
    title = found.key.ref if of_meeting or top.title == top.ref else f"{top.ref}: {top.title}"
    return Sheet(
        title=title,
        label=label.value.capitalize(),
        note=_NOTES[label],
        reader=found.reader,
        made=day_in_words(found.at.date()),
        blocks=_from_the_top(_meeting(found, meeting) if of_meeting else _others(found, top)),
    )


def _from_the_top(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks with the highest of their headings right below the title."""
    held = tuple(blocks)
    over = min((one.level for one in held if one.level), default=2) - 2
    return tuple(replace(one, level=one.level - over) if one.level else one for one in held)


def _meeting(found: Gathered, meeting: Meeting | None) -> Iterator[Block]:
    if meeting is not None:
        yield _fields(_head(found, meeting))
        if meeting.attendance:
            yield _attendance(found, meeting.attendance)
    for minutes in sorted(_all(found, Minutes), key=lambda one: one.ref, reverse=True):
        state = minutes.state.value.replace("-", " ")
        rows = [("State", f"{state}, draft {minutes.revision}")]
        rows += [("Approved at", minutes.approved_at)] if minutes.approved_at else []
        yield _heading(2, f"Minutes, {minutes.set.value} version", found.labels[minutes.key])
        yield _fields(rows)
    items = {one.ref: one for one in _all(found, AgendaItem)}
    for ref in _items(found, items):
        yield from _item(found, ref, items.get(ref))


def _head(found: Gathered, meeting: Meeting) -> Iterator[tuple[str, str]]:
    yield "Body", meeting.body
    yield "Date", day_in_words(meeting.held_on)
    times = [f"{at:%H:%M}" for at in (meeting.starts, meeting.ends) if at is not None]
    yield "Time", " to ".join(times)
    yield "Place", meeting.place
    yield "Kind", meeting.kind.value
    yield "State", meeting.state.value.replace("-", " ")
    yield "Presided over by", _name(found, meeting.presider)
    yield "Minutes taken by", _name(found, meeting.secretary)
    yield "Apologies", ", ".join(_name(found, one) for one in meeting.apologies)
    yield "Next meeting", meeting.next_meeting


def _attendance(found: Gathered, lines: Sequence[Attendance]) -> Block:
    rows = []
    for one in lines:
        part = "whole meeting"
        if one.part is not None:
            times = [
                f"{word} {at:%H:%M}"
                for word, at in (("from", one.part.arrived), ("until", one.part.left))
                if at is not None
            ]
            part = ", ".join((f"items {', '.join(map(str, one.part.items))}", *times))
        for_whom = f"for {_name(found, one.alternate_for)}" if one.alternate_for else ""
        vote = "votes" if one.votes else ""
        role = ", ".join(said for said in (one.seat, vote, for_whom, one.joint_of) if said)
        rows.append((_name(found, one.person), one.organisation, role, one.mode.value, part))
    head = ("Name", "Organisation", "Role", "Mode", "Part")
    return Block(kind="table", text="Attendance", head=head, rows=tuple(rows))


def _items(found: Gathered, items: Mapping[str, AgendaItem]) -> Sequence[str]:
    """The items that are there or that something there belongs to, in their running order."""
    belonging = (Paper, Paragraph, Resolution, Action)
    cited = {one.item for one in found.entities if isinstance(one, belonging)}

    def order(ref: str) -> tuple[int, int, str]:
        item = items.get(ref)
        last = ref.rpartition("/")[2]
        number = item.number if item else int(last) if last.isdecimal() else 0
        return (item.place if item else 0) or number, number, ref

    return sorted(items.keys() | cited, key=order)


def _item(found: Gathered, ref: str, item: AgendaItem | None) -> Iterator[Block]:
    if item is None:
        yield Block(kind="heading", level=2, text=f"Item {ref.rpartition('/')[2]}")
    else:
        yield _heading(2, f"{item.number}. {item.heading}", found.labels[item.key])
        yield _fields(_item_fields(found, item))
    for paper in _of(found, Paper, ref):
        yield from _paper(found, paper)
    names = {one.ref: one.set.value for one in _all(found, Minutes)}
    paragraphs = sorted(_of(found, Paragraph, ref), key=lambda one: (one.minutes, one.place))
    last = ""
    for one in sorted(
        paragraphs, key=lambda one: (one.minutes.endswith("confidential"), one.place)
    ):
        if one.minutes != last:
            last = one.minutes
            which = names.get(one.minutes, one.minutes.rpartition("/")[2])
            yield Block(kind="heading", level=3, text=f"Minutes ({which})")
        yield _paragraph(found, one, item)
    for resolution in sorted(_of(found, Resolution, ref), key=lambda one: one.place):
        yield from _resolution(found, resolution)
    for action in _of(found, Action, ref):
        yield from _action(found, action)


def _item_fields(found: Gathered, item: AgendaItem) -> Iterator[tuple[str, str]]:
    yield "Asks for", item.ask.value if not item.omitted else ""
    yield "Presented by", _name(found, item.presenter)
    yield "Time", f"{item.minutes} minutes" if item.minutes else ""
    yield "Left out, because", item.omitted
    said = f"yes, see {item.pointer}" if item.pointer else "yes"
    yield "Nothing to report", said if item.nothing_to_report else ""
    yield "Joint item of", ", ".join(item.joint.bodies) if item.joint else ""
    times = (item.joint.starts, item.joint.ends) if item.joint else ()
    yield "Together", " to ".join(f"{at:%H:%M}" for at in times if at is not None)
    yield "Record", item.joint.record if item.joint else ""


def _paper(found: Gathered, paper: Paper) -> Iterator[Block]:
    yield _heading(3, f"Paper {paper.ref}: {paper.heading}", found.labels[paper.key])
    author = ", ".join(one for one in (paper.author, paper.organisation) if one)
    yield _fields(
        (
            ("Version", paper.version),
            ("Date", day_in_words(paper.dated) if paper.dated else ""),
            ("Author", author),
            ("Asks for", paper.ask.value),
            ("Purpose", paper.purpose),
            ("Requested decision", paper.requested),
            *(("Attachment", f"{one.name}, SHA-256 {one.sha256}") for one in paper.attachments),
            ("Copyright", paper.copyright),
        )
    )
    for one in paper.sections:
        yield _heading(4, one.heading, one.label)
        yield Block(kind="paragraph", text=one.text)


def _paragraph(found: Gathered, one: Paragraph, item: AgendaItem | None) -> Block:
    label = found.labels[one.key]
    above = found.labels[item.key] if item else None
    role = "" if one.role is ParagraphRole.TEXT else one.role.value.replace("-", " ")
    return Block(
        kind="paragraph",
        number=str(one.place),
        text=one.text,
        label="" if label is above else label.value.capitalize(),
        role=role,
        notes=one.footnotes,
    )


def _resolution(found: Gathered, one: Resolution) -> Iterator[Block]:
    verb = one.verb.value.replace("-", " ").upper()
    head = f"Decision: {verb} by {' and '.join(one.bodies)}"
    yield _heading(3, head, found.labels[one.key])
    yield Block(kind="paragraph", text=one.text)
    tally = one.tally
    votes = (
        f"{len(tally.in_favour)} in favour, {len(tally.against)} against,"
        f" {len(tally.abstained)} abstained"
        if tally
        else ""
    )
    yield _fields(
        (
            ("About", " ".join(said for said in (one.about, one.version) if said)),
            ("Under", one.clause),
            *((f"Criterion: {each.text}", each.shown or "not shown") for each in one.criteria),
            *(("Evidence", each) for each in one.evidence),
            ("Vote", votes),
            ("From", day_in_words(one.effective) if one.effective else ""),
            ("Until", day_in_words(one.until) if one.until else ""),
            ("Withdrawn", f"{one.withdrawn:%Y-%m-%d}" if one.withdrawn else ""),
        )
    )
    for each in _all(found, Condition):
        if each.resolution == one.ref:
            said = f"Condition {each.kind.value}: {each.state.value}"
            outcome = f"\n\n{each.outcome}" if each.outcome else ""
            yield _heading(4, said, found.labels[each.key])
            yield Block(kind="paragraph", text=each.text + outcome)


def _action(found: Gathered, one: Action) -> Iterator[Block]:
    yield _heading(3, f"Action {one.ref}", found.labels[one.key])
    yield Block(kind="paragraph", text=one.text)
    day = day_in_words(one.due_on) if one.due_on else ""
    due = due_in_words(one.due)
    yield _fields(
        (
            ("Owner", _name(found, one.owner)),
            ("Due", f"{due} ({day})" if due and day else due or day),
            ("State", one.state.value.replace("-", " ")),
            ("Successor", one.successor),
            *((day_in_words(each.on), each.text) for each in one.updates),
        )
    )


def _others(found: Gathered, top: Entity) -> Iterator[Block]:
    """What is no meeting: as meetings show it, or a heading for each and its attributes as fields."""
    match top:
        case AgendaItem():
            yield from _item(found, top.ref, top)
        case Paper():
            yield from _paper(found, top)
        case Resolution():
            yield from _resolution(found, top)
        case Action():
            yield from _action(found, top)
        case _:
            yield from _plain(found)


def _plain(found: Gathered) -> Iterator[Block]:
    for one in found.entities:
        kind = one.KIND.value.replace("-", " ").capitalize()
        yield _heading(2, f"{kind} {one.ref}", found.labels[one.key])
        yield _fields(_attributes(one))


def _attributes(one: Entity) -> Iterator[tuple[str, str]]:
    row = parse_json(encode_entity(one), str(one.key))
    for name, value in row.items() if isinstance(row, Mapping) else ():
        if name not in {"ref", "label"}:
            yield name.replace("_", " ").capitalize(), _said(value)


def _said(value: JSON) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name.replace('_', ' ')} {_said(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "\n\n".join(_said(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _heading(level: int, text: str, label: Label | None) -> Block:
    shown = label.value.capitalize() if label else ""
    return Block(kind="heading", level=level, text=text, label=shown)


def _fields(rows: Iterable[tuple[str, str]]) -> Block:
    return Block(kind="fields", rows=tuple((name, said) for name, said in rows if said))


def _name(found: Gathered, ref: str) -> str:
    return found.names.get(ref, ref)


def _all(found: Gathered, kind: type[_Entity]) -> Sequence[_Entity]:
    return [one for one in found.entities if isinstance(one, kind)]


def _of(found: Gathered, kind: type[_Entity], item: str) -> Sequence[_Entity]:
    named: Any = _all(found, kind)
    return [one for one in named if one.item == item]
