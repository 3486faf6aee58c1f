"""Steps 4 and 5: the first run, the defect that it shows, the workaround, the second run.

first run    every device, every cell, over the network as it is
defect       of a make of hubs, raised when devices behind them fail
cause        from the evidence: how long what came through was, and what did not
workaround   longer blocks, approved by the test assurance board; the record is asked for it
second run   the devices that failed behind those hubs, again
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from smki.bootstrap import open_front
from smki.bootstrap.line_settings import LineSettings
from smki.bootstrap.recoveries import Kept, open_kept
from smki.campaigns import members_in
from smki.flows.deciding import recorded_decision, why_not
from smki.flows.recovering import Leg
from smki.governance import Act, Body, DecisionKind, Question
from smki.interfaces.rehearsal.among import Devices
from smki.interfaces.rehearsal.campaigning import Concerned, Ran, carried, legs
from smki.interfaces.rehearsal.deciding import Resolved, decided, now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_items
from smki.interfaces.rehearsal.looking import Suspect, defect, suspects
from smki.interfaces.rehearsal.preparing import configure_line
from smki.merkle.canonical import JSON
from smki.ports.estate import InventoryRow
from smki.recovery import Fate, Method
from smki.recovery.evidence import Defect, document
from smki.terms import EUI64, Inconsistent, Refused

SECOND: Final = "second-run"
BLOCK_OCTETS: Final = 1_024  # twice the usual: the longest command is some 6 KiB
WORKAROUND: Final = f"blocks of {BLOCK_OCTETS} octets, so that no command has more than eight"
_SAMPLE: Final = 100  # devices whose commands are looked at for the cause


def first_run(run: Run) -> Made:
    """Every device was commanded, and what stayed silent behind one make of hubs is a defect.

    Clause: sec:L10, gbcs:CS02b
    """
    ran: list[JSON] = []
    for leg in legs(run):
        one = carried(run, leg, campaign_of(run, leg), _everybody)
        run.tell(f"  {one.campaign}: {one.recovered:,} of {one.devices:,} recovered")
        ran.append(said_of(one))
    raised = tuple(_raised(run))
    keep_items(run, *(document(one.defect.ref, one.defect) for one in raised))
    for one_raised in raised:
        said = one_raised.defect
        run.tell(f"  defect {said.ref}: {said.title} ({said.failed:,} devices)")
    return {"ran": ran, "defects": [one.defect.ref for one in raised]}


def second_run(run: Run) -> Made:
    """What a defect kept from being recovered was commanded again, with an approved workaround.

    Clause: sec:L10, gbcs:CS02b
    """
    raised = tuple(_raised(run))
    if not raised:
        run.tell("  no make of hubs is suspected, nothing is run again")
        return {"ran": [], "defects": []}
    _approve(run, raised)
    configure_line(run, block_octets=BLOCK_OCTETS)
    run.tell(f"  approved by the test assurance board: {WORKAROUND}")
    ran: list[JSON] = []
    for leg in legs(run):
        devices = Devices(
            device
            for one in raised
            if one.campaign == campaign_of(run, leg)
            for device in one.suspect.devices
        )
        if devices:
            again = carried(run, leg, _again(run, leg), _among(devices))
            run.tell(f"  {again.campaign}: {again.recovered:,} of {again.devices:,} recovered")
            ran.append(said_of(again))
    for one in raised:
        _worked_around(run, one)
    return {"ran": ran, "defects": [one.defect.ref for one in raised]}


def campaign_of(run: Run, leg: Leg) -> str:
    """The name of the leg's campaign: that of the rehearsal, if the method has one leg."""
    return run.asked.name if len(legs(run)) == 1 else f"{run.asked.name}.{leg.name}"


def campaigns_of(run: Run) -> tuple[str, ...]:
    """The names of all campaigns that recovered devices, in their order."""
    return _names(run.made("first-run")) + _names(run.made("second-run"))


def hand_back_campaigns(run: Run) -> tuple[str, ...]:
    """The names of the campaigns by which devices were handed back, where the method has that."""
    if run.scenario.method is not Method.TWO:
        return ()
    return _names(run.made("hand-back"))


