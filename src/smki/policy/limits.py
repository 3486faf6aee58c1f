"""The numbers that the documents fix, each with its reason."""

from typing import Final

MAXIMUM_CSRS_PER_BATCH: Final = 50_000
"""More in one batch refuses the whole batch. Clause: sec-app-m:2.3.1.7"""

MAXIMUM_DEVICE_CERTIFICATES: Final = 100
"""Fewer than this must have been issued for a Device ID, else an anomaly. Clause:
sec-app-m:2.3.1.8. The limit can be raised for a Device ID after a review."""

RESULT_RETENTION_DAYS: Final = 30
"""Results stay available for pick-up for so long. Clause: sec-app-m:2.3.1.9"""
