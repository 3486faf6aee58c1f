"""A party's own access: its API keys, its use beside its forecasts, answers by their reference."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.demand import TOLD_DAYS, DayFigures
from smki.interfaces.web.portal.access_service import AccessServices
from smki.interfaces.web.portal.chart import chart
from smki.interfaces.web.portal.entering import must_fit, read_form, see
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Visitor, nothing
from smki.ports import Use
from smki.terms import Refused, RequestType

ACCESS: Final = PORTAL_PATH + "/access"
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_KEY_NAME: Final = re.compile(r"[0-9a-f]{12}")
_LABELS: Final = {"type": "Requests", "requests": "How many in a day", "start": "From which day on"}
_DONE: Final = {"forecast": "The forecast is entered.", "revoked": "The key is revoked."}


class AccessPages:
    """Reads what was asked, asks the house for the visitor's own party, shows the answer.

    Clause: sec-app-p:B, sec-app-p:4
    """

    def __init__(self, services: AccessServices) -> None:
        self._services = services

    async def overview(self, _: Request, visitor: Visitor) -> Response:
        """What went over its forecast lately, today's use, and where the rest is."""
        figures = await run_in_threadpool(self._services.usage, visitor.who.party)
        keys = await run_in_threadpool(self._services.keys, visitor.who.party)
        days = sorted({one.day for one in figures})
        return page(
            "access.html",
            **visitor.shown,
            noticed=_noticed(figures),
            today=[one for one in figures if one.day == days[-1]] if days else [],
            good=sum(one.standing.opens for one in keys),
            title="Access",
        )

    async def keys(self, request: Request, visitor: Visitor) -> Response:
        """The party's API keys."""
        return await self._keys(visitor, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def new_key(self, request: Request, visitor: Visitor) -> Response:
        """A new API key, shown this once.

        Clause: sec-app-p:B
        """
        form = await read_form(request)
        must_fit(form, _session(visitor))
        try:
            new = self._services.new_key
            made = await run_in_threadpool(new, *_whose(visitor))
        except Refused as error:
            return await self._keys(visitor, problem=error.message)
        return page("apikey-made.html", **visitor.shown, made=made, title="New API key")

    async def key(self, request: Request, visitor: Visitor) -> Response:
        """One API key, and the question whether it is to be revoked."""
        return await self._key(request, visitor)

    async def revoke_key(self, request: Request, visitor: Visitor) -> Response:
        """The key opens nothing any more.

        Clause: sec-app-p:B
        """
        form = await read_form(request)
        must_fit(form, _session(visitor))
        name = request.path_params["name"]
        try:
            revoke = self._services.revoke_key
            party, user = _whose(visitor)
            await run_in_threadpool(revoke, party, name, user)
        except Refused as error:
            return await self._key(request, visitor, problem=error.message)
        return see(f"{ACCESS}/keys?done=revoked")

    async def usage(self, request: Request, visitor: Visitor) -> Response:
        """Use of the last days beside forecasts, as pictures and tables."""
        return await self._usage(visitor, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def forecast(self, request: Request, visitor: Visitor) -> Response:
        """A forecast is entered, or the form says why not.

        Clause: sec-app-p:4
        """
        form = await read_form(request)
        must_fit(form, _session(visitor))
        values = {name: form.get(name, "").strip()[:40] for name in ("type", "requests", "start")}
        wanted, start, errors = _read_forecast(values)
        if wanted is not None and not errors:
            try:
                enter = self._services.enter_forecast
                await run_in_threadpool(enter, *_whose(visitor), wanted, start)
            except Refused as error:
                where = "start" if error.rule == "forecast.start" else "requests"
                errors = {where: error.message.partition(": ")[2]}
        if errors:
            return await self._usage(visitor, values=values, errors=errors)
        return see(f"{ACCESS}/usage?done=forecast")

    async def references(self, request: Request, visitor: Visitor) -> Response:
        """The answer that has a reference, and the newest answers."""
        wanted = request.query_params.get("reference", "").strip()[:60]
        party, found, problem = visitor.who.party, None, ""
        if wanted:
            try:
                found = await run_in_threadpool(self._services.look_up, party, wanted)
            except Refused as error:
                problem = error.message
        return page(
            "references.html",
            status=404 if problem else 200,
            **visitor.shown,
            wanted=wanted,
            found=found,
            problem=problem,
            answers=await run_in_threadpool(self._services.answers, party),
            days=self._services.rules.answer_days,
            title=_references_title(found, problem),
        )

    async def _keys(self, visitor: Visitor, *, problem: str = "", done: str = "") -> Response:
        return page(
            "apikeys.html",
            status=403 if problem else 200,
            **visitor.shown,
            keys=await run_in_threadpool(self._services.keys, visitor.who.party),
            hours=self._services.rules.overlap_seconds // 3600,
            problem=problem,
            done=done,
            title="Error: API keys" if problem else "API keys",
        )

    async def _key(self, request: Request, visitor: Visitor, *, problem: str = "") -> Response:
        name = request.path_params["name"]
        keys = await run_in_threadpool(self._services.keys, visitor.who.party)
        shown = next((one for one in keys if one.key.name == name), None)
        if shown is None or not _KEY_NAME.fullmatch(name):
            return await nothing(request, visitor)
        return page(
            "apikey.html",
            status=403 if problem else 200,
            **visitor.shown,
            shown=shown,
            problem=problem,
            title=f"Error: API key {name}" if problem else f"API key {name}",
        )

    async def _usage(
        self,
        visitor: Visitor,
        *,
        values: dict[str, str] | None = None,
        errors: dict[str, str] | None = None,
        done: str = "",
    ) -> Response:
        party, percent = visitor.who.party, self._services.rules.notice_percent
        figures = await run_in_threadpool(self._services.usage, party)
        kinds = [
            (kind, [one for one in figures if one.request_type is kind]) for kind in RequestType
        ]
        return page(
            "usage.html",
            status=400 if errors else 200,
            **visitor.shown,
            kinds=[
                (kind, days, chart(days, percent))
                for kind, days in kinds
                if any(one.requests or one.forecast is not None for one in days)
            ],
            idle=[
                kind
                for kind, days in kinds
                if not any(one.requests or one.forecast is not None for one in days)
            ],
            forecasts=await run_in_threadpool(self._services.forecasts, party),
            percent=percent,
            noticed=_noticed(figures),
            values=values or {"type": "", "requests": "", "start": ""},
            errors=dict.fromkeys(_LABELS, "") | (errors or {}),
            today=self._services.today(),
            labels=_LABELS,
            done=done,
            title="Error: use and forecasts" if errors else "Use and forecasts",
        )


def _whose(visitor: Visitor) -> tuple[str, str]:
    """The party, and the user who acts for it."""
    return visitor.who.party, "" if visitor.session is None else visitor.session.user


def _session(visitor: Visitor) -> str:
    return "" if visitor.session is None else visitor.session.form


def _noticed(figures: Sequence[DayFigures]) -> list[DayFigures]:
    """What is told at the top of pages: notices of the last days, newest first."""
    days = sorted({one.day for one in figures})[-TOLD_DAYS:]
    return [one for one in reversed(figures) if one.noticed and one.day in days]


def _references_title(found: Use | None, problem: str) -> str:
    if problem:
        return "Error: audit references"
    return "Audit references" if found is None else f"Answer {found.reference}"


def _read_forecast(
    values: dict[str, str],
) -> tuple[tuple[RequestType, int] | None, date | None, dict[str, str]]:
    """What was typed, or by field what is wrong with it."""
    errors: dict[str, Any] = {}
    kind = next((one for one in RequestType if one.value == values["type"]), None)
    if kind is None:
        errors["type"] = "none of the choices, must be one of them"
    if not _NUMBER.fullmatch(values["requests"]):
        errors["requests"] = f"{values['requests']!r}, must be a whole number, like 1000"
    start = None
    if values["start"]:
        try:
            start = date.fromisoformat(values["start"])
        except ValueError:
            errors["start"] = f"{values['start']!r}, must be a date, like 2026-11-21"
    if kind is None or errors:
        return None, start, errors
    return (kind, int(values["requests"])), start, errors
