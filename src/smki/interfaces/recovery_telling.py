"""How far a campaign has come, told: as JSON has it, and in lines of text.

The same value as the pages of the portal show; nothing is read here.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from smki.interfaces.recovery_members import turn_of
from smki.ports.campaign_acts import Acted
from smki.ports.campaigns import CampaignState
from smki.recovery import CampaignPlan, Decided, Fate, Move
from smki.recovery.evidence import Turn
from smki.recovery.progress import Fates, Progress

_BAR: Final = 40  # characters
_REASONS: Final = 8  # that are told in lines; JSON has all
_GROUPS: Final = 8  # kinds, makes or regions that are told in lines
_NEXT: Final = {
    Move.GO_ON: "'smki recovery carry NAME', if nobody carries it",
    Move.LOOK: "'smki recovery status NAME' shows the canaries; 'smki recovery look NAME' lets the"
    " others follow, once it is carried again",
    Move.DONE: "'smki recovery residue NAME --out FILE' names whom it did not reach",
}
REHEARSED: Final = "the 'smki recovery rehearse' that it is of, called again, goes on with it"
_STATES: Final = {
    CampaignState.PAUSED.value: "'smki recovery resume NAME' lets it go on, once it is carried again",
    CampaignState.ABORTED.value: _NEXT[Move.DONE],
}


def progress_document(
    told: Progress, *, rehearsal: bool, carriers: int, acts: tuple[Acted, ...]
) -> dict[str, Any]:
    """The progress as JSON has it; `carriers` are processes that carry it just now."""
    plan, decided = told.plan, told.decided
    return {
        "name": told.name,
        "state": told.state,
        "rehearsal": rehearsal,
        "incident": plan.incident,
        "decision": plan.decision,
        "compromised": plan.compromised.value,
        "method": plan.method.value,
        "begun": _instant(told.begun),
        "at": _instant(told.at),
        "expires": _instant(plan.expires),
        "next": {
            "move": decided.move.value,
            "wave": decided.wave,
            "why": [finding.message for finding in decided.findings],
        },
        "carriers": carriers,
        "devices": told.devices,
        "recovered": told.recovered,
        "residue": told.residue,
        "fates": _fates(told.fates),
        "per_second": None if told.per_second is None else round(told.per_second, 3),
        "ends": None if told.ends is None else _instant(told.ends),
        "waves": [
            {"wave": one.wave, "devices": one.devices, "fates": _fates(one.fates)}
            for one in told.waves
        ],
        "by_kind": _groups(told.by_kind),
        "by_make": _groups(told.by_make),
        "by_region": _groups(told.by_region),
        "reasons": [
            {"fate": one.fate.value, "why": one.why, "devices": one.devices} for one in told.reasons
        ],
        "points": [{"at": _instant(one.at), "fates": _fates(one.fates)} for one in told.points],
        "acts": [
            {"act": one.act.value, "by": one.by, "at": _instant(one.at), "wave": one.wave}
            for one in acts
        ],
    }


def progress_lines(told: Progress, *, rehearsal: bool, carriers: int) -> Iterator[str]:
    """The progress as people read it."""
    kind = "rehearsal" if rehearsal else "campaign"
    yield f"{kind} {told.name}: {told.state}, {_next(told)}"
    yield f"{_bar(told)} {told.ended:,} of {told.devices:,} devices came to an end"
    yield "  " + ", ".join(f"{count:,} {fate.value}" for fate, count in told.fates.items())
    yield (
        f"  incident {told.plan.incident}, {_what(told)}, {_decision(told.plan)}"
        f" until {told.plan.expires:%Y-%m-%d %H:%M} UTC"
    )
    if told.decided.move is not Move.DONE:
        yield f"  {carriers} process(es) at work; {_rate(told)}"
    for what, groups in (
        ("kind", told.by_kind),
        ("make", told.by_make),
        ("region", told.by_region),
    ):
        yield from _group_lines(what, groups)
    for one in told.reasons[:_REASONS]:
        yield f"  {one.devices:>9,} {one.fate.value}: {one.why or 'no reason given'}"
    if len(told.reasons) > _REASONS:
        yield f"  ... and {len(told.reasons) - _REASONS} more reasons, see --json"
    for finding in told.decided.findings:
        yield f"  stopped: {finding.message}"
    yield f"next: {next_words(told.name, told.state, told.decided, rehearsal=rehearsal)}"


def next_words(name: str, state: str, decided: Decided, *, rehearsal: bool = False) -> str:
    """What one usually does next with the campaign of that name, in words.

    If it stopped by itself, that is what the findings advise. A rehearsal's campaign is carried by
    the rehearsal, which has its keys.
    """
    if rehearsal and decided.move is Move.GO_ON and state not in _STATES:
        return REHEARSED
    advised = [one.advice for one in decided.findings] or [_NEXT.get(decided.move, "")]
    return (_STATES.get(state) or advised[0]).replace("NAME", name)


def _what(told: Progress) -> str:
    """What it is about: a key that was lost, or an update after that."""
    if turn_of(told.name) is Turn.UPDATED:
        return "one further ordinary update"
    return f"{told.plan.compromised.value} key, {told.plan.method.value}"


def _decision(plan: CampaignPlan) -> str:
    return f"decision {plan.decision}" if plan.decision else "by no decision"


def _next(told: Progress) -> str:
    return {
        Move.GO_ON: f"wave {told.decided.wave}",
        Move.LOOK: "its canaries are to be looked at",
        Move.STOP: f"stopped in wave {told.decided.wave}",
        Move.DONE: "all its devices came to an end",
    }[told.decided.move]


def _bar(told: Progress) -> str:
    if not told.devices:
        return f"[{'.' * _BAR}]"
    recovered = told.recovered * _BAR // told.devices
    ended = told.ended * _BAR // told.devices
    return f"[{'#' * recovered}{'x' * (ended - recovered)}{'.' * (_BAR - ended)}]"


def _rate(told: Progress) -> str:
    if told.per_second is None:
        return "no rate yet"
    rate = f"{told.per_second:,.2f} devices a second lately, by the clock of the network"
    return (
        rate if told.ends is None else f"{rate}, at that rate until {told.ends:%Y-%m-%d %H:%M} UTC"
    )


def _group_lines(what: str, groups: Mapping[str, Fates]) -> Iterator[str]:
    for name, fates in list(groups.items())[:_GROUPS]:
        devices = sum(fates.values())
        recovered = fates.get(Fate.RECOVERED, 0)
        ended = sum(count for fate, count in fates.items() if fate.is_final)
        yield (
            f"  {what} {name}: {recovered:,} of {devices:,} recovered, {ended - recovered:,} failed"
        )
    if len(groups) > _GROUPS:
        yield f"  ... and {len(groups) - _GROUPS} more by {what}, see --json"


def _groups(groups: Mapping[str, Fates]) -> dict[str, dict[str, int]]:
    return {name: _fates(fates) for name, fates in groups.items()}


def _fates(fates: Fates) -> dict[str, int]:
    return {fate.value: fates.get(fate, 0) for fate in Fate}


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
