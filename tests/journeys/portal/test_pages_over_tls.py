"""The repository's pages over real TLS: who gets in, search, one certificate, downloads, proofs."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.repository import verify_proof
from smki.terms import CertificateKind, Interface, KeyUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import Answer, User, Visitor

pytestmark = pytest.mark.clause("sec-app-o:portal")
SERIAL = re.compile(r'href="/portal/certificates/([0-9A-F]{32,40})"')


@pytest.fixture
def get(visitor: Visitor) -> Callable[[str], Answer]:
    """Asks for a page as a user who is logged in."""
    return visitor.get


@pytest.mark.clause("sec-app-m:G")
def test_only_an_officer_gets_in(house: House, user: User, visitor_of: type[Visitor]) -> None:
    """A credential for the ad hoc or batch service does not open the pages, nor the log-in."""
    assert visitor_of(house).get("/portal/log-in").status == 200
    for interface in (Interface.AD_HOC, Interface.BATCH):
        visitor = visitor_of(house, "supplier", interface)
        assert visitor.get("/portal").status == 403
        assert visitor.log_in(user.name, user.password).status == 403


def test_a_device_is_found_and_shown_with_its_history(
    house: House, get: Callable[[str], Answer]
) -> None:
    """By its EUI-64: both certificates, the earlier one not in use, each leading to the other."""
    device = house.fresh_device()
    house.batch([("first", house.device_request(device))])
    house.ad_hoc(house.device_request(device))
    found = SERIAL.findall(get(f"/portal?eui64={device.digits}").text)
    assert len(found) == 2
    newer, earlier = (get(f"/portal/certificates/{serial}").text for serial in found)
    assert "In use" in newer
    assert (
        f'took the place of an earlier one of this device: <a class="code" href="/portal/certificates/{found[1]}"'
        in newer
    )
    assert "Not in use" in earlier
    assert "a newer one of this device took its place" in earlier
    assert "asked for in a batch" in earlier
    assert SERIAL.findall(get(f"/portal?eui64={device}&status=N").text) == found[1:]
    assert SERIAL.findall(get(f"/portal?serial={found[0].lower()}&usage=DS").text) == found[:1]
    assert SERIAL.findall(get(f"/portal?serial={found[0]}&usage=KA").text) == []


def test_pages_of_results_hold_everything_once(house: House, get: Callable[[str], Answer]) -> None:
    """Following 'Older results' shows every certificate of the authorities and organisations."""
    seen: list[str] = []
    path = "/portal?party=dcc"
    while path:
        page = get(path).text
        seen += SERIAL.findall(page)
        older = re.search(r'class="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    with house.front() as front:
        party = front.registry.party("dcc")
        assert party is not None
        wanted = [
            str(row.serial)
            for row in front.index.rows()
            if row.subscriber == party.identities[0][0]
        ]
    assert seen == wanted[::-1]


def test_downloads_are_what_was_lodged(house: House, get: Callable[[str], Answer]) -> None:
    """DER, PEM and proof file of one; a ZIP of several with one proof for all of them."""
    serials = SERIAL.findall(get("/portal?type=organisation").text)[:3]
    der = get(f"/portal/files/{serials[0]}.cer")
    pem = get(f"/portal/files/{serials[0]}.pem")
    assert der.headers["content-type"] == "application/pkix-cert"
    assert der.headers["content-disposition"] == f'attachment; filename="{serials[0]}.cer"'
    assert f"{x509.load_der_x509_certificate(der.body).serial_number:032X}" == serials[0]
    assert x509.load_pem_x509_certificate(pem.body) == x509.load_der_x509_certificate(der.body)
    key = house.status()["log"]["vkey"]
    proof = get(f"/portal/files/{serials[0]}.proof").body
    assert verify_proof(io.BytesIO(proof), key).entries[0][1].endswith(der.body)
    chosen = "&".join(f"serial={serial}" for serial in serials)
    for form, suffix in (("der", "cer"), ("pem", "pem")):
        archive = zipfile.ZipFile(io.BytesIO(get(f"/portal/archive?as={form}&{chosen}").body))
        assert sorted(archive.namelist()) == sorted(
            [*(f"{serial}.{suffix}" for serial in serials), "all.proof"]
        )
        assert len(verify_proof(io.BytesIO(archive.read("all.proof")), key).entries) == 3
    assert get(f"/portal/files/{serials[0]}.exe").status == 404


def test_lists_are_there(house: House, get: Callable[[str], Answer]) -> None:
    """Every list is offered, and comes as the record has it."""
    page = get("/portal/lists").text
    entries = re.findall(r"/portal/lists/(\d+)\.crl", page)
    with house.front() as front:
        assert (
            sorted({int(entry) for entry in entries})
            == [row.entry for row in front.index.lists()][-50:]
        )
    crl = x509.load_der_x509_crl(get(f"/portal/lists/{entries[0]}.crl").body)
    assert crl.issuer.rfc4514_string() in page
    assert get("/portal/lists/0.crl").status == 404


def test_a_revoked_credential_shows_its_list(house: House, get: Callable[[str], Answer]) -> None:
    """A revoked certificate is told so, with the list that it is on, and found by that status."""
    with house.front() as front:
        revoked = front.registry.revoked_credentials()
    if not revoked:
        serial = x509.load_pem_x509_certificate(
            house.further("revoked-batch").certificate.read_bytes()
        ).serial_number
        house.perform("revoke", serial=f"{serial:X}")
        shown = f"{serial:032X}"
    else:
        shown = str(revoked[0])
    page = get(f"/portal/certificates/{shown}").text
    assert "Revoked" in page
    assert "revoked; first named on list number" in page
    assert shown in SERIAL.findall(get("/portal?status=R").text)


def test_every_kind_of_certificate_has_a_page(house: House, get: Callable[[str], Answer]) -> None:
    """Authorities, organisations, credentials and devices: each is found by type and shown."""
    with house.front() as front:
        kinds = {kind for kind in CertificateKind if any(True for _ in front.index.rows(kind))}
    for kind in kinds:
        found = SERIAL.findall(get(f"/portal?type={kind.value}").text)
        page = get(f"/portal/certificates/{found[-1]}")
        assert page.status == 200
        assert "signatureValue" in page.text
    assert CertificateKind.ROOT_OCA in kinds
    assert (
        KeyUsage.CERTIFICATE_AND_CRL_SIGNING.code
        in get(f"/portal/certificates/{SERIAL.findall(get('/portal?usage=CS').text)[0]}").text
    )
