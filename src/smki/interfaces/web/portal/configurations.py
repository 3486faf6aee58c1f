"""Configurations: clause catalogue, profiles and settings that things were issued under, and when."""

from collections import Counter
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.displaying import values_in
from smki.flows.portal import PAGE
from smki.interfaces.web.portal.forms import read_entry, read_instant, read_place
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.service import Configurations
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.terms import Malformed

_SHOWN = ("configuration.", "profiles.settings.")


class ConfigurationPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec:L9
    """

    def __init__(self, services: Configurations) -> None:
        self._services = services

    async def configurations(self, request: Request, visitor: Visitor) -> Response:
        """Configurations, newest first; with `at`, which was in force at its end."""
        before = read_place(request.query_params)
        text = request.query_params.get("at", "").strip()[:40]
        at, problem, entry = None, "", None
        if text:
            try:
                at = datetime.fromtimestamp(read_instant(text)[1] / 1000 - 1, UTC)
                entry = await run_in_threadpool(self._services.in_force_at, at)
            except Malformed as error:
                problem = error.message
        found = await run_in_threadpool(self._services.configurations, before)
        return page(
            "configurations.html",
            status=400 if problem else 200,
            **visitor.shown,
            found=found,
            before=before,
            more=len(found) == PAGE,
            text=text,
            at=at,
            entry=entry,
            problem=problem,
            title="Error: configuration" if problem else "Configuration",
        )

    async def configuration(self, request: Request, visitor: Visitor) -> Response:
        """One configuration: what it changed, its values, its file, its proof."""
        number = read_entry(request.path_params["entry"])
        found = None
        if number is not None:
            found = await run_in_threadpool(self._services.configuration, number)
        shown = None
        if number is not None and found is not None:
            shown = await run_in_threadpool(self._services.entry, number)
        if found is None or shown is None:
            return await nothing(request, visitor)
        values = values_in(found[0])
        statuses = Counter(
            value
            for name, value in values.items()
            if name.startswith("clauses.") and name.endswith(".status")
        )
        return page(
            "configuration.html",
            **visitor.shown,
            shown=shown,
            found=found[0],
            changes=found[1],
            statuses=statuses,
            values=[(name, one) for name, one in values.items() if name.startswith(_SHOWN)],
            verifier_key=self._services.verifier_key,
            title=f"Configuration of entry {number}",
        )
