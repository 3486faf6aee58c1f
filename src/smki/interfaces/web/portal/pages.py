"""The pages under `/portal`: one table of them, and who is let in.

Every request is authenticated anew; every fault is answered by a page that says what to do.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib.resources import files
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.answers import told
from smki.interfaces.web.peer import authenticated
from smki.interfaces.web.portal.access import AccessPages
from smki.interfaces.web.portal.accounts import LOG_IN, AccountPages
from smki.interfaces.web.portal.certificates import CertificatePages
from smki.interfaces.web.portal.configurations import ConfigurationPages
from smki.interfaces.web.portal.decisions import DecisionPages
from smki.interfaces.web.portal.documents import DocumentPages
from smki.interfaces.web.portal.entering import see, token_of
from smki.interfaces.web.portal.entries import EntryPages
from smki.interfaces.web.portal.identities import IdentityPages
from smki.interfaces.web.portal.lists import ListPages
from smki.interfaces.web.portal.messages import MessagePages
from smki.interfaces.web.portal.recovery import Recoveries, RecoveryPages, by_itself
from smki.interfaces.web.portal.register import RegisterPages
from smki.interfaces.web.portal.rendering import HEADERS
from smki.interfaces.web.portal.revocation import RevocationPages
from smki.interfaces.web.portal.service import PortalServices
from smki.interfaces.web.portal.signing import SigningPages
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Handler, Visitor, fault, nothing
from smki.steps import Requester
from smki.terms import Interface, SmkiError

_STATIC: Final = {
    "portal.css": "text/css; charset=utf-8",
    "recovery.js": "text/javascript; charset=utf-8",
    "verify.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_Table = tuple[tuple[str, str, Handler], ...]


class PortalPages:
    """Every page and its handler; each subject's handlers are in a module of their own.

    Args:
        services: what is asked.
        recoveries: campaigns; None where no page shows them.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: PortalServices, recoveries: Recoveries | None = None) -> None:
        self._services = services
        self._recoveries = recoveries

    def routes(self) -> tuple[Route, ...]:
        """The paths of the pages; whatever else is asked for below them is told to be none."""
        return (
            *(self._route(*row) for row in self._for_all()),
            *(self._route(verb, path, self._users(one)) for verb, path, one in self._for_users()),
            *(self._route(verb, path, self._users(one)) for verb, path, one in self._for_party()),
            *(self._route(verb, path, self._users(one)) for verb, path, one in self._of_register()),
            *(self._route(verb, path, self._users(one)) for verb, path, one in self._recovering()),
            self._route("GET", "/{rest:path}", self._users(nothing)),
        )

    def _for_all(self) -> _Table:
        accounts = AccountPages(self._services)
        return (
            ("GET", "/log-in", accounts.log_in_form),
            ("POST", "/log-in", accounts.log_in),
            ("POST", "/log-out", accounts.log_out),
            ("GET", "/password", accounts.password_form),
            ("POST", "/password", accounts.password),
            ("POST", "/decisions", SigningPages(self._services).upload),
            ("GET", "/static/{name}", static),
        )

    def _for_users(self) -> _Table:
        certificates, lists = CertificatePages(self._services), ListPages(self._services)
        revocation, entries = RevocationPages(self._services), EntryPages(self._services)
        documents, decisions = DocumentPages(self._services), DecisionPages(self._services)
        configurations, signing = ConfigurationPages(self._services), SigningPages(self._services)
        identities, messages = IdentityPages(self._services), MessagePages(self._services)
        return (
            ("GET", "", certificates.search),
            ("GET", "/certificates/{serial}", certificates.certificate),
            ("GET", "/certificates/{serial}/revocation", revocation.ask),
            ("POST", "/certificates/{serial}/revocation", revocation.revoke),
            ("GET", "/certificates/{serial}/revocation/statement", revocation.statement),
            ("GET", "/files/{name}", certificates.file),
            ("GET", "/identities/{name}", identities.identity),
            ("GET", "/archive", certificates.archive),
            ("GET", "/archive/found", certificates.found),
            ("GET", "/lists", lists.lists),
            ("GET", "/lists/{name}", lists.list),
            ("GET", "/documents", documents.documents),
            ("GET", "/documents/history", documents.document),
            ("GET", "/documents/{entry}", documents.version),
            ("GET", "/decisions", decisions.decisions),
            ("GET", "/decisions/waiting", signing.waiting),
            ("GET", "/decisions/waiting/{digest}", signing.file),
            ("POST", "/decisions/waiting/{digest}", signing.sign),
            ("GET", "/decisions/{entry}", decisions.decision),
            ("GET", "/configurations", configurations.configurations),
            ("GET", "/configurations/{entry}", configurations.configuration),
            ("GET", "/confidential", entries.confidential),
            ("GET", "/entries/{name}", entries.entry),
            ("GET", "/messages", messages.form),
            ("POST", "/messages", messages.read),
        )

    def _of_register(self) -> _Table:
        return RegisterPages(self._services.register).table()

    def _recovering(self) -> _Table:
        return () if self._recoveries is None else RecoveryPages(self._recoveries).table()

    def _for_party(self) -> _Table:
        access = AccessPages(self._services.access)
        return (
            ("GET", "/access", access.overview),
            ("GET", "/access/keys", access.keys),
            ("POST", "/access/keys", access.new_key),
            ("GET", "/access/keys/{name}", access.key),
            ("POST", "/access/keys/{name}", access.revoke_key),
            ("GET", "/access/usage", access.usage),
            ("POST", "/access/usage", access.forecast),
            ("GET", "/access/references", access.references),
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
                    look = partial(self._services.logged_in, by_itself=by_itself(request))
                    session = await run_in_threadpool(look, who, token)
                    visitor = Visitor(who=who, session=session, recovers=self._recovers(who))
                return await handler(request, visitor)
            except SmkiError as error:
                status, text = told(error)
                return fault(visitor, status, "That cannot be done", text)

        return answer

    def _recovers(self, who: Requester) -> bool:
        return self._recoveries is not None and self._recoveries.may_see(who)

    def _users(self, handler: Handler) -> Handler:
        """Only for who is logged in, with a password of their own; it counts as their request.

        What a page asks by itself, to be kept up, does not.
        """

        async def answer(request: Request, visitor: Visitor) -> Response:
            if visitor.session is None:
                return see(LOG_IN)
            if visitor.session.must_change:
                return see(PORTAL_PATH + "/password")
            if not by_itself(request):
                self._services.access.used(visitor.who.party)
            return await handler(request, visitor)

        return answer


async def static(request: Request, visitor: Visitor) -> Response:
    """Style and script of the pages."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return await nothing(request, visitor)
    content = files("smki.interfaces.web.portal").joinpath("static", name).read_bytes()
    return Response(content, media_type=_STATIC[name], headers=dict(HEADERS))
