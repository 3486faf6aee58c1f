"""Carries campaigns out on devices, and can always be resumed: by whoever comes, from what is kept."""

from smki.campaigns.carrying import Carrier, Commanding, Target, Targets

__all__ = ["Carrier", "Commanding", "Target", "Targets"]
