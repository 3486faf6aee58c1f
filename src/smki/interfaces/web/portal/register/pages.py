"""The pages that show the register: one table of them, for officers and for the public alike.

An address of something withheld answers as one of something that is not there.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.planning import planner_for
from smki.flows.reading_register import Reading
from smki.flows.register_services import RegisterServices
from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import Meeting, MeetingState
from smki.governance.entities.minutes import Action, MinutesState, Resolution
from smki.governance.entities.outputs import Output
from smki.governance.planner import MONTHS, Planned
from smki.governance.terms import months_after
from smki.interfaces.web.portal.register.asking import found_in
from smki.interfaces.web.portal.register.clauses import clauses_page
from smki.interfaces.web.portal.register.differing import differences
from smki.interfaces.web.portal.register.nouns import (
    OPEN_ACTIONS,
    bodies_above,
    by_due,
    open_actions,
    view_of,
)
from smki.interfaces.web.portal.register.scene import REGISTER_PATH, Scene, scene_of
from smki.interfaces.web.portal.register.taking_along import TakenAlong
from smki.interfaces.web.portal.register.words import exports_of, one_of, several_of
from smki.interfaces.web.portal.register.writing import RegisterForms
from smki.interfaces.web.portal.visiting import Handler, Visitor, nothing
from smki.ports.register import Page, Wanted
from smki.terms import Malformed

Shown = Callable[[Request, Scene], Response | None]
Table = tuple[tuple[str, str, Handler], ...]
_WORDS_MOST: Final = 200  # characters
_ACTIONS: Final = 100  # on a page
_REF_MOST: Final = 120
_ACTION_TITLES: Final = {
    "open": "Open actions",
    "overdue": "Overdue actions",
    "all": "Actions, open and closed",
}
_OVER: Final = frozenset({MeetingState.HELD, MeetingState.CANCELLED})
_SOON: Final = 10  # of each list on the overview
_KIND_NAMES: Final = {one.value: one for one in ENTITIES}
_ENTITY: Final = "/{kind}/{ref:path}"


class RegisterReadings:
    """Each page as a function of what was asked and of who reads; None is: there is no such page.

    Clause: sec:M4.13, sec:L1
    """

    def __init__(self, services: RegisterServices) -> None:
        self._services = services

    def pages(self) -> tuple[tuple[str, Shown], ...]:
        """Paths and pages that anybody may ask for; what they show depends on who asks."""
        along = TakenAlong(self._services)
        return (
            ("", self.home),
            ("/search", self.search),
            ("/all", self.all),
            ("/clauses", clauses_page),
            ("/kinds/{kind}", self.kind),
            ("/file" + _ENTITY, along.file),
            ("/export" + _ENTITY, along.export),
            (_ENTITY, self.entity),
        )

    def officers_pages(self) -> tuple[tuple[str, Shown], ...]:
        """Paths and pages for officers beside those."""
        return (
            ("/actions", self.actions),
            ("/planner", self.planner),
            ("/history" + _ENTITY, self.history),
            ("/seen" + _ENTITY, self.seen),
        )

    def home(self, request: Request, scene: Scene) -> Response:
        """Where somebody begins: their bodies, what comes, what is due, what is new."""
        del request
        reading = scene.reading
        today = reading.today
        held = {one.body for one in reading.seats}
        bodies = [reading.get(Key(Kind.BODY, ref)) for ref in sorted(held)]
        coming = _meetings(reading.all(Wanted(tokens=None, kinds=(Kind.MEETING,), since=today)))
        coming = [one for one in coming if one.state not in _OVER]
        coming.sort(key=lambda one: (one.held_on, one.ref))
        in_comment = Wanted(
            tokens=None, kinds=(Kind.MINUTES,), standings=(MinutesState.IN_COMMENT.value,)
        )
        return scene.page(
            "home.html",
            title="Register",
            part="register",
            bodies=[
                (
                    body,
                    [one for one in reading.seats if one.body == body.ref],
                    next((one for one in coming if one.body == body.ref), None),
                )
                for body in bodies
                if isinstance(body, Committee)
            ],
            coming=coming[:_SOON],
            due=open_actions(scene)[:_SOON] if scene.visitor else (),
            in_comment=reading.all(in_comment) if scene.visitor else (),
            newest=_newest(reading),
        )

    def all(self, request: Request, scene: Scene) -> Response:
        """Every kind of thing that the register keeps."""
        del request
        return scene.page(
            "all.html", title="Everything in the register", part="all", kinds=ENTITIES
        )

    def kind(self, request: Request, scene: Scene) -> Response | None:
        """All of one kind, newest first."""
        kind = _KIND_NAMES.get(request.path_params["kind"])
        if kind is None:
            return None
        after = request.query_params.get("after", "")
        found = scene.reading.find(Wanted(tokens=None, kinds=(kind,)), after=after)
        path = f"{scene.base}/kinds/{kind.value}"
        return scene.page(
            "list.html",
            title=several_of(kind),
            part=kind.value,
            **_listed(found, path, (), after),
            explained="",
            none_found="There are none that you may read.",
            caption=f"{several_of(kind)}, newest first",
            new=f"{scene.base}/new/{kind.value}"
            if scene.visitor and scene.reading.keeps_any
            else "",
            new_words=f"Add: {one_of(kind).lower()}",
        )

    def search(self, request: Request, scene: Scene) -> Response:
        """What has these words, of what the reader may read.

        Clause: sec:M4.13
        """
        given = request.query_params
        typed = {
            name: given.get(name, "").strip()[:_WORDS_MOST]
            for name in ("words", "kind", "since", "until")
        }
        kind = _KIND_NAMES.get(typed["kind"])
        after = given.get("after", "")
        wanted = Wanted(
            tokens=None,
            kinds=() if kind is None else (kind,),
            since=_day(typed["since"]),
            until=_day(typed["until"]),
            words=typed["words"],
        )
        asked = any(typed.values())
        found = scene.reading.find(wanted, after=after) if asked else Page(kept=())
        again = tuple((name, text) for name, text in typed.items() if text)
        return scene.page(
            "search.html",
            title="Search the register",
            part="search",
            **_listed(found, f"{scene.base}/search", again, after),
            typed=typed,
            kinds=ENTITIES,
            explained="",
            none_found="Nothing is found that you may read." if asked else "",
            caption="Found, newest first",
            new="",
        )

    def actions(self, request: Request, scene: Scene) -> Response:
        """Actions of all bodies, by owner and body; how many of each month are open still."""
        names = ("state", "body", "owner")
        given = request.query_params
        typed = {name: given.get(name, "").strip()[:_REF_MOST] for name in names}
        state = typed["state"] or "open"
        wanted = Wanted(
            tokens=None,
            kinds=(Kind.ACTION,),
            standings=() if state == "all" else OPEN_ACTIONS,
            until=scene.reading.today if state == "overdue" else None,
        )
        after = given.get("after", "")
        page = scene.reading.find(wanted, after=after, limit=_ACTIONS)
        found = by_due(one.entity for one in page.kept)
        shown = [
            one
            for one in found
            if (not typed["body"] or typed["body"] in bodies_above(one, scene))
            and (not typed["owner"] or one.owner == typed["owner"])
        ]
        again = tuple((name, text) for name, text in typed.items() if text)
        return scene.page(
            "actions.html",
            title=_ACTION_TITLES.get(state, "Actions"),
            part="action",
            typed={**typed, "state": state},
            states=_ACTION_TITLES.items(),
            bodies=scene.reading.find(Wanted(tokens=None, kinds=(Kind.BODY,)), limit=_ACTIONS).kept,
            owners=sorted({one.owner for one in found}),
            actions=shown,
            months=_by_month(shown),
            **_listed(page, f"{scene.base}/actions", again, after),
        )

    def planner(self, request: Request, scene: Scene) -> Response:
        """What the next three months bring, as far as the reader may read it.

        Clause: sec:C6
        """
        del request
        today = scene.reading.today
        lines = planner_for(scene.reading, today)
        months: dict[str, list[Planned]] = {}
        for line in lines:
            months.setdefault(f"{line.day:%B %Y}", []).append(line)
        return scene.page(
            "planner.html",
            title="Planner: the next three months",
            part="planner",
            since=today,
            until=months_after(today, MONTHS),
            months=tuple(months.items()),
        )

    def entity(self, request: Request, scene: Scene) -> Response | None:
        """The page of whatever the address names.

        Clause: sec:M4.13
        """
        found = found_in(request, scene)
        if found is None:
            return None
        view = view_of(found, scene)
        outputs = scene.reading.under(found.key, Kind.OUTPUT) if scene.keeps(found) else ()
        values = dict(view.values)
        if isinstance(found, Resolution):
            # The decision file is in the record, which is public; what it is tied to was read already.
            values["tied"] = self._services.tied(found.decision) if found.decision else None
        return scene.page(
            view.template,
            title=view.title,
            part=found.KIND.value,
            entity=found,
            exports=exports_of(found.KIND),
            outputs=[one for one in outputs if isinstance(one, Output)],
            **values,
        )

    def history(self, request: Request, scene: Scene) -> Response | None:
        """Who changed what and when, for who keeps it."""
        found = found_in(request, scene)
        if found is None or not scene.keeps(found):
            return None
        states = scene.reading.history(found)
        if not states:
            return None
        earlier = [*(one.kept.entity for one in states[1:]), None]
        return scene.page(
            "history.html",
            title=f"History of {one_of(found.KIND).lower()} {found.ref}",
            part=found.KIND.value,
            entity=found,
            states=[
                (one, differences(before, one.kept.entity) if before is not None else ())
                for one, before in zip(states, earlier, strict=True)
            ],
        )

    def seen(self, request: Request, scene: Scene) -> Response | None:
        """Who saw it, for who keeps it.

        Clause: sec:M4.13
        """
        found = found_in(request, scene)
        if found is None or not scene.keeps(found):
            return None
        return scene.page(
            "seen.html",
            title=f"Who saw {one_of(found.KIND).lower()} {found.ref}",
            part=found.KIND.value,
            entity=found,
            seen=scene.reading.seen(found),
        )


class RegisterPages:
    """The pages as an officer gets them."""

    def __init__(self, services: RegisterServices) -> None:
        self._services = services
        self._readings = RegisterReadings(services)

    def table(self) -> Table:
        """Verbs, paths below the portal's, and handlers; the general ones last."""
        forms = RegisterForms(self._services)
        first = self._readings.officers_pages()
        return (
            *(("GET", f"/register{path}", self._shown(one)) for path, one in first),
            *forms.table(),
            *(
                ("GET", f"/register{path}", self._shown(one))
                for path, one in self._readings.pages()
            ),
        )

    def _shown(self, one: Shown) -> Handler:
        async def answer(request: Request, visitor: Visitor) -> Response:
            found = await run_in_threadpool(
                lambda: one(request, scene_of(self._services, visitor, by=_way(request)))
            )
            return await nothing(request, visitor) if found is None else found

        return answer


