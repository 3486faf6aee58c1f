"""A witness's submission interface: add-checkpoint. Translates, asks the witness, translates back.

Whoever asks must bring a checkpoint that a known log signed; nothing else protects it.
"""

import logging
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from smki.flows.witnessing import Cosigned, Outdated
from smki.interfaces.web.bodies import Body
from smki.interfaces.web.limits import Limits
from smki.merkle.travelling import REQUEST_MAX_OCTETS, AddCheckpoint
from smki.merkle.witnessing import FORKED, INCONSISTENT, UNKNOWN_LOG
from smki.terms import SmkiError

_LOG = logging.getLogger("smki.witness")
_BODY_SECONDS: Final = 20.0
_BY_RULE: Final = {UNKNOWN_LOG: 404, FORKED: 409, INCONSISTENT: 422, "http.size": 413}
_BY_FAMILY: Final = {"malformed": 400, "refused": 403, "unavailable": 503, "inconsistent": 500}

Ask = Callable[[AddCheckpoint], Cosigned | Outdated]


def witness_app(ask: Ask) -> Starlette:
    """The application of a witness that answers with `ask`.

    Clause: c2sp:tlog-witness
    """

    async def add_checkpoint(request: Request) -> Response:
        body = Body(request, Limits(), seconds=_BODY_SECONDS)
        octets = await body.whole(REQUEST_MAX_OCTETS)
        answer = await run_in_threadpool(lambda: ask(AddCheckpoint.parse(octets)))
        if isinstance(answer, Outdated):
            return Response(f"{answer.size}\n", 409, media_type="text/x.tlog.size")
        return PlainTextResponse(str(answer.line))

    return Starlette(
        routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])],
        exception_handlers={SmkiError: _error},
    )


def _error(_: Request, error: Exception) -> Response:
    if not isinstance(error, SmkiError):
        raise error
    _LOG.warning("%s: %s", error.family, error)
    status = _BY_RULE.get(error.rule, _BY_FAMILY[error.family])
    # Where the witness keeps its files is nobody's business outside.
    return PlainTextResponse(f"{error.message}\n", status)
