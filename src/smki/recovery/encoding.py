"""A campaign's plan as canonical JSON: what is decided upon, kept and reported is the same octets."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.recovery.campaign import CampaignPlan, Patience, StopAt
from smki.recovery.procedures import Compromised, Method
from smki.terms import Malformed, instant_text

_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


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
        raise Malformed("plan: must be an object", rule="campaign.form")
    try:
        plan = _plan(value)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Malformed(
            f"plan: {error!r}, must be as one is written", rule="campaign.form"
        ) from error
    if encode_plan(plan) != octets:
        raise Malformed("plan: not its one form", rule="campaign.form")
    return plan


def _plan(value: Mapping[str, JSON]) -> CampaignPlan:
    def whole(name: str) -> int:
        found = value[name]
        if not isinstance(found, int) or isinstance(found, bool):
            raise TypeError(f"{name} must be a whole number")
        return found

    waves, rates = value["waves"], value["per_second"]
    if not isinstance(waves, list) or not isinstance(rates, Mapping):
        raise TypeError("waves must be a list, per_second an object")
    return CampaignPlan(
        incident=str(value["incident"]),
        decision=str(value["decision"]),
        compromised=Compromised(value["compromised"]),
        method=Method(value["method"]),
        expires=datetime.strptime(str(value["expires"]), _INSTANT).replace(tzinfo=UTC),
        waves=tuple(int(str(one)) for one in waves),
        canaries=whole("canaries"),
        per_second={str(region): int(str(rate)) for region, rate in rates.items()},
        otherwise=whole("otherwise"),
        patience=Patience(
            tries=whole("tries"),
            first=timedelta(seconds=whole("first_pause")),
            longest=timedelta(seconds=whole("longest_pause")),
        ),
        stop_at=StopAt(
            failed_per_thousand=whole("stop_failed_per_thousand"),
            not_before=whole("stop_not_before"),
            refused=whole("stop_refused"),
        ),
    )
