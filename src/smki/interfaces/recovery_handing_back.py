"""Begins the hand-back after method 2: the broker gives the devices that it took to their subscriber.

    NAME             the campaign by the recovery key that put the broker's certificates in
    NAME.hand-back   this one, by the broker's own keys, of the devices that were recovered in it

It is under the same decision, of which the record is asked again: it may have been withdrawn.
Nothing is commanded yet.

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Callable, Mapping
from typing import Final

from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, open_front
from smki.bootstrap.recoveries import (
    Kept,
    Recovery,
    arrangement_of,
    begin_campaign,
    begun_alone,
    members_of,
    open_kept,
    recovery_of,
)
from smki.devices import kinds
from smki.flows.recovering import HANDED_BACK, Leg, hand_back
from smki.flows.recovery_permitting import must_stand, permitted_until
from smki.interfaces.recovery_beginning import cells_in_force
from smki.interfaces.recovery_members import HAND_BACK, RecoveredIn, must_be_over
from smki.interfaces.recovery_refusing import Asked, Told, refusals_lodged
from smki.ports.campaigns import Carried
from smki.ports.estate import InventoryRow
from smki.recovery import Anchors, CampaignPlan, Method
from smki.recovery.arranging import arranged
from smki.terms import EUI64, Refused, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import UpdateCredentialsResponse

_ASKED: Final = 100  # devices: suppliers are few
_SIGNING: Final = kinds.cell(RemotePartyRole.ACCESS_CONTROL_BROKER, KeyUsageBits.DIGITAL_SIGNATURE)


def begin_hand_back(
    settings: Settings, environment: Mapping[str, str], name: str, told: Told = lambda _: None
) -> tuple[Carried, int]:
    """The campaign of the hand-back is there, and how many devices it has; again, nothing changes.

    Args:
        settings: of the house.
        environment: of the process.
        name: of the campaign of method 2.
        told: is told where a refusal was lodged.

    Raises:
        Refused: there is no such campaign of method 2, or it goes on; its decision has expired or was withdrawn, its
            incident stands otherwise, or the subscriber has no new certificates to be given: the
            record says so.
        Unavailable: the record or the estate is away.

    Clause: sec:L10, gbcs:CS02b
    """
    taken, recovery = recovery_of(settings, name), recovery_of(settings, f"{name}.{HAND_BACK}")
    if recovery.rehearsal:
        raise _refused(f"{name}: is a rehearsal, which hands back by itself")
    with open_kept(settings) as kept:
        first = kept.campaigns.campaign(name)
    if first is None or first.plan.method is not Method.TWO:
        raise _refused(f"{name}: no campaign of method 2, must be one")
    must_be_over((first,))  # who is recovered later would be left with the broker
    asked = Asked(
        campaign=recovery.campaign,
        incident=first.plan.incident,
        decision=first.plan.decision,
        method=Method.TWO,
    )
    with refusals_lodged(settings, environment, asked, told):
        return _begun(taken, recovery, first.plan)


def _begun(taken: Recovery, recovery: Recovery, plan: CampaignPlan) -> tuple[Carried, int]:
    at, name = SystemClock().now(), taken.campaign
    with open_front(recovery.house) as front, open_kept(recovery.house) as kept:
        permitted_until(front, plan.incident, plan.method, decision=plan.decision, at=at)
        must_stand(
            front.proceedings,
            plan.incident,
            plan.method,
            decision=plan.decision,
            unregistered=True,  # as it was begun
        )
        now = cells_in_force(front, recovery.house)
        there = kept.campaigns.campaign(recovery.campaign)
        broker = now.entity(RemotePartyRole.ACCESS_CONTROL_BROKER)
        role = _whose(arrangement_of(taken).placed, broker)
        leg = hand_back(role, now, broker=broker, at=there.begun if there else at)
        if {one.key_identifier for one in leg.placed.values()} & _held_before(kept, name):
            raise _refused(
                f"{role.name.lower()}: would be given the certificates that devices had before, new"
                " ones must be issued first ('smki renew')"
            )
        with begun_alone(recovery, kept, there):
            carried = begin_campaign(
                recovery,
                kept,
                plan,
                arranged(
                    leg.materials,
                    leg.placed,
                    originator=broker,
                    reader=broker,
                    signing_key=parse_certificate(now.certificates[_SIGNING]).tbs.public_key,
                    broker=now.certificates[kinds.BROKER_KA],
                ),
                members_of(kept.estate, plan, _meant(leg, kept, name)),
                at,
            )
        devices = sum(wave.devices for wave in kept.campaigns.counts(recovery.campaign))
    return carried, devices


def _whose(placed: Anchors, broker: EUI64) -> RemotePartyRole:
    """Whose cells the broker's certificates were put into.

    Raises:
        Refused: nobody's that could be given them back.
    """
    for role in sorted(HANDED_BACK):
        cells = [told for cell, told in placed.items() if cell.role is role]
        if cells and all(told.unique_id == broker.octets for told in cells):
            return role
    raise _refused("the campaign put the broker's certificates into nobody's cells, must have")


def _held_before(kept: Kept, name: str) -> frozenset[bytes]:
    """Identifiers of keys that cells held before that campaign, as some devices told."""
    found = set()
    for one in kept.campaigns.evidence(name, None, _ASKED):
        said = read_payload(parse_message(one.response)) if one.response else None
        if isinstance(said, SecurityPayload) and isinstance(said.value, UpdateCredentialsResponse):
            outcome = said.value.outcome
            found |= (
                {each.existing_key_identifier for each in outcome.outcomes} if outcome else set()
            )
    return frozenset(found)


def _meant(leg: Leg, kept: Kept, name: str) -> Callable[[InventoryRow], bool]:
    """Whether a device was recovered in that campaign; asked for devices in ascending order."""
    recovered = RecoveredIn(kept, [name])
    return lambda row: row.kind in leg.kinds and recovered.has(row.device)


def _refused(what: str) -> Refused:
    return Refused(f"hand-back: {what}", where="NAME", clause="sec:L10", rule="recovery.hand-back")
