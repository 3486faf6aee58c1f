"""A revocation asked for by an officer: what to sign is handed out, what was signed is taken in.

The officer signs with a key of their own, elsewhere; no key of an officer ever comes here. Whether
the one who signed may ask for it is decided by whoever holds the record, never here.
"""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.statements import Fields
from smki.interfaces.web.portal.entering import must_fit
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Revocations
from smki.interfaces.web.portal.uploads import read_upload
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.merkle.canonical import encode_json
from smki.policy.revocation import REVOCATION_ROWS, Circumstance
from smki.repository.presenting import Item
from smki.terms import (
    CertificateKind,
    CertificateStatus,
    Finding,
    Malformed,
    Refused,
    SerialNumber,
)

_LONGEST = 64  # characters of a decision's id


class RevocationPages:
    """Hands out the statement, takes in the signature.

    Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
    """

    def __init__(self, services: Revocations) -> None:
        self._services = services

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """Who may ask for what; once that is chosen, what is to be signed and how."""
        item = await self._revocable(request)
        if item is None:
            return await nothing(request, visitor)
        return self._page(visitor, item, request.query_params)

    async def statement(self, request: Request, visitor: Visitor) -> Response:
        """The statement as a file, octet for octet as it is to be signed."""
        item = await self._revocable(request)
        asked = None if item is None else self._asked(item, request.query_params)
        if item is None or asked is None:
            return await nothing(request, visitor)
        name = f"revoke-{item.listed.found.serial}.json"
        return download(encode_json(asked), name=name, media_type="application/json")

    async def revoke(self, request: Request, visitor: Visitor) -> Response:
        """The certificate is revoked, or the page says why not, with the clause.

        Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
        """
        parts = await read_upload(request)
        form = {
            name: one.decode("utf-8", "replace")
            for name, one in parts.items()
            if name != "signature"
        }
        must_fit(form, visitor.session.form if visitor.session else "")
        item = await self._revocable(request)
        asked = None if item is None else self._asked(item, form)
        if item is None or asked is None:
            return await nothing(request, visitor)
        try:
            done = await self._services.revoke(asked, parts.get("signature", b""))
        except (Refused, Malformed) as error:
            finding = Finding(rule=error.rule, message=error.message, clause=error.clause)
            return self._page(visitor, item, form, finding)
        return page(
            "revoked.html", **visitor.shown, found=item.listed.found, done=done, title="Revoked"
        )

    async def _revocable(self, request: Request) -> Item | None:
        """The organisation certificate that is asked about; None if it is none."""
        try:
            serial = SerialNumber.parse(request.path_params["serial"])
        except Malformed:
            return None
        item = await run_in_threadpool(self._services.item, serial)
        return item if item and item.listed.found.kind is CertificateKind.ORGANISATION else None

    def _asked(self, item: Item, given: Mapping[str, str]) -> Fields | None:
        """The statement for what was chosen; None if nothing that there is was chosen."""
        chosen = given.get("circumstance", "")
        row = next((one for one in Circumstance if one.value == chosen), None)
        decision = given.get("decision", "").strip()[:_LONGEST]
        if row is None:
            return None
        return self._services.revocation_statement(item.listed.found.serial, row, decision)

    def _page(
        self,
        visitor: Visitor,
        item: Item,
        given: Mapping[str, str],
        finding: Finding | None = None,
    ) -> Response:
        asked = self._asked(item, given)
        return page(
            "revocation.html",
            status=403 if finding else 200,
            **visitor.shown,
            found=item.listed.found,
            over=item.listed.found.status is CertificateStatus.REVOKED,
            rows=REVOCATION_ROWS,
            asked=asked,
            text="" if asked is None else encode_json(asked).decode(),
            finding=finding,
            title="Error: ask for revocation" if finding else "Ask for revocation",
        )
