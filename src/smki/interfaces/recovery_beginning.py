"""Begins a campaign in the operator's own house: what a decision permits, made ready for carriers.

    1 decided   the recorded decision permits this method for this incident, as the register has it;
                until when; if it is of a live exercise, for these devices and no others
    2 made      what is placed, from the certificates in force in the house
    3 open      the key that signs is open, and is the one by which devices believe; a subscriber's own
                is in the house, and is the one from before
    4 begun     devices as they are and what carriers need are kept, then the campaign, then its
                devices in waves

Nothing is commanded, and the key is not used. New certificates are issued before it, elsewhere: what
devices hold already is not placed again. What is refused is in the record.

Clause: sec:L10
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, open_front
from smki.bootstrap.estates import trusted_certificates
from smki.bootstrap.message_keys import stored_keys
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import (
    Kept,
    Recovery,
    begin_campaign,
    begun_alone,
    inventory_rows,
    members_of,
    open_kept,
    recovery_of,
)
from smki.ceremonies.keysets import REHEARSAL
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY
from smki.devices import DeviceState
from smki.devices.kinds import BROKER_KA, cell
from smki.flows.office import FrontOffice
from smki.flows.recovering import Cells, Contingency, Leg, Lost, recovery_legs
from smki.flows.recovery_link import must_lead
from smki.flows.recovery_permitting import must_be_own, must_stand, permitted_until
from smki.interfaces.key_serving import KeyOver
from smki.interfaces.recovery_linking import must_be_believed
from smki.interfaces.recovery_members import turn_of
from smki.interfaces.recovery_refusing import Asked, Told, refusals_lodged
from smki.interfaces.rosters import devices_of, keep_roster
from smki.ports.campaigns import Carried
from smki.ports.estate import InventoryQuery, InventoryRow
from smki.recovery import CampaignPlan, Method
from smki.recovery.arranging import arranged
from smki.recovery.evidence import Turn
from smki.recovery.exercises import digest_of, list_named
from smki.recovery.replacing import RECOVERY_CELL, SYMMETRIC_KEY_OCTETS
from smki.terms import EUI64, CertificateKind, Malformed, Refused, RemotePartyRole
from smki.wire.gbcs.trust_anchors import KeyUsageBits

OWN_WITHIN: Final = timedelta(days=30)  # by no decision: what was forgotten is not carried for ever
Meant = Callable[[InventoryRow], bool]
_OPENED: Mapping[RemotePartyRole, str] = {
    RemotePartyRole.ROOT: CONTINGENCY,
    RemotePartyRole.RECOVERY: RECOVERY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be begun.

    Attributes:
        campaign: its name.
        incident: as the decision names it, and the register.
        decision: id of the decision that permits the method; empty where a subscriber alone decides.
        lost: which key.
        method: by which is recovered.
        devices: these alone; None for all. Those of a live exercise are named by its decisions.
        waves: share of the devices in each wave after the canaries, per thousand.
        canaries: devices of each kind, make and region in the first wave.
        per_second: commands that each region's network takes.
        otherwise: the same for other regions.
        unregistered: the incident is not in the register, the decision alone names it.
        link: certificate (DER) by which the old root vouches for the new one; for a root update.
        mode: which of the commands of the method, where it has several; None where it has one.
    """

    campaign: str
    incident: str
    decision: str
    lost: Lost
    method: Method
    devices: frozenset[EUI64] | None
    waves: tuple[int, ...]
    canaries: int
    per_second: Mapping[str, int]
    otherwise: int
    unregistered: bool = False
    link: bytes = b""
    mode: int | None = None


def begin(
    settings: Settings,
    environment: Mapping[str, str],
    wanted: Wanted,
    told: Told = lambda _: None,
) -> tuple[Carried, int]:
    """The campaign is there, and how many devices it has; the same again changes nothing.

    Args:
        settings: of the house.
        environment: of the process.
        wanted: what is to be begun.
        told: is told where a refusal was lodged.

    Raises:
        Refused: the name is a rehearsal's, no decision permits it, the incident stands otherwise,
            another key is open, nothing new would be placed, the link of a root update is not as it
            must be, or there is one of that name with another plan; but for the first, the record
            says so.
        Malformed: a rate is of a region that there is not.
        Unavailable: the record or the estate is away, nobody has the key open, or another command
            begins it just now.

    Clause: sec:L10
    """
    recovery = recovery_of(settings, wanted.campaign)
    if recovery.rehearsal:
        raise _refused(f"{wanted.campaign}: is the name of a rehearsal, must be another")
    if turn_of(wanted.campaign) is not Turn.COMMANDED:
        raise _refused(
            f"{wanted.campaign}: is the name of what comes after a recovery, 'smki recovery hand-back'"
            " and 'update' begin it; must be another"
        )
    at = SystemClock().now()
    _plan(wanted, at)  # one that cannot be carried is told before anything else
    asked = Asked(
        campaign=wanted.campaign,
        incident=wanted.incident,
        decision=wanted.decision,
        method=wanted.method,
    )
    with refusals_lodged(settings, environment, asked, told):
        return _begun(recovery, wanted, at)


