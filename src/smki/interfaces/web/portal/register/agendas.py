"""The secretary's work on a meeting: its agenda drafted and issued, who was there, what follows of it.

The draft is looked at before it is kept: asking for it changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from typing import Final, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.flows.planning import agenda_for
from smki.governance.agendas import Draft, PaperAsked, Wishes
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Committee, Person, Seat
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attendance,
    Meeting,
    MeetingKind,
    MeetingState,
    Mode,
    Paper,
    Presence,
    StandingItem,
)
from smki.governance.entities.minutes import Action, ActionState, DueKind, Update
from smki.governance.labels import Label
from smki.governance.looking import look
from smki.governance.next_numbers import next_action
from smki.interfaces.web.portal.entering import see
from smki.interfaces.web.portal.register.nouns import agenda
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import (
    Act,
    Page,
    Submitted,
    problems_of,
)
from smki.ports.register import Wanted
from smki.terms import Malformed, Refused

_PAPERS: Final = 3  # asked for in one draft; more are added to the agenda afterwards
_VISITORS: Final = 3
_Entity = TypeVar("_Entity", bound=Entity)


class AgendaForms:
    """Forms about meetings."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (
            ("/draft-agenda/body/{ref:path}", _drafting, _drafted),
            ("/issue/meeting/{ref:path}", _issuing, _issued),
            ("/attendance/meeting/{ref:path}", _attending, _attended),
            ("/update/action/{ref:path}", _updating, _updated),
        )

    def links(self) -> tuple[tuple[str, Page], ...]:
        """Paths that lead on to the form of a decision or action, with what is known filled in."""
        return (
            ("/decide/agenda-item/{ref:path}", _decide),
            ("/act/agenda-item/{ref:path}", _act),
        )


def _drafting(request: Request, scene: Scene, given: Submitted) -> Response | None:
    body = _kept(request, scene, Committee)
    if body is None:
        return None
    typed = given.typed or dict(request.query_params)
    draft, problems = None, given.problems
    if "held_on" in typed and not problems:
        try:
            draft = _draft(scene, body, typed)
        except (Malformed, Refused) as error:
            problems = problems_of(error)
    standing = scene.reading.under(body.key, Kind.STANDING_ITEM)
    return scene.page(
        "draft-agenda.html",
        status=403 if problems else 200,
        title=("Error: " if problems else "") + f"Draft the next agenda of {body.name}",
        heading=f"Draft the next agenda: {body.name}",
        part="meeting",
        body=body,
        standing=[one for one in standing if isinstance(one, StandingItem)],
        typed=typed,
        kinds=MeetingKind,
        asks=Ask,
        papers=range(_PAPERS),
        persons=_members(body, scene),
        draft=draft,
        findings=problems,
    )


def _drafted(request: Request, scene: Scene, given: Submitted) -> str | None:
    body = _kept(request, scene, Committee)
    if body is None:
        return None
    draft = _draft(scene, body, given.typed)
    put(scene.reading, given.said(f"agenda of {draft.meeting.ref} drafted"), draft.entities)
    return scene.to(draft.meeting)


def _draft(scene: Scene, body: Committee, typed: Mapping[str, str]) -> Draft:
    """The draft, with the label that the secretary gives to the meeting."""
    draft = agenda_for(scene.reading, body.ref, _wishes(typed))
    return replace(draft, meeting=replace(draft.meeting, label=_label(typed.get("label", ""))))


def _label(text: str) -> Label | None:
    return next((one for one in Label if one.value == text), None)


