"""The ad hoc device CSR web service: one CSR in, one certificate or error out."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.interfaces.web.answers import CLOSE, XML, transport_status
from smki.interfaces.web.bodies import Body, check_head
from smki.interfaces.web.limits import SMALL_BODY_OCTETS, Limits
from smki.interfaces.web.peer import authenticated
from smki.interfaces.web.service import Services
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import AdHocStatus, Interface, Malformed, Unavailable
from smki.wire.xml import (
    AdHocRequest,
    AdHocResponse,
    MalformedDocument,
    parse_ad_hoc_request,
    write_ad_hoc_response,
)

AD_HOC_PATH: Final = "/1.0/PortalCSR/DeviceCertificateSigningRequest"


class AdHocService:
    """Reads the request, asks, writes the answer.

    Clause: sec-app-m:2.4
    """

    def __init__(self, services: Services, *, build: str, limits: Limits) -> None:
        self._services = services
        self._build = build
        self._limits = limits

    def routes(self) -> tuple[Route, ...]:
        """The paths of this service."""
        return (Route(AD_HOC_PATH, self.submit, methods=["POST"]),)

    async def submit(self, request: Request) -> Response:
        """POST of one device CSR; HTTP 200 with XML in every case of the specification."""
        requester = await authenticated(request, self._services, Interface.AD_HOC)
        try:
            document = await self._read(request)
        except (Malformed, Unavailable) as error:
            return await self._format_error(requester, error)
        answer = await self._services.ad_hoc(requester, document.csr_text)
        return self._answer(document.document_id, answer)

    async def _read(self, request: Request) -> AdHocRequest:
        check_head(request, SMALL_BODY_OCTETS)
        body = Body(request, self._limits, seconds=self._limits.small_body_seconds)
        return parse_ad_hoc_request(await body.whole(SMALL_BODY_OCTETS))

    async def _format_error(self, requester: Requester, error: Malformed | Unavailable) -> Response:
        said = error if isinstance(error, Malformed) else Malformed(error.message, rule=error.rule)
        refusal = await run_in_threadpool(self._services.format_error, requester, said)
        answer = AdHocAnswer(
            transaction_id=refusal.transaction_id,
            status=AdHocStatus.FORMAT_ERROR,
            code=refusal.code,
            text=refusal.text,
        )
        document_id = error.document_id if isinstance(error, MalformedDocument) else None
        return self._answer(document_id, answer, http_status=transport_status(error))

    def _answer(
        self, document_id: str | None, answer: AdHocAnswer, *, http_status: int = 200
    ) -> Response:
        response = AdHocResponse(
            document_id=document_id,
            build=self._build,
            transaction_id=answer.transaction_id,
            status=answer.status,
            certificate=answer.certificate,
            code=answer.code,
            text=answer.text,
        )
        return Response(
            write_ad_hoc_response(response),
            status_code=http_status,
            media_type=XML,
            headers=None if http_status == 200 else CLOSE,
        )
