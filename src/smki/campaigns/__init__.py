"""Carries campaigns out on devices, and can always be resumed: by whoever comes, from what is kept."""

from smki.campaigns.carrying import Carrier, Targets
from smki.campaigns.making import Commanding, Target
from smki.campaigns.progressing import progress_of
from smki.campaigns.walking import evidence_in, members_in

__all__ = [
    "Carrier",
    "Commanding",
    "Target",
    "Targets",
    "evidence_in",
    "members_in",
    "progress_of",
]
