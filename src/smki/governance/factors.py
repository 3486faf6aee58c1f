"""What the authority takes into account before it decides on the recovery or the contingency key.

    factors      those it shall, and those it may; each with a weight, the highest first
    prior steps  what is done before

The document that sets them was not found: the values are configuration, and what stands here is
recalled. What people answer to a factor is kept with the incident; nothing is weighed by machine.

Clause: sec:L10.9
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from smki.terms import Malformed

_WEIGHT_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Something that a decision takes into account.

    Attributes:
        name: by which it is answered.
        text: the question.
        mandatory: it shall be taken into account; else it may.
        weight: beside the others, 1 to 100.
    """

    name: str
    text: str
    mandatory: bool
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Factors and steps, in the order in which they count.

    Attributes:
        factors: the weightiest first.
        prior_steps: what is done before a decision.
    """

    factors: tuple[Factor, ...]
    prior_steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what cannot be answered by name.

        Raises:
            Malformed: a factor twice or without a text, or a weight out of range.
        """
        names = [one.name for one in self.factors]
        if len(set(names)) != len(names) or not all(one.text.strip() for one in self.factors):
            raise Malformed(
                "guidance: a factor is there twice or asks nothing, must be once and ask",
                clause="sec:L10.9",
                rule="guidance.factor",
            )
        if not all(1 <= one.weight <= _WEIGHT_MAX for one in self.factors):
            raise Malformed(
                f"guidance: a weight is not from 1 to {_WEIGHT_MAX}, must be",
                clause="sec:L10.9",
                rule="guidance.weight",
            )

    @property
    def in_order(self) -> tuple[Factor, ...]:
        """Mandatory ones first, each sort by weight."""
        return tuple(sorted(self.factors, key=lambda one: (not one.mandatory, -one.weight)))

    def lacking(self, answered: Iterable[str]) -> tuple[Factor, ...]:
        """The mandatory factors that nobody answered.

        Clause: sec:L10.9
        """
        known = frozenset(answered)
        return tuple(one for one in self.in_order if one.mandatory and one.name not in known)


def _factor(name: str, text: str, weight: int, *, mandatory: bool = False) -> Factor:
    return Factor(name=name, text=text, mandatory=mandatory, weight=weight)


DEFAULT: Final = Guidance(
    factors=(
        _factor("devices", "How many devices of which type are concerned?", 10, mandatory=True),
        _factor("attackers", "Is somebody using the stolen key already?", 10, mandatory=True),
        _factor(
            "supply",
            "What can it do to safety and supply: prepayment, disconnection, load?",
            10,
            mandatory=True,
        ),
        _factor("time", "How long does recovery take, also by method 1?", 8, mandatory=True),
        _factor("recovery-key", "How sure is it that the recovery key itself is safe?", 8),
        _factor("parties", "What does each option do to other parties?", 5),
        _factor("reversible", "Can what the option does be undone?", 5),
        _factor("cost", "What does it cost, and who bears it?", 3),
        _factor("reputation", "What will be said of it?", 1),
    ),
    prior_steps=(
        "The notification was confirmed by call-back.",
        "Relevant devices and subscribers were worked out.",
        "The options were compared, not to use the key among them.",
        "The mandatory factors were answered, by name.",
        "The authority was called together, and whoever must sign knows the scope.",
    ),
)
"""Where nothing is configured: recalled, on the page of divergences."""
