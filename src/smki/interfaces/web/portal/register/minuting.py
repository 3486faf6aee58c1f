"""Minutes are taken item by item, the open set and the confidential one side by side.

What is typed into one column goes into that set and into no other. References of paragraphs stay,
their places are counted anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Committee, MinutesSet
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.minutes import Minutes, Paragraph, ParagraphRole
from smki.governance.labels import Label
from smki.governance.looking import all_under, look
from smki.interfaces.web.portal.register.attributes import rows_of
from smki.interfaces.web.portal.register.differing import Difference
from smki.interfaces.web.portal.register.nouns import agenda, paragraphs
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import Act, Page, Submitted
from smki.interfaces.web.portal.register.words import SETS
from smki.terms import Malformed

_BLANK: Final = 2  # paragraphs offered beside those that are there
_ROLES: Final[Mapping[MinutesSet, tuple[ParagraphRole, ...]]] = {
    MinutesSet.OPEN: tuple(one for one in ParagraphRole if one is not ParagraphRole.WITHHELD_BODY),
    MinutesSet.CONFIDENTIAL: tuple(
        one for one in ParagraphRole if one is not ParagraphRole.OPEN_STUB
    ),
}
_LABELS: Final[Mapping[MinutesSet, tuple[Label, ...]]] = {
    MinutesSet.OPEN: (Label.WHITE, Label.GREEN),
    MinutesSet.CONFIDENTIAL: (Label.AMBER, Label.RED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A paragraph in the form.

    Attributes:
        ref: of the paragraph; empty if it is new.
        entry: as which entry the form had it.
        role: value of what it is.
        label: value of its label; empty is that of the minutes.
        text: what it says.
        of: ref of the decision or action that it records.
    """

    ref: str = ""
    entry: int = 0
    role: str = ParagraphRole.TEXT.value
    label: str = ""
    text: str = ""
    of: str = ""


