"""Documents: what is in force, the versions of each, who lodged them under which decision."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.documents import Version
from smki.interfaces.web.portal.forms import read_entry, read_place
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.service import Documents
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.merkle.leaf import LeafType
from smki.terms import EUI64


class DocumentPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec:L5, sec:L9
    """

    def __init__(self, services: Documents) -> None:
        self._services = services

    async def documents(self, request: Request, visitor: Visitor) -> Response:
        """All documents, and the directions that wait to be fulfilled."""
        start = read_place(request.query_params, "from") or 0
        found, count = await run_in_threadpool(self._services.documents, start)
        directions = await run_in_threadpool(self._services.directions)
        return page(
            "documents.html",
            **visitor.shown,
            histories=found,
            start=start,
            count=count,
            waiting=[one for one, used in directions if used is None],
            fulfilled=[(one, used) for one, used in directions if used is not None],
            names=await self._names(),
            title="Documents",
        )

    async def document(self, request: Request, visitor: Visitor) -> Response:
        """The versions of one document, and what was lodged past the rules."""
        title = request.query_params.get("title", "")
        found = await run_in_threadpool(self._services.document, title)
        if found is None:
            return await nothing(request, visitor)
        return page(
            "document.html",
            **visitor.shown,
            history=found,
            names=await self._names(),
            title=found.title or "Document without a title",
        )

    async def version(self, request: Request, visitor: Visitor) -> Response:
        """One version: who lodged it and how, its files, its proof."""
        number = read_entry(request.path_params["entry"])
        found = None
        if number is not None:
            found = await run_in_threadpool(self._services.entry, number)
        if found is None or found.type is not LeafType.DOCUMENT:
            return await nothing(request, visitor)
        said = str(found.said.get("title", ""))
        history = await run_in_threadpool(self._services.document, said)
        versions: tuple[Version, ...] = () if history is None else history.versions
        breaches = {} if history is None else dict(history.breaches)
        return page(
            "version.html",
            **visitor.shown,
            shown=found,
            name=said or "Document without a title",
            version=next((one for one in versions if one.entry == found.entry), None),
            breach=breaches.get(found.entry, ""),
            names=await self._names(),
            verifier_key=self._services.verifier_key,
            title=said or "Document without a title",
        )

    async def _names(self) -> Mapping[EUI64, str]:
        """The trading names of parties, by each of their EUI-64."""
        parties = await run_in_threadpool(self._services.parties)
        return {identity: party.name for party in parties for identity, _ in party.identities}
