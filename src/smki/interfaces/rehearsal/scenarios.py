"""The scenarios that can be rehearsed: one row each."""

from collections.abc import Mapping
from typing import Final

from smki.interfaces.rehearsal.authorising import authorised
from smki.interfaces.rehearsal.concluding import evidence, verdict
from smki.interfaces.rehearsal.confirming import confirmed
from smki.interfaces.rehearsal.frame import Scenario, Step
from smki.interfaces.rehearsal.methods import ROWS
from smki.interfaces.rehearsal.outdating import outdated
from smki.interfaces.rehearsal.preparing import preconditions
from smki.interfaces.rehearsal.running import first_run, second_run
from smki.interfaces.rehearsal.succeeding import succeeded
from smki.interfaces.rehearsal.updating import further_certificates, further_updates
from smki.recovery import Compromised, Method
from smki.simulator.regions import FAULTY_MAKE
from smki.terms import Refused

_ROWS: Final[tuple[Scenario, ...]] = (
    Scenario(
        name="smki-53",
        title="recovery from compromise of the contingency symmetric key, by the contingency key",
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        method=Method.BY_CONTINGENCY,
        regions={"north": 50, "south": 50},
        faulty_make=FAULTY_MAKE,
        steps=(
            Step(name="preconditions", title="preconditions", take=preconditions),
            Step(
                name="decision",
                title="the contingency symmetric key is lost; the authority decides",
                take=authorised,
            ),
            Step(
                name="material",
                title="new contingency material, a new root, new certificates for everybody",
                take=succeeded,
            ),
            Step(
                name="first-run",
                title="every device is commanded by the old contingency key: mode 9, every cell",
                take=first_run,
            ),
            Step(
                name="second-run",
                title="root cause, approved workaround, and those devices again",
                take=second_run,
            ),
            Step(
                name="confirmation",
                title="what devices say is confirmed by somebody else, who looks into them",
                take=confirmed,
            ),
            Step(
                name="further-certificates",
                title="additional test: new certificates for one ordinary update",
                take=further_certificates,
            ),
            Step(
                name="further-updates",
                title="additional test: the ordinary update, under the new anchors",
                take=further_updates,
            ),
            Step(
                name="old-anchors",
                title="additional test: commands under the old anchors",
                take=outdated,
            ),
            Step(name="evidence", title="everything into the record", take=evidence),
            Step(name="verdict", title="verdict by criterion, and the report", take=verdict),
        ),
    ),
)
SCENARIOS: Final[Mapping[str, Scenario]] = {row.name: row for row in (*_ROWS, *ROWS)}


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
