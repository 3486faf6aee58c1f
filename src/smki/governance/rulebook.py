"""All rules of the register, by kind of entity; each family's are in a module of its own beside it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.rules import Rule
from smki.governance.rules_actions import ACTIONS
from smki.governance.rules_attendance import ATTENDANCE
from smki.governance.rules_classification import CLASSIFICATION
from smki.governance.rules_conditions import CONDITIONS
from smki.governance.rules_consulting import CONSULTING
from smki.governance.rules_convening import CONVENING
from smki.governance.rules_correspondence import CORRESPONDENCE
from smki.governance.rules_documents import DOCUMENTS
from smki.governance.rules_guidance import GUIDANCE
from smki.governance.rules_incidents import INCIDENTS
from smki.governance.rules_meetings import MEETINGS
from smki.governance.rules_minutes import MINUTES
from smki.governance.rules_modifications import MODIFICATIONS
from smki.governance.rules_people import PEOPLE
from smki.governance.rules_resolutions import RESOLUTIONS
from smki.governance.rules_voices import VOICES
from smki.governance.rules_work import WORK

_FAMILIES: Final[tuple[Mapping[Kind, tuple[Rule, ...]], ...]] = (
    PEOPLE,
    MEETINGS,
    ATTENDANCE,
    MINUTES,
    RESOLUTIONS,
    ACTIONS,
    CONVENING,
    INCIDENTS,
    CLASSIFICATION,
    DOCUMENTS,
    CONSULTING,
    CONDITIONS,
    GUIDANCE,
    CORRESPONDENCE,
    WORK,
    MODIFICATIONS,
    VOICES,
)
"""What a family's module gives: its rules by kind. Several may have rules for one kind."""

RULES: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {kind: tuple(rule for one in _FAMILIES for rule in one.get(kind, ())) for kind in Kind}
)
