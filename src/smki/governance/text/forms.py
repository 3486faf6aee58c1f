"""Which attributes of each class are fields of a file; the others stand in headings or in the text."""

from typing import Final

from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper
from smki.governance.entities.minutes import (
    Action,
    Condition,
    Minutes,
    ParagraphRole,
    Resolution,
)
from smki.governance.text.fields import slots

MEETING: Final = slots(Meeting, ("attendance",))
MINUTES: Final = slots(Minutes, ("meeting", "set"))
ITEM: Final = slots(AgendaItem, ("meeting", "number", "heading"))
PAPER: Final = slots(Paper, ("item", "heading", "sections"))
RESOLUTION: Final = slots(Resolution, ("item", "text"))
CONDITION: Final = slots(Condition, ("resolution", "text"))
ACTION: Final = slots(Action, ("item", "text"))

SETS: Final = {one.value: one for one in MinutesSet}
ROLES: Final = {one.value.replace("-", " "): one for one in ParagraphRole}


def item_ref(meeting: str, number: int | str) -> str:
    """The name of an agenda item, if it has no other."""
    return f"{meeting}/{number}"


def minutes_ref(meeting: str, which: str) -> str:
    """The name of a set of minutes, if it has no other."""
    return f"{meeting}/{which}"


def paragraph_ref(minutes: str, place: int) -> str:
    """The name of a paragraph, if it has no other."""
    return f"{minutes}/{place:03d}"


def resolution_ref(item: str, place: int) -> str:
    """The name of a resolution, if it has no other."""
    return f"{item}/{place}"


def condition_ref(resolution: str, place: int | str) -> str:
    """The name of a condition, if it has no other."""
    return f"{resolution}/c{place}"
