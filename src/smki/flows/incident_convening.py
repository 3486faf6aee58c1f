"""The authority is called together about an incident, with the options that there are for that key.

1 convene   kept, unless it was before: by whom, by which criterion, each method as an option
2 declare   the incident names the convening

Cut off between the two, the same again finds the convening and goes on. Calls go out by
`convening.send_calls`.

Clause: sec:L10.9, sec:L10
"""

from datetime import datetime
from typing import Final

from smki.flows.convening import Emergency, convene
from smki.flows.incidents import declare, incident_of
from smki.governance.entities.bodies import Committee
from smki.governance.entities.convening import Choice, Convening
from smki.governance.entities.incidents import Incident
from smki.governance.looking import all_under, look
from smki.ports.register import Register
from smki.recovery.options import AFTERWARDS
from smki.recovery.procedures import methods_for
from smki.terms import Compromised, Method

CRITERION: Final = "key-compromise"
"""By which a body is called together if nothing else is said."""


def convene_and_declare(
    register: Register, ref: str, *, criterion: str, by: str, text: str, at: datetime
) -> Incident:
    """The body of the incident is being called together, and the incident declared.

    Raises:
        Refused: there is no such incident, it cannot be declared, or that person may not call the
            body together: every reason.
        Unavailable: the database is away.

    Clause: sec:L10.9
    """
    incident = incident_of(register, ref)
    convening = _there(register, incident)
    if convening is None:
        said = Emergency(
            body=incident.body,
            criterion=criterion,
            circumstances=_circumstances(incident, text),
            options=options_for(incident.compromised),
        )
        convening = convene(register, said, by, at)
    return declare(register, ref, by=by, text=text, convening=convening.ref, at=at)


def options_for(compromised: Compromised) -> tuple[Choice, ...]:
    """The options before a body: each method for that key; not to use it is added by whoever convenes.

    Clause: sec:L10.9
    """
    return tuple(
        Choice(
            text=f"{row.method.value}: {row.places.value}.",
            consequences=f"Meanwhile exposed: {row.exposed}. Afterwards: {AFTERWARDS[row.method]}.",
        )
        for row in methods_for(compromised)
        if row.method is not Method.NONE
    )


def _circumstances(incident: Incident, text: str) -> str:
    said = f" {text}" if text else ""
    return f"Incident {incident.title}.{said}"


def _there(register: Register, incident: Incident) -> Convening | None:
    """The convening about it that goes on, if there is one."""
    body = look(register, Committee, incident.body)
    convenings = all_under(register, body, Convening) if body is not None else ()
    begins = f"Incident {incident.title}."
    return next(
        (
            one
            for one in convenings
            if one.circumstances.startswith(begins)
            and one.stood_down is None
            and not one.resolution
        ),
        None,
    )
