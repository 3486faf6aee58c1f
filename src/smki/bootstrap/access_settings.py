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
    answer_days: int = Field(
        default=_RULES.answer_days,
        ge=1,
        le=3_660,
        description="days for which an answer of the web service is found by its AuditReference",
    )
    answers: int = Field(
        default=_RULES.answers,
        ge=1_000,
        le=1_000_000_000,
        description="answers that are kept for that, the newest; some 250 octets each",
    )
    notice_percent: int = Field(
        default=_RULES.notice_percent,
        ge=100,
        le=1_000,
        description="use above so much of a party's forecast for the day is noticed and told",
    )
    use_days: int = Field(
        default=_RULES.use_days,
        ge=7,
        le=3_660,
        description="days for which the number of requests of each day is kept",
    )

    def rules(self) -> AccessRules:
        """The same as the rooms take it.

        Clause: sec-app-p:B, sec-app-p:4
        """
        return AccessRules(
            overlap_seconds=self.apikey_overlap_hours * _HOUR,
            answer_days=self.answer_days,
            answers=self.answers,
            notice_percent=self.notice_percent,
            use_days=self.use_days,
        )
