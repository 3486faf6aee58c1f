"""The labels of the information policy, and which of two is the higher. Who may read is `reading`'s.

Clause: sec:M4.13
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final


class Label(Enum):
    """How something is classified, lowest first.

    Clause: sec:M4.13
    """

    WHITE = "white"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def is_confidential(self) -> bool:
        """Whether it belongs into confidential minutes, and in no others."""
        return self in _CONFIDENTIAL


_CONFIDENTIAL: Final = frozenset({Label.AMBER, Label.RED})
_ORDER: Final = {label: place for place, label in enumerate(Label)}


def highest(labels: Iterable[Label]) -> Label:
    """The highest of one or more labels: what is over mixed parts has it."""
    return max(labels, key=_ORDER.__getitem__)
