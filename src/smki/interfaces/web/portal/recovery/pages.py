"""The list of campaigns, the control room of one, what people do to it, and who is left.

Only the operator's officers and the policy authority's see them; only the operator's act. Whatever
is not theirs answers as what is not there.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from smki.interfaces.web.portal.entering import must_fit, read_form, see
from smki.interfaces.web.portal.forms import read_entry
from smki.interfaces.web.portal.recovery import words
from smki.interfaces.web.portal.recovery.figures import row_of_all, view_of
from smki.interfaces.web.portal.recovery.residue import (
    csv_of,
    fates_left,
    left_over,
    read_filter,
    reasons_in,
)
from smki.interfaces.web.portal.recovery.service import (
    RECOVERY_PATH,
    RESIDUE_PAGE,
    Recoveries,
    Watched,
)
from smki.interfaces.web.portal.rendering import HEADERS, download, page
from smki.interfaces.web.portal.visiting import Handler, Visitor, nothing
from smki.ports.campaign_acts import Act
from smki.recovery.checklists import Phase
from smki.recovery.report import Criterion, parse_report
from smki.terms import EUI64, Refused

SECONDS: Final = 5  # between two looks of the script
RELOAD_SECONDS: Final = 20  # between two loads of the page without it: somebody is reading
_OFF: Final = "off"
_ITSELF: Final = "itself"
_CRITERIA: Final = frozenset(one.value for one in Criterion)
_ACTS: Final = {one.value: one for one in Act}
Table = tuple[tuple[str, str, Handler], ...]


class RecoveryPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec:L10
    """

    def __init__(self, services: Recoveries) -> None:
        self._services = services

    def table(self) -> Table:
        """Paths below the portal's, and who answers."""
        one = "/{campaign}"
        return tuple(
            (verb, f"/recovery{path}", self._seen(handler))
            for verb, path, handler in (
                ("GET", "", self.list),
                ("GET", one, self.room),
                ("GET", f"{one}/checklist", self.checklist),
                ("GET", f"{one}/report", self.report),
                ("GET", f"{one}/report.json", self.report_file),
                ("GET", f"{one}/residue", self.residue),
                ("GET", f"{one}/residue.csv", self.residue_file),
                ("GET", f"{one}/acts/{{act}}", self.ask),
                ("POST", f"{one}/acts/{{act}}", self.act),
            )
        )

    async def list(self, _: Request, visitor: Visitor) -> Response:
        """All campaigns."""
        listed = await run_in_threadpool(self._services.listed)
        return page(
            "recovery/list.html",
            **visitor.shown,
            w=words,
            listed=[(one, row_of_all(one.waves)) for one in listed],
            title="Recovery",
        )

    async def room(self, request: Request, visitor: Visitor) -> Response:
        """How a campaign stands, kept up while somebody looks.

        Clause: sec:L10
        """
        found = await self._watched(request)
        if found is None:
            return await nothing(request, visitor)
        over = not found.may
        asked = (found, visitor.who, _user(visitor))
        refreshing = request.query_params.get("refresh") != _OFF and not over
        return page(
            "recovery/room.html",
            **visitor.shown,
            **self._of(found, visitor),
            registered=await run_in_threadpool(self._services.has_checklist, *asked),
            over=over,
            refreshing=refreshing,
            seconds=SECONDS if refreshing else 0,
            reload_seconds=RELOAD_SECONDS,
            done=_ACTS.get(request.query_params.get("done", "")),
            title=f"Recovery {found.progress.name}",
        )

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """What an act does, and whether it is meant."""
        found = await self._watched(request)
        act = _ACTS.get(request.path_params["act"])
        if found is None or act is None or not self._services.may_act(visitor.who):
            return await nothing(request, visitor)
        return self._asking(visitor, found, act)

    async def act(self, request: Request, visitor: Visitor) -> Response:
        """It is done and kept who did it, or the page says why not.

        Clause: sec:L10
        """
        form = await read_form(request)
        must_fit(form, visitor.session.form if visitor.session else "")
        found = await self._watched(request)
        act = _ACTS.get(request.path_params["act"])
        if found is None or act is None or not self._services.may_act(visitor.who):
            return await nothing(request, visitor)
        steer = self._services.steer
        try:
            await run_in_threadpool(steer, found.progress.name, act, _wave(form), _by(visitor))
        except Refused as error:
            now = await self._watched(request) or found
            return self._asking(visitor, now, act, error)
        return see(f"{found.path}?done={act.value}")

    async def checklist(self, request: Request, visitor: Visitor) -> Response:
        """What must be done before, during and after the recovery, and what is done.

        Whoever may not read the incident in the register is told that there is nothing.

        Clause: sec-app-l:1, sec:M4.13
        """
        found = await self._watched(request)
        if found is None:
            return await nothing(request, visitor)
        asked = (found, visitor.who, _user(visitor))
        looked = await run_in_threadpool(self._services.checklist, *asked)
        if looked is None:
            return await nothing(request, visitor)
        incident, rows = looked
        return page(
            "recovery/checklist.html",
            **visitor.shown,
            **self._of(found, visitor),
            incident=incident,
            phases=[(one, [row for row in rows if row.item.phase is one]) for one in Phase],
            ticked=sum(row.done for row in rows),
            of=len(rows),
            title=f"Checklist of {incident.ref}",
        )

    async def report(self, request: Request, visitor: Visitor) -> Response:
        """The report of the recovery, as it was written; nothing of it is verified here.

        Clause: sec:L10
        """
        found, octets = await self._watched(request), await self._reported(request)
        if found is None or octets is None:
            return await nothing(request, visitor)
        report = await run_in_threadpool(parse_report, octets)
        return page(
            "recovery/report.html",
            **visitor.shown,
            **self._of(found, visitor),
            report=report,
            defects=await run_in_threadpool(self._services.defects, report),
            judged=[one.name for one in report.checks if one.name not in _CRITERIA],
            digest=sha256(octets).hexdigest(),
            title=f"Report of {report.subject.name}",
        )

    async def report_file(self, request: Request, visitor: Visitor) -> Response:
        """The report as a file, octet for octet."""
        octets = await self._reported(request)
        if octets is None:
            return await nothing(request, visitor)
        return download(octets, name="report.json", media_type="application/json")

    async def residue(self, request: Request, visitor: Visitor) -> Response:
        """Devices that are not recovered, and why; those that were asked for."""
        found = await self._watched(request)
        if found is None:
            return await nothing(request, visitor)
        wanted = read_filter(found.progress, request.query_params)
        after = _after(request.query_params)
        look = self._services.residue
        devices = await run_in_threadpool(look, wanted.query, after)
        return page(
            "recovery/residue.html",
            **visitor.shown,
            **self._of(found, visitor),
            wanted=wanted,
            reasons=reasons_in(found.progress),
            left=left_over(found.progress),
            fates=fates_left(found.progress),
            devices=devices,
            after=after,
            more=devices[-1].device if len(devices) == RESIDUE_PAGE else None,
            title=f"Not recovered: {found.progress.name}",
        )

    async def residue_file(self, request: Request, visitor: Visitor) -> Response:
        """The same devices as CSV, all of them."""
        found = await self._watched(request)
        if found is None:
            return await nothing(request, visitor)
        wanted = read_filter(found.progress, request.query_params)
        devices = self._services.all_residue(wanted.query)
        headers = {**HEADERS, "content-disposition": 'attachment; filename="residue.csv"'}
        return StreamingResponse(
            csv_of(devices), media_type="text/csv; charset=utf-8", headers=headers
        )

    def _seen(self, handler: Handler) -> Handler:
        """Only for whom the pages are there."""

        async def answer(request: Request, visitor: Visitor) -> Response:
            if not self._services.may_see(visitor.who):
                return await nothing(request, visitor)
            return await handler(request, visitor)

        return answer

    async def _watched(self, request: Request) -> Watched | None:
        return await run_in_threadpool(self._services.watched, request.path_params["campaign"])

    async def _reported(self, request: Request) -> bytes | None:
        return await run_in_threadpool(self._services.report, request.path_params["campaign"])

    def _of(self, found: Watched, visitor: Visitor) -> Mapping[str, Any]:
        """What every page of a campaign shows of it."""
        return {
            "w": words,
            "found": found,
            "p": found.progress,
            "view": view_of(found.progress),
            "stale": found.stale,
            "acts": found.may if self._services.may_act(visitor.who) else (),
        }

    def _asking(
        self, visitor: Visitor, found: Watched, act: Act, problem: Refused | None = None
    ) -> Response:
        heading, text = words.CONFIRM[act]
        wave = found.progress.decided.wave
        return page(
            "recovery/act.html",
            status=403 if problem else 200,
            **visitor.shown,
            **self._of(found, visitor),
            act=act,
            heading=heading,
            text=text.format(wave=words.wave(wave)),
            wave=wave,
            problem=problem,
            title=f"Error: {heading}" if problem else heading,
        )


def by_itself(request: Request) -> bool:
    """Whether a page asks to be kept up, and nobody does: the control room's alone, to be read."""
    room = request.method == "GET" and request.url.path.startswith(f"{RECOVERY_PATH}/")
    return room and request.query_params.get("refresh") == _ITSELF


def _by(visitor: Visitor) -> str:
    """Who asks, as it is kept: the user, the party, and the credential that they came with."""
    return f"{_user(visitor)}, {visitor.who.name}, by certificate {visitor.who.credential}"


def _user(visitor: Visitor) -> str:
    return visitor.session.user if visitor.session else ""


def _wave(form: Mapping[str, str]) -> int:
    found = read_entry(form.get("wave", ""))
    return -1 if found is None else found


def _after(given: Mapping[str, str]) -> EUI64 | None:
    text = given.get("after", "")
    return EUI64.parse(text) if text else None
