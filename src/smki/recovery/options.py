"""What can be done about a compromised key, side by side: each method, and not to use the key.

For each: devices and cells it would replace, commands, how long at the assumed and at the measured
rates, what stays exposed meanwhile and afterwards, what it needs. Compares; chooses nothing.

Clause: sec:L10, sec:L10.9
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from smki.recovery.estimate import Rates
from smki.recovery.planning import Group, RecoveryPlan, Weight, plan_recovery
from smki.recovery.procedures import Decider, MethodRow, methods_for
from smki.terms import Compromised, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a device of a kind is sent by a method.

    Attributes:
        cells: how many are replaced.
        weights: of the commands, one after the other.
    """

    cells: int
    weights: tuple[Weight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the options.

    Attributes:
        row: the method, as the table of procedures has it.
        cells: that it replaces, by kind of device.
        plan: what it takes at the assumed rates; None if it commands nothing.
        measured: what it takes at the rates that networks showed; None if none were measured.
        needs: what must be there first.
        afterwards: what stays exposed when it is done.
    """

    row: MethodRow
    cells: Mapping[str, int]
    plan: RecoveryPlan | None
    measured: RecoveryPlan | None
    needs: tuple[str, ...]
    afterwards: str

    @property
    def method(self) -> Method:
        """Which."""
        return self.row.method


Weights = Mapping[Method, Mapping[str, Weighed]]
"""By method and kind of device; a kind that a method has no command for is not there."""


def compare(
    compromised: Compromised,
    groups: Sequence[Group],
    weights: Weights,
    *,
    assumed: Rates,
    measured: Rates | None,
    kept_each: int,
) -> tuple[Option, ...]:
    """The options, the usual one first and not to use the key last.

    Args:
        compromised: which key.
        groups: the relevant devices.
        weights: what each method sends.
        assumed: rates as configured or given.
        measured: the same with what networks showed; None if they showed nothing yet.
        kept_each: octets kept of a device beside its commands and answers.

    Clause: sec:L10.9
    """
    return tuple(
        _option(row, groups, weights.get(row.method, {}), (assumed, measured), kept_each)
        for row in methods_for(compromised)
    )


def _option(
    row: MethodRow,
    groups: Sequence[Group],
    weighed: Mapping[str, Weighed],
    rates: tuple[Rates, Rates | None],
    kept_each: int,
) -> Option:
    cells: dict[str, int] = {}
    for group in groups:
        if found := weighed.get(group.kind):
            cells[group.kind] = cells.get(group.kind, 0) + group.devices * found.cells
    sent = {kind: one.weights for kind, one in weighed.items()}
    assumed, measured = (
        plan_recovery(groups, sent, rate, kept_each) if rate and row.modes else None
        for rate in rates
    )
    return Option(
        row=row,
        cells=cells,
        plan=assumed,
        measured=measured,
        needs=(*_decisions(row), *NEEDS[row.method]),
        afterwards=AFTERWARDS[row.method],
    )


def _decisions(row: MethodRow) -> tuple[str, ...]:
    """The decisions of the record without which nothing is done."""
    if row.decider is Decider.SUBSCRIBER:
        return ("the subscriber's own decision; no decision of the record",)
    decided = f"a recovery-method decision about the incident, with the scope {row.method.value}"
    if not row.key:
        return (decided,)
    return (decided, f"a use-key decision about the {row.key} key, and a quorum of its custodians")


_M = Method
NEEDS: Final[Mapping[Method, tuple[str, ...]]] = MappingProxyType(
    {
        _M.ONE: (
            "new key pairs and organisation certificates of the subscriber",
            "anomaly detection thresholds that let the burst pass",
        ),
        _M.TWO: (
            "the broker's certificates, which are there",
            "new certificates of the subscriber for the hand-back, later",
        ),
        _M.THREE: ("new key pairs and organisation certificates of the subscriber, first",),
        _M.BY_RECOVERY: (
            "a new issuing authority, certified by the root in a ceremony",
            "organisation certificates of everybody under it",
        ),
        _M.BY_CONTINGENCY: (
            "a new root with new contingency material, made in a ceremony",
            "the symmetric key opened by its custodians, too",
            "a new issuing authority and organisation certificates of everybody under it",
        ),
        _M.ROOT_UPDATE: (
            "a new root with new contingency material, made in a ceremony, which the old one vouches for",
            "suppliers and the WAN provider, who send it",
        ),
        _M.NONE: ("that somebody bears the risk, and says until when",),
    }
)
"""What must be there before a method, beside decisions."""

AFTERWARDS: Final[Mapping[Method, str]] = MappingProxyType(
    {
        _M.ONE: "devices that did not answer, and any that whoever has the key took over first",
        _M.TWO: "devices that did not answer; the others obey the broker in the subscriber's place until"
        " they are handed back",
        _M.THREE: "devices that did not answer",
        _M.BY_RECOVERY: "devices that did not answer; the root is as it was",
        _M.BY_CONTINGENCY: "devices that did not answer: they hold the old root, and its symmetric key"
        " has been told to others in clear",
        _M.ROOT_UPDATE: "devices that did not answer, and kinds that nobody may give a root: they hold"
        " the old contingency key",
        _M.NONE: "everything that the stolen key allows, for as long as it is believed",
    }
)
"""What stays exposed when a method is done."""