class MinuteForms:
    """The form by which minutes come to be."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (("/take-minutes/agenda-item/{ref:path}", _taking, _taken),)


def _taking(request: Request, scene: Scene, given: Submitted) -> Response | None:
    item = _item(request, scene)
    if item is None:
        return None
    meeting = scene.reading.get(Key(Kind.MEETING, item.meeting))
    if not isinstance(meeting, Meeting):
        return None
    columns = [(one, SETS[one], _rows(one, item, scene, given)) for one in _sets(meeting, scene)]
    below = scene.reading.under(item.key, Kind.RESOLUTION, Kind.ACTION)
    items = agenda(meeting, scene)
    at = items.index(item) if item in items else -1
    return scene.page(
        "take-minutes.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"Minutes of item {item.number}",
        heading=f"Minutes of item {item.number}: {item.heading}",
        part="meeting",
        item=item,
        item_label=given.typed.get("item.label", item.label.value if item.label else ""),
        item_stub=given.typed.get("item.stub", item.stub),
        since=getattr(scene.reading.kept(item.key), "entry", 0),
        meeting=meeting,
        columns=columns,
        roles=_ROLES,
        labels=_LABELS,
        recorded=below,
        findings=given.problems,
        meanwhile=list(_meanwhile(scene, given)) if given.problems else [],
        next_item=items[at + 1] if 0 <= at < len(items) - 1 else None,
    )


def _taken(request: Request, scene: Scene, given: Submitted) -> str | None:
    item = _item(request, scene)
    meeting = None if item is None else scene.reading.get(Key(Kind.MEETING, item.meeting))
    if item is None or not isinstance(meeting, Meeting):
        return None
    changed: list[Entity] = []
    since: dict[Key, int] = {}
    for one in _sets(meeting, scene):
        rows = [row for row in _typed(one, given) if row.text.strip() or row.ref]
        changed += _minuted(one, item, meeting, scene, rows)
        since |= {Key(Kind.PARAGRAPH, row.ref): row.entry for row in rows if row.ref}
    changed += _labelled(item, given)
    here = scene.to(item, "take-minutes")
    if not changed:
        return here
    touched = {one.key for one in changed}
    if given.since is not None:
        since[item.key] = given.since
    own = {key: entry for key, entry in since.items() if key in touched}
    put(scene.reading, given.said(f"minutes of {item.ref}"), tuple(changed), own)
    return scene.to(meeting) if "close" in given.typed else here


def _labelled(item: AgendaItem, given: Submitted) -> Iterator[AgendaItem]:
    """The item, if its label or its stub changes: a heading has the highest label under it."""
    if "item.label" not in given.typed:
        return
    label = next((one for one in Label if one.value == given.typed["item.label"]), None)
    after = replace(item, label=label, stub=given.typed.get("item.stub", "").strip())
    if after != item:
        yield after


def _sets(meeting: Meeting, scene: Scene) -> tuple[MinutesSet, ...]:
    body = look(scene.reading, Committee, meeting.body)
    return tuple(MinutesSet) if body is None else body.minutes


def _rows(one: MinutesSet, item: AgendaItem, scene: Scene, given: Submitted) -> list[Typed]:
    """What stands in one column: as typed, or as the register has it; and room for more."""
    rows = [row for row in _typed(one, given) if row.text.strip() or row.ref]
    if not given.typed:
        minutes = look(scene.reading, Minutes, f"{item.meeting}/{one.value}")
        said = () if minutes is None else paragraphs(minutes, scene)
        rows = [_as_typed(each, scene) for each in said if each.item == item.ref]
    elif given.problems:
        rows = [replace(row, entry=_entry(scene, row.ref)) if row.ref else row for row in rows]
    stub = one is MinutesSet.OPEN and scene.label(item).is_confidential and not rows
    first = ParagraphRole.OPEN_STUB if stub else ParagraphRole.TEXT
    if one is MinutesSet.CONFIDENTIAL:
        first = ParagraphRole.WITHHELD_BODY
    label = "" if one is MinutesSet.OPEN else _confidential(scene.label(item)).value
    blank = Typed(role=first.value, label=label)
    return [*rows, *(blank for _ in range(_BLANK))]


def _confidential(label: Label) -> Label:
    return label if label.is_confidential else Label.RED


def _as_typed(one: Paragraph, scene: Scene) -> Typed:
    return Typed(
        ref=one.ref,
        entry=_entry(scene, one.ref),
        role=one.role.value,
        label=one.label.value if one.label else "",
        text=one.text,
        of=one.of,
    )


def _entry(scene: Scene, ref: str) -> int:
    kept = scene.reading.kept(Key(Kind.PARAGRAPH, ref))
    return 0 if kept is None else kept.entry


def _typed(one: MinutesSet, given: Submitted) -> Iterator[Typed]:
    for at in rows_of(given.typed, one.value):
        fields = {name: given.typed.get(f"{one.value}.{at}.{name}", "") for name in _NAMES}
        entry = fields["entry"]
        yield Typed(
            ref=fields["ref"],
            entry=int(entry) if entry.isdecimal() and len(entry) < _DIGITS else 0,
            role=fields["role"],
            label=fields["label"],
            text=fields["text"].strip(),
            of=fields["of"],
        )


_NAMES: Final = ("ref", "entry", "role", "label", "text", "of")
_DIGITS: Final = 18


def _minuted(
    one: MinutesSet, item: AgendaItem, meeting: Meeting, scene: Scene, rows: list[Typed]
) -> Iterator[Entity]:
    """The paragraphs of one set that change, and the minutes themselves if they begin by them."""
    if not rows:
        return
    ref = f"{meeting.ref}/{one.value}"
    minutes = look(scene.reading, Minutes, ref)
    if minutes is None:
        label = None if one is MinutesSet.OPEN else Label.RED
        minutes = Minutes(ref=ref, meeting=meeting.ref, set=one, label=label)
        yield minutes
    there = {each.ref: each for each in all_under(scene.reading, minutes, Paragraph)}
    free = max((int(_last(each)) for each in there if _last(each).isdecimal()), default=0)
    own: list[Paragraph] = []
    for at, row in enumerate(rows):
        if not row.text:
            raise Malformed(
                f"paragraph {row.ref}: empty, must say something: what is minuted stays",
                where=f"minutes.{one.value}.{at}.text",
                clause="sec:L1",
                rule="register.paragraph",
            )
        free += not row.ref
        own.append(_paragraph(row, ref, item, there, free, f"{one.value}.{at}"))
    yield from _placed(own, there, meeting, scene)


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _paragraph(
    row: Typed,
    minutes: str,
    item: AgendaItem,
    there: Mapping[str, Paragraph],
    number: int,
    where: str,
) -> Paragraph:
    role = next((one for one in ParagraphRole if one.value == row.role), None)
    label = next((one for one in Label if one.value == row.label), None)
    if role is None:
        raise Malformed(
            f"role: {row.role[:40]!r}, must be one of those offered",
            where=f"minutes.{where}.role",
            rule="register.form",
        )
    before = there.get(row.ref)
    if before is not None:
        return replace(before, role=role, label=label, text=row.text, of=row.of)
    return Paragraph(
        ref=f"{minutes}/{number:03d}",
        label=label,
        minutes=minutes,
        item=item.ref,
        place=1,
        role=role,
        text=row.text,
        of=row.of,
    )


def _placed(
    own: list[Paragraph],
    there: Mapping[str, Paragraph],
    meeting: Meeting,
    scene: Scene,
) -> Iterator[Paragraph]:
    """Those whose place or words change: by running order of the items, then as they stand."""
    order = {one.ref: at for at, one in enumerate(agenda(meeting, scene))}
    names = {one.ref for one in own}
    others = [one for one in there.values() if one.ref not in names]
    last = len(order)
    ordered = sorted(
        [*others, *own],
        key=lambda one: (
            order.get(one.item, last),
            one.ref in names,
            0 if one.ref in names else one.place,
        ),
    )
    for place, one in enumerate(ordered, start=1):
        placed = replace(one, place=place)
        if there.get(one.ref) != placed:
            yield placed


def _meanwhile(scene: Scene, given: Submitted) -> Iterator[Difference]:
    """Paragraphs that somebody else changed since the form was made."""
    for row in (row for one in MinutesSet for row in _typed(one, given) if row.ref):
        key = Key(Kind.PARAGRAPH, row.ref)
        now, before = scene.reading.get(key), scene.reading.state(key, row.entry)
        if isinstance(now, Paragraph) and isinstance(before, Paragraph) and now.text != before.text:
            yield Difference(
                name=f"Paragraph {now.place}", before=before.text, now=now.text, typed=row.text
            )


def _item(request: Request, scene: Scene) -> AgendaItem | None:
    found = scene.reading.get(Key(Kind.AGENDA_ITEM, request.path_params["ref"]))
    return found if isinstance(found, AgendaItem) and scene.keeps(found) else None
