"""Step 2: the key is declared compromised, the authority is convened, chooses, and decides.

    the method     recovery-method about the incident
    each key       use-key about the key, for this incident and method alone

The decisions are files that two officers sign; the rehearsal's house asks them later, as any other
house does, before a key is opened.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import key_name
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY, ROOT_OCA, SYMMETRIC
from smki.governance import Body, DecisionKind
from smki.interfaces.capacity import Wanted, calculate
from smki.interfaces.capacity_rates import Pace
from smki.interfaces.rehearsal.convening import convened
from smki.interfaces.rehearsal.deciding import Resolved, decided, now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_items
from smki.recovery import Method, methods_for
from smki.recovery.evidence import Option, Options, document

KEYS: Final[Mapping[Method, tuple[str, ...]]] = {
    Method.TWO: (RECOVERY,),
    Method.THREE: (RECOVERY,),
    Method.BY_RECOVERY: (RECOVERY, ROOT_OCA),
    Method.BY_CONTINGENCY: (CONTINGENCY, SYMMETRIC),
    Method.ROOT_UPDATE: (RECOVERY, ROOT_OCA),
}
"""Keys in custody that each method uses."""
_PACE: Final = Pace(commands={}, octets={}, signing=1_000.0, making=1_000.0, cores=1)
"""That the options suppose: it is the networks that bound them."""


def incident_of(run: Run) -> str:
    """How decisions and reports name the incident."""
    return f"INC-{run.asked.name}"


def method_decision(run: Run) -> str:
    """The id of the decision for the method."""
    return f"{run.asked.name}-method"


def key_decision(run: Run, key: str) -> str:
    """The id of the decision that the key may be used."""
    return f"{run.asked.name}-{key}"


def permit_answers(run: Run, key: str) -> dict[str, str]:
    """What a ceremony is told of the decisions under which the key is used; by prompt.

    Clause: sec:L10.9
    """
    method = run.scenario.method.value
    said = {
        "decision": key_decision(run, key),
        "recovery": method_decision(run),
        "incident": incident_of(run),
        "method": method,
        "purpose": method,
    }
    named = key_name(key, Purpose.REHEARSAL)
    return {f"permit.{named}.{name}": text for name, text in said.items()}


def permit_further(run: Run, *keys: str) -> None:
    """These keys may be used too, each by a decision of its own unless the method's name it already.

    Clause: sec:L10.9
    """
    method = run.scenario.method
    wanted = [key for key in keys if key not in KEYS.get(method, ())]
    decided(run, Body.SMKI_PMA, *(_use_of(run, key) for key in wanted))


def _use_of(run: Run, key: str) -> Resolved:
    return Resolved(
        id=key_decision(run, key),
        kind=DecisionKind.USE_KEY,
        about=key_name(key, Purpose.REHEARSAL),
        scope=f"{incident_of(run)}: {run.scenario.method.value}",
    )


def authorised(run: Run) -> Made:
    """The decisions are in the record of the rehearsal's house; what was chosen between is kept.

    Clause: sec:L10, sec:L10.9
    """
    scenario, incident = run.scenario, incident_of(run)
    run.tell(f"  {incident}: {scenario.compromised.value} key declared compromised")
    options = tuple(_options(run))
    for one in options:
        chosen = "chosen" if one.chosen else "not chosen"
        run.tell(f"  option {one.method.value}: {one.commands:,} commands, {chosen}")
    keep_items(
        run,
        document(
            "options",
            Options(incident=incident, compromised=scenario.compromised, at=now(), options=options),
        ),
    )
    call = convened(run, options, now())
    run.tell(f"  the authority is called together ({call}), and answers")
    entries = decided(
        run,
        Body.SMKI_PMA,
        Resolved(
            id=method_decision(run),
            kind=DecisionKind.RECOVER,
            about=incident,
            scope=scenario.method.value,
        ),
        *(_use_of(run, key) for key in KEYS.get(scenario.method, ())),
    )
    run.tell(f"  decided and signed by chair and secretary: {', '.join(entries)}")
    return {"convening": call, "incident": incident, "entries": dict(entries)}


def _options(run: Run) -> Iterator[Option]:
    """What each method would take, not to use the key among them."""
    for row in methods_for(run.scenario.compromised):
        commands = seconds = 0
        if row.method is not Method.NONE:
            wanted = Wanted(
                devices=None,
                method=row.method,
                compromised=run.scenario.compromised,
                pace=_PACE,
            )
            estimate = calculate(run.house, wanted, now()).plan.estimate
            commands, seconds = estimate.commands, round(estimate.hours * 3_600)
        chosen = row.method is run.scenario.method
        yield Option(
            method=row.method,
            chosen=chosen,
            commands=commands,
            seconds=seconds,
            exposed=row.exposed,
            why="what the scenario exercises" if chosen else "not what the scenario exercises",
        )
