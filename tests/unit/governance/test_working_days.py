"""Working days are England's; each way to say when something is due comes to a day."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.known import Held

from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingState
from smki.governance.entities.minutes import Action, ActionState, Due, DueKind, Update
from smki.governance.working_days import (
    bank_holidays,
    due_of,
    due_on,
    is_working_day,
    working_days_after,
    working_days_before,
    working_days_between,
)
from smki.terms import Refused

DAYS = st.dates(date(2015, 1, 1), date(2099, 1, 1))
RAISED = date(2016, 3, 8)


def meeting(number: int, day: date, state: MeetingState = MeetingState.PLANNED) -> Meeting:
    """A meeting of the fictitious body QPA."""
    ref = f"QPA_{number:02d}_{day:%d%m}"
    return Meeting(ref=ref, body="QPA", number=number, held_on=day, state=state)


def action(ref: str, due: Due, *updates: date, **others: object) -> Action:
    """An action of the first item of meeting 21."""
    said = tuple(Update(on=one, text="said") for one in updates)
    values: dict[str, object] = {"state": ActionState.OPEN, "successor": "", **others}
    return Action(
        ref=ref,
        text="Ask.",
        item="QPA_21_0803/1",
        raised=RAISED,
        owner="secretary",
        due=due,
        updates=said,
        **values,  # type: ignore[arg-type]  # state and successor, by name
    )


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2016, 3, 9), 3, date(2016, 3, 14)),
        (date(2016, 3, 24), 1, date(2016, 3, 29)),  # Good Friday, a weekend, Easter Monday
        (date(2015, 12, 24), 1, date(2015, 12, 29)),  # Boxing Day on a Saturday: its substitute
        (date(2022, 6, 1), 1, date(2022, 6, 6)),  # a jubilee
        (date(2016, 3, 12), 0, date(2016, 3, 12)),
        (date(2026, 11, 21), 10, date(2026, 12, 4)),
    ],
)
def test_working_days_pass_over_weekends_and_bank_holidays(
    day: date, count: int, expected: date
) -> None:
    """So many working days after a day: England's bank holidays and their substitutes do not count."""
    assert working_days_after(day, count) == expected
    assert working_days_after(expected, -count) == working_days_before(expected, count)


def test_scotlands_holidays_are_working_days() -> None:
    """St Andrew's day and 2 January are worked in England."""
    assert is_working_day(date(2026, 11, 30))
    assert is_working_day(date(2025, 1, 2))


@given(day=DAYS, count=st.integers(0, 120))
def test_what_is_counted_can_be_counted_back(*, day: date, count: int) -> None:
    """After and between agree, the end is a working day, and before undoes after."""
    end = working_days_after(day, count)
    assert working_days_between(day, end) == count
    assert working_days_between(end, day) == -count
    assert count == 0 or is_working_day(end)
    if is_working_day(day):
        assert working_days_before(end, count) == day


@given(DAYS)
def test_every_day_is_by_the_week_and_the_list(day: date) -> None:
    """A day is a working day exactly if it is no Saturday, Sunday or bank holiday of its year."""
    expected = day.isoweekday() < 6 and day not in bank_holidays(day.year)
    assert is_working_day(day) is expected


@pytest.mark.parametrize("day", [date(1500, 1, 4), date(2600, 1, 4)])
def test_years_that_nobody_knows_are_refused(day: date) -> None:
    """A year outside the library's is refused with the years that are known."""
    with pytest.raises(Refused, match=r"bank holidays of \d+ are not known, must be a year from"):
        is_working_day(day)
    with pytest.raises(Refused):
        working_days_after(date(2090, 1, 1), 1_000_000)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (Due(kind=DueKind.WORKING_DAYS, working_days=10), date(2016, 3, 22)),
        (Due(kind=DueKind.DATE, on=date(2016, 3, 12)), date(2016, 3, 12)),
        (Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_22_1204"), date(2016, 4, 11)),
        (Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_22_1204", at=time(15)), date(2016, 4, 12)),
        (Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_99_0101"), None),
        (Due(kind=DueKind.NEXT_MEETING), date(2016, 4, 12)),
        (Due(kind=DueKind.CONTINGENT, action="QPA 21/07"), None),
    ],
)
def test_what_was_said_comes_to_a_day(due: Due, expected: date | None) -> None:
    """Each of the five ways: a cancelled meeting is none, what is not known yet has no day."""
    register = Held(
        meeting(21, RAISED),
        AgendaItem(ref="QPA_21_0803/1", meeting="QPA_21_0803", number=1, heading="One"),
        meeting(22, date(2016, 3, 15), MeetingState.CANCELLED),
        meeting(22, date(2016, 4, 12)),
        meeting(23, date(2016, 5, 10)),
    )
    assert due_on(due, RAISED, "QPA", register) == expected
    assert due_of(action("QPA 21/01", due), register) == expected


CLOSED = {"state": ActionState.CLOSED}
COMBINED = {"state": ActionState.COMBINED, "successor": "QPA 21/02"}
TRANSFERRED = {"state": ActionState.TRANSFERRED, "successor": "QSC"}
NOW = Due(kind=DueKind.NEXT_MEETING)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("due", "others", "expected"),
    [
        ({}, {"state": ActionState.COMPLETE}, None),
        ({}, {"state": ActionState.NOT_REQUIRED}, None),
        ({}, TRANSFERRED, None),
        ({}, CLOSED, date(2016, 5, 10)),
        ({"working_days": 2}, CLOSED, date(2016, 4, 14)),
        ({"on": date(2016, 6, 1)}, CLOSED, date(2016, 6, 1)),
        ({"working_days": 1}, COMBINED, date(2016, 4, 21)),
    ],
)
def test_what_is_contingent_waits_for_the_other(
    due: dict[str, object], others: dict[str, object], expected: date | None
) -> None:
    """It is due only after the body closed the other, or what the other was combined into."""
    told = Due(kind=DueKind.CONTINGENT, action="QPA 21/01", **due)  # type: ignore[arg-type]
    register = Held(
        meeting(23, date(2016, 5, 10)),
        action("QPA 21/01", NOW, date(2016, 3, 20), date(2016, 4, 12), **others),
        action("QPA 21/02", NOW, date(2016, 4, 20), **CLOSED),
    )
    assert due_on(told, RAISED, "QPA", register) == expected


def test_actions_combined_in_a_circle_settle_nothing() -> None:
    """Two actions combined into each other are never settled, and end no program."""
    told = Due(kind=DueKind.CONTINGENT, action="QPA 21/02")
    circle = action("QPA 21/02", NOW, RAISED, **COMBINED)
    assert due_on(told, RAISED, "QPA", Held(circle)) is None


def test_nothing_is_counted_beyond_the_calendar() -> None:
    """From the last day of any calendar nothing is counted: refused, and nothing breaks."""
    for day in (date.max, date.min):
        assert working_days_after(day, 0) == day
        with pytest.raises(Refused, match="are not known"):
            working_days_after(day, 1)
