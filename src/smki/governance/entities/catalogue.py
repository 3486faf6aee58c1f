"""Which class is which kind of entity: one table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities.base import Entity, Kind
from smki.governance.entities.bodies import Alternate, Committee, Election, Interest, Person, Seat
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.convening import Convening
from smki.governance.entities.correspondence import Correspondence, Direction
from smki.governance.entities.documents import ControlledDocument, DocumentVersion, Trigger
from smki.governance.entities.guidance import Guidance, Interpretation
from smki.governance.entities.incidents import Incident
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper, StandingItem
from smki.governance.entities.minutes import (
    Action,
    Comment,
    Condition,
    Minutes,
    Paragraph,
    Resolution,
)
from smki.governance.entities.modifications import Modification, ModificationInterest
from smki.governance.entities.outputs import Alias, Output
from smki.governance.entities.work import Risk, WorkPackage

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
    ControlledDocument,
    DocumentVersion,
    CommentRound,
    Consultation,
    Trigger,
    Direction,
    Correspondence,
    Interpretation,
    Guidance,
    WorkPackage,
    Risk,
    Modification,
    ModificationInterest,
    Convening,
    Incident,
)
ENTITIES: Final[Mapping[Kind, type[Entity]]] = MappingProxyType({one.KIND: one for one in _CLASSES})
