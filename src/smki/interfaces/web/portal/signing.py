"""Decisions that wait for a signature: shown to officers of their body, signed elsewhere, handed in.

    GET  /portal/decisions/waiting             what waits
    GET  /portal/decisions/waiting/{sha256}    the decision file, octet for octet as it is signed
    POST /portal/decisions/waiting/{sha256}    a signature, in a form
    POST /portal/decisions                     a decision and signatures, as `smki governance sign --upload`
                                               sends them: JSON in the form of a DECISION leaf's body

Who signed is decided by whoever holds the record, never here; no key of an officer ever comes here.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from smki.flows.collecting import Collected
from smki.governance import parse_recorded
from smki.governance.decisions import DECISION_MAX_OCTETS
from smki.governance.signatories import said_missing
from smki.interfaces.web.answers import told
from smki.interfaces.web.bodies import Body
from smki.interfaces.web.limits import Limits
from smki.interfaces.web.portal.entering import must_fit
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.uploads import read_upload
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.steps import Requester
from smki.terms import Finding, Malformed, Refused, SmkiError

UPLOAD_OCTETS: Final = DECISION_MAX_OCTETS + 64 * 1024  # and some signatures, in base64
_JSON: Final = "application/json"


class Signing(Protocol):
    """What these pages ask of the house."""

    def waiting(self, who: Requester) -> tuple[Collected, ...]:
        """The decisions that wait, of those bodies whose officers are the requester's party's."""
        ...

    async def sign_decision(self, file: bytes, signatures: tuple[bytes, ...]) -> Mapping[str, Any]:
        """The decision waits with these signatures, or is lodged: `id`, `entry`, `officers`, `missing`.

        Raises:
            Malformed: file or signature is not of its form.
            Refused: who signed is no officer of its body, or it could never permit anything.
            Unavailable: the authority is away.
        """
        ...


class SigningPages:
    """Shows what waits, takes in what was signed.

    Clause: sec:L5.3
    """

    def __init__(self, services: Signing) -> None:
        self._services = services

    async def waiting(self, request: Request, visitor: Visitor) -> Response:
        """What waits for a signature."""
        return await self._page(request, visitor)

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """The decision file."""
        one = await self._one(request, visitor)
        if one is None:
            return await nothing(request, visitor)
        name = one.found.decision.id.replace("/", "-")
        return download(one.file, name=f"{name}.json", media_type=_JSON)

    async def sign(self, request: Request, visitor: Visitor) -> Response:
        """The signature is taken in, or the page says why not.

        Clause: sec:L5.3, sec-app-q:B
        """
        parts = await read_upload(request)
        form = {"form": parts.get("form", b"").decode("utf-8", "replace")}
        must_fit(form, visitor.session.form if visitor.session else "")
        one = await self._one(request, visitor)
        if one is None:
            return await nothing(request, visitor)
        try:
            done = await self._services.sign_decision(one.file, (parts.get("signature", b""),))
        except (Refused, Malformed) as error:
            finding = Finding(rule=error.rule, message=error.message, clause=error.clause)
            return await self._page(request, visitor, finding=finding)
        return await self._page(request, visitor, done=done)

    async def upload(self, request: Request, visitor: Visitor) -> Response:
        """A decision and signatures of officers at desks of their own; the answer is JSON.

        Clause: sec:L5.3, sec-app-q:B
        """
        del visitor
        try:
            if request.headers.get("content-type", "").partition(";")[0].strip() != _JSON:
                raise Malformed(f"content type: must be {_JSON}", rule="http.type")
            limits = Limits()
            body = Body(request, limits, seconds=limits.small_body_seconds)
            _, file, signatures = parse_recorded(await body.whole(UPLOAD_OCTETS))
            return JSONResponse(dict(await self._services.sign_decision(file, signatures)))
        except SmkiError as error:
            status, text = told(error)
            shown = {
                "family": error.family,
                "message": text,
                "clause": error.clause,
                "where": error.where,
            }
            return JSONResponse({"error": shown}, status)

    async def _one(self, request: Request, visitor: Visitor) -> Collected | None:
        found = await run_in_threadpool(self._services.waiting, visitor.who)
        wanted = request.path_params["digest"]
        return next((one for one in found if one.digest == wanted), None)

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        *,
        finding: Finding | None = None,
        done: Mapping[str, Any] | None = None,
    ) -> Response:
        found = await run_in_threadpool(self._services.waiting, visitor.who)
        title = "Decisions that wait for a signature"
        return page(
            "waiting.html",
            status=403 if finding else 200,
            **visitor.shown,
            found=found,
            lacks={one.digest: said_missing(one.found.signed.missing or ()) for one in found},
            portal=f"https://{request.headers.get('host', '')}/portal",
            finding=finding,
            done=done,
            title=f"Error: {title}" if finding else title,
        )
