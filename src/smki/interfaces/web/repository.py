"""The repository web service: search and retrieval, as published clients use them.

An unknown API key and a criterion that cannot be read are 401, nothing found is 402: so the
specification has it.
"""

import secrets
import time
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.bodies import Body, check_head
from smki.interfaces.web.limits import SMALL_BODY_OCTETS, Limits
from smki.interfaces.web.service import Services
from smki.terms import Malformed, Refused
from smki.wire.xml import (
    parse_data_request,
    parse_search_request,
    write_data_response,
    write_search_response,
)

SEARCH_PATH: Final = "/services/certificatesearch"
RETRIEVE_PATH: Final = "/services/retrievecertificate"

_MEDIA_TYPE: Final = "application/xml"  # exactly: published clients take no text/xml
_FOUND: Final = 200
_INVALID: Final = 401
_NOT_FOUND: Final = 402


class RepositoryService:
    """Reads the question, asks, writes the answer.

    Clause: sec-app-o:web-service
    """

    def __init__(self, services: Services, *, limits: Limits) -> None:
        self._services = services
        self._limits = limits

    def routes(self) -> tuple[Route, ...]:
        """The paths of this service."""
        return (
            Route(SEARCH_PATH, self.search, methods=["POST"]),
            Route(RETRIEVE_PATH, self.retrieve, methods=["POST"]),
        )

    async def search(self, request: Request) -> Response:
        """POST of a search: 200 with results, 401, or 402 if nothing was found."""
        body = await self._body(request)
        reference = audit_reference()
        try:
            query = parse_search_request(body)
            entries = await run_in_threadpool(self._services.search, _apikey(request), query)
        except (Malformed, Refused) as error:
            return _answer(_INVALID, write_search_response(_INVALID, error.message, reference))
        if not entries:
            return _answer(_NOT_FOUND, write_search_response(_NOT_FOUND, "No results", reference))
        return _answer(_FOUND, write_search_response(_FOUND, "Success", reference, entries))

    async def retrieve(self, request: Request) -> Response:
        """POST of a serial number: 200 with the certificate, 401, or 402 if there is none."""
        body = await self._body(request)
        reference = audit_reference()
        try:
            serial = parse_data_request(body)
            found = await run_in_threadpool(self._services.retrieve, _apikey(request), serial)
        except (Malformed, Refused) as error:
            return _answer(_INVALID, write_data_response(_INVALID, error.message, reference))
        if found is None:
            return _answer(_NOT_FOUND, write_data_response(_NOT_FOUND, "No results", reference))
        return _answer(_FOUND, write_data_response(_FOUND, "Success", reference, found))

    async def _body(self, request: Request) -> bytes:
        check_head(request, SMALL_BODY_OCTETS)
        body = Body(request, self._limits, seconds=self._limits.small_body_seconds)
        return await body.whole(SMALL_BODY_OCTETS)


def audit_reference() -> str:
    """An opaque reference that no other answer has: `1763700000000-abc123456f`."""
    return f"{time.time_ns() // 1_000_000}-{secrets.token_hex(5)}"


def _apikey(request: Request) -> str:
    return request.query_params.get("apikey", "")


def _answer(status: int, document: bytes) -> Response:
    return Response(document, status_code=status, media_type=_MEDIA_TYPE)
