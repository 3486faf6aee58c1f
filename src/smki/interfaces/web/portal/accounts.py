"""Log-in, log-out and change of password: the only pages that are open to who is not logged in."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.entering import must_fit, read_form, see, token_of
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.service import Accounts
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Visitor
from smki.terms import Refused

LOG_IN = PORTAL_PATH + "/log-in"


class AccountPages:
    """Reads the forms, asks the house, leads on.

    Clause: sec-app-p:3.1
    """

    def __init__(self, services: Accounts) -> None:
        self._services = services

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
        return see(LOG_IN, token="")  # none any more

    async def password_form(self, _: Request, visitor: Visitor) -> Response:
        """The form for another password."""
        return see(LOG_IN) if visitor.session is None else _password(visitor)

    async def password(self, request: Request, visitor: Visitor) -> Response:
        """The password is changed, or the form says why not.

        Clause: sec-app-p:3.1
        """
        session = visitor.session
        if session is None:
            return see(LOG_IN)
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
