"""What is done after a recovery: devices are handed back, and what a thief left is undone.

    hand-back     the access control broker gives devices to their subscriber again, after method 2
    inspection    devices are looked into, for what no answer tells: what waits, which counters ended
    cancelled     what waits, by whoever has the name under which it was sent, with the key of now
    counted back  lent to the broker and given back, by the recovery key of now, under a decision

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import Kept, open_kept
from smki.ceremonies.scripts import RECOVERY
from smki.devices import kinds
from smki.devices.modes import MODES
from smki.devices.path import held
from smki.flows.recovering import Leg, hand_back
from smki.flows.recovery_remedies import counting_back
from smki.interfaces.key_serving import Signs
from smki.interfaces.line_time import line_time
from smki.interfaces.recovery_asking import Asker, Asking, KeysAtHand
from smki.interfaces.recovery_cancelling import what_cancels
from smki.interfaces.recovery_members import HAND_BACK
from smki.interfaces.rehearsal.among import Devices
from smki.interfaces.rehearsal.attacking import attacker_in
from smki.interfaces.rehearsal.authorising import permit_further
from smki.interfaces.rehearsal.campaigning import (
    Change,
    after,
    broker_key,
    carried,
    recovery_key_used,
)
from smki.interfaces.rehearsal.confirming import recovered_in
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.opening import Use
from smki.interfaces.rehearsal.running import campaigns_of, said_of
from smki.interfaces.rosters import devices_of
from smki.merkle.canonical import JSON
from smki.recovery.attacks import Effect
from smki.terms import EUI64, Inconsistent, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_TRIES: Final = 8  # signatures that a command to one device may take, however often it is begun

_ByMode: TypeAlias = dict[CredentialsReplacementMode, list[EUI64]]


def handed_back(run: Run) -> Made:
    """The broker gave every device back to its subscriber: its new certificates are in its cells.

    Clause: sec:L10, gbcs:CS02b
    """
    leg, then = hand_back_leg(run), after(run)
    with open_kept(run.house) as kept:
        recovered = recovered_in(kept, campaigns_of(run))
    ran = carried(
        run,
        leg,
        f"{run.asked.name}.{HAND_BACK}",
        lambda row: row.device in recovered,
        Change(before=then, after=then),
    )
    run.tell(f"  {ran.campaign}: {ran.recovered:,} of {ran.devices:,} handed back")
    return {"ran": [said_of(ran)]}


def hand_back_leg(run: Run) -> Leg:
    """How devices are handed back.

    Clause: sec:L10, gbcs:CS02b
    """
    role, then = run.scenario.role, after(run)
    if role is None:
        raise Inconsistent("rehearsal: nobody's devices are to be handed back, must be somebody's")
    return hand_back(
        role,
        then,
        broker=then.entity(RemotePartyRole.ACCESS_CONTROL_BROKER),
        at=datetime.fromisoformat(run.once(HAND_BACK, now().isoformat())),
    )


def remedies_said(run: Run) -> Iterator[str]:
    """What was done against what the thief left, as notes have it."""
    made = run.made("undone")
    yield f"something waited on {made['waiting']} devices; {made['cancelled']} of them cancelled it"
    if made["counted_back"]:
        yield "counters at their end were counted back: cells were lent to the broker and given back"


def undone(run: Run) -> Made:
    """What an inspection found of the thief's that can be undone by command was undone.

    Clause: sec:L10, gbcs:CS02b
    """
    attacker = attacker_in(run)
    with open_kept(run.house) as kept:
        at = line_time(kept)
        waiting, by_mode, silenced = 0, _ByMode(), list[EUI64]()
        for state in (one.state for one in devices_of(kept.estate)):
            waiting += bool(state.scheduled)
            for mode in {_mode(one.header.message_code) for one in state.scheduled}:
                by_mode.setdefault(mode, []).append(state.device)
            if Effect.SILENCED in attacker.effects(state, at):
                silenced.append(state.device)
        cancelled = _cancelled(run, kept, by_mode)
    run.tell(f"  inspected: something waits on {waiting:,} devices; {cancelled:,} cancelled it")
    counted = _counted_back(run, Devices(silenced)) if silenced else []
    return {"waiting": waiting, "cancelled": cancelled, "counted_back": counted}


def _cancelled(run: Run, kept: Kept, by_mode: _ByMode) -> int:
    """How many devices took back whatever waited, in the name of each who is known."""
    asker = Asker(run.house, kept)
    done: set[EUI64] = set()
    for mode, devices in sorted(by_mode.items()):
        if MODES[mode].by is not RemotePartyRole.ROOT:  # he may have called himself anything
            done |= _cancelled_by(run, asker, mode, devices)
    return len(done)


def _cancelled_by(
    run: Run, asker: Asker, mode: CredentialsReplacementMode, devices: list[EUI64]
) -> set[EUI64]:
    """Those that took back what waited, by the key by which the role is known now."""
    role, then = MODES[mode].by, after(run)

    def ask(signs: Signs) -> set[EUI64]:
        asking = Asking(
            originator=then.entity(role),
            keys=KeysAtHand(signs=signs, broker=broker_key(run)),
            message_code=mode.message_code,
            value=what_cancels(mode, then),
        )
        return set(asker.ask(asking, devices))

    if role is not RemotePartyRole.RECOVERY:
        cell = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
        return ask(
            HouseKeys(run.house, None).signer(held(parse_certificate(then.certificates[cell])))
        )
    permit_further(run, RECOVERY)
    use = Use(
        name=f"cancelled-mode-{mode:d}",
        uses=len(devices) * _TRIES,
        take=lambda served: {"devices": [str(one) for one in sorted(ask(served.key))]},
    )
    came = recovery_key_used(run, then, use)["devices"]
    return {EUI64.parse(str(one)) for one in (came if isinstance(came, list) else ())}


def _mode(message_code: int) -> CredentialsReplacementMode:
    return next(mode for mode in MODES if mode.message_code == message_code)


def _counted_back(run: Run, devices: Devices) -> list[JSON]:
    """Counters of these devices were counted back: lent to the broker, and given back."""
    permit_further(run, RECOVERY)
    then = after(run)
    at = datetime.fromisoformat(run.once("counted-back", now().isoformat()))
    ran: list[JSON] = []
    for leg in counting_back(then, at=at):
        one = carried(
            run,
            leg,
            f"{run.asked.name}.{leg.name}",
            lambda row: row.device in devices,
            Change(before=then, after=then),
        )
        run.tell(f"  {one.campaign}: {one.recovered:,} of {one.devices:,} devices")
        ran.append(said_of(one))
    return ran
