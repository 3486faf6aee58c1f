"""What users ask of the repository: noted at once, then kept; counted by the day; forecast.

Two ports. A note costs a request a few microseconds and outlives the process; from time to time all
notes are taken into the database together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from smki.terms import RequestType
from smki.terms.demand import REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A request that was answered.

    Attributes:
        at: milliseconds since 1970.
        request_type: what kind it was.
        party: who asked; empty if `key` says it, or nobody knows.
        key: SHA-256 of the API key that was sent; empty if the interface has none.
        reference: the `AuditReference` of the answer; empty if the interface gives none.
        asked: what was asked, in a few words.
        code: of the answer: 200, 401 or 402; 0 where there is none.
        results: how many were found.
    """

    at: int
    request_type: RequestType
    party: str = ""
    key: bytes = b""
    reference: str = ""
    asked: str = ""
    code: int = 0
    results: int = 0

    @property
    def counts(self) -> bool:
        """Whether it is one of the requests that the party had forecast."""
        return self.code != REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """How many requests of a kind a party made in a day.

    Attributes:
        party: who.
        day: which day, UTC.
        request_type: what kind.
        requests: how many.
        forecast: what was forecast for it when it went over; None if it did not.
        noticed_at: when that was found, milliseconds since 1970; None if it did not go over.
    """

    party: str
    day: date
    request_type: RequestType
    requests: int
    forecast: int | None = None
    noticed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a party means to ask for each day, until a later forecast.

    Attributes:
        party: who.
        request_type: what kind of request.
        start: the first day it is for, UTC.
        requests: how many in a day.
        made_at: seconds since 1970.
        made_by: the user of the pages who entered it, or who else did.
    """

    party: str
    request_type: RequestType
    start: date
    requests: int
    made_at: int
    made_by: str


class UseNotes(Protocol):
    """Notes of requests. One process makes and takes them; any may read. Safe for threads."""

    def note(self, use: Use) -> None:
        """The request is noted, and will be even if this process is killed now.

        Never raises: what cannot be noted is one of the `lost`. A cut of the power may take the
        last seconds.
        """
        ...

    def take(self, known: int, into: Callable[[int, Sequence[Use]], None]) -> None:
        """Every note was given to `into` and is gone here.

        They are given in portions with rising numbers; those up to `known` were taken in before,
        and are not given again. If `into` raises, its portion is given again the next time.

        Raises:
            Unavailable: they cannot be read now.
        """
        ...

    def pending(self) -> Sequence[Use]:
        """Notes that are not taken yet, oldest first."""
        ...

    def lost(self) -> int:
        """How many could not be noted since the last question."""
        ...


Over = Callable[[int, int], bool]
"""Whether so many requests are to be noticed beside such a forecast."""


class Demand(Protocol):
    """What was asked, by whom and how often. Durable on return; safe for several processes."""

    def taken(self) -> int:
        """The number of the last portion that was taken in."""
        ...

    def take(self, number: int, uses: Sequence[Use], over: Over) -> tuple[DayUse, ...]:
        """The portion is kept and counted; gives what went over its forecast by it.

        All of it or nothing; a portion whose number is not above the last one changes nothing.
        """
        ...

    def drop(self, *, before: int, most: int, day: date) -> bool:
        """What is too old is gone, as far as a moment allows; whether there may be more of it.

        Answers older than `before` (milliseconds since 1970) or than the `most` newest, and counts
        of days before `day`.
        """
        ...

    def answer(self, reference: str) -> Use | None:
        """The answer of that reference, with its party; None if it is not kept."""
        ...

    def answers(self, party: str, limit: int) -> tuple[Use, ...]:
        """The newest answers to that party, newest first."""
        ...

    def use(self, party: str, since: date) -> tuple[DayUse, ...]:
        """The party's requests since that day, by day and kind."""
        ...

    def notices(self, since: date) -> tuple[DayUse, ...]:
        """What went over its forecast since that day, of all parties, newest day first."""
        ...

    def put_forecast(self, forecast: Forecast) -> None:
        """The forecast is the party's, in the place of one for the same kind and first day.

        Raises:
            Refused: no such party.
        """
        ...

    def forecasts(self, party: str) -> tuple[Forecast, ...]:
        """All forecasts of the party, by kind and first day."""
        ...
