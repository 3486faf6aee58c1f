"""The values that pass from room to room; each is the proof of the step before.

    bytes → Examined → Admitted → Prepared → Journalled → Issued → Lodged → Published → served

Each is constructed in one room only (`tests/shape/test_steps.py` says which), so that a function
that takes `Journalled` cannot be called with anything that was not admitted, linted and written
down before. Steps take and return tuples: one request is a batch of one.

No rules here, no effects.
"""

from smki.steps.access import LoggedIn
from smki.steps.issuing import (
    Admitted,
    Channel,
    Examined,
    Gate,
    Issued,
    Journalled,
    Lodged,
    Prepared,
    Published,
    Refusal,
    Requester,
)

__all__ = [
    "Admitted",
    "Channel",
    "Examined",
    "Gate",
    "Issued",
    "Journalled",
    "Lodged",
    "LoggedIn",
    "Prepared",
    "Published",
    "Refusal",
    "Requester",
]
