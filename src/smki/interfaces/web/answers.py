"""One table from our errors to HTTP statuses, and the plain texts that go with them."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from smki.terms import SmkiError

XML: Final = "application/xml;charset=UTF-8"
CLOSE: Final = {"connection": "close"}

_BY_RULE: Final = {"http.size": 413, "http.type": 415, "http.slow": 408, "http.gone": 400}
_BY_FAMILY: Final = {"refused": 403, "malformed": 400, "unavailable": 503, "inconsistent": 500}


def transport_status(error: SmkiError) -> int:
    """HTTP status of a request that could not be read: 200 where the document itself is wrong.

    Clause: sec-app-m:F
    """
    return _BY_RULE.get(error.rule, 200)


def plain_error(_: Request, error: Exception) -> Response:
    """The answer to an error for which the specification has no document.

    Inconsistent says nothing of what it found: that is for the log.
    """
    if not isinstance(error, SmkiError):
        raise error
    status = _BY_RULE.get(error.rule, _BY_FAMILY[error.family])
    said = "internal error" if error.family == "inconsistent" else str(error)
    return PlainTextResponse(f"{said}\n", status_code=status, headers=CLOSE)
