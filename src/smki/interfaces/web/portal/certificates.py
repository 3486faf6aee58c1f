"""Search, one certificate, and downloads of one or of several."""

import io
import re
import zipfile
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.forms import LABELS, SearchForm, read_entry, read_search
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Certificates
from smki.interfaces.web.portal.visiting import Visitor, fault, nothing
from smki.repository.presenting import Item
from smki.terms import Malformed, SerialNumber
from smki.wire.encodings import write_pem

ZIP_MOST: Final = 100  # certificates in one archive: as many addresses as a browser sends
_CERTIFICATE: Final = "application/pkix-cert"
_PEM: Final = "application/x-pem-file"
_FORMS: Final = {"der": ".cer", "pem": ".pem"}
_FILE: Final = re.compile(r"([0-9A-Fa-f]{1,40})\.(cer|pem|proof)")


class CertificatePages:
    """Reads what was asked, asks the house, shows the answer.

    Clause: sec-app-o:portal
    """

    def __init__(self, services: Certificates) -> None:
        self._services = services

    async def search(self, request: Request, visitor: Visitor) -> Response:
        """The form, and under it what it found."""
        ask = self._services
        parties = await run_in_threadpool(ask.parties)
        form = read_search(request.query_params, parties, ask.now())
        results = None
        if form.query is not None and request.query_params:
            before = read_entry(request.query_params.get("before", ""))
            results = await run_in_threadpool(ask.search, form.query, before)
        certificates, entries = await run_in_threadpool(ask.counts)
        return page(
            "search.html",
            status=400 if form.errors else 200,
            **visitor.shown,
            form=form,
            labels=LABELS,
            parties=parties,
            names={party.identities[0][0]: party for party in parties if party.identities},
            results=results,
            certificates=certificates,
            entries=entries,
            title=_search_title(form, shown=results is not None),
        )

    async def certificate(self, request: Request, visitor: Visitor) -> Response:
        """One certificate: fields, history, downloads, proof."""
        item = await self._item(request.path_params["serial"])
        if item is None:
            return fault(
                visitor,
                404,
                "No such certificate",
                f"Serial number {request.path_params['serial'][:40]}: the repository holds no"
                " certificate with it. Compare the digits, or search by something else.",
            )
        parties = await run_in_threadpool(self._services.parties)
        subscriber = item.listed.subscriber
        owner = next((one for one in parties if subscriber in dict(one.identities)), None)
        return page(
            "certificate.html",
            **visitor.shown,
            item=item,
            found=item.listed.found,
            owner=owner,
            verifier_key=self._services.verifier_key,
            title=f"Certificate {item.listed.found.serial}",
        )

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """A certificate as DER or PEM, or its proof."""
        named = _FILE.fullmatch(request.path_params["name"])
        item = None if named is None else await self._item(named[1])
        if named is None or item is None:
            return await nothing(request, visitor)
        name, form = f"{item.listed.found.serial}.{named[2]}", named[2]
        if form == "proof":
            entry = item.listed.found.entry
            proof = await run_in_threadpool(lambda: b"".join(self._services.proof((entry,))))
            return download(proof, name=name, media_type="text/plain; charset=utf-8")
        if form == "pem":
            return download(write_pem(item.certificate, "CERTIFICATE"), name=name, media_type=_PEM)
        return download(item.certificate, name=name, media_type=_CERTIFICATE)

    async def archive(self, request: Request, visitor: Visitor) -> Response:
        """Several certificates as a ZIP, with one proof file for all of them."""
        serials = dict.fromkeys(request.query_params.getlist("serial"))
        form = request.query_params.get("as", "der")
        if not serials or len(serials) > ZIP_MOST or form not in _FORMS:
            return fault(
                visitor,
                400,
                "Nothing was chosen" if not serials else "That cannot be put into one archive",
                f"Choose from 1 to {ZIP_MOST} certificates in the results, then a form.",
            )
        items = [await self._item(serial) for serial in serials]
        whole = [item for item in items if item is not None]
        if len(whole) < len(items):
            return await nothing(request, visitor)
        content = await run_in_threadpool(self._zipped, whole, form)
        return download(content, name="certificates.zip", media_type="application/zip")

    async def _item(self, serial: str) -> Item | None:
        try:
            number = SerialNumber.parse(serial)
        except Malformed:
            return None
        return await run_in_threadpool(self._services.item, number)

    def _zipped(self, items: list[Item], form: str) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for item in items:
                octets = item.certificate
                content = octets if form == "der" else write_pem(octets, "CERTIFICATE")
                archive.writestr(f"{item.listed.found.serial}{_FORMS[form]}", content)
            entries = [item.listed.found.entry for item in items]
            archive.writestr("all.proof", b"".join(self._services.proof(entries)))
        return held.getvalue()


def _search_title(form: SearchForm, *, shown: bool) -> str:
    if form.errors:
        return "Error: search the repository"
    return "Search results" if shown else "Search the repository"
