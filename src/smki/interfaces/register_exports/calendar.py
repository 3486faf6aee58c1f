"""Meetings and what is due, as iCalendar: the same thing has the same name in every export.

Times are those of Great Britain, as the meetings' are. A thing's name in the calendar is a digest of
kind and ref: it stays when the meeting moves, so that a calendar changes what it has.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from smki.flows.exporting_register import Gathered
from smki.governance.entities import Entity
from smki.governance.entities.meetings import Meeting, MeetingState
from smki.governance.entities.minutes import Action, Condition, ConditionState, Minutes

ZONE: Final = ZoneInfo("Europe/London")
_CLASSES: Final = {
    "white": "PUBLIC",
    "green": "PRIVATE",
    "amber": "CONFIDENTIAL",
    "red": "CONFIDENTIAL",
}
_HOURS: Final = 2  # of a meeting of which the end is not said


def calendar_of(found: Gathered) -> bytes:
    """The calendar, by day and name."""
    made = Calendar()
    made.add("prodid", "-//SMKI//register//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", found.key.ref)
    events = [event for one in (*found.entities, *found.others) for event in _events(found, one)]
    for _, event in sorted(events, key=lambda one: one[0]):
        made.add_component(event)
    return bytes(made.to_ical())


def _events(found: Gathered, one: Entity) -> Iterator[tuple[tuple[date, str], Event]]:
    match one:
        case Meeting():
            yield (one.held_on, one.ref), _meeting(found, one)
        case Action(due_on=due) if due is not None and one.state.is_open:
            yield (due, one.ref), _due(found, one, due, f"{one.ref} due: {one.text}")
        case Condition(deadline=due, state=ConditionState.OPEN) if due is not None:
            yield (due, one.ref), _due(found, one, due, f"Condition due: {one.text}")
        case Minutes(comments_close=due) if due is not None and not one.state.is_approved:
            yield (due, one.ref), _due(found, one, due, f"Comments close on {one.ref}")


def _meeting(found: Gathered, one: Meeting) -> Event:
    event = _event(found, one, f"{one.ref} ({one.kind.value})")
    if one.starts is None or one.held_on == date.max:  # nothing can end after that day
        event.add("dtstart", one.held_on)
    else:
        starts = datetime.combine(one.held_on, one.starts, ZONE)
        ends = _end(one.held_on, one.ends) or starts + timedelta(hours=_HOURS)
        event.add("dtstart", starts.astimezone(UTC))
        event.add("dtend", max(ends, starts).astimezone(UTC))
    event.add("location", one.place)
    event.add("status", "CANCELLED" if one.state is MeetingState.CANCELLED else "CONFIRMED")
    return event


def _end(day: date, at: time | None) -> datetime | None:
    return None if at is None else datetime.combine(day, at, ZONE)


def _due(found: Gathered, one: Entity, due: date, summary: str) -> Event:
    event = _event(found, one, summary)
    event.add("dtstart", due)
    event.add("transp", "TRANSPARENT")
    return event


def _event(found: Gathered, one: Entity, summary: str) -> Event:
    label = found.labels[one.key].value
    event = Event()
    event.add("uid", f"{sha256(str(one.key).encode()).hexdigest()[:32]}@register.smki")
    event.add("dtstamp", found.at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", f"[{label.capitalize()}] {summary}")
    event["class"] = vText(_CLASSES[label])
    event.add("categories", [label.capitalize()])
    return event
