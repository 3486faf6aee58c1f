"""Use of the repository: noted, counted, beside its forecast; and answers found by their reference.

Use above the forecast is noticed and told; nothing is refused for it.

Clause: sec-app-p:4
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Final

from smki.flows.office import FrontOffice
from smki.policy.demand import FORECAST_MOST, in_force, is_over
from smki.ports import DayUse, Forecast, Use
from smki.terms import Finding, Refused, RequestType

RECENT: Final = 20  # answers that a list shows
SHOWN_DAYS: Final = 14  # of use: two weeks beside one another
TOLD_DAYS: Final = 7  # how long a notice is told of to everybody who asks for the state of things
_AHEAD_DAYS: Final = 366  # of a forecast's first day
_REFERENCE: Final = re.compile(r"[0-9]{13}-[0-9a-f]{10}")
_CLAUSE: Final = "sec-app-p:4"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """A party's use of a day, beside its forecast.

    Attributes:
        day: which day, UTC.
        request_type: what kind of request.
        requests: how many were made.
        forecast: how many were forecast; None if none were.
        noticed: it went over its forecast, and was noticed.
    """

    day: date
    request_type: RequestType
    requests: int
    forecast: int | None
    noticed: bool

    @property
    def percent(self) -> int | None:
        """The use in per cent of the forecast, rounded up; None without one, or of none."""
        return -(-self.requests * 100 // self.forecast) if self.forecast else None


def note_use(front: FrontOffice, party: str, request_type: RequestType) -> None:
    """A request of the party is noted, which is counted soon. Does not block or raise.

    Clause: sec-app-p:4
    """
    at = int(front.clock.now().timestamp() * 1000)
    front.uses.note(Use(at=at, request_type=request_type, party=party))


def settle_uses(front: FrontOffice) -> tuple[DayUse, ...]:
    """All notes are counted and kept, what is too old is gone; what went over its forecast.

    Called by the one process that notes.

    Raises:
        Unavailable: the database or the disk is away; the notes wait.

    Clause: sec-app-p:4
    """
    over: list[DayUse] = []
    demand, rules = front.demand, front.access

    def into(number: int, uses: Sequence[Use]) -> None:
        over.extend(
            demand.take(
                number,
                uses,
                lambda requests, forecast: is_over(requests, forecast, rules.notice_percent),
            )
        )

    front.uses.take(demand.taken(), into)
    return tuple(over)


def drop_old(front: FrontOffice) -> bool:
    """Answers and counts that are older than configured, or too many, are gone.

    As far as a moment allows; whether there may be more of them.
    """
    now, rules = front.clock.now().astimezone(UTC), front.access
    before = now - timedelta(days=rules.answer_days)
    return front.demand.drop(
        before=int(before.timestamp() * 1000),
        most=rules.answers,
        day=now.date() - timedelta(days=rules.use_days),
    )


def look_up(front: FrontOffice, reference: str, party: str | None = None) -> Use:
    """The answer of that `AuditReference`; to one of another party than `party`, there is none.

    Raises:
        Refused: not a reference, or none that is kept.

    Clause: sec-app-o:web-service
    """
    reference = reference.strip()
    found = None
    if _REFERENCE.fullmatch(reference):
        found = _pending(front, reference) or front.demand.answer(reference)
    if found is None or (party is not None and found.party != party):
        whose = "" if party is None else f" of {party}"
        raise _refused(
            "audit.unknown",
            f"reference {reference[:40]!r}: no answer{whose} that is kept has it; answers are kept"
            f" for {front.access.answer_days} days",
            "compare it with the AuditReference of the answer, like 1763700000000-0123456789",
            clause="sec-app-o:web-service",
        )
    return found


def recent_answers(front: FrontOffice, party: str) -> tuple[Use, ...]:
    """The newest answers of the web service to the party, newest first."""
    return front.demand.answers(party, RECENT)


def enter_forecast(
    front: FrontOffice,
    party: str,
    by: str,
    forecast: tuple[RequestType, int],
    start: date | None = None,
) -> Forecast:
    """So many requests of that kind are forecast for each day from `start` on, or from today.

    Raises:
        Refused: no such party, a day that is over or far away, or no possible number.

    Clause: sec-app-p:4
    """
    now = front.clock.now().astimezone(UTC)
    request_type, requests = forecast
    first = now.date() if start is None else start
    if not 0 <= requests <= FORECAST_MOST:
        raise _refused(
            "forecast.requests",
            f"forecast: {requests} requests in a day, must be 0 to {FORECAST_MOST}",
        )
    if not now.date() <= first <= now.date() + timedelta(days=_AHEAD_DAYS):
        raise _refused(
            "forecast.start",
            f"forecast: from {first}, must be from today ({now.date()}) on, within a year",
        )
    entered = Forecast(
        party=party,
        request_type=request_type,
        start=first,
        requests=requests,
        made_at=int(now.timestamp()),
        made_by=by,
    )
    front.demand.put_forecast(entered)
    return entered


def usage(front: FrontOffice, party: str, days: int = SHOWN_DAYS) -> tuple[DayFigures, ...]:
    """The party's use on each of the last days and of each kind, beside its forecast, oldest first.

    Clause: sec-app-p:4
    """
    today = front.clock.now().astimezone(UTC).date()
    since = today - timedelta(days=days - 1)
    used = {(one.day, one.request_type): one for one in front.demand.use(party, since)}
    forecasts = front.demand.forecasts(party)
    by_type = {
        kind: [(one.start, one.requests) for one in forecasts if one.request_type is kind]
        for kind in RequestType
    }
    return tuple(
        _figures(used.get((day, kind)), day, kind, in_force(by_type[kind], day))
        for day in (since + timedelta(days=number) for number in range(days))
        for kind in RequestType
    )


def notices(front: FrontOffice) -> tuple[DayUse, ...]:
    """What went over its forecast in the last days, of all parties, newest day first.

    Clause: sec-app-p:4
    """
    today = front.clock.now().astimezone(UTC).date()
    return front.demand.notices(today - timedelta(days=TOLD_DAYS - 1))


def _figures(used: DayUse | None, day: date, kind: RequestType, forecast: int | None) -> DayFigures:
    """A notice keeps the forecast that it was made by, also if another was entered later."""
    if used is None:
        return DayFigures(day=day, request_type=kind, requests=0, forecast=forecast, noticed=False)
    noticed = used.noticed_at is not None
    return DayFigures(
        day=day,
        request_type=kind,
        requests=used.requests,
        forecast=used.forecast if noticed else forecast,
        noticed=noticed,
    )


def _pending(front: FrontOffice, reference: str) -> Use | None:
    """The answer, if it was noted and not taken in yet; with its party, if its key tells it."""
    found = next((one for one in front.uses.pending() if one.reference == reference), None)
    if found is None or found.party:
        return found
    key = front.apikeys.key(found.key)
    return replace(found, party="" if key is None else key.party)


def _refused(rule: str, message: str, advice: str = "", *, clause: str = _CLAUSE) -> Refused:
    return Refused(findings=(Finding(rule=rule, message=message, clause=clause, advice=advice),))
