"""The batched device CSR web service: a batch goes in while it is read, its result comes out."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from smki.interfaces.web.answers import CLOSE, XML, transport_status
from smki.interfaces.web.bodies import Body, check_head
from smki.interfaces.web.limits import BATCH_BODY_OCTETS, Limits
from smki.interfaces.web.peer import authenticated
from smki.interfaces.web.service import Services
from smki.steps import Requester
from smki.steps.answers import BatchReceipt
from smki.terms import BatchStatus, Interface, Malformed, Unavailable
from smki.wire.xml import (
    BatchResult,
    BatchSubmitted,
    MalformedDocument,
    stream_batch_result,
    write_batch_status,
)

SUBMIT_PATH: Final = "/1.0/PortalCSRBatch/SubmitCSRBatch"
RESULT_PATH: Final = "/1.0/PortalCSRBatch/CSRBatchResult"
PROOF_PATH: Final = "/1.0/PortalCSRBatch/CSRBatchProof"

_NUMBER_DIGITS: Final = 18  # fits 64 bits


class BatchService:
    """Streams batches in and results out.

    Clause: sec-app-m:F
    """

    def __init__(self, services: Services, *, build: str, limits: Limits) -> None:
        self._services = services
        self._build = build
        self._limits = limits
        self._uploads: Counter[str] = Counter()

    def routes(self) -> tuple[Route, ...]:
        """The paths of this service."""
        return (
            Route(SUBMIT_PATH, self.submit, methods=["POST"]),
            Route(RESULT_PATH, self.result, methods=["GET"]),
            Route(PROOF_PATH, self.proof, methods=["GET"]),
        )

    async def submit(self, request: Request) -> Response:
        """POST of a batch; HTTP 200 with XML in every case of the specification.

        Clause: sec-app-m:2.3.1.7
        """
        requester = await authenticated(request, self._services, Interface.BATCH)
        body = Body(request, self._limits, seconds=self._limits.batch_body_seconds)
        try:
            check_head(request, BATCH_BODY_OCTETS)
            receipt = await self._receive(requester, body)
        except Malformed as error:
            if transport_status(error) == 200:
                await body.drain(BATCH_BODY_OCTETS)
            return await self._format_error(requester, error)
        await body.drain(BATCH_BODY_OCTETS)
        return self._answer(receipt)

    async def result(self, request: Request) -> Response:
        """GET of state or result; a batch of another party is as unknown as one that never was."""
        requester = await authenticated(request, self._services, Interface.BATCH)
        view = await run_in_threadpool(
            self._services.batch_result, requester, _batch_number(request)
        )
        header = BatchResult(
            document_id=view.document_id,
            build=self._build,
            status=view.status,
            number=view.number,
            code=view.code,
            text=view.text,
        )
        parts = iterate_in_threadpool(stream_batch_result(header, view.items))
        return StreamingResponse(parts, media_type=XML)

    async def proof(self, request: Request) -> Response:
        """GET of the proof of a finished batch."""
        requester = await authenticated(request, self._services, Interface.BATCH)
        bundle = await run_in_threadpool(
            self._services.batch_proof, requester, _batch_number(request)
        )
        if bundle is None:
            return PlainTextResponse("no finished batch of yours has this BatchId\n", 404)
        return StreamingResponse(
            iterate_in_threadpool(bundle.parts), headers={"content-type": bundle.content_type}
        )

    async def _receive(self, requester: Requester, body: Body) -> BatchReceipt:
        with self._room_for(requester.party):
            return await run_in_threadpool(
                self._services.receive_batch, requester, body.parts(asyncio.get_running_loop())
            )

    @contextmanager
    def _room_for(self, party: str) -> Iterator[None]:
        """One of the uploads at once is this party's, inside.

        Raises:
            Unavailable: `http.busy`: as many come in as may, of this party or of all.
        """
        limits, coming, own = self._limits, self._uploads.total(), self._uploads[party]
        if own >= limits.party_uploads:
            raise _busy(f"{own} batches of this party are", limits.party_uploads)
        if coming >= limits.uploads:
            raise _busy(f"{coming} batches of all parties are", limits.uploads)
        self._uploads[party] += 1
        try:
            yield
        finally:
            self._uploads[party] -= 1
            self._uploads += Counter()  # those that have none left are forgotten

    async def _format_error(self, requester: Requester, error: Malformed) -> Response:
        refusal = await run_in_threadpool(self._services.format_error, requester, error)
        receipt = BatchReceipt(
            document_id=error.document_id if isinstance(error, MalformedDocument) else None,
            status=BatchStatus.FORMAT_ERROR,
            code=refusal.code,
            text=refusal.text,
        )
        return self._answer(receipt, http_status=transport_status(error), close=True)

    def _answer(
        self, receipt: BatchReceipt, *, http_status: int = 200, close: bool = False
    ) -> Response:
        document = write_batch_status(
            BatchSubmitted(
                document_id=receipt.document_id,
                build=self._build,
                status=receipt.status,
                number=receipt.number,
                code=receipt.code,
                text=receipt.text,
            )
        )
        return Response(
            document,
            status_code=http_status,
            media_type=XML,
            headers=CLOSE if close else None,
        )


def _busy(coming: str, limit: int) -> Unavailable:
    return Unavailable(
        f"{coming} coming in, at most {limit} at once: try again when one is in",
        clause="sec-app-m:2",
        rule="http.busy",
    )


def _batch_number(request: Request) -> int | None:
    """The BatchId that was asked for; None if it is not one positive number."""
    texts = request.query_params.getlist("BatchId")
    text = texts[0] if len(texts) == 1 else ""
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS):
        return None
    return int(text) or None