def _way(request: Request) -> str:
    """How the note of what was seen calls it."""
    path = request.url.path.removeprefix(REGISTER_PATH)
    if path.startswith(("/export/", "/file/")):
        return "export"
    return "search" if path == "/search" else "page"


def _listed(
    found: Page, path: str, again: tuple[tuple[str, str], ...], after: str
) -> dict[str, Any]:
    more = urlencode((*again, ("after", found.more))) if found.more else ""
    return {
        "entities": [one.entity for one in found.kept],
        "more": f"{path}?{more}" if more else "",
        "later": bool(after),
        "first_page": f"{path}?{urlencode(again)}" if again else path,
    }


def _newest(reading: Reading) -> list[Entity]:
    """What came into the register last; papers have a day and the others none, so they are asked apart."""
    kinds = ((Kind.PAPER,), (Kind.MINUTES, Kind.RESOLUTION))
    pages = [reading.find(Wanted(tokens=None, kinds=one), limit=_SOON) for one in kinds]
    found = [one for page in pages for one in page.kept]
    found.sort(key=lambda one: one.first, reverse=True)
    return [one.entity for one in found[:_SOON]]


def _meetings(some: Iterable[Entity]) -> list[Meeting]:
    return [one for one in some if isinstance(one, Meeting)]


def _by_month(actions: Iterable[Action]) -> list[tuple[str, int, int]]:
    """Months, newest first: actions raised, and those of them that are open."""
    counts: dict[tuple[int, int], list[int]] = {}
    for one in actions:
        month = counts.setdefault((one.raised.year, one.raised.month), [0, 0])
        month[0] += 1
        month[1] += one.state.is_open
    return [
        (f"{date(year, month, 1):%B %Y}", raised, still)
        for (year, month), (raised, still) in sorted(counts.items(), reverse=True)
    ]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"day: {text[:40]!r}, must be as 2026-11-21", rule="register.day") from None
