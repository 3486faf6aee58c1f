"""Any entry of the record: what it says, its files, its proof; commitments to confidential content."""

import re
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.lodged import LodgedEntry
from smki.flows.portal import PAGE
from smki.interfaces.web.portal.entering import see
from smki.interfaces.web.portal.forms import read_entry, read_place
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Entries
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Visitor, nothing
from smki.merkle.leaf import LeafType

_FILE: Final = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,2}))?\.(proof|body|json|p7s|content)")
_OWN_PAGES: Final = {
    LeafType.CRL: "lists",
    LeafType.ARL: "lists",
    LeafType.DOCUMENT: "documents",
    LeafType.DECISION: "decisions",
    LeafType.CONFIGURATION: "configurations",
}
_TYPES: Final = {
    "proof": "text/plain; charset=utf-8",
    "json": "application/json",
    "p7s": "application/pkcs7-signature",
}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class EntryPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec:L5
    """

    def __init__(self, services: Entries) -> None:
        self._services = services

    async def entry(self, request: Request, visitor: Visitor) -> Response:
        """One entry, on the page of its kind if there is one; or one of its files."""
        name = request.path_params["name"]
        number = read_entry(name)
        if number is None:
            return await self._file(name) or await nothing(request, visitor)
        found = await run_in_threadpool(self._services.entry, number)
        if found is None:
            return await nothing(request, visitor)
        if found.serial is not None:
            return see(f"{PORTAL_PATH}/certificates/{found.serial}")
        if found.type in _OWN_PAGES:
            return see(f"{PORTAL_PATH}/{_OWN_PAGES[found.type]}/{number}")
        return page(
            "entry.html",
            **visitor.shown,
            shown=found,
            verifier_key=self._services.verifier_key,
            title=f"Entry {number}",
        )

    async def confidential(self, request: Request, visitor: Visitor) -> Response:
        """What the record commits to without holding it, and what was removed by law."""
        before = read_place(request.query_params)
        found = await run_in_threadpool(self._services.commitments, before)
        return page(
            "confidential.html",
            **visitor.shown,
            found=found,
            before=before,
            more=len(found) == PAGE,
            title="Confidential content",
        )

    async def _file(self, name: str) -> Response | None:
        named = _FILE.fullmatch(name)
        if named is None:
            return None
        found = await run_in_threadpool(self._services.entry, int(named[1]))
        if found is None:
            return None
        form = named[3]
        content = (
            await run_in_threadpool(self._proof, found.entry)
            if form == "proof"
            else _part_of(found, form, int(named[2] or 1))
        )
        if content is None:
            return None
        kept = name if form != "content" else _name_of(found)
        return download(content, name=kept, media_type=_TYPES.get(form, "application/octet-stream"))

    def _proof(self, entry: int) -> bytes:
        return b"".join(self._services.proof((entry,)))


def _part_of(found: LodgedEntry, form: str, place: int) -> bytes | None:
    match form:
        case "json":
            return found.statement
        case "p7s":
            return found.signatures[place - 1] if 0 < place <= len(found.signatures) else None
        case "content":
            return found.content if found.body is not None else None
    return found.body


def _name_of(found: LodgedEntry) -> str:
    """The name under which its content was lodged, fit for a header and any disk."""
    lodged = found.said.get("file")
    name = _UNSAFE.sub("_", lodged if isinstance(lodged, str) else "").strip("._")
    if name:
        return name[-100:]
    return f"{found.entry}.json" if found.type is LeafType.CONFIGURATION else f"{found.entry}.bin"
