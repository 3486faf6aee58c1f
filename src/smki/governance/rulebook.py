"""All rules of the register, by kind of entity; each family's are in a module of its own beside it."""

from collections.abc import Mapping
from typing import Final

from smki.governance.entities import Kind
from smki.governance.rules import Rule

RULES: Final[Mapping[Kind, tuple[Rule, ...]]] = {}
