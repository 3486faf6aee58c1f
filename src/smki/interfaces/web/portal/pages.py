"""The pages under `/portal`: search, one certificate, revocation lists, downloads.

Every request is authenticated anew; every fault is answered by a page that says what to do.
"""

import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.answers import told
from smki.interfaces.web.peer import authenticated
from smki.interfaces.web.portal.entering import must_fit, read_form, see, token_of
from smki.interfaces.web.portal.forms import SearchForm, read_entry, read_search
from smki.interfaces.web.portal.rendering import HEADERS, download, page
from smki.interfaces.web.portal.service import PortalServices
from smki.repository.presenting import Item
from smki.steps import LoggedIn, Requester
from smki.terms import Interface, Malformed, Refused, SerialNumber, SmkiError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: the party by its credential, and the user, if somebody is logged in."""

    who: Requester
    session: LoggedIn | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What every page shows of them."""
        return {"who": self.who, "session": self.session}


Handler = Callable[[Request, Visitor], Awaitable[Response]]


class PortalPages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        """The paths of the pages; whatever else is asked for below them is told to be none."""
        reading: tuple[tuple[str, Handler], ...] = (
            ("", self.search),
            ("/certificates/{serial}", self.certificate),
            ("/files/{name}", self.file),
            ("/archive", self.archive),
            ("/lists", self.lists),
            ("/lists/{name}", self.list_file),
        )
        entering: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/log-in", self.log_in_form),
            ("POST", "/log-in", self.log_in),
            ("POST", "/log-out", self.log_out),
            ("GET", "/password", self.password_form),
            ("POST", "/password", self.password),
            ("GET", "/static/{name}", self.static),
        )
        return (
            *(self._route("GET", path, self._for_users(page_of)) for path, page_of in reading),
            *(self._route(method, path, page_of) for method, path, page_of in entering),
            self._route("GET", "/{rest:path}", self._for_users(self.nothing)),
        )

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        return Route(PORTAL_PATH + path, self._guarded(handler), methods=[method])

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            visitor = None
            try:
                who = await authenticated(request, self._services, Interface.PORTAL)
                visitor = Visitor(who=who)
                if token := token_of(request):
                    session = await run_in_threadpool(self._services.logged_in, who, token)
                    visitor = Visitor(who=who, session=session)
                return await handler(request, visitor)
            except SmkiError as error:
                status, text = told(error)
                return _fault(visitor, status, "That cannot be done", text)

        return answer

    def _for_users(self, handler: Handler) -> Handler:
        """Only for who is logged in, with a password of their own."""

        async def answer(request: Request, visitor: Visitor) -> Response:
            if visitor.session is None:
                return see(PORTAL_PATH + "/log-in")
            if visitor.session.must_change:
                return see(PORTAL_PATH + "/password")
            return await handler(request, visitor)

        return answer

    async def log_in_form(self, _: Request, visitor: Visitor) -> Response:
        """The form for user name and password."""
        return _log_in(visitor)

    async def log_in(self, request: Request, visitor: Visitor) -> Response:
        """A session is open, or the form says why not.

        Clause: sec-app-p:3.1
        """
        form = await read_form(request)
        user, password = form.get("user", "").strip(), form.get("password", "")
        try:
            token = await run_in_threadpool(self._services.log_in, visitor.who, user, password)
        except Refused as error:
            return _log_in(visitor, problem=error.message)
        return see(PORTAL_PATH, token=token)

    async def log_out(self, request: Request, visitor: Visitor) -> Response:
        """The session is over."""
        form = await read_form(request)
        if visitor.session is not None:
            must_fit(form, visitor.session.form)
            await run_in_threadpool(self._services.log_out, token_of(request))
        return see(PORTAL_PATH + "/log-in", token="")  # none any more

    async def password_form(self, _: Request, visitor: Visitor) -> Response:
        """The form for another password."""
        return see(PORTAL_PATH + "/log-in") if visitor.session is None else _password(visitor)

    async def password(self, request: Request, visitor: Visitor) -> Response:
        """The password is changed, or the form says why not.

        Clause: sec-app-p:3.1
        """
        session = visitor.session
        if session is None:
            return see(PORTAL_PATH + "/log-in")
        form = await read_form(request)
        must_fit(form, session.form)
        if form.get("new") != form.get("again"):
            return _password(visitor, problem="the new password was typed in two ways")
        change = self._services.change_password
        old, new = form.get("old", ""), form.get("new", "")
        try:
            token = await run_in_threadpool(change, visitor.who, session.user, old, new)
        except Refused as error:
            return _password(visitor, problem=error.message)
        return see(PORTAL_PATH, token=token)

    async def search(self, request: Request, visitor: Visitor) -> Response:
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
            **visitor.shown,
            form=form,
            labels=_LABELS,
            parties=parties,
            names={party.identities[0][0]: party for party in parties if party.identities},
            results=results,
            certificates=certificates,
            entries=entries,
            title=_search_title(form, shown=results is not None),
        )

    async def certificate(self, request: Request, visitor: Visitor) -> Response:
        """One certificate: fields, history, downloads, proof."""
        item = await self._item(request.path_params["serial"])
        if item is None:
            return _fault(
                visitor,
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
            **visitor.shown,
            item=item,
            found=item.listed.found,
            owner=owner,
            verifier_key=self._services.verifier_key,
            title=f"Certificate {item.listed.found.serial}",
        )

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """A certificate as DER or PEM, or its proof."""
        named = _FILE.fullmatch(request.path_params["name"])
        item = None if named is None else await self._item(named[1])
        if named is None or item is None:
            return await self.nothing(request, visitor)
        name, form = f"{item.listed.found.serial}.{named[2]}", named[2]
        if form == "proof":
            entry = item.listed.found.entry
            proof = await run_in_threadpool(lambda: b"".join(self._services.proof((entry,))))
            return download(proof, name=name, media_type="text/plain; charset=utf-8")
        if form == "pem":
            return download(write_pem(item.certificate, "CERTIFICATE"), name=name, media_type=_PEM)
        return download(item.certificate, name=name, media_type=_CERTIFICATE)

    async def archive(self, request: Request, visitor: Visitor) -> Response:
        """Several certificates as a ZIP, with one proof file for all of them."""
        serials = dict.fromkeys(request.query_params.getlist("serial"))
        form = request.query_params.get("as", "der")
        if not serials or len(serials) > ZIP_MOST or form not in _FORMS:
            return _fault(
                visitor,
                400,
                "Nothing was chosen" if not serials else "That cannot be put into one archive",
                f"Choose from 1 to {ZIP_MOST} certificates in the results, then a form.",
            )
        items = [await self._item(serial) for serial in serials]
        whole = [item for item in items if item is not None]
        if len(whole) < len(items):
            return await self.nothing(request, visitor)
        content = await run_in_threadpool(self._zipped, whole, form)
        return download(content, name="certificates.zip", media_type="application/zip")

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
            return await self.nothing(request, visitor)
        return download(
            shown.octets, name=f"list-{shown.entry}.crl", media_type="application/pkix-crl"
        )

    async def static(self, request: Request, visitor: Visitor) -> Response:
        """Style and script of the pages."""
        name = request.path_params["name"]
        if name not in _STATIC:
            return await self.nothing(request, visitor)
        content = files("smki.interfaces.web.portal").joinpath("static", name).read_bytes()
        return Response(content, media_type=_STATIC[name], headers=dict(HEADERS))

    async def nothing(self, request: Request, visitor: Visitor) -> Response:
        """There is no such page."""
        del request  # what was asked for is not repeated
        return _fault(
            visitor, 404, "No such page", "Nothing is under this address. Begin with a search."
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


def _log_in(visitor: Visitor, *, problem: str = "") -> Response:
    return page(
        "log-in.html",
        status=403 if problem else 200,
        **visitor.shown,
        problem=problem,
        title="Error: log in" if problem else "Log in",
    )


def _password(visitor: Visitor, *, problem: str = "") -> Response:
    return page(
        "password.html",
        status=403 if problem else 200,
        **visitor.shown,
        problem=problem,
        title="Error: password" if problem else "Password",
    )


def _fault(visitor: Visitor | None, status: int, heading: str, text: str) -> Response:
    shown = {"who": None, "session": None} if visitor is None else visitor.shown
    return page("fault.html", status=status, **shown, heading=heading, text=text, title=heading)
