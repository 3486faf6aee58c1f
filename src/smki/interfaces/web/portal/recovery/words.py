"""The words for people of what a recovery knows by codes."""

from collections.abc import Mapping
from typing import Final

from smki.devices import DeviceKind
from smki.interfaces.recovery_members import turn_of
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import CampaignState
from smki.recovery import Compromised, Fate, Method, Move
from smki.recovery.checklists import Phase
from smki.recovery.evidence import Turn
from smki.recovery.report import RunKind

COMPROMISED: Final[Mapping[Compromised, str]] = {
    Compromised.ORGANISATION: "An organisation’s key",
    Compromised.RECOVERY: "The recovery key",
    Compromised.ISSUING_OCA: "The Issuing OCA’s key",
    Compromised.ROOT_OCA: "The Root OCA’s key",
    Compromised.CONTINGENCY: "The contingency private key",
    Compromised.CONTINGENCY_SYMMETRIC: "The contingency symmetric key",
}
METHODS: Final[Mapping[Method, str]] = {
    Method.ONE: "Method 1: the subscriber’s own key places its new certificates",
    Method.TWO: "Method 2: the recovery key places the access control broker’s certificates",
    Method.THREE: "Method 3: the recovery key places the subscriber’s new certificates",
    Method.BY_RECOVERY: "The recovery key places everything under a new issuing authority",
    Method.BY_CONTINGENCY: "The contingency key places a new root and everything under it",
    Method.ROOT_UPDATE: "The old root vouches for a new one",
    Method.NONE: "The key is not used",
}
STATES: Final[Mapping[CampaignState, str]] = {
    CampaignState.RUNNING: "Running",
    CampaignState.PAUSED: "Paused",
    CampaignState.ABORTED: "Aborted",
    CampaignState.ENDED: "Ended",
}
OVER: Final = frozenset({CampaignState.ABORTED.value, CampaignState.ENDED.value})
FATES: Final[Mapping[Fate, tuple[str, str]]] = {  # and what it means
    Fate.RECOVERED: ("Recovered", "every cell holds what was to be placed; its answer proves it"),
    Fate.UNDER_WAY: ("Under way", "commanded, no answer yet"),
    Fate.PLANNED: ("To come", "not commanded yet, or to be tried again"),
    Fate.PARTLY: ("Partly recovered", "some cells were not replaced"),
    Fate.REFUSED: ("Refused", "it answered that it does not obey"),
    Fate.SILENT: ("Silent", "the command was delivered, no answer came"),
    Fate.OUT_OF_REACH: ("Out of reach", "the command could not be delivered"),
    Fate.EXCLUDED: ("Left out", "nothing is sent to it in this campaign"),
}
KINDS: Final[Mapping[str, str]] = {
    DeviceKind.ESME.value: "Electricity meter (ESME)",
    DeviceKind.GSME.value: "Gas meter (GSME)",
    DeviceKind.CHF.value: "Communications hub (CHF)",
    DeviceKind.GPF.value: "Gas proxy (GPF)",
    DeviceKind.PPMID.value: "Prepayment display (PPMID)",
    DeviceKind.HCALCS.value: "Load control switch (HCALCS)",
    DeviceKind.SAPC.value: "Auxiliary controller (SAPC)",
}
PHASES: Final[Mapping[Phase, str]] = {
    Phase.BEFORE: "Before devices are commanded",
    Phase.EXECUTION: "While they are",
    Phase.AFTER: "Afterwards",
}
RUNS: Final[Mapping[RunKind, str]] = {
    RunKind.REHEARSAL: "A rehearsal: no real key was used, no real device commanded",
    RunKind.LIVE_EXERCISE: "A live exercise: real keys, on a bounded list of devices",
    RunKind.INCIDENT: "An incident",
}
ACTS: Final[Mapping[Act, str]] = {  # on a button
    Act.PAUSE: "Pause",
    Act.RESUME: "Resume",
    Act.LOOK: "Let it go on",
    Act.ABORT: "Abort",
}
_DONE: Final[Mapping[Act, str]] = {
    Act.PAUSE: "paused it",
    Act.RESUME: "let it run again",
    Act.LOOK: "looked at {wave} and let it go on",
    Act.ABORT: "aborted it",
}
CONFIRM: Final[Mapping[Act, tuple[str, str]]] = {  # heading, and what it does
    Act.PAUSE: (
        "Pause this campaign?",
        (
            "No further device is commanded. What is under way comes to its end first. It can be resumed"
            " until its decision expires."
        ),
    ),
    Act.RESUME: (
        "Resume this campaign?",
        (
            "It may be carried again, in the same wave. Who carried it has left when it was paused:"
            " 'smki recovery carry' begins again, a rehearsal by the same command as before. A device"
            " that was commanded before is read back first: nothing is done twice."
        ),
    ),
    Act.LOOK: (
        "Let it go on?",
        (
            "You say that you have looked at what became of {wave}, and that it may"
            " go on as planned. What stopped it in this wave does not stop it again."
        ),
    ),
    Act.ABORT: (
        "Abort this campaign for good?",
        (
            "No further device is commanded, and this campaign never goes on: for the devices that are"
            " left another one must be begun. What is recovered stays recovered; the residue list"
            " names the others."
        ),
    ),
}


def lost(campaign: str, compromised: Compromised) -> str:
    """What a campaign of that name is about: the key that was lost, or what comes afterwards."""
    updated = turn_of(campaign) is Turn.UPDATED
    return "Nothing: one further update" if updated else COMPROMISED[compromised]


def wave(number: int) -> str:
    """A wave in words."""
    return f"wave {number}" if number else "the canaries"


def standing(state: str, move: Move) -> tuple[str, str]:
    """How a campaign stands: a code for its colour, and words."""
    if move is Move.DONE:
        return "ended", "Done"
    if move is not Move.GO_ON and state == CampaignState.RUNNING.value:
        return "waiting", "Waits for people"
    return state, STATES[CampaignState(state)]


def rate(per_second: float) -> str:
    """Devices in a second, a minute or an hour, whichever has a figure before its point."""
    if per_second >= 1:
        return f"{per_second:,.1f} devices a second"
    if per_second * 60 >= 1:
        return f"{per_second * 60:,.1f} devices a minute"
    return f"{per_second * 3_600:,.1f} devices an hour"


def done(act: Act, looked_at: int | None) -> str:
    """What somebody did, after their name."""
    return _DONE[act].format(wave=wave(looked_at or 0))
