"""Revocation lists: those of each authority, newest first."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.forms import read_entry
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Lists
from smki.interfaces.web.portal.visiting import Visitor, nothing


class ListPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: Lists) -> None:
        self._services = services

    async def lists(self, request: Request, visitor: Visitor) -> Response:
        """Revocation lists, newest first."""
        before = read_entry(request.query_params.get("before", ""))
        shown = await run_in_threadpool(self._services.lists, before)
        return page("lists.html", **visitor.shown, lists=shown, title="Revocation lists")

    async def list_file(self, request: Request, visitor: Visitor) -> Response:
        """A revocation list as DER."""
        digits, dot, _ = request.path_params["name"].partition(".crl")
        entry = read_entry(digits) if dot else None
        shown = None
        if entry is not None:
            shown = await run_in_threadpool(self._services.revocation_list, entry)
        if shown is None:
            return await nothing(request, visitor)
        return download(
            shown.octets, name=f"list-{shown.entry}.crl", media_type="application/pkix-crl"
        )
