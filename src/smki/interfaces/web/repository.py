"""The repository web service: search and retrieval, as published clients use them.

An unknown API key and a criterion that cannot be read are 401, nothing found is 402: so the
specification has it.
"""

import secrets
import time
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.asking import Asking
from smki.interfaces.web.bodies import Body, check_head
from smki.interfaces.web.limits import SMALL_BODY_OCTETS, Limits
from smki.interfaces.web.service import Services
from smki.ports import Use
from smki.terms import Malformed, Refused, RequestType
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
        self._ask = Asking(services)

    def routes(self) -> tuple[Route, ...]:
        """The paths of this service."""
        return (
            Route(SEARCH_PATH, self.search, methods=["POST"]),
            Route(RETRIEVE_PATH, self.retrieve, methods=["POST"]),
        )

    async def search(self, request: Request) -> Response:
        """POST of a search: 200 with results, 401, or 402 if nothing was found."""
        body = await self._body(request)
        asked = Asked(self._services, request, RequestType.SEARCH)
        reference = asked.reference
        try:
            query = parse_search_request(body)
            asked.what = f"{'device' if query.device else 'organisation'} {query.identity}"
            entries = await self._ask(self._services.search, asked.apikey, query)
        except (Malformed, Refused) as error:
            return asked.answer(_INVALID, write_search_response(_INVALID, error.message, reference))
        if not entries:
            none = write_search_response(_NOT_FOUND, "No results", reference)
            return asked.answer(_NOT_FOUND, none)
        document = write_search_response(_FOUND, "Success", reference, entries)
        return asked.answer(_FOUND, document, results=len(entries))

    async def retrieve(self, request: Request) -> Response:
        """POST of a serial number: 200 with the certificate, 401, or 402 if there is none."""
        body = await self._body(request)
        asked = Asked(self._services, request, RequestType.RETRIEVE)
        reference = asked.reference
        try:
            serial = parse_data_request(body)
            asked.what = f"serial number {serial}"
            found = await self._ask(self._services.retrieve, asked.apikey, serial)
        except (Malformed, Refused) as error:
            return asked.answer(_INVALID, write_data_response(_INVALID, error.message, reference))
        if found is None:
            none = write_data_response(_NOT_FOUND, "No results", reference)
            return asked.answer(_NOT_FOUND, none)
        document = write_data_response(_FOUND, "Success", reference, found)
        return asked.answer(_FOUND, document, results=1)

    async def _body(self, request: Request) -> bytes:
        check_head(request, SMALL_BODY_OCTETS)
        body = Body(request, self._limits, seconds=self._limits.small_body_seconds)
        return await body.whole(SMALL_BODY_OCTETS)


class Asked:
    """A request, and the reference under which its answer is noted before it goes out.

    Clause: sec-app-o:web-service
    """

    __slots__ = ("_at", "_services", "_type", "apikey", "reference", "what")

    def __init__(self, services: Services, request: Request, request_type: RequestType) -> None:
        self._services = services
        self._type = request_type
        self._at = time.time_ns() // 1_000_000
        self.apikey = request.query_params.get("apikey", "")
        self.reference = audit_reference(self._at)
        self.what = "not readable"

    def answer(self, code: int, document: bytes, *, results: int = 0) -> Response:
        """The document, with that code."""
        self.note(code, results=results)
        return Response(document, status_code=code, media_type=_MEDIA_TYPE)

    def note(self, code: int, *, results: int = 0) -> None:
        """The request is noted, with that code of its answer."""
        self._services.answered(
            Use(
                at=self._at,
                request_type=self._type,
                key=sha256(self.apikey.encode()).digest(),
                reference=self.reference,
                asked=self.what,
                code=code,
                results=results,
            )
        )


def audit_reference(at: int) -> str:
    """A reference that no other answer has, `1763700000000-abc123456f`; `at` in milliseconds."""
    return f"{at:013}-{secrets.token_hex(5)}"
