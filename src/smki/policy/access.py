"""The numbers of access to the repository that are configured, as one value."""

from dataclasses import dataclass

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """What is configured of access.

    Attributes:
        overlap_seconds: an API key is good so long beside the newer one of its party.
            Clause: sec-app-p:B
        answer_days: an answer of the web service can be looked up by its reference for so long.
        answers: no more answers than these are kept, the newest ones.
        notice_percent: use above so much of the forecast is noticed. Clause: sec-app-p:4
        use_days: counts of requests by the day are kept for so long.
    """

    overlap_seconds: int = 14 * DAY_SECONDS
    answer_days: int = 400
    answers: int = 5_000_000
    notice_percent: int = 120
    use_days: int = 800
