"""Recovery, planned and judged purely: decision and inventory to a campaign, outcomes to a report.

Commands nothing and keeps nothing: `campaigns` carries a plan out, `flows.recovering` puts it together.
"""

from smki.recovery.campaign import (
    CampaignPlan,
    Decided,
    Fate,
    Move,
    Patience,
    StopAt,
    WaveCounts,
    Waves,
    decide,
)
from smki.recovery.estimate import Estimate, Lot, Rates, estimate
from smki.recovery.outcomes import (
    Anchors,
    Answer,
    Identified,
    answered,
    inspected,
    missing,
    read_back,
)
from smki.recovery.procedures import METHODS, PROCEDURES, Compromised, Method, methods_for
from smki.recovery.replacing import Materials, cells_replaced, recovering

__all__ = [
    "METHODS",
    "PROCEDURES",
    "Anchors",
    "Answer",
    "CampaignPlan",
    "Compromised",
    "Decided",
    "Estimate",
    "Fate",
    "Identified",
    "Lot",
    "Materials",
    "Method",
    "Move",
    "Patience",
    "Rates",
    "StopAt",
    "WaveCounts",
    "Waves",
    "answered",
    "cells_replaced",
    "decide",
    "estimate",
    "inspected",
    "methods_for",
    "missing",
    "read_back",
    "recovering",
]
