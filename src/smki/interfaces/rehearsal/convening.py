"""Step 2, before anything is decided: the authority is called together, in the register of its house.

Its chair and secretary have seats, and credentials that messages to them are sealed for; the operator
triggers by a criterion; not to use the key is among what is before them; each acknowledges.
"""

from datetime import datetime
from typing import Final

from smki.adapters.couriers import CourierFolder
from smki.bootstrap import open_front
from smki.flows.convening import (
    Emergency,
    acknowledge,
    convene,
    sealing_certificates,
    send_calls,
)
from smki.flows.keeping import keep
from smki.flows.office import FrontOffice
from smki.governance import Body
from smki.governance.entities.bodies import (
    BodyKind,
    Committee,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.convening import Choice, Convening
from smki.governance.entries import Change
from smki.governance.looking import all_under, look
from smki.interfaces.rehearsal.deciding import BENCHES
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.house import OFFICERS, officers_of
from smki.recovery.evidence import Option
from smki.terms import Inconsistent
from smki.wire.certificate import parse_certificate

REF: Final = "RPA"
OPERATOR: Final = "operator"
_CALLS: Final = "calls"
_CRITERION: Final = "key-compromise"
_CHANNEL: Final = "rehearsal: simulated"
_CATEGORIES: Final = (SeatCategory.CHAIR, SeatCategory.SECRETARIAT, SeatCategory.OPERATOR)


def convened(run: Run, options: tuple[Option, ...], at: datetime) -> str:
    """The authority was called together and has answered; the ref of the convening.

    Called again, it is the convening of before.

    Clause: sec:L10.9
    """
    with open_front(run.house) as front:
        _seated(run, front, at)
        found = _convening(front) or convene(
            front.proceedings, _emergency(run, options), OPERATOR, at
        )
        courier = CourierFolder(run.house.path(_CALLS))
        sealed_for = sealing_certificates(front, at)
        send_calls(front.proceedings, courier, sealed_for, found.ref, at)
        called = _convening(front)
        if called is None:
            raise Inconsistent(f"convening {found.ref}: was kept and is not there, must be")
        for call in called.calls:
            if call.acknowledged is None:
                acknowledge(front.proceedings, found.ref, call.person, call.person, at)
    return found.ref


def _seated(run: Run, front: FrontOffice, at: datetime) -> None:
    """The authority, with whoever sits in it, is in the register."""
    if look(front.proceedings, Committee, REF) is not None:
        return
    bench = BENCHES[Body.SMKI_PMA]
    officers = officers_of(run, bench.party, bench.name, bench.entity)
    serials = {
        name: parse_certificate(officers[name].certificate).tbs.serial.hex() for name in OFFICERS
    }
    people = (*OFFICERS, OPERATOR)
    body = Committee(
        ref=REF,
        name=bench.name,
        kind=BodyKind.SUB_COMMITTEE,
        signs_as=Body.SMKI_PMA.value,
    )
    persons = tuple(
        Person(
            ref=name,
            name=f"{name} of the rehearsal",
            credentials=(serials[name],) if name in serials else (),
            channel=_CHANNEL,
        )
        for name in people
    )
    seats = tuple(
        Seat(ref=f"{REF}/{name}", body=REF, category=category, votes=name == OPERATOR, holder=name)
        for name, category in zip(people, _CATEGORIES, strict=True)
    )
    change = Change(
        at=at, by="", said="the authority of a rehearsal", entities=(body, *persons, *seats)
    )
    keep(front.proceedings, change)


def _emergency(run: Run, options: tuple[Option, ...]) -> Emergency:
    return Emergency(
        body=REF,
        criterion=_CRITERION,
        circumstances=f"rehearsal {run.asked.name}: the {run.scenario.compromised.value} key is lost",
        options=tuple(
            Choice(text=f"recover: {one.method.value}", consequences=one.exposed)
            for one in options
            if one.commands
        ),
    )


def _convening(front: FrontOffice) -> Convening | None:
    body = look(front.proceedings, Committee, REF)
    found = () if body is None else all_under(front.proceedings, body, Convening)
    return found[0] if found else None
