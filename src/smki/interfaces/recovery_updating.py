"""Begins a further ordinary update after a recovery: it shows that recovered devices can be used.

    1 over    all commands of the recovery have come to their end, and nothing is reported yet
    2 made    what is placed: the party's certificates that were issued since
    3 there   its key that recovered devices believe is in the house, and not what is placed
    4 begun   the campaign NAME.update-ROLE of the devices that were recovered and obey its command

A party updates its own, by its own key, as at any time: no part of the recovery, and no decision of
the authority. Nothing is commanded yet. What came of it is in the report, when it is concluded.

Clause: sec:L10, gbcs:CS02b
"""

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, open_front
from smki.bootstrap.message_keys import stored_keys
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import (
    Kept,
    Recovery,
    arrangement_of,
    begin_campaign,
    begun_alone,
    inventory_rows,
    members_of,
    open_kept,
    recovery_of,
)
from smki.devices.kinds import cell
from smki.flows.recovering import OWN_MODE, Leg, Lost, recovery_legs
from smki.interfaces.recovery_beginning import OWN_WITHIN, Meant, cells_in_force, must_be_new
from smki.interfaces.recovery_members import (
    RecoveredIn,
    campaigns_of,
    must_be_over,
    turn_of,
    update_name,
)
from smki.ports.campaigns import Carried
from smki.ports.estate import InventoryRow
from smki.recovery import CampaignPlan, Compromised, Method
from smki.recovery.arranging import Arranged, arranged
from smki.recovery.evidence import Turn
from smki.terms import EUI64, Refused, RemotePartyRole
from smki.wire.gbcs.trust_anchors import KeyUsageBits

ROLES: Final = tuple(OWN_MODE)
"""Roles that replace their own certificates by their own key alone."""


def begin_update(
    settings: Settings,
    name: str,
    role: RemotePartyRole,
    devices: Collection[EUI64] | None = None,
) -> tuple[Carried, int]:
    """The campaign of the update is there, and how many devices it has; again, nothing changes.

    Args:
        settings: of the house.
        name: of the recovery.
        role: whose certificates are updated, one of `ROLES`.
        devices: these alone, of those that were recovered; None for all.

    Raises:
        Refused: there is no such recovery, it goes on, or was reported; no device of it obeys the
            role, holds a certificate of its, or would be given anything new.
        Unavailable: the record or the estate is away.

    Clause: sec:L10, gbcs:CS02b
    """
    recovery, at = recovery_of(settings, update_name(name, role)), SystemClock().now()
    if recovery.rehearsal:
        raise _refused(f"{name}: is a rehearsal, which updates its devices by itself")
    with open_kept(settings) as kept:
        plan, names = _over(kept, recovery, name)
        there = kept.campaigns.campaign(recovery.campaign)
        begun = there.begun if there else at
        leg, meant = _made(settings, role, begun, RecoveredIn(kept, names), devices)
        arrangement = _arranged(leg, _own_key(kept, settings, leg, meant), settings, names[-1])
        plan = replace(plan, expires=(begun + OWN_WITHIN).replace(microsecond=0))
        members = members_of(kept.estate, plan, meant)
        with begun_alone(recovery, kept, there):
            carried = begin_campaign(recovery, kept, plan, arrangement, members, at)
        count = sum(wave.devices for wave in kept.campaigns.counts(recovery.campaign))
    return carried, count


def _over(kept: Kept, recovery: Recovery, name: str) -> tuple[CampaignPlan, list[str]]:
    """Step 1: the plan of the update, but for its time, and by which campaigns devices came back.

    After method 2 that is the hand-back: until then their cells are the broker's.
    """
    campaigns = campaigns_of(kept, name)
    must_be_over(one for one in campaigns if turn_of(one.name) is not Turn.UPDATED)
    if recovery.report.exists():
        raise _refused(f"{name}: is concluded, a further update must come before its report")
    turns = [turn_of(one.name) for one in campaigns]
    last = Turn.HANDED_BACK if Turn.HANDED_BACK in turns else Turn.COMMANDED
    plan = replace(
        campaigns[0].plan, decision="", compromised=Compromised.ORGANISATION, method=Method.ONE
    )
    return plan, [one.name for one in campaigns if turn_of(one.name) is last]


def _made(
    house: Settings,
    role: RemotePartyRole,
    at: datetime,
    recovered: RecoveredIn,
    devices: Collection[EUI64] | None,
) -> tuple[Leg, Meant]:
    """Step 2: the command, and which devices are meant."""
    with open_front(house) as front:
        now = cells_in_force(front, house)
    lost = Lost(compromised=Compromised.ORGANISATION, role=role)
    (leg,) = recovery_legs(Method.ONE, lost, now, now, at=at)

    def meant(row: InventoryRow) -> bool:
        listed = devices is None or row.device in devices
        return listed and row.kind in leg.kinds and recovered.has(row.device)

    return leg, meant


def _own_key(kept: Kept, house: Settings, leg: Leg, meant: Meant) -> bytes:
    """Step 3: the public key of the party, as the devices know it by now."""
    signing = cell(leg.signer, KeyUsageBits.DIGITAL_SIGNATURE)
    row = next(filter(meant, inventory_rows(kept.estate)), None)
    found = kept.estate.device(row.device) if row else None
    if found is None:
        raise _refused(
            f"no device that was recovered obeys {leg.signer.name.lower()}, one must: --role"
        )
    anchor = found.state.anchors[signing]
    if anchor.unique_id != leg.originator.octets:
        raise _refused(
            f"device {found.state.device}: its cell of {leg.signer.name.lower()} is another's, must"
            f" be of {leg.originator}"
        )
    must_be_new(found.state, leg)
    return HouseKeys(house, stored_keys(house, os.environ)).signer(anchor).public_key


def _arranged(leg: Leg, public_key: bytes, settings: Settings, campaign: str) -> Arranged:
    """What carriers need; the broker is the one that devices know since that campaign."""
    recovered = arrangement_of(recovery_of(settings, campaign))
    return arranged(
        leg.materials,
        leg.placed,
        originator=leg.originator,
        reader=recovered.reader,
        signing_key=public_key,
        broker=recovered.broker,
    )


def _refused(what: str) -> Refused:
    return Refused(f"update: {what}", where="NAME", clause="sec:L10", rule="recovery.update")
