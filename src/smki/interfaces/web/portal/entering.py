"""Log-in, log-out and change of password: forms that come from our own pages, and the cookie.

The session's token is in a cookie that scripts cannot read and other sites cannot send; a form must
come from this origin and, once somebody is logged in, bring what only our pages know.
"""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.bodies import Body
from smki.interfaces.web.limits import Limits
from smki.interfaces.web.portal.rendering import HEADERS
from smki.terms import Malformed, Refused

COOKIE: Final = "__Host-smki"
_FORM_OCTETS: Final = 4_096
_FIELDS_MOST: Final = 40  # ours have at most eight
_FORM: Final = "application/x-www-form-urlencoded"
_CLAUSE: Final = "sec-app-p:3.1"


def token_of(request: Request) -> str:
    """The session's token; empty if the browser holds none."""
    return request.cookies.get(COOKIE, "")


def see(path: str, *, token: str | None = None) -> Response:
    """The browser goes to that page of ours; with a token it holds it from now on, empty none."""
    answer = Response(status_code=303, headers={**HEADERS, "location": path})
    if token is not None:
        answer.set_cookie(
            COOKIE,
            token,
            max_age=None if token else 0,
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
    return answer


async def read_form(
    request: Request, *, limit: int = _FORM_OCTETS, fields: int = _FIELDS_MOST
) -> Mapping[str, str]:
    """The fields of a form, at most so many in `limit` octets, that one of our own pages sent.

    Raises:
        Refused: it comes from another place.
        Malformed: not a form, or too large.
        Unavailable: it does not come in time.
    """
    must_be_ours(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Malformed(f"content type: must be {_FORM}", rule="http.type")
    limits = Limits()
    body = Body(request, limits, seconds=limits.small_body_seconds)
    text = (await body.whole(limit)).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=fields))
    except ValueError as error:
        raise Malformed(
            f"form: over {fields} fields, must be one of our own", rule="form.fields"
        ) from error


def must_be_ours(request: Request) -> None:
    """A page of this repository sent the form.

    Raises:
        Refused: it comes from another place.
    """
    origin = request.headers.get("origin", "")
    if origin != f"https://{request.headers.get('host', '')}":
        raise Refused(
            f"form: from {origin[:60] or 'nowhere'}, must be from a page of this repository",
            clause=_CLAUSE,
            rule="form.origin",
        )


def must_fit(form: Mapping[str, str], wanted: str) -> None:
    """The form came from a page of this session.

    Raises:
        Refused: it did not.
    """
    if not hmac.compare_digest(form.get("form", "").encode(), wanted.encode()):
        raise Refused(
            "form: not from a page of this session, must be; go back, load the page, try again",
            clause=_CLAUSE,
            rule="form.session",
        )
