"""All rules of the register, by kind of entity; each family's are in a module of its own beside it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.rules import Rule
from smki.governance.rules_attendance import ATTENDANCE
from smki.governance.rules_classification import CLASSIFICATION
from smki.governance.rules_meetings import MEETINGS
from smki.governance.rules_people import PEOPLE

_FAMILIES: Final[tuple[Mapping[Kind, tuple[Rule, ...]], ...]] = (
    PEOPLE,
    MEETINGS,
    ATTENDANCE,
    CLASSIFICATION,
)
"""What a family's module gives: its rules by kind. Several may have rules for one kind."""

RULES: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {kind: tuple(rule for one in _FAMILIES for rule in one.get(kind, ())) for kind in Kind}
)
