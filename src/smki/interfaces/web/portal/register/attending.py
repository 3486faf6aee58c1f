"""Who was there: members by their seats, visitors, apologies; and for which items.

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Kind
from smki.governance.entities.bodies import Committee, Person, Seat
from smki.governance.entities.meetings import (
    Attendance,
    Meeting,
    MeetingState,
    Mode,
    Presence,
)
from smki.governance.looking import look
from smki.interfaces.web.portal.register.asking import entry_of, kept_of, time_of
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import (
    Act,
    Page,
    Submitted,
)
from smki.ports.register import Wanted
from smki.terms import Malformed

_VISITORS: Final = 3
_DIGITS: Final = 4  # of the number of an item


class AttendanceForms:
    """The form of who was there."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (("/attendance/meeting/{ref:path}", _attending, _attended),)


def members_of(body: Committee, scene: Scene, day: date) -> list[Seat]:
    """The seats of the body that somebody holds that day."""
    seats = scene.reading.under(body.key, Kind.SEAT)
    return [one for one in seats if isinstance(one, Seat) and one.is_held_on(day)]


def _attending(request: Request, scene: Scene, given: Submitted) -> Response | None:
    meeting = kept_of(request, scene, Meeting)
    body = None if meeting is None else look(scene.reading, Committee, meeting.body)
    if meeting is None or body is None:
        return None
    return scene.page(
        "attendance.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"Who was there: {meeting.ref}",
        heading=f"Who was there: {meeting.ref}",
        part="meeting",
        meeting=meeting,
        members=[(one, _came(one, meeting)) for one in members_of(body, scene, meeting.held_on)],
        visitors=range(_VISITORS),
        persons=scene.reading.all(Wanted(tokens=None, kinds=(Kind.PERSON,))),
        typed=given.typed,
        findings=given.problems,
        since=entry_of(scene, meeting),
    )


def _attended(request: Request, scene: Scene, given: Submitted) -> str | None:
    meeting = kept_of(request, scene, Meeting)
    body = None if meeting is None else look(scene.reading, Committee, meeting.body)
    if meeting is None or body is None:
        return None
    members = members_of(body, scene, meeting.held_on)
    known = {one.holder for one in members}
    held = [one for seat in members if (one := _attendance(seat, given.typed, scene)) is not None]
    others = [one for one in meeting.attendance if one.person not in known]
    apologies = [
        seat.holder for seat in members if given.typed.get(f"how.{seat.ref}") == "apologies"
    ]
    after = replace(
        meeting,
        state=MeetingState.HELD,
        presider=given.typed.get("presider", meeting.presider),
        ends=time_of(given.typed.get("ends", ""), "ends") or meeting.ends,
        attendance=(*held, *others, *_visitors(given.typed, scene)),
        apologies=(*apologies, *(one for one in meeting.apologies if one not in known)),
    )
    since = {} if given.since is None else {meeting.key: given.since}
    put(scene.reading, given.said(f"attendance of {meeting.ref}"), (after,), since)
    return scene.to(meeting)


def _came(seat: Seat, meeting: Meeting) -> tuple[str, str]:
    """How the holder of the seat came, and for which items; as the meeting has it so far.

    Nobody was there until somebody says so: presence opens what is Red.
    """
    if seat.holder in meeting.apologies:
        return "apologies", ""
    there = next((one for one in meeting.attendance if one.person == seat.holder), None)
    if there is None:
        return "absent", ""
    items = "" if there.part is None else ", ".join(map(str, there.part.items))
    return there.mode.value, items


def _attendance(seat: Seat, typed: Mapping[str, str], scene: Scene) -> Attendance | None:
    mode = next((one for one in Mode if one.value == typed.get(f"how.{seat.ref}")), None)
    if mode is None:
        return None
    return Attendance(
        person=seat.holder,
        organisation=_organisation(seat.holder, scene),
        seat=seat.ref,
        votes=seat.votes,
        mode=mode,
        part=_part(typed.get(f"items.{seat.ref}", ""), f"items.{seat.ref}"),
    )


def _visitors(typed: Mapping[str, str], scene: Scene) -> Iterator[Attendance]:
    for at in range(_VISITORS):
        person = typed.get(f"visitor.{at}.person", "").strip()
        if person:
            mode = typed.get(f"visitor.{at}.how", "")
            yield Attendance(
                person=person,
                organisation=_organisation(person, scene),
                mode=next((one for one in Mode if one.value == mode), Mode.ROOM),
                part=_part(typed.get(f"visitor.{at}.items", ""), f"visitor.{at}.items"),
            )


def _organisation(person: str, scene: Scene) -> str:
    found = look(scene.reading, Person, person)
    return "" if found is None else found.organisation


def _part(text: str, where: str) -> Presence | None:
    numbers = text.replace(",", " ").split()
    if not all(one.isdecimal() and len(one) < _DIGITS for one in numbers):
        raise Malformed(
            f"items: {text[:40]!r}, must be numbers of agenda items",
            where=f"meeting.{where}",
            rule="register.form",
        )
    return Presence(items=tuple(map(int, numbers))) if numbers else None