def _begun(recovery: Recovery, wanted: Wanted, at: datetime) -> tuple[Carried, int]:
    house = recovery.house
    with open_front(house) as front, open_kept(house) as kept:
        there = kept.campaigns.campaign(wanted.campaign)
        begun = there.begun if there else at
        expires = _permitted(front, wanted, at) or begun + OWN_WITHIN
        leg, now = _made(front, house, wanted, begun)
        if not wanted.decision:
            mode = int(leg.materials.mode)
            must_be_own(wanted.incident, wanted.method, mode, unregistered=wanted.unregistered)
        opened = _opened(recovery, leg) if leg.signer in _OPENED else None
        _check_named(kept, wanted, leg)
        _check_regions(kept, house, wanted)

        def meant(row: InventoryRow) -> bool:
            return row.kind in leg.kinds and (
                wanted.devices is None or row.device in wanted.devices
            )

        device = _first(kept, leg, meant)
        public_key = opened or _own(house, leg, device)
        _must_believe(device, leg, public_key)
        if wanted.link:
            must_lead(wanted.link, device)
        arrangement = arranged(
            leg.materials,
            leg.placed,
            originator=leg.originator,
            reader=now.entity(RemotePartyRole.ACCESS_CONTROL_BROKER),
            signing_key=public_key,
            broker=now.certificates[BROKER_KA],
        )
        plan = _plan(wanted, expires)
        members = members_of(kept.estate, plan, meant)
        with begun_alone(recovery, kept, there):
            if there is None:
                keep_roster(recovery, kept.estate, filter(meant, inventory_rows(kept.estate)))
            carried = begin_campaign(recovery, kept, plan, arrangement, members, at)
        devices = sum(wave.devices for wave in kept.campaigns.counts(wanted.campaign))
    return carried, devices


def _permitted(front: FrontOffice, wanted: Wanted, at: datetime) -> datetime | None:
    """Step 1: until when its decision permits it; None where there is none."""
    decision, expires = wanted.decision, None
    if decision:
        expires = permitted_until(front, wanted.incident, wanted.method, decision=decision, at=at)
    must_stand(
        front.proceedings,
        wanted.incident,
        wanted.method,
        decision=decision,
        unregistered=wanted.unregistered,
    )
    _bounded(wanted)
    return expires


def _bounded(wanted: Wanted) -> None:
    """Step 1: the devices of a live exercise are those that its decisions name.

    Raises:
        Refused: none are named, or others.
    """
    named = list_named(wanted.incident)
    if not named:
        return
    if wanted.devices is None:
        raise _refused(
            f"{wanted.incident}: is a live exercise, the list of its devices must be given (--devices)"
        )
    found = digest_of(wanted.devices)
    if found != named:
        raise _refused(
            f"{len(wanted.devices)} device(s) that are listed have the digest {found}, must be the"
            f" list that was decided about, {named}"
        )


def _made(front: FrontOffice, house: Settings, wanted: Wanted, at: datetime) -> tuple[Leg, Cells]:
    """Step 2: what is placed, and the certificates in force."""
    now = cells_in_force(front, house)
    contingency = Contingency(
        originator=now.entity(RemotePartyRole.RECOVERY),
        symmetric_key=bytes(SYMMETRIC_KEY_OCTETS),  # carriers ask for it where it is
    )
    if wanted.link:
        must_be_believed(house, wanted.link, SystemClock().now())
    legs = recovery_legs(
        wanted.method, wanted.lost, now, now, at=at, contingency=contingency, link=wanted.link
    )
    modes = [int(leg.materials.mode) for leg in legs]
    if wanted.mode is None and len(legs) == 1:
        return legs[0], now
    if wanted.mode not in modes:
        raise _refused(
            f"{wanted.method.value}: has commands of the modes {', '.join(map(str, modes))}, one must"
            " be named (--mode): each is a campaign, NAME.mode-N"
        )
    return legs[modes.index(wanted.mode)], now


