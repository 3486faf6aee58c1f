"""Prepared certificates of every form, and a journal of one page."""

from collections.abc import Callable
from typing import Any

import pytest

from smki.authority import JournalSeal, journal
from smki.ports import JournalEntry
from smki.steps import Admitted, Channel, Prepared
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire.requests import DeviceRequest, OrganisationRequest, SystemRequest

Request = DeviceRequest | OrganisationRequest | SystemRequest
POINT = b"\x04" + bytes(range(64))
REQUESTS: tuple[tuple[CertificateKind, Request], ...] = (
    (
        CertificateKind.DEVICE,
        DeviceRequest(
            device=EUI64(bytes(range(8))),
            hw_type=b"\x2a\x03",
            usage=KeyUsage.KEY_AGREEMENT,
            point=POINT,
            digest=bytes(32),
        ),
    ),
    (
        CertificateKind.ORGANISATION,
        OrganisationRequest(
            entity=EUI64(bytes(8)),
            role=RemotePartyRole.SUPPLIER,
            common_name="näme",
            usage=KeyUsage.DIGITAL_SIGNATURE,
            point=POINT,
            digest=bytes(range(32)),
        ),
    ),
    (
        CertificateKind.IKI_BATCH,
        SystemRequest(
            organisation="A Party",
            role_code="02",
            common_name="its system",
            public_key=bytes(294),
            digest=b"\xff" * 32,
        ),
    ),
)


class Page:
    """As much of a workbook as a journal needs: what was opened last."""

    entry: JournalEntry

    def open_entry(self, *, batch: int | None, chunk: int, intents: bytes) -> int:
        """The entry is on the page."""
        self.entry = JournalEntry(number=7, batch=batch, chunk=chunk, intents=intents)
        return 7


@pytest.fixture
def prepared() -> tuple[Prepared, ...]:
    """One prepared certificate of each form of request."""
    return tuple(
        Prepared(
            admitted=Admitted(
                request=request,
                kind=kind,
                subscriber=EUI64(bytes(range(8, 16))),
                channel=Channel.BATCH,
                manufacturing=kind is CertificateKind.DEVICE,
            ),
            serial=SerialNumber(1 << (120 + n)),
            tbs=bytes((n,)) * (300 + n),
            live=n % 2 == 1,
        )
        for n, (kind, request) in enumerate(REQUESTS)
    )


@pytest.fixture
def written(prepared: tuple[Prepared, ...]) -> Callable[[JournalSeal], JournalEntry]:
    """The entry that these make, as the second chunk of batch 3, under a seal."""

    def write(seal: JournalSeal) -> JournalEntry:
        page: Any = Page()
        journal(page, prepared, seal, size=5, batch=3, chunk=1, annex=b"the plan")
        entry: JournalEntry = page.entry
        return entry

    return write
