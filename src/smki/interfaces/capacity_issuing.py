"""What `smki plan --issue` calculates: certificates to batches, hours, nights and disk."""

import os
import secrets
import time
from datetime import datetime
from typing import Any, Final

from smki.policy import MAXIMUM_CSRS_PER_BATCH
from smki.profiles import development
from smki.recovery.planning import plan_issuing
from smki.simulator.measuring import Scales

_MEASURED_SECONDS: Final = 0.25
_HOUR: Final = 3_600


def issuing_fields(
    certificates: int,
    *,
    per_second: float | None,
    cores: int | None,
    hours_a_night: float,
    at: datetime,
) -> dict[str, Any]:
    """What issuing so many device certificates takes, as `--json` shows it.

    Raises:
        Malformed: a rate that is not above 0.
    """
    scales = Scales(secrets.token_bytes, at, development())
    rate = per_second or _limit(scales)
    working = cores or os.cpu_count() or 1
    batch = MAXIMUM_CSRS_PER_BATCH
    plan = plan_issuing(
        certificates,
        per_second=rate * working,
        batch=batch,
        hours_a_night=hours_a_night,
        octets_each=scales.device_certificate_octets(),
    )
    told = "as given" if per_second else "measured: one verification and one signature, no more"
    return {
        "certificates": plan.certificates,
        "batches": plan.batches,
        "hours": round(plan.hours, 3),
        "nights": plan.nights,
        "batches_a_night": int(hours_a_night * _HOUR * rate * working // batch),
        "record_octets": plan.record_octets,
        "assumptions": [
            f"a core issues {rate:.0f} certificates a second, {told}; {working} cores work",
            f"{hours_a_night:g} hours a night, batches of {batch}",
            "'smki bench issue' says which share of the bare cryptography this SMKI reaches",
        ],
    }


def _limit(scales: Scales) -> float:
    """Certificates a second of one core at the bare cryptography."""
    signing = scales.signing(time.perf_counter, _MEASURED_SECONDS)
    verifying = scales.verifying(time.perf_counter, _MEASURED_SECONDS)
    return 1 / (1 / signing + 1 / verifying)
