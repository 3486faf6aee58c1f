"""The numbers that the documents fix, each with its reason; and which may be changed for one."""

from typing import Final

from smki.terms import Finding

MAXIMUM_CSRS_PER_BATCH: Final = 50_000
"""More in one batch refuses the whole batch. Clause: sec-app-m:2.3.1.7"""

MAXIMUM_DEVICE_CERTIFICATES: Final = 100
"""Fewer than this must have been issued for a Device ID, else an anomaly. Clause:
sec-app-m:2.3.1.8. The limit can be raised for a Device ID after a review."""

RESULT_RETENTION_DAYS: Final = 30
"""Results stay available for pick-up for so long. Clause: sec-app-m:2.3.1.9"""


def decide_limit(limit: int, reason: str) -> Finding | None:
    """None if a device may be given this limit of certificates, otherwise why not.

    More than everybody has is for a review to allow, which says why.

    Args:
        limit: how many certificates it may be issued.
        reason: what the review found; empty if there was none.

    Clause: sec-app-m:2.3.1.8
    """
    if limit <= MAXIMUM_DEVICE_CERTIFICATES or reason.strip():
        return None
    return Finding(
        rule="anomaly.review",
        message=f"limit of {limit} without a reason, above {MAXIMUM_DEVICE_CERTIFICATES} a review"
        " must say why",
        clause="sec-app-m:2.3.1.8",
        advice="give the reason that the review found, with --reason",
    )
