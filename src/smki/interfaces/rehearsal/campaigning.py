"""Carries a rehearsal's campaigns: the legs of its method, each with its key open, to their end.

    leg        one sort of command, by one key, to the kinds of devices that obey it
    campaign   NAME, or NAME.LEG where a method has several; the second run is NAME.second-run

A key is open while its leg is carried, and at no other time. Whatever stops a campaign is looked at
by a rule and let go on: a rehearsal is to come to its end, and its report says what failed. A
campaign that was cut off goes on.
"""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from smki.adapters.world import SystemClock
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import Kept, Recovery, begin_campaign, members_of, open_kept
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import key_name
from smki.ceremonies.scripts import RECOVERY
from smki.devices import kinds
from smki.devices.path import held
from smki.flows.recovering import Cells, Contingency, Leg, Lost, recovery_legs
from smki.flows.steering import steer
from smki.interfaces.key_serving import ServedKey, serve_key
from smki.interfaces.line_time import line_time
from smki.interfaces.recovery_carrying import CarryDone, carry
from smki.interfaces.rehearsal.attacking import on_the_line
from smki.interfaces.rehearsal.authorising import incident_of, method_decision
from smki.interfaces.rehearsal.cells import cells_of
from smki.interfaces.rehearsal.ceremonies import finished_ceremony, key_in_custody
from smki.interfaces.rehearsal.deciding import expiry_of
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.opening import Use, contingency_used, key_used
from smki.interfaces.rehearsal.preparing import RECOVERY_PARTY
from smki.interfaces.rehearsal.succeeding import RECOVERY_AGAIN
from smki.ports import AgreementKey
from smki.ports.campaign_acts import Act
from smki.ports.estate import InventoryRow
from smki.recovery import CampaignPlan, Compromised, Fate, Method, Move
from smki.recovery.arranging import Arranged, arranged
from smki.terms import Inconsistent, RemotePartyRole, Unavailable
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

LOOKS_BY: Final = "the rehearsal's rule"
_SPARE: Final = 1_000  # uses of a key beyond the tries of each device: carriers that began again
BROKER: Final = kinds.cell(RemotePartyRole.ACCESS_CONTROL_BROKER, KeyUsageBits.KEY_AGREEMENT)

