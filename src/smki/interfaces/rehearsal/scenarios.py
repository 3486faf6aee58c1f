"""The scenarios that can be rehearsed: one row each."""

from collections.abc import Mapping
from typing import Final

from smki.interfaces.rehearsal.frame import Scenario
from smki.terms import Refused

_ROWS: Final[tuple[Scenario, ...]] = ()
SCENARIOS: Final[Mapping[str, Scenario]] = {row.name: row for row in _ROWS}


def scenario_named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        Refused: there is none.
    """
    found = SCENARIOS.get(name)
    if found is None:
        raise Refused(
            f"scenario {name[:60]!r}: not known, must be one of {', '.join(SCENARIOS)}",
            where="--scenario",
            rule="rehearsal.scenario",
        )
    return found