def _names(made: Made) -> tuple[str, ...]:
    ran = made["ran"]
    some = ran if isinstance(ran, list) else []
    return tuple(str(one["campaign"]) for one in some if isinstance(one, Mapping))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    """A defect, the campaign in which it was seen, and the hubs."""

    defect: Defect
    campaign: str
    suspect: Suspect


def _raised(run: Run) -> Iterator[_Raised]:
    """The defects of the first run, in one lasting order."""
    number = 0
    with open_kept(run.house) as kept:
        for leg in legs(run):
            campaign = campaign_of(run, leg)
            for suspect in suspects(kept, campaign):
                number += 1
                ref = f"{run.asked.name}-d{number}"
                yield _Raised(
                    defect=defect(kept.estate, ref, suspect), campaign=campaign, suspect=suspect
                )


def _again(run: Run, leg: Leg) -> str:
    name = f"{run.asked.name}.{SECOND}"
    return name if len(legs(run)) == 1 else f"{name}-{leg.name}"


def _everybody(row: InventoryRow) -> bool:
    del row
    return True


def _among(devices: Devices) -> Concerned:
    return lambda row: row.device in devices


def _approve(run: Run, raised: tuple[_Raised, ...]) -> None:
    """The board has approved the workaround of each defect, and the record says so.

    Raises:
        Refused: it does not.

    Clause: sec:L10
    """
    approvals = [_approval(one.defect) for one in raised]
    decided(run, Body.TEST_ASSURANCE_BOARD, *approvals)
    with open_front(run.house) as front:
        for approval in approvals:
            found = recorded_decision(front, approval.id)
            if found is None:
                raise Inconsistent(f"decision {approval.id}: was lodged and is not there, must be")
            question = Question(
                act=Act.WORK_AROUND,
                about=frozenset({approval.about}),
                at=now(),
                scope=approval.scope,
            )
            if findings := why_not(front, found, question, front.index.size()):
                raise Refused(findings=findings)


def _approval(of: Defect) -> Resolved:
    return Resolved(
        id=f"{of.ref}-workaround",
        kind=DecisionKind.APPROVE_WORKAROUND,
        about=of.ref,
        scope=WORKAROUND,
    )


def _worked_around(run: Run, raised: _Raised) -> None:
    """The defect says what caused it, what was done, and what came of it."""
    devices = raised.suspect.devices
    with open_kept(run.house) as kept:
        cause = _cause(kept, run, raised)
        recovered = sum(
            member.fate is Fate.RECOVERED and member.device in devices
            for leg in legs(run)
            if kept.campaigns.campaign(_again(run, leg)) is not None
            for member in members_in(kept.campaigns, _again(run, leg))
        )
    run.tell(f"  cause of {raised.defect.ref}: {cause}")
    said = replace(
        raised.defect,
        cause=cause,
        workaround=WORKAROUND,
        approved_by=_approval(raised.defect).id,
        state="worked around",
        recovered=recovered,
    )
    keep_items(run, document(said.ref, said))


def _cause(kept: Kept, run: Run, raised: _Raised) -> str:
    """The root cause analysis, from what came through behind those hubs at first, and what did not."""
    suspected = raised.suspect
    sample = tuple(islice(suspected.devices, _SAMPLE))
    hubs = {row.hub for row in map(kept.estate.row, sample) if row is not None}
    came = max((_blocks(kept, (raised.campaign,), hub) for hub in hubs), default=0)
    again = tuple(_again(run, leg) for leg in legs(run))
    lost = min((_blocks(kept, again, device) for device in sample), default=0)
    return (
        f"commands of {came} blocks came through hubs of {suspected.make} in {suspected.region}, of"
        f" {lost} and more none did: they lose what is beyond some block between"
    )


def _blocks(kept: Kept, campaigns: tuple[str, ...], device: EUI64) -> int:
    """Of how many blocks the longest command to the device was, as the line usually cuts them."""
    before = EUI64((int(device) - 1).to_bytes(8, "big"))
    octets = LineSettings().block_octets
    found = (one for each in campaigns for one in kept.campaigns.evidence(each, before, 1))
    return max((-(-len(one.command) // octets) for one in found if one.device == device), default=0)


def said_of(ran: Ran) -> dict[str, JSON]:
    """What a step keeps of a campaign that came to its end."""
    return {
        "campaign": ran.campaign,
        "devices": ran.devices,
        "milliseconds": ran.milliseconds,
        "recovered": ran.recovered,
    }
