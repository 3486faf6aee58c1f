"""Search, one certificate, and downloads of one or of several."""

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.forms import LABELS, SearchForm, read_place, read_search
from smki.interfaces.web.portal.rendering import download, page
from smki.interfaces.web.portal.service import Certificates
from smki.interfaces.web.portal.visiting import Visitor, fault, nothing
from smki.repository import Retrieved
from smki.repository.presenting import Item, Listed
from smki.terms import CertificateKind, CertificateStatus, Malformed, SerialNumber
from smki.wire.encodings import write_pem

ZIP_MOST: Final = 100  # certificates in one archive: as many addresses as a browser sends
FOUND_MOST: Final = 1_000  # certificates of a whole result in one archive: about a mebibyte
_QUESTIONS: Final = 10  # to the index for them: each looks at a bounded number of entries
_REVOCABLE: Final = frozenset(CertificateStatus) - {
    CertificateStatus.REVOKED,
    CertificateStatus.EXPIRED,
}
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
            before = read_place(request.query_params)
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
            before=request.query_params.get("before", ""),
            found_most=FOUND_MOST,
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
        number = item.listed.found.serial
        under = await run_in_threadpool(self._services.issued_under, number)
        parties = await run_in_threadpool(self._services.parties)
        subscriber = item.listed.subscriber
        owner = next((one for one in parties if subscriber in dict(one.identities)), None)
        return page(
            "certificate.html",
            **visitor.shown,
            item=item,
            found=item.listed.found,
            owner=owner,
            under=under,
            revocable=_revocable(item),
            verifier_key=self._services.verifier_key,
            title=f"Certificate {item.listed.found.serial}",
        )

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """A certificate as DER or PEM, or its proof."""
        named = _FILE.fullmatch(request.path_params["name"])
        held = None if named is None else await self._held(named[1])
        if named is None or held is None:
            return await nothing(request, visitor)
        name, form = f"{held.found.serial}.{named[2]}", named[2]
        if form == "proof":
            entry = held.found.entry
            proof = await run_in_threadpool(lambda: b"".join(self._services.proof((entry,))))
            return download(proof, name=name, media_type="text/plain; charset=utf-8")
        if form == "pem":
            return download(write_pem(held.certificate, "CERTIFICATE"), name=name, media_type=_PEM)
        return download(held.certificate, name=name, media_type=_CERTIFICATE)

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
        found = [await self._held(serial) for serial in serials]
        whole = [one for one in found if one is not None]
        if len(whole) < len(found):
            return await nothing(request, visitor)
        content = await run_in_threadpool(self._zipped, whole, form)
        return download(content, name="certificates.zip", media_type="application/zip")

    async def found(self, request: Request, visitor: Visitor) -> Response:
        """All that a search finds, up to a bound, as a ZIP with one proof file for all of it."""
        ask = self._services
        form = read_search(request.query_params, await run_in_threadpool(ask.parties), ask.now())
        shape = request.query_params.get("as", "der")
        if form.query is None or shape not in _FORMS:
            return fault(
                visitor, 400, "That cannot be searched for", "Go back, and mend what is marked."
            )
        before = read_place(request.query_params)
        content = await run_in_threadpool(self._all_found, form, before, shape)
        if content is None:
            return fault(
                visitor,
                404,
                "Nothing was found",
                "There is nothing to put into an archive. Ask for less, or go on with older ones.",
            )
        return download(content, name="certificates.zip", media_type="application/zip")

    def _all_found(self, form: SearchForm, before: int | None, shape: str) -> bytes | None:
        """The archive; None if nothing was found."""
        listed: list[Listed] = []
        for _ in range(_QUESTIONS):
            if form.query is None or len(listed) == FOUND_MOST:
                break
            some = self._services.search(form.query, before, FOUND_MOST - len(listed))
            listed += some.listed
            before = some.after
            if before is None:
                break
        if not listed:
            return None
        held = (self._services.certificate(one.found.serial) for one in listed)
        whole = [one for one in held if one is not None]
        return self._zipped(whole, shape, _contents(whole, before))

    async def _item(self, serial: str) -> Item | None:
        try:
            number = SerialNumber.parse(serial)
        except Malformed:
            return None
        return await run_in_threadpool(self._services.item, number)

    async def _held(self, serial: str) -> Retrieved | None:
        try:
            number = SerialNumber.parse(serial)
        except Malformed:
            return None
        return await run_in_threadpool(self._services.certificate, number)

    def _zipped(self, held: Sequence[Retrieved], form: str, contents: str = "") -> bytes:
        octets = io.BytesIO()
        with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in held:
                der = one.certificate
                content = der if form == "der" else write_pem(der, "CERTIFICATE")
                archive.writestr(f"{one.found.serial}{_FORMS[form]}", content)
            entries = [one.found.entry for one in held]
            archive.writestr("all.proof", b"".join(self._services.proof(entries)))
            if contents:
                archive.writestr("contents.txt", contents)
        return octets.getvalue()


def _contents(held: Sequence[Retrieved], before: int | None) -> str:
    """What is in the archive, a line for each certificate, and whether that is all."""
    found = [one.found for one in held]
    lines = [
        "\t".join((str(one.serial), str(one.identity or "-"), one.kind.value, one.status.value))
        for one in found
    ]
    end = "all that the search finds"
    if before is not None:
        end = f"there may be more: search again with before={before}"
    return "\n".join((f"{len(lines)} certificates, newest first; {end}", *lines, ""))


def _revocable(item: Item) -> bool:
    """People may ask for its revocation in the pages."""
    found = item.listed.found
    return found.kind is CertificateKind.ORGANISATION and found.status in _REVOCABLE


def _search_title(form: SearchForm, *, shown: bool) -> str:
    if form.errors:
        return "Error: search the repository"
    return "Search results" if shown else "Search the repository"
