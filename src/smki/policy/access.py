"""The numbers of access to the repository that are configured, as one value."""

from dataclasses import dataclass

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """What is configured of access.

    Attributes:
        overlap_seconds: an API key is good so long beside the newer one of its party.
            Clause: sec-app-p:B
    """

    overlap_seconds: int = 14 * DAY_SECONDS
