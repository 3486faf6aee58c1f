"""Lists of what was gathered as CSV: actions, attendance, decisions. No cell is ever a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from smki.flows.exporting_register import Gathered
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Action, Condition, Resolution
from smki.governance.text.words import due_in_words

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_Row = tuple[str, ...]


def csv_of(found: Gathered, name: str) -> bytes:
    """The list of that name (`LISTS`), UTF-8 with a mark for spreadsheets, a line for each."""
    head, rows = LISTS[name]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(tuple(map(harmless, row)) for row in rows(found))
    return ("\ufeff" + text.getvalue()).encode()


def harmless(cell: str) -> str:
    """The cell as text: one that a spreadsheet would take as a formula begins with `'`."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _actions(found: Gathered) -> Iterator[_Row]:
    for one in (*_of(found, Action), *found.others):
        updates = " / ".join(f"{each.on}: {each.text}" for each in one.updates)
        yield (
            one.ref,
            found.labels[one.key].value,
            one.text,
            found.names.get(one.owner, one.owner),
            str(one.raised),
            due_in_words(one.due),
            str(one.due_on or ""),
            one.state.value,
            one.successor,
            updates,
        )


def _attendance(found: Gathered) -> Iterator[_Row]:
    for meeting in _of(found, Meeting):
        label = found.labels[meeting.key].value
        for one in meeting.attendance:
            items = " ".join(map(str, one.part.items)) if one.part else ""
            times = (one.part.arrived, one.part.left) if one.part else (None, None)
            yield (
                meeting.ref,
                str(meeting.held_on),
                label,
                found.names.get(one.person, one.person),
                one.organisation,
                one.seat,
                "yes" if one.votes else "no",
                one.mode.value,
                items,
                *(f"{at:%H:%M}" if at else "" for at in times),
                found.names.get(one.alternate_for, one.alternate_for),
                one.joint_of,
            )


def _decisions(found: Gathered) -> Iterator[_Row]:
    conditions = _of(found, Condition)
    for one in _of(found, Resolution):
        own = (each for each in conditions if each.resolution == one.ref)
        yield (
            one.ref,
            found.labels[one.key].value,
            one.verb.value,
            " ".join(one.bodies),
            one.text,
            one.about,
            one.version,
            one.clause,
            " / ".join(f"{each.kind.value}, {each.state.value}: {each.text}" for each in own),
            str(one.effective or ""),
            str(one.withdrawn.date()) if one.withdrawn else "",
        )


_List = tuple[_Row, Callable[[Gathered], Iterable[_Row]]]
LISTS: Final[Mapping[str, _List]] = {
    "actions": (
        (
            "action", "label", "text", "owner", "raised", "due", "due on", "state", "successor",
            "updates",
        ),
        _actions,
    ),
    "attendance": (
        (
            "meeting", "date", "label", "name", "organisation", "seat", "votes", "mode", "items",
            "from", "until", "alternate for", "joint of",
        ),
        _attendance,
    ),
    "decisions": (
        (
            "decision", "label", "verb", "bodies", "text", "about", "version", "clause",
            "conditions", "effective", "withdrawn",
        ),
        _decisions,
    ),
}  # fmt: skip
"""What can be listed: columns, and what gives the rows."""


_Entity = TypeVar("_Entity")


def _of(found: Gathered, kind: type[_Entity]) -> list[_Entity]:
    return [one for one in found.entities if isinstance(one, kind)]
