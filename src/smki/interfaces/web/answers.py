"""One table from our errors to HTTP statuses, and the plain texts that go with them."""

import logging
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from smki.terms import SmkiError

_LOG = logging.getLogger("smki.web")

XML: Final = "application/xml;charset=UTF-8"
CLOSE: Final = {"connection": "close"}

_BY_RULE: Final = {"http.size": 413, "http.type": 415, "http.slow": 408, "http.gone": 400}
_OURS: Final = {
    "unavailable": "something that this service needs is away: try again later",
    "inconsistent": "internal error",
}
_TOLD: Final = ("http.", "authority.away")  # Unavailable that says nothing but what is theirs
_BY_FAMILY: Final = {"refused": 403, "malformed": 400, "unavailable": 503, "inconsistent": 500}


def transport_status(error: SmkiError) -> int:
    """HTTP status of a request that could not be read: 200 where the document itself is wrong.

    Clause: sec-app-m:F
    """
    return _BY_RULE.get(error.rule, 200)


def told(error: SmkiError) -> tuple[int, str]:
    """HTTP status and text of an error for which the specification has no document.

    What is away or inconsistent in the house is for the log: hosts, files and users of ours are
    nobody's business outside.
    """
    status = _BY_RULE.get(error.rule, _BY_FAMILY[error.family])
    said = _OURS.get(error.family, "")
    if not said or error.rule.startswith(_TOLD):
        return status, str(error)
    _LOG.error("%s: %s", error.family, error)
    return status, said


def plain_error(_: Request, error: Exception) -> Response:
    """The answer to an error in plain text."""
    if not isinstance(error, SmkiError):
        raise error
    status, said = told(error)
    return PlainTextResponse(f"{said}\n", status_code=status, headers=CLOSE)
