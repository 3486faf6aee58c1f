"""Working days: days but Saturdays, Sundays and the bank holidays of England; and what is due when.

Bank holidays are those that the library `holidays` knows. Of years to come it knows what the law says;
one that is proclaimed later is known when the library is. A day outside its years is refused.

    raised on Wednesday, 3 working days            Monday
    before a meeting                               the working day before it
    before a meeting at 17:00                      its day, until then
    next meeting                                   the day of the next one of the body
    contingent on an action                        counted from the day on which that was settled

Clause: sec:C6
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from smki.governance.entities import Key, Kind, Known
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingState
from smki.governance.entities.minutes import Action, ActionState, Due, DueKind
from smki.terms import Refused

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_YEARS_KEPT: Final = 256  # more than the library knows
_CHAIN: Final = 16  # actions that depend on each other or were combined; more is a circle


def is_working_day(day: date) -> bool:
    """Whether people work in England that day.

    Raises:
        Refused: the bank holidays of that year are not known.
    """
    return day not in bank_holidays(day.year) and day.weekday() < _SATURDAY


@lru_cache(maxsize=_YEARS_KEPT)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England in that year, substitutes included.

    Raises:
        Refused: the library does not know that year.
    """
    import holidays  # noqa: PLC0415 - takes half a second, and most commands ask for no day

    known = holidays.country_holidays("GB", subdiv="ENG", years=(), expand=False)
    if not known.start_year <= year <= known.end_year:
        raise Refused(
            f"working days: bank holidays of {year} are not known, must be a year from"
            f" {known.start_year} to {known.end_year}",
            where="year",
            clause="sec:C6",
            rule="working-days.year",
        )
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year, expand=False))


def working_days_after(day: date, count: int) -> date:
    """The working day that is the `count`th after that day; 0 is that day itself, whatever it is.

    Raises:
        Refused: it is in a year whose bank holidays are not known.
    """
    return _counted(day, count, _DAY)


def working_days_before(day: date, count: int) -> date:
    """The working day that is the `count`th before that day; 0 is that day itself, whatever it is.

    Raises:
        Refused: it is in a year whose bank holidays are not known.
    """
    return _counted(day, count, -_DAY)


def working_days_between(start: date, end: date) -> int:
    """How many working days come after `start` until `end`, which counts; below 0 if `end` is first.

    Raises:
        Refused: a year whose bank holidays are not known is between them.
    """
    if end < start:
        return -working_days_between(end, start)
    days = (start + _DAY * place for place in range(1, (end - start).days + 1))
    return sum(is_working_day(day) for day in days)


def due_on(due: Due, raised: date, body: str, known: Known) -> date | None:
    """The day to which `due` comes for what that body raised that day; None while it is not known.

    What is contingent on an action is not due before that is settled. Then it is due as many
    working days after that day as it says, or on the day that it says, or else at the next meeting
    of the body. It never is due where the other was not required or went to another body; where
    the other was combined into a third, the third decides.

    Args:
        due: when it is due, as it was said.
        raised: day of the meeting that raised it.
        body: ref of the body that raised it.
        known: the register, for meetings and actions.

    Raises:
        Refused: it comes to a year whose bank holidays are not known.

    Clause: sec:C6
    """
    match due.kind:
        case DueKind.WORKING_DAYS:
            return working_days_after(raised, due.working_days)
        case DueKind.DATE:
            return due.on
        case DueKind.BEFORE_MEETING:
            return _before(due, known)
        case DueKind.NEXT_MEETING:
            return _next_meeting(body, raised, known)
        case DueKind.CONTINGENT:
            settled = _settled(due.action, known)
            return None if settled is None else _from(settled, due, body, known)


def due_of(action: Action, known: Known) -> date | None:
    """The day on which that action is due; None while it is not known.

    Raises:
        Refused: it comes to a year whose bank holidays are not known.

    Clause: sec:C6
    """
    item = known.get(Key(Kind.AGENDA_ITEM, action.item))
    meeting = known.get(Key(Kind.MEETING, item.meeting)) if isinstance(item, AgendaItem) else None
    body = meeting.body if isinstance(meeting, Meeting) else ""
    return due_on(action.due, action.raised, body, known)


def _counted(day: date, count: int, step: timedelta) -> date:
    if count < 0:
        return _counted(day, -count, -step)
    if count:
        is_working_day(day)  # from a year that nobody knows nothing is counted
    while count:
        day += step
        count -= is_working_day(day)
    return day


def _before(due: Due, known: Known) -> date | None:
    meeting = known.get(Key(Kind.MEETING, due.meeting))
    if not isinstance(meeting, Meeting):
        return None
    return meeting.held_on if due.at is not None else working_days_before(meeting.held_on, 1)


def _next_meeting(body: str, after: date, known: Known) -> date | None:
    meetings = known.under(Key(Kind.BODY, body), Kind.MEETING)
    days = (
        one.held_on
        for one in meetings
        if isinstance(one, Meeting) and one.state is not MeetingState.CANCELLED
    )
    return min((day for day in days if day > after), default=None)


def _settled(ref: str, known: Known) -> date | None:
    """The day on which an action was settled so that what is contingent on it is due."""
    for _ in range(_CHAIN):
        action = known.get(Key(Kind.ACTION, ref))
        if not isinstance(action, Action):
            return None
        if action.state is ActionState.COMBINED:
            ref = action.successor
        elif action.state is ActionState.CLOSED:
            return max((one.on for one in action.updates), default=action.raised)
        else:
            return None
    return None


def _from(settled: date, due: Due, body: str, known: Known) -> date | None:
    if due.working_days:
        return working_days_after(settled, due.working_days)
    return due.on or _next_meeting(body, settled, known)