def _wishes(typed: Mapping[str, str]) -> Wishes:
    said = {name: text.strip() for name, text in typed.items()}
    papers = [
        PaperAsked(
            heading=heading,
            ask=_ask(said.get(f"paper.{at}.ask", "")),
            label=_label(said.get(f"paper.{at}.label", "")),
            stub=said.get(f"paper.{at}.stub", ""),
        )
        for at in range(_PAPERS)
        if (heading := said.get(f"paper.{at}.heading", ""))
    ]
    day = _day(said.get("held_on", ""), "held_on")
    if day is None:
        raise Malformed(
            "day: empty, must be the day of the meeting",
            where="meeting.held_on",
            rule="register.day",
        )
    return Wishes(
        held_on=day,
        starts=_clock(said.get("starts", ""), "starts"),
        place=said.get("place", ""),
        presider=said.get("presider", ""),
        secretary=said.get("secretary", ""),
        kind=next(
            (one for one in MeetingKind if one.value == said.get("kind")), MeetingKind.ORDINARY
        ),
        omitted={
            name.removeprefix("omitted."): text
            for name, text in said.items()
            if name.startswith("omitted.") and text
        },
        papers=tuple(papers),
        actions_under=said.get("actions_under", ""),
    )


def _ask(text: str) -> Ask:
    return next((one for one in Ask if one.value == text), Ask.INFORMATION)


def _members(body: Committee, scene: Scene) -> list[Seat]:
    """The seats of the body that somebody holds today."""
    today = scene.reading.today
    seats = scene.reading.under(body.key, Kind.SEAT)
    return [one for one in seats if isinstance(one, Seat) and one.is_held_on(today)]


def _issuing(request: Request, scene: Scene, given: Submitted) -> Response | None:
    meeting = _kept(request, scene, Meeting)
    if meeting is None:
        return None
    return scene.page(
        "issue.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"Issue the agenda of {meeting.ref}",
        heading=f"Issue the agenda and circulate the papers of {meeting.ref}",
        part="meeting",
        meeting=meeting,
        papers=list(_drafts(meeting, scene)),
        findings=given.problems,
        since=_entry(scene, meeting),
    )


def _issued(request: Request, scene: Scene, given: Submitted) -> str | None:
    meeting = _kept(request, scene, Meeting)
    if meeting is None:
        return None
    papers = [replace(one, circulated=scene.reading.today) for one in _drafts(meeting, scene)]
    changed: list[Entity] = list(papers)
    if meeting.state is MeetingState.PLANNED:
        changed.append(replace(meeting, state=MeetingState.AGENDA_ISSUED))
    since = {} if given.since is None or changed == papers else {meeting.key: given.since}
    if changed:
        put(scene.reading, given.said(f"agenda of {meeting.ref} issued"), tuple(changed), since)
    return scene.to(meeting)


def _drafts(meeting: Meeting, scene: Scene) -> Iterator[Paper]:
    for item in agenda(meeting, scene):
        for one in scene.reading.under(item.key, Kind.PAPER):
            if isinstance(one, Paper) and one.circulated is None:
                yield one


def _attending(request: Request, scene: Scene, given: Submitted) -> Response | None:
    meeting = _kept(request, scene, Meeting)
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
        members=[(one, _came(one, meeting)) for one in _members(body, scene)],
        visitors=range(_VISITORS),
        persons=scene.reading.all(Wanted(tokens=None, kinds=(Kind.PERSON,))),
        typed=given.typed,
        findings=given.problems,
        since=_entry(scene, meeting),
    )


def _came(seat: Seat, meeting: Meeting) -> tuple[str, str]:
    """How the holder of the seat came, and for which items; as the meeting has it so far."""
    if seat.holder in meeting.apologies:
        return "apologies", ""
    there = next((one for one in meeting.attendance if one.person == seat.holder), None)
    if there is None:
        return ("absent" if meeting.attendance else "room"), ""
    items = "" if there.part is None else ", ".join(map(str, there.part.items))
    return there.mode.value, items