Concerned = Callable[[InventoryRow], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A campaign that came to its end.

    Attributes:
        campaign: its name.
        devices: how many it had.
        recovered: of them.
        milliseconds: from its beginning to its end, by the clock, interruptions among them.
    """

    campaign: str
    devices: int
    recovered: int
    milliseconds: int


def before(run: Run) -> Cells:
    """What devices held before."""
    return cells_of(run.made("preconditions")["before"])


def after(run: Run) -> Cells:
    """What they shall hold."""
    return cells_of(run.made("material")["after"])


def broker_key(run: Run) -> AgreementKey:
    """The key for key agreement of the access control broker whom devices know afterwards."""
    anchor = held(parse_certificate(after(run).certificates[BROKER]))
    return HouseKeys(run.house, None).broker(anchor)


def legs(run: Run, symmetric_key: bytes = bytes(16)) -> tuple[Leg, ...]:
    """The legs of the scenario's method.

    Without the symmetric key they are as they will be, but for that key.

    Clause: sec:L10, gbcs:CS02b
    """
    contingency = None
    if run.scenario.method is Method.BY_CONTINGENCY:
        contingency = Contingency(originator=RECOVERY_PARTY, symmetric_key=symmetric_key)
    return recovery_legs(
        run.scenario.method,
        Lost(compromised=run.scenario.compromised, role=run.scenario.role),
        before(run),
        after(run),
        at=datetime.fromisoformat(run.text("material", "at")),
        contingency=contingency,
        link=base64.b64decode(str(run.made("material").get("link", ""))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What cells held before and hold afterwards, of a campaign.

    Attributes:
        before: whose keys command.
        after: what is placed; whom devices know then.
    """

    before: Cells
    after: Cells


def carried(
    run: Run,
    leg: Leg,
    campaign: str,
    concerned: Concerned,
    change: Change | None = None,
    *,
    ordinary: bool = False,
) -> Ran:
    """The campaign has come to its end: each device of the leg that is concerned was commanded.

    Args:
        run: whose it is.
        leg: what is sent, to which kinds of devices.
        campaign: its name.
        concerned: which of these devices.
        change: what cells hold before and after; what the recovery changes, if it is not said.
        ordinary: parties replace their own, as at any time; no part of the recovery.

    Raises:
        Refused: no decision permits the key's use, or the decision has expired.
        Unavailable: something is away, or somebody paused the campaign; called again, it goes on.

    Clause: sec:L10
    """
    recovery = Recovery(campaign=campaign, folder=run.folder, house=run.house, rehearsal=True)
    plan = _plan(run)
    if ordinary:
        plan = replace(plan, compromised=Compromised.ORGANISATION, method=Method.ONE)
    change = change or Change(before=before(run), after=after(run))
    begun = run.once(f"begun-{campaign}", SystemClock().now().isoformat())

    def meant(row: InventoryRow) -> bool:
        return row.kind in leg.kinds and concerned(row)

    def carried_by(served: ServedKey | None) -> Made:
        if kept.campaigns.campaign(campaign) is not None:
            run.tell(f"  {campaign} goes on; what carriers that died had is free after a minute")
        begin_campaign(
            recovery,
            kept,
            plan,
            _arranged(leg, served, change),
            members_of(kept.estate, plan, meant),
            line_time(kept),
        )
        with nullcontext() if served is None else serve_key(recovery.key_socket, served):
            done = _to_its_end(run, kept, campaign)
        took = SystemClock().now() - datetime.fromisoformat(begun)
        return {
            "devices": sum(done.fates.values()),
            "milliseconds": round(took / timedelta(milliseconds=1)),
            "recovered": done.fates.get(Fate.RECOVERED, 0),
        }

    with open_kept(recovery.house) as kept:
        uses = plan.patience.tries * kept.estate.count() + _SPARE
        use = Use(name=campaign, uses=uses, take=carried_by)
        came = _with_its_key(run, leg, change.before, use, carried_by)
    return Ran(
        campaign=campaign,
        devices=int(str(came["devices"])),
        recovered=int(str(came["recovered"])),
        milliseconds=int(str(came["milliseconds"])),
    )


def _to_its_end(run: Run, kept: Kept, campaign: str) -> CarryDone:
    while True:
        with run.progress(campaign) as told, on_the_line(run, kept) as through:
            alone = through is not None  # a thief hears what one process sends
            done = carry(
                run.operator,
                campaign,
                processes=1 if alone else run.processes,
                tell=told,
                through=through,
                say=lambda said: run.tell(f"  {said}"),
            )
        match done.decided.move:
            case Move.DONE:
                return done
            case Move.LOOK:
                run.tell(f"  {campaign}: canaries looked at; the others follow")
            case Move.STOP:
                for finding in done.decided.findings:
                    run.tell(f"  {finding.message}: looked at, and let go on")
            case Move.GO_ON:
                raise Unavailable(
                    f"campaign {campaign}: is {done.carried.state.value}; 'smki recovery resume"
                    f" {campaign}' lets it go on, then the same again",
                    where=campaign,
                    rule="rehearsal.campaign",
                )
        at = SystemClock().now()
        steer(kept.campaigns, kept.acts, campaign, Act.LOOK, by=LOOKS_BY, at=at)


def _plan(run: Run) -> CampaignPlan:
    return CampaignPlan(
        incident=incident_of(run),
        decision=method_decision(run),
        compromised=run.scenario.compromised,
        method=run.scenario.method,
        expires=expiry_of(run),
        per_second={},
    )


def _with_its_key(run: Run, leg: Leg, known: Cells, use: Use, take: Callable[[None], Made]) -> Made:
    """What it came to: by the key of the leg, open for that, or by a party's own in the house."""
    match leg.signer:
        case RemotePartyRole.ROOT:
            return contingency_used(run, "roots", use)
        case RemotePartyRole.RECOVERY:
            return recovery_key_used(run, known, use)
        case _:
            return take(None)


def recovery_key_used(run: Run, known: Cells, use: Use) -> Made:
    """The recovery key that devices know was used; what it came to.

    Raises:
        Refused: no decision permits it, or no quorum opens it; both are on record.

    Clause: sec:L10.9, sec-app-l:3
    """
    tbs = parse_certificate(known.certificates[kinds.RECOVERY]).tbs
    wanted = sha256(tbs.public_key).hexdigest()
    name = key_name(RECOVERY, Purpose.REHEARSAL)
    for ceremony in ("recovery-key", RECOVERY_AGAIN):
        if finished_ceremony(run, ceremony) is None:
            continue
        if key_in_custody(run, ceremony, name).fingerprint == wanted:
            return key_used(run, ceremony, RECOVERY, use)
    raise Inconsistent("rehearsal: no ceremony made the recovery key that devices know, one must")


def _arranged(leg: Leg, served: ServedKey | None, change: Change) -> Arranged:
    return arranged(
        leg.materials,
        leg.placed,
        originator=leg.originator,
        reader=change.after.entity(RemotePartyRole.ACCESS_CONTROL_BROKER),
        signing_key=_own_key(leg, change.before) if served is None else served.public_key,
        broker=change.after.certificates[BROKER],
    )


def _own_key(leg: Leg, before: Cells) -> bytes:
    """The public key of a party that signs by its own: as devices know it before."""
    cell = kinds.cell(leg.signer, KeyUsageBits.DIGITAL_SIGNATURE)
    return parse_certificate(before.certificates[cell]).tbs.public_key
