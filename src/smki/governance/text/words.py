"""Days, times and due dates in the words of committees, and back.

day     8 March 2027; also 8 Mar 2027, 2027-03-08, 08/03/2027, and 8 March of the next time
time    10:30; also 10.30
due     10 working days
        by 12 March 2027 [at 17:00]
        before PMA_22_1203 [at 17:00]
        next meeting
        if PMA 21/01 is needed
"""

import re
from collections.abc import Callable
from datetime import date, time
from typing import Final

from smki.governance.encoding import REF_MAX
from smki.governance.entities.minutes import Due, DueKind
from smki.governance.numbering import Read, read_action, read_meeting, read_paper
from smki.terms import Malformed

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_NAMED: Final = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[ ]+([A-Za-z]{3,9})\.?(?:,?[ ]+([0-9]{4}))?"
)
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_SLASHED: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")
_WORKING: Final = re.compile(r"(?:within[ ]+)?([0-9]{1,4})[ ]+working[ ]+days?", re.IGNORECASE)
_NEXT: Final = re.compile(r"(?:by[ ]+|at[ ]+)?(?:the[ ]+)?next[ ]+meeting", re.IGNORECASE)
_IF: Final = re.compile(r"if[ ]+(.+?)(?:[ ]+is[ ]+needed)?", re.IGNORECASE)
_BEFORE: Final = re.compile(r"before[ ]+(.+)", re.IGNORECASE)
_BY: Final = re.compile(r"(?:by|on)[ ]+(.+)", re.IGNORECASE)
_LAST_YEAR: Final = 9999
_DUE_MAX: Final = 300  # characters: two references and a few words

Note = Callable[[str], None]


def day_in_words(day: date) -> str:
    """As `8 March 2027`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year:04d}"


def read_day(text: str, after: date | None = None) -> date:
    """The day that is meant; one without a year is the first such day from `after` on.

    Raises:
        Malformed: no day, or none of any calendar.
    """
    years: tuple[int, ...]
    if found := _ISO.fullmatch(text):
        years, month, day = (int(found[1]),), int(found[2]), int(found[3])
    elif found := _SLASHED.fullmatch(text):
        years, month, day = (int(found[3]),), int(found[2]), int(found[1])
    elif (found := _NAMED.fullmatch(text)) and (month := _month(found[2])):
        years, day = _years(found[3], after), int(found[1])
    else:
        raise _malformed("day", text, "as 8 March 2027")
    for year in years:
        one = _day(year, month, day)
        if one is not None and (len(years) == 1 or after is None or one >= after):
            return one
    raise _malformed("day", text, "a day that a calendar has, with its year, as 8 March 2027")


def read_time(text: str) -> time:
    """The time of the day that is meant.

    Raises:
        Malformed: none.
    """
    found = _TIME.fullmatch(text)
    try:
        if found:
            return time(int(found[1]), int(found[2]))
    except ValueError:
        pass
    raise _malformed("time", text, "a time of the day, as 10:30")


def due_in_words(due: Due) -> str:
    """As it is said; empty if words cannot say it, because it has parts that its kind has not."""
    at = f" at {due.at:%H:%M}" if due.at else ""
    said = {
        DueKind.WORKING_DAYS: f"{due.working_days} working days",
        DueKind.DATE: f"by {day_in_words(due.on)}{at}" if due.on else "",
        DueKind.BEFORE_MEETING: f"before {due.meeting}{at}",
        DueKind.NEXT_MEETING: "next meeting",
        DueKind.CONTINGENT: f"if {due.action} is needed",
    }[due.kind]
    try:
        return said if said and read_due(said, None, lambda _: None) == due else ""
    except Malformed:
        return ""


def read_due(text: str, raised: date | None, note: Note) -> Due:
    """When something is due that was raised that day.

    Raises:
        Malformed: words that say no such thing.
    """
    if len(text) > _DUE_MAX:
        raise _malformed("due", text, f"at most {_DUE_MAX} characters")
    if found := _WORKING.fullmatch(text):
        return Due(kind=DueKind.WORKING_DAYS, working_days=int(found[1]))
    if _NEXT.fullmatch(text):
        return Due(kind=DueKind.NEXT_MEETING)
    if found := _IF.fullmatch(text):
        return Due(kind=DueKind.CONTINGENT, action=action_named(found[1], note))
    what, at = _with_time(text)
    if found := _BEFORE.fullmatch(what):
        meeting = meeting_named(found[1], note)
        return Due(kind=DueKind.BEFORE_MEETING, meeting=meeting, at=at)
    found = _BY.fullmatch(what)
    try:
        return Due(kind=DueKind.DATE, on=read_day(found[1] if found else what, raised), at=at)
    except Malformed as error:
        forms = "10 working days, by 12 March 2027, before PMA_22_1203, next meeting, if PMA 21/01"
        raise _malformed("due", text, f"as one of: {forms} is needed") from error


def meeting_named(text: str, note: Note) -> str:
    """The reference of a meeting in its one form; one that is none stays as it is written."""
    return _named(text, note, read_meeting, "a meeting")


def action_named(text: str, note: Note) -> str:
    """The reference of an action in its one form; one that is none stays as it is written."""
    return _named(text, note, read_action, "an action")


def paper_named(text: str, note: Note) -> str:
    """The reference of a paper in its one form; one that is none stays as it is written."""
    return _named(text, note, read_paper, "a paper")


def _named(text: str, note: Note, read: Callable[[str], Read[object]], what: str) -> str:
    try:
        found = read(text[: REF_MAX + 1])  # longer ones are none
    except Malformed:
        note(f"{text[:60]!r} is no reference of {what}, kept as it is written")
        return text
    for one in found.notes:
        note(one)
    return str(found.value)


def _with_time(text: str) -> tuple[str, time | None]:
    what, _, at = text.rpartition(" at ")
    if what and _TIME.fullmatch(at):
        return what.strip(), read_time(at)
    return text, None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(name: str) -> int:
    """1 to 12 for the name of a month or its first letters; 0 if there is none."""
    months = (at for at, one in enumerate(MONTHS, 1) if one.lower().startswith(name.lower()))
    return next(months, 0)


def _years(written: str | None, after: date | None) -> tuple[int, ...]:
    """Which years to try: a 29 February may be eight years away."""
    if written:
        return (int(written),)
    if after is None:
        return ()
    return tuple(range(after.year, min(after.year + 9, _LAST_YEAR)))


def _malformed(what: str, text: str, form: str) -> Malformed:
    return Malformed(f"{what}: {text[:60]!r}, must be {form}", rule=f"meeting-file.{what}")
