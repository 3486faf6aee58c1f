"""Carries campaigns out on devices, and can always be resumed: by whoever comes, from what is kept."""

from smki.campaigns.carrying import Carrier, Targets
from smki.campaigns.making import Commanding, Target
from smki.campaigns.progressing import progress_of

__all__ = ["Carrier", "Commanding", "Target", "Targets", "progress_of"]
