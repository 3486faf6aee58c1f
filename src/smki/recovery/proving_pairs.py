"""What is found of two values that many devices share: a command and what it should place, and such.

Clause: gbcs:CS02b
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from smki.recovery.campaign import Fate
from smki.recovery.outcomes import Anchors
from smki.recovery.proving_commands import ALIKE_MAX, Cell, Commanded, Responded
from smki.recovery.proving_materials import Wanted

_One = TypeVar("_One")
_Other = TypeVar("_Other")
_Found = TypeVar("_Found")


class Alike:
    """What was found of two values that many devices share; found once for each pair."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, int, int], tuple[object, object, Any]] = {}

    def of(self, one: _One, other: _Other, find: Callable[[_One, _Other], _Found]) -> _Found:
        """What `find` finds of the two."""
        place = (find, id(one), id(other))
        known = self._known.get(place)
        if known is None:
            if len(self._known) >= ALIKE_MAX:
                self._known.clear()
            known = self._known[place] = (one, other, find(one, other))  # keeps both: ids last
        found: _Found = known[2]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Cells that a response says are replaced, and whether by what was placed."""

    cells: frozenset[Cell]
    as_placed: bool


def replaced_by(responded: Responded, wanted: Wanted) -> Replaced:
    """Which cells it says are replaced, and whether by what was to be placed."""
    found = [one for one in responded.outcomes if one.replaced]
    return Replaced(
        cells=frozenset(one.cell for one in found),
        as_placed=all(one.replacing == wanted[one.cell][1] for one in found if one.cell in wanted),
    )


def of_its_roles(commanded: Commanded, wanted: Wanted) -> Wanted:
    """What is to be placed, of the roles that the command touches alone."""
    roles = {cell.role for cell in commanded.placed}
    return {cell: placed for cell, placed in wanted.items() if cell.role in roles}


def fills(commanded: Commanded, wanted: Wanted) -> bool:
    """Whether it places exactly what is to be placed."""
    return commanded.placed == {cell: certificate for cell, (certificate, _) in wanted.items()}


def same_cells(responded: Responded, commanded: Commanded) -> bool:
    """Whether it tells of the command's cells, in their order, and of its mode."""
    cells = [one.cell for one in responded.outcomes]
    return cells == list(commanded.placed) and responded.mode is commanded.mode


def as_held(responded: Responded, held: Anchors) -> bool:
    """Whether the cells held before what it says."""
    return all(one.existing == held.get(one.cell) for one in responded.outcomes)


def equal(found: Anchors, held: Anchors) -> bool:
    """Whether both are the same cells with the same in them."""
    return dict(found) == dict(held)


def ended_by(replaced: int, wanted: int) -> Fate:
    """What a device came to that replaced so many of so many cells."""
    if not replaced:
        return Fate.REFUSED
    return Fate.RECOVERED if replaced == wanted else Fate.PARTLY
