"""A campaign's plan as canonical JSON: what is decided upon, kept and reported is the same octets."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeVar

from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.recovery.campaign import CampaignPlan, Patience, StopAt
from smki.recovery.procedures import Compromised, Method
from smki.terms import Malformed, instant_of, instant_text

NUMBER_MAX: Final = 10**12  # seconds of some thirty thousand years; no rate is so high

_Kind = TypeVar("_Kind", bound=Enum)


def plan_fields(plan: CampaignPlan) -> dict[str, JSON]:
    """The plan as JSON has it; times in seconds."""
    return {
        "incident": plan.incident,
        "decision": plan.decision,
        "compromised": plan.compromised.value,
        "method": plan.method.value,
        "expires": instant_text(plan.expires),
        "waves": list(plan.waves),
        "canaries": plan.canaries,
        "per_second": dict(plan.per_second),
        "otherwise": plan.otherwise,
        "tries": plan.patience.tries,
        "first_pause": int(plan.patience.first.total_seconds()),
        "longest_pause": int(plan.patience.longest.total_seconds()),
        "stop_failed_per_thousand": plan.stop_at.failed_per_thousand,
        "stop_not_before": plan.stop_at.not_before,
        "stop_refused": plan.stop_at.refused,
    }


def encode_plan(plan: CampaignPlan) -> bytes:
    """The only spelling of the plan."""
    return encode_json(plan_fields(plan))


def parse_plan(octets: bytes) -> CampaignPlan:
    """The plan that is spelt so.

    Raises:
        Malformed: not its spelling, or a plan that cannot be carried out.
    """
    value = parse_json(octets, "plan")
    if not isinstance(value, Mapping):
        raise _wrong("plan", "must be an object")
    plan = _plan(value)
    if encode_plan(plan) != octets:
        raise _wrong("plan", "not its one form, must be")
    return plan


def _plan(value: Mapping[str, JSON]) -> CampaignPlan:
    waves, rates = _member(value, "waves"), _member(value, "per_second")
    if not isinstance(waves, list):
        raise _wrong("waves", "must be a list")
    if not isinstance(rates, Mapping):
        raise _wrong("per_second", "must be an object")
    return CampaignPlan(
        incident=_text(value, "incident"),
        decision=_text(value, "decision"),
        compromised=_one_of(Compromised, value, "compromised"),
        method=_one_of(Method, value, "method"),
        expires=_instant(value, "expires"),
        waves=tuple(_number(one, "waves") for one in waves),
        canaries=_whole(value, "canaries"),
        per_second={name: _number(rate, f"per_second.{name}") for name, rate in rates.items()},
        otherwise=_whole(value, "otherwise"),
        patience=Patience(
            tries=_whole(value, "tries"),
            first=timedelta(seconds=_whole(value, "first_pause")),
            longest=timedelta(seconds=_whole(value, "longest_pause")),
        ),
        stop_at=StopAt(
            failed_per_thousand=_whole(value, "stop_failed_per_thousand"),
            not_before=_whole(value, "stop_not_before"),
            refused=_whole(value, "stop_refused"),
        ),
    )


def _member(value: Mapping[str, JSON], name: str) -> JSON:
    if name not in value:
        raise _wrong(name, "is missing, must be there")
    return value[name]


def _text(value: Mapping[str, JSON], name: str) -> str:
    found = _member(value, name)
    if not isinstance(found, str):
        raise _wrong(name, "must be a text")
    return found


def _whole(value: Mapping[str, JSON], name: str) -> int:
    return _number(_member(value, name), name)


def _number(found: JSON, name: str) -> int:
    if type(found) is not int or not 0 <= found <= NUMBER_MAX:
        raise _wrong(name, f"{found!r:.40}, must be a whole number from 0 to {NUMBER_MAX}")
    return found


def _instant(value: Mapping[str, JSON], name: str) -> datetime:
    text = _text(value, name)
    found = instant_of(text)
    if found is None:
        raise _wrong(name, f"{text[:60]!r}, must be as 2026-11-21T09:00:00Z")
    return found


def _one_of(kind: type[_Kind], value: Mapping[str, JSON], name: str) -> _Kind:
    text = _text(value, name)
    for one in kind:
        if one.value == text:
            return one
    raise _wrong(name, f"{text[:60]!r}, must be one of {', '.join(str(one.value) for one in kind)}")


def _wrong(where: str, what: str) -> Malformed:
    said = what if where == "plan" else f"{where}: {what}"
    return Malformed(f"plan: {said}", where=where, clause="sec:L10", rule="campaign.form")
