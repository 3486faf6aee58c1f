"""The pages under `/portal`: search, one certificate, revocation lists, downloads.

Every request is authenticated anew; every fault is answered by a page that says what to do.
"""

import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.answers import told
from smki.interfaces.web.peer import authenticated
from smki.interfaces.web.portal.forms import SearchForm, read_entry, read_search
from smki.interfaces.web.portal.rendering import HEADERS, download, page
from smki.interfaces.web.portal.service import PortalServices
from smki.repository.presenting import Item
from smki.steps import Requester
from smki.terms import Interface, Malformed, SerialNumber, SmkiError
from smki.wire.encodings import write_pem

PORTAL_PATH: Final = "/portal"
ZIP_MOST: Final = 100  # certificates in one archive: as many addresses as a browser sends
_CERTIFICATE: Final = "application/pkix-cert"
_PEM: Final = "application/x-pem-file"
_STATIC: Final = {
    "portal.css": "text/css; charset=utf-8",
    "verify.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FORMS: Final = {"der": ".cer", "pem": ".pem"}
_FILE: Final = re.compile(r"([0-9A-Fa-f]{1,40})\.(cer|pem|proof)")

Handler = Callable[[Request, Requester], Awaitable[Response]]


class PortalPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        """The paths of the pages; whatever else is asked for below them is told to be none."""
        paths: tuple[tuple[str, Handler], ...] = (
            ("", self.search),
            ("/certificates/{serial}", self.certificate),
            ("/files/{name}", self.file),
            ("/archive", self.archive),
            ("/lists", self.lists),
            ("/lists/{name}", self.list_file),
            ("/static/{name}", self.static),
            ("/{rest:path}", self.nothing),
        )
        return tuple(
            Route(PORTAL_PATH + path, self._guarded(handler), methods=["GET"])
            for path, handler in paths
        )

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            who = None
            try:
                who = await authenticated(request, self._services, Interface.PORTAL)
                return await handler(request, who)
            except SmkiError as error:
                status, text = told(error)
                return _fault(who, status, "That cannot be done", text)

        return answer

    async def search(self, request: Request, who: Requester) -> Response:
        """The form, and under it what it found."""
        ask = self._services
        parties = await run_in_threadpool(ask.parties)
        form = read_search(request.query_params, parties, ask.now())
        results = None
        if form.query is not None and request.query_params:
            before = read_entry(request.query_params.get("before", ""))
            results = await run_in_threadpool(ask.search, form.query, before)
        certificates, entries = await run_in_threadpool(ask.counts)
        return page(
            "search.html",
            status=400 if form.errors else 200,
            who=who,
            form=form,
            labels=_LABELS,
            parties=parties,
            names={party.identities[0][0]: party for party in parties if party.identities},
            results=results,
            certificates=certificates,
            entries=entries,
            title=_search_title(form, shown=results is not None),
        )

    async def certificate(self, request: Request, who: Requester) -> Response:
        """One certificate: fields, history, downloads, proof."""
        item = await self._item(request.path_params["serial"])
        if item is None:
            return _fault(
                who,
                404,
                "No such certificate",
                f"Serial number {request.path_params['serial'][:40]}: the repository holds no"
                " certificate with it. Compare the digits, or search by something else.",
            )
        parties = await run_in_threadpool(self._services.parties)
        subscriber = item.listed.subscriber
        owner = next((one for one in parties if subscriber in dict(one.identities)), None)
        return page(
            "certificate.html",
            who=who,
            item=item,
            found=item.listed.found,
            owner=owner,
            verifier_key=self._services.verifier_key,
            title=f"Certificate {item.listed.found.serial}",
        )

    async def file(self, request: Request, who: Requester) -> Response:
        """A certificate as DER or PEM, or its proof."""
        named = _FILE.fullmatch(request.path_params["name"])
        item = None if named is None else await self._item(named[1])
        if named is None or item is None:
            return await self.nothing(request, who)
        name, form = f"{item.listed.found.serial}.{named[2]}", named[2]
        if form == "proof":
            entry = item.listed.found.entry
            proof = await run_in_threadpool(lambda: b"".join(self._services.proof((entry,))))
            return download(proof, name=name, media_type="text/plain; charset=utf-8")
        if form == "pem":
            return download(write_pem(item.certificate, "CERTIFICATE"), name=name, media_type=_PEM)
        return download(item.certificate, name=name, media_type=_CERTIFICATE)

    async def archive(self, request: Request, who: Requester) -> Response:
        """Several certificates as a ZIP, with one proof file for all of them."""
        serials = dict.fromkeys(request.query_params.getlist("serial"))
        form = request.query_params.get("as", "der")
        if not serials or len(serials) > ZIP_MOST or form not in _FORMS:
            return _fault(
                who,
                400,
                "Nothing was chosen" if not serials else "That cannot be put into one archive",
                f"Choose from 1 to {ZIP_MOST} certificates in the results, then a form.",
            )
        items = [await self._item(serial) for serial in serials]
        whole = [item for item in items if item is not None]
        if len(whole) < len(items):
            return await self.nothing(request, who)
        content = await run_in_threadpool(self._zipped, whole, form)
        return download(content, name="certificates.zip", media_type="application/zip")

    async def lists(self, request: Request, who: Requester) -> Response:
        """Revocation lists, newest first."""
        before = read_entry(request.query_params.get("before", ""))
        shown = await run_in_threadpool(self._services.lists, before)
        return page("lists.html", who=who, lists=shown, title="Revocation lists")

    async def list_file(self, request: Request, who: Requester) -> Response:
        """A revocation list as DER."""
        digits, dot, _ = request.path_params["name"].partition(".crl")
        entry = read_entry(digits) if dot else None
        shown = None
        if entry is not None:
            shown = await run_in_threadpool(self._services.revocation_list, entry)
        if shown is None:
            return await self.nothing(request, who)
        return download(
            shown.octets, name=f"list-{shown.entry}.crl", media_type="application/pkix-crl"
        )

    async def static(self, request: Request, who: Requester) -> Response:
        """Style and script of the pages."""
        name = request.path_params["name"]
        if name not in _STATIC:
            return await self.nothing(request, who)
        content = files("smki.interfaces.web.portal").joinpath("static", name).read_bytes()
        return Response(content, media_type=_STATIC[name], headers=dict(HEADERS))

    async def nothing(self, request: Request, who: Requester) -> Response:
        """There is no such page."""
        del request  # what was asked for is not repeated
        return _fault(
            who, 404, "No such page", "Nothing is under this address. Begin with a search."
        )

    async def _item(self, serial: str) -> Item | None:
        try:
            number = SerialNumber.parse(serial)
        except Malformed:
            return None
        return await run_in_threadpool(self._services.item, number)

    def _zipped(self, items: list[Item], form: str) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for item in items:
                octets = item.certificate
                content = octets if form == "der" else write_pem(octets, "CERTIFICATE")
                archive.writestr(f"{item.listed.found.serial}{_FORMS[form]}", content)
            entries = [item.listed.found.entry for item in items]
            archive.writestr("all.proof", b"".join(self._services.proof(entries)))
        return held.getvalue()


_LABELS: Final = {
    "eui64": "EUI-64",
    "serial": "Serial number",
    "party": "Asked for by",
    "role": "Role",
    "usage": "Key usage",
    "type": "Type",
    "status": "Status",
    "from": "Lodged from",
    "to": "Lodged up to",
}


def _search_title(form: SearchForm, *, shown: bool) -> str:
    if form.errors:
        return "Error: search the repository"
    return "Search results" if shown else "Search the repository"


def _fault(who: Requester | None, status: int, heading: str, text: str) -> Response:
    return page("fault.html", status=status, who=who, heading=heading, text=text, title=heading)