def cells_in_force(front: FrontOffice, house: Settings) -> Cells:
    """The certificates in force in the house, for each cell that devices have.

    Raises:
        Unavailable: the house cannot fill those that every device has.

    Clause: gbcs:4.3.2.2
    """
    hierarchy = load_hierarchy(front)
    return Cells(
        certificates=trusted_certificates(house, hierarchy),
        path=(hierarchy.authority(CertificateKind.ISSUING_OCA).certificate,),
    )


def _opened(recovery: Recovery, leg: Leg) -> bytes:
    """Step 3: the public key of the one that is open.

    Raises:
        Refused: another one is.
        Unavailable: none is.
    """
    over = KeyOver(recovery.key_socket)
    key = over.held()
    over.close()
    name = key.name.removeprefix(REHEARSAL)
    if name != _OPENED[leg.signer]:
        raise _refused(f"{name} key is open, must be the {_OPENED[leg.signer]} key")
    return key.public_key


def _first(kept: Kept, leg: Leg, meant: Meant) -> DeviceState:
    """The first device that is meant and does not hold yet what would be placed.

    Others may, after a live exercise say.

    Raises:
        Refused: no device is meant, or all hold it.
    """
    refused = _refused(f"no device that is meant obeys a command of mode {int(leg.materials.mode)}")
    for device in devices_of(kept.estate, filter(meant, inventory_rows(kept.estate))):
        try:
            must_be_new(device.state, leg)
        except Refused as error:
            refused = error
        else:
            return device.state
    raise refused


def _own(house: Settings, leg: Leg, state: DeviceState) -> bytes:
    """Step 3: the public key of the party's own, by which the device knows it until then."""
    signing = cell(leg.signer, KeyUsageBits.DIGITAL_SIGNATURE)
    keys = HouseKeys(house, stored_keys(house, os.environ))
    return keys.signer(state.anchors[signing]).public_key


def _must_believe(state: DeviceState, leg: Leg, key: bytes) -> None:
    """The device believes the recovery key that is open, if that one signs."""
    believed = state.anchors.get(RECOVERY_CELL)
    recovery = leg.signer is RemotePartyRole.RECOVERY
    if recovery and (believed is None or not key.endswith(believed.point)):
        raise _refused(f"device {state.device}: does not believe the key that is open, must")


def _check_named(kept: Kept, wanted: Wanted, leg: Leg) -> None:
    """Devices that are named are in the estate; those of a live exercise all obey such a command."""
    rows = {one: kept.estate.row(one) for one in sorted(wanted.devices or ())}
    missing = [one for one, row in rows.items() if row is None]
    if missing:
        raise _refused(
            f"{len(missing)} device(s) that are named are not in the estate, as {missing[0]}, must be"
        )
    others = [one for one, row in rows.items() if row is not None and row.kind not in leg.kinds]
    if others and list_named(wanted.incident):
        raise _refused(
            f"{len(others)} device(s) of the list obey no such command, as {others[0]}, must all"
        )


def _check_regions(kept: Kept, house: Settings, wanted: Wanted) -> None:
    """A rate is of a region that there is: one that is misspelt would leave the network unprotected.

    Raises:
        Malformed: it is of another.
    """
    known = {total.region for total in kept.estate.totals(InventoryQuery())}
    known |= house.line.figures().keys()
    if unknown := sorted(wanted.per_second.keys() - known):
        raise Malformed(
            f"recovery: rate of {', '.join(unknown)}, must be one of {', '.join(sorted(known))}",
            where="--per-second",
            clause="sec:L10",
            rule="recovery.begin",
        )


def must_be_new(state: DeviceState, leg: Leg) -> None:
    """The device holds something else than what would be placed.

    Raises:
        Refused: it holds that already.

    Clause: gbcs:CS02b
    """
    held = {one: anchor.key_identifier for one, anchor in state.anchors.items()}
    placed = {one: told.key_identifier for one, told in leg.placed.items() if one in held}
    if all(held[one] == identifier for one, identifier in placed.items()):
        raise _refused(
            f"device {state.device}: holds already what would be placed, new certificates must be"
            " issued first ('smki renew', or a ceremony)"
        )


def _plan(wanted: Wanted, expires: datetime) -> CampaignPlan:
    return CampaignPlan(
        incident=wanted.incident,
        decision=wanted.decision,
        compromised=wanted.lost.compromised,
        method=wanted.method,
        expires=expires.replace(microsecond=0),
        waves=wanted.waves,
        canaries=wanted.canaries,
        per_second=wanted.per_second,
        otherwise=wanted.otherwise,
    )


def _refused(what: str) -> Refused:
    return Refused(f"recovery: {what}", where="campaign", clause="sec:L10", rule="recovery.begin")
