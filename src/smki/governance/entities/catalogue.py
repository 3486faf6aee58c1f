"""Which class is which kind of entity: one table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities.base import Entity, Kind
from smki.governance.entities.bodies import Alternate, Committee, Election, Interest, Person, Seat
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper, StandingItem
from smki.governance.entities.minutes import (
    Action,
    Comment,
    Condition,
    Minutes,
    Paragraph,
    Resolution,
)
from smki.governance.entities.outputs import Alias, Output

_CLASSES: Final[tuple[type[Entity], ...]] = (
    Committee,
    Person,
    Seat,
    Alternate,
    Election,
    Interest,
    StandingItem,
    Meeting,
    AgendaItem,
    Paper,
    Minutes,
    Paragraph,
    Comment,
    Resolution,
    Condition,
    Action,
    Output,
    Alias,
)
ENTITIES: Final[Mapping[Kind, type[Entity]]] = MappingProxyType({one.KIND: one for one in _CLASSES})
