"""Decisions: what each permits, who signed it, and what was lodged under it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.portal import PAGE
from smki.interfaces.web.portal.forms import read_entry, read_place
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.service import Decisions
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.merkle.leaf import LeafType


class DecisionPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec:L5.3
    """

    def __init__(self, services: Decisions) -> None:
        self._services = services

    async def decisions(self, request: Request, visitor: Visitor) -> Response:
        """Decisions, newest first."""
        before = read_place(request.query_params)
        found = await run_in_threadpool(self._services.decisions, before)
        return page(
            "decisions.html",
            **visitor.shown,
            found=found,
            before=before,
            more=len(found) == PAGE,
            title="Decisions",
        )

    async def decision(self, request: Request, visitor: Visitor) -> Response:
        """One decision, its signatures, its files, its proof."""
        number = read_entry(request.path_params["entry"])
        shown = None
        if number is not None:
            shown = await run_in_threadpool(self._services.entry, number)
        if shown is None or shown.type is not LeafType.DECISION:
            return await nothing(request, visitor)
        decision = await run_in_threadpool(self._services.decision, shown.entry)
        parties = await run_in_threadpool(self._services.parties)
        recorded = decision.recorded
        title = f"Decision {recorded.decision.id}" if recorded else f"Entry {shown.entry}"
        return page(
            "decision.html",
            **visitor.shown,
            shown=shown,
            decision=decision,
            names={identity: party.name for party in parties for identity, _ in party.identities},
            verifier_key=self._services.verifier_key,
            title=title,
        )
