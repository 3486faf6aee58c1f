"""Revocation lists: those in force of each authority, earlier ones, and what is on each."""

import re
from datetime import UTC, datetime
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.portal import LISTS
from smki.interfaces.web.portal.forms import read_place
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Lists
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.merkle.leaf import LeafType
from smki.wire.encodings import write_pem

SHOWN_MOST: Final = 500  # certificates on the page of a list; all are in its file
_NAME: Final = re.compile(r"([0-9]{1,18})(\.crl|\.pem)?")


class ListPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: Lists) -> None:
        self._services = services

    async def lists(self, request: Request, visitor: Visitor) -> Response:
        """The list in force of each authority, and all lists, newest first."""
        before = read_place(request.query_params)
        current = await run_in_threadpool(self._services.lists_in_force) if before is None else ()
        found = await run_in_threadpool(self._services.lists, before)
        return page(
            "lists.html",
            **visitor.shown,
            current=current,
            lists=found,
            more=len(found) == LISTS,
            before=before,
            now=self._now(),
            title="Revocation lists",
        )

    async def list(self, request: Request, visitor: Visitor) -> Response:
        """A revocation list and what is on it; or its file, as DER or PEM."""
        named = _NAME.fullmatch(request.path_params["name"])
        shown = None
        if named is not None:
            shown = await run_in_threadpool(self._services.revocation_list, int(named[1]))
        if named is None or shown is None:
            return await nothing(request, visitor)
        name = f"list-{shown.entry}{named[2]}"
        if named[2] == ".crl":
            return download(shown.octets, name=name, media_type="application/pkix-crl")
        if named[2] == ".pem":
            content = write_pem(shown.octets, "X509 CRL")
            return download(content, name=name, media_type="application/x-pem-file")
        kind = "ARL" if shown.authorities else "CRL"
        return page(
            "list.html",
            **visitor.shown,
            shown=shown,
            type=LeafType.ARL if shown.authorities else LeafType.CRL,
            certificates=shown.certificates[:SHOWN_MOST],
            now=self._now(),
            verifier_key=self._services.verifier_key,
            title=f"{kind} number {shown.number}",
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._services.now(), UTC)
