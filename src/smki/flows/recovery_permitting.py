"""Whether a recovery may be begun: by the decision of the record, and by how its incident stands.

    decision   recorded, in force now, permits this method for this incident
    incident   of the register: decided or recovering, by that method and under that decision; a
               subscriber's own method needs no other
    exercise   of a list of devices, which its decisions name: no incident, and in no register

Asked each time something of the recovery is begun: a decision may have been withdrawn since.

Clause: sec:L10, sec:L10.9
"""

from datetime import datetime
from typing import Final

from smki.flows.deciding import recorded_decision, why_not
from smki.flows.office import FrontOffice
from smki.governance import Act, Question
from smki.governance.entities import Known
from smki.governance.entities.incidents import Incident, IncidentState
from smki.governance.looking import look
from smki.recovery import METHODS, Method
from smki.recovery.exercises import list_named
from smki.recovery.procedures import Decider
from smki.terms import Refused

_GOES_ON: Final = (IncidentState.DECIDED, IncidentState.RECOVERING)


def permitted_until(
    front: FrontOffice, incident: str, method: Method, *, decision: str, at: datetime
) -> datetime:
    """When the decision expires, which permits the method for the incident at that instant.

    Raises:
        Refused: it is not recorded, or does not permit it, with every reason.

    Clause: sec:L10
    """
    before = front.index.size()
    recorded = recorded_decision(front, decision, before)
    if recorded is None:
        raise _refused(f"decision {decision!r}: not in the record, must be", "--decision")
    question = Question(act=Act.RECOVER, about=frozenset({incident}), at=at, scope=method.value)
    findings = why_not(front, recorded, question, before)
    if findings:
        raise Refused(findings=findings)
    return recorded.decision.expiry


def must_be_own(incident: str, method: Method, mode: int, *, unregistered: bool) -> None:
    """No decision of the authority is needed: a subscriber's own method, as the register has it.

    Args:
        incident: of the register; `must_stand` says how.
        method: by which is recovered.
        mode: of the commands.
        unregistered: the incident is in no register: nobody would have decided anything.

    Raises:
        Refused: a decision is needed.

    Clause: sec:L10
    """
    row = METHODS[method]
    own = row.decider is Decider.SUBSCRIBER and mode in map(int, row.modes)
    if not own or unregistered or list_named(incident):
        raise _refused(
            f"{method.value} in mode {mode}: a decision must be named, but for a subscriber's own"
            " method about an incident of the register",
            "--decision",
        )


def must_stand(
    register: Known, incident: str, method: Method, *, decision: str, unregistered: bool = False
) -> None:
    """The register's incident is to be recovered from, by that method and under that decision.

    A live exercise is no incident. An `unregistered` one is named by the decision alone.

    Raises:
        Refused: it is not in the register, stands otherwise, or was decided otherwise.

    Clause: sec:L10
    """
    if list_named(incident):
        return
    found = look(register, Incident, incident)
    if found is None:
        if unregistered:
            return
        raise _refused(
            f"incident {incident!r}: not in the register, must be: 'smki recovery incident' puts it"
            " there; --unregistered where the decision alone is to name it"
        )
    if found.state not in _GOES_ON:
        raise _refused(
            f"incident {incident}: is {found.state.value}, must be decided or recovering"
        )
    if found.method is not method or found.decision not in ("", decision):
        decided = found.method.value if found.method else "no method"
        raise _refused(
            f"incident {incident}: was decided for {decided} by {found.decision or 'no decision'},"
            f" must be for {method.value} by {decision}"
        )


def _refused(what: str, where: str = "--incident") -> Refused:
    return Refused(f"recovery: {what}", where=where, clause="sec:L10", rule="recovery.permitted")