def _attended(request: Request, scene: Scene, given: Submitted) -> str | None:
    meeting = _kept(request, scene, Meeting)
    body = None if meeting is None else look(scene.reading, Committee, meeting.body)
    if meeting is None or body is None:
        return None
    members = _members(body, scene)
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
        ends=_clock(given.typed.get("ends", ""), "ends") or meeting.ends,
        attendance=(*held, *others, *_visitors(given.typed, scene)),
        apologies=(*apologies, *(one for one in meeting.apologies if one not in known)),
    )
    since = {} if given.since is None else {meeting.key: given.since}
    put(scene.reading, given.said(f"attendance of {meeting.ref}"), (after,), since)
    return scene.to(meeting)


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


_DIGITS: Final = 4


def _updating(request: Request, scene: Scene, given: Submitted) -> Response | None:
    action = _kept(request, scene, Action)
    if action is None:
        return None
    typed = given.typed or {"state": action.state.value, "successor": action.successor}
    return scene.page(
        "update-action.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"Update of action {action.ref}",
        heading=f"Record an update of action {action.ref}",
        part="action",
        action=action,
        states=ActionState,
        typed=typed,
        findings=given.problems,
        since=_entry(scene, action),
    )


def _updated(request: Request, scene: Scene, given: Submitted) -> str | None:
    action = _kept(request, scene, Action)
    if action is None:
        return None
    state = next(
        (one for one in ActionState if one.value == given.typed.get("state")), action.state
    )
    text = given.typed.get("text", "").strip()
    update = Update(on=scene.reading.today, text=text, item=given.typed.get("item", "").strip())
    after = replace(
        action,
        state=state,
        updates=(*action.updates, update) if text else action.updates,
        successor=given.typed.get("successor", "").strip(),
    )
    since = {} if given.since is None else {action.key: given.since}
    put(scene.reading, given.said(f"action {action.ref}: {state.value}"), (after,), since)
    return scene.to(action)


def _decide(request: Request, scene: Scene, given: Submitted) -> Response | None:
    del given
    item = _kept(request, scene, AgendaItem)
    meeting = None if item is None else look(scene.reading, Meeting, item.meeting)
    if item is None or meeting is None:
        return None
    place = len(scene.reading.under(item.key, Kind.RESOLUTION)) + 1
    bodies = item.joint.bodies if item.joint else (meeting.body,)
    return see(
        f"{scene.base}/new/resolution?"
        + urlencode(
            {
                "ref": f"{item.ref}/{place}",
                "item": item.ref,
                "place": place,
                "bodies": "\n".join(bodies),
            }
        )
    )


def _act(request: Request, scene: Scene, given: Submitted) -> Response | None:
    del given
    item = _kept(request, scene, AgendaItem)
    meeting = None if item is None else look(scene.reading, Meeting, item.meeting)
    if item is None or meeting is None:
        return None
    reference = next_action(meeting, scene.reading.register, joint=item.joint is not None)
    return see(
        f"{scene.base}/new/action?"
        + urlencode(
            {
                "ref": str(reference),
                "item": item.ref,
                "raised": meeting.held_on.isoformat(),
                "due.kind": DueKind.NEXT_MEETING.value,
            }
        )
    )


def _kept(request: Request, scene: Scene, of: type[_Entity]) -> _Entity | None:
    """What the address names, if this reader keeps it."""
    found = scene.reading.get(Key(of.KIND, request.path_params["ref"]))
    return found if isinstance(found, of) and scene.keeps(found) else None


def _entry(scene: Scene, entity: Entity) -> int:
    kept = scene.reading.kept(entity.key)
    return 0 if kept is None else kept.entry


def _day(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Malformed(
            f"day: {text[:40]!r}, must be as 2026-11-21",
            where=f"meeting.{where}",
            rule="register.day",
        ) from None


def _clock(text: str, where: str) -> time | None:
    try:
        return time.fromisoformat(text[:5]) if text else None
    except ValueError:
        raise Malformed(
            f"time: {text[:40]!r}, must be as 10:00",
            where=f"meeting.{where}",
            rule="register.time",
        ) from None
