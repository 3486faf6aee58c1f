"""The table `access` of the configuration: API keys and what is kept of their use."""

from typing import Final

from pydantic import BaseModel, Field

from smki.policy.access import AccessRules

_HOUR: Final = 3600
_RULES: Final = AccessRules()


class AccessSettings(BaseModel, extra="forbid", frozen=True):
    """What can be configured of access to the repository."""

    apikey_overlap_hours: int = Field(
        default=_RULES.overlap_seconds // _HOUR,
        ge=0,
        le=366 * 24,
        description="hours that an API key is good beside the newer one of its party; 0: none",
    )

    def rules(self) -> AccessRules:
        """The same as the rooms take it.

        Clause: sec-app-p:B
        """
        return AccessRules(overlap_seconds=self.apikey_overlap_hours * _HOUR)
