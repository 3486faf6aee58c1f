"""Authenticates requesters, examines their requests, and admits or refuses them.

The only room that makes `Requester`, `Examined`, `Admitted` and `Refusal`. It uses no private key
and writes nothing.
"""

from smki.registration.admission import (
    Admissions,
    Facts,
    admit_devices,
    admit_organisation,
    gather,
)
from smki.registration.examination import (
    PackedOutcome,
    examine_device,
    examine_devices,
    examine_organisation,
    examine_packed,
    examine_system,
    unpack,
)
from smki.registration.identity import authenticate, operator, requester_for, subscriber_of
from smki.registration.systems import admit_server, admit_system

__all__ = [
    "Admissions",
    "Facts",
    "PackedOutcome",
    "admit_devices",
    "admit_organisation",
    "admit_server",
    "admit_system",
    "authenticate",
    "examine_device",
    "examine_devices",
    "examine_organisation",
    "examine_packed",
    "examine_system",
    "gather",
    "operator",
    "requester_for",
    "subscriber_of",
    "unpack",
]
