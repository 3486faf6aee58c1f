"""May this be done? A request, what is known, an instant: in; a verdict: out.

One table for each question, a row for each kind of requester, its clause beside it. Decides and
returns; never raises for a "no", never acts, knows no clock and no store.
"""

from smki.policy.codes import Code, code_of, item_status_of
from smki.policy.eligibility import (
    DEVICE_ROWS,
    DeviceFacts,
    DeviceRow,
    decide_anomaly,
    decide_device,
    decide_organisation,
)
from smki.policy.limits import (
    MAXIMUM_CSRS_PER_BATCH,
    MAXIMUM_DEVICE_CERTIFICATES,
    RESULT_RETENTION_DAYS,
    decide_limit,
)
from smki.policy.parties import decide_party

__all__ = [
    "DEVICE_ROWS",
    "MAXIMUM_CSRS_PER_BATCH",
    "MAXIMUM_DEVICE_CERTIFICATES",
    "RESULT_RETENTION_DAYS",
    "Code",
    "DeviceFacts",
    "DeviceRow",
    "code_of",
    "decide_anomaly",
    "decide_device",
    "decide_limit",
    "decide_organisation",
    "decide_party",
    "item_status_of",
]
