"""The agenda of a meeting is drafted, looked at, kept, and issued with its papers.

The draft is looked at before it is kept: asking for it changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.flows.planning import agenda_for
from smki.governance.agendas import Draft, PaperAsked, Wishes
from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import Committee, Seat, SeatCategory
from smki.governance.entities.meetings import (
    Ask,
    Meeting,
    MeetingKind,
    MeetingState,
    Paper,
    StandingItem,
)
from smki.governance.labels import Label
from smki.interfaces.web.portal.register.asking import day_of, entry_of, kept_of, time_of
from smki.interfaces.web.portal.register.attending import members_of
from smki.interfaces.web.portal.register.nouns import agenda
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import (
    Act,
    Page,
    Submitted,
    problems_of,
)
from smki.terms import Malformed, Refused

_PAPERS: Final = 3  # asked for in one draft; more are added to the agenda afterwards


class AgendaForms:
    """The forms of an agenda."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (
            ("/draft-agenda/body/{ref:path}", _drafting, _drafted),
            ("/issue/meeting/{ref:path}", _issuing, _issued),
        )


def _drafting(request: Request, scene: Scene, given: Submitted) -> Response | None:
    body = kept_of(request, scene, Committee)
    if body is None:
        return None
    persons = members_of(body, scene, scene.reading.today)
    typed = given.typed or {**_usual(persons), **request.query_params}
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
        persons=persons,
        draft=draft,
        findings=problems,
    )


def _usual(seats: Sequence[Seat]) -> dict[str, str]:
    """Who presides and who takes the minutes, if nobody says otherwise."""
    roles = (("presider", SeatCategory.CHAIR), ("secretary", SeatCategory.SECRETARIAT))
    return {
        name: seat.holder
        for name, category in roles
        for seat in seats[::-1]  # of several the first
        if seat.category is category
    }


def _drafted(request: Request, scene: Scene, given: Submitted) -> str | None:
    body = kept_of(request, scene, Committee)
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
    day = day_of(said.get("held_on", ""), "held_on")
    if day is None:
        raise Malformed(
            "day: empty, must be the day of the meeting",
            where="meeting.held_on",
            rule="register.day",
        )
    return Wishes(
        held_on=day,
        starts=time_of(said.get("starts", ""), "starts"),
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


def _issuing(request: Request, scene: Scene, given: Submitted) -> Response | None:
    meeting = kept_of(request, scene, Meeting)
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
        since=entry_of(scene, meeting),
    )


def _issued(request: Request, scene: Scene, given: Submitted) -> str | None:
    meeting = kept_of(request, scene, Meeting)
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
