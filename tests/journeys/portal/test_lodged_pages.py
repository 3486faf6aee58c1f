"""Documents, decisions, configurations, lists and revocation over real TLS, as an officer sees them."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from cryptography import x509

from smki.bootstrap.initialising import credential_path
from smki.interfaces.cli.officers import detached
from smki.repository import verify_proof
from smki.terms import CertificateKind, CertificateStatus, Interface

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import Authority, Lodged, Visitor

pytestmark = pytest.mark.clause("sec-app-o:portal")


@pytest.mark.clause("sec:L5", "sec:L9", "sec-app-p:1.3")
def test_a_document_is_shown_with_its_versions_and_files(
    lodged: Lodged, visitor: Visitor, house: House
) -> None:
    """List, history and each version lead to one another; the files are what was lodged."""
    key = house.status()["log"]["vkey"]
    listed = visitor.get("/portal/documents").text
    address = f"/portal/documents/history?title={quote(lodged.title)}"
    assert address in html.unescape(listed)
    assert html.escape(lodged.title) in listed
    assert "directs the DCC to lodge “Key Guidance”" in listed
    history = visitor.get(address).text
    assert history.index(">2.0</a>") < history.index(">1.0</a>")
    assert "Superseded" in history
    assert f'<a href="/portal/decisions/{lodged.decision}">PMA-1</a>' in history
    for entry, content, standing in zip(
        (lodged.first, lodged.second), lodged.contents, ("Superseded", "In force"), strict=True
    ):
        page = visitor.get(f"/portal/documents/{entry}").text
        assert standing in page
        assert hashlib.sha256(content).hexdigest() in page
        assert "chair</a>, Sample Policy Authority" in page
        file = visitor.get(f"/portal/entries/{entry}.content")
        assert file.body == content
        assert 'filename="procedure_final_.txt"' in file.headers["content-disposition"]
        proof = visitor.get(f"/portal/entries/{entry}.proof").body
        assert verify_proof(io.BytesIO(proof), key).entries[0][0] == entry
    assert (
        f'by <a href="/portal/entries/{lodged.second}">'
        in visitor.get(f"/portal/documents/{lodged.first}").text
    )


@pytest.mark.clause("sec-app-q:B", "sec:L5.3")
@pytest.mark.parametrize("what", ["first", "decision"])
def test_openssl_agrees_with_the_signatures(
    lodged: Lodged, visitor: Visitor, authority: Authority, openssl: Callable[..., str], what: str
) -> None:
    """The command that the page shows verifies each signature over what was signed."""
    entry = getattr(lodged, what)
    page = html.unescape(visitor.get(f"/portal/entries/{entry}").headers["location"])
    shown = html.unescape(visitor.get(page).text)
    commands = re.findall(r"openssl (cms [^\n<]+)", shown)
    assert len(commands) == (2 if what == "decision" else 1)
    for command in commands:
        words = command.split()
        for name in (word for word in words if word.startswith(str(entry))):
            (authority.folder / name).write_bytes(visitor.get(f"/portal/entries/{name}").body)
        openssl(*(str(authority.folder / w) if w.startswith(str(entry)) else w for w in words))


@pytest.mark.clause("sec:L5.3")
def test_a_decision_is_shown_with_what_it_permits_and_was_used_for(
    lodged: Lodged, visitor: Visitor
) -> None:
    """Used decisions name their entries; one that waits is open; both officers are named."""
    listed = visitor.get("/portal/decisions").text
    assert listed.index("PMA-3") < listed.index("PMA-1")
    page = visitor.get(f"/portal/decisions/{lodged.decision}").text
    assert ">Used</span>" in page
    assert f'<a href="/portal/entries/{lodged.second}">' in page
    assert "once, if whoever presided and the secretary of the SMKI" in page
    assert "chair</a>" in page
    assert "secretary</a>" in page
    waits = visitor.get(f"/portal/decisions/{lodged.direction}").text
    assert ">Open</span>" in waits
    assert "nothing yet" in waits
    assert visitor.get(f"/portal/decisions/{lodged.first}").status == 404
    assert visitor.get(f"/portal/documents/{lodged.decision}").status == 404


@pytest.mark.clause("sec:L5")
def test_of_confidential_content_only_the_commitment_is_shown(
    lodged: Lodged, visitor: Visitor
) -> None:
    """Neither name nor content is on a page or in a file; a removal names its decision."""
    listed = visitor.get("/portal/confidential").text
    assert "removed under decision PMA-3 by chair" in listed
    assert "kept apart" in listed
    for entry in (lodged.transcript, lodged.removed):
        page = visitor.get(f"/portal/entries/{entry}").text
        assert "commitment to confidential content" in page
        for text in (page, listed, visitor.get(f"/portal/entries/{entry}.proof").text):
            assert "Ceremony of May" not in text
            assert "who said what" not in text
        assert visitor.get(f"/portal/entries/{entry}.content").status == 404
        assert visitor.get(f"/portal/entries/{entry}.body").status == 404


@pytest.mark.clause("sec:L9")
def test_a_certificate_leads_to_the_configuration_it_was_issued_under(
    house: House, visitor: Visitor
) -> None:
    """Its page names the entry; the file of that page is the whole configuration."""
    with house.front() as front:
        row = next(iter(front.index.rows(CertificateKind.ORGANISATION)))
    page = visitor.get(f"/portal/certificates/{row.serial}").text
    found = re.search(r'href="/portal/configurations/(\d+)"', page)
    assert found is not None
    assert int(found[1]) < row.entry
    shown = visitor.get(f"/portal/configurations/{found[1]}").text
    content = visitor.get(f"/portal/entries/{found[1]}.content")
    assert hashlib.sha256(content.body).hexdigest() in shown
    assert {"clauses", "profiles", "configuration"} <= set(json.loads(content.body))
    assert "configuration.crl_validity_hours" in shown
    listed = visitor.get("/portal/configurations?at=2090-01-01").text
    assert "was in force" in listed
    assert "none was lodged yet" in visitor.get("/portal/configurations?at=2020-01-01").text


def test_a_list_is_shown_with_what_is_on_it(house: House, visitor: Visitor) -> None:
    """Those in force come first; each says what it names, and comes as DER and PEM."""
    page = visitor.get("/portal/lists").text
    assert "In force: the newest list of each authority" in page
    with house.front() as front:
        rows = front.index.lists()
    for row in rows:
        shown = visitor.get(f"/portal/lists/{row.entry}").text
        der = visitor.get(f"/portal/lists/{row.entry}.crl").body
        pem = visitor.get(f"/portal/lists/{row.entry}.pem").body
        crl = x509.load_der_x509_crl(der)
        assert x509.load_pem_x509_crl(pem) == crl
        assert f"number {row.number}</h1>" in shown
        assert all(f"{one.serial_number:032X}" in shown for one in crl)
    assert "no earlier lists" in visitor.get(f"/portal/lists?before={rows[0].entry}").text


@pytest.mark.clause("sec-app-m:2.3.1.5", "sec-app-b:B-crl", "sec:L11.5")
def test_an_officer_rejects_a_certificate_in_the_pages(
    house: House, visitor: Visitor, authority: Authority
) -> None:
    """Signed elsewhere and handed in, it is on the list at once, and the history says who asked.

    Another party's officer, a circumstance for others, or no signature: refused, with the clause.
    """
    with house.front() as front:
        supplier = front.registry.party("supplier")
        assert supplier is not None
        row = [  # the last: others look for the first ones in this house
            one
            for one in front.index.rows(CertificateKind.ORGANISATION)
            if one.subscriber == supplier.identities[0][0]
            and one.status is CertificateStatus.IN_USE
        ][-1]
    page = f"/portal/certificates/{row.serial}"
    assert f'{page}/revocation"' in visitor.get(page).text
    assert visitor.get(f"{page}/revocation/statement?circumstance=whim").status == 404
    own = tuple(map(str, credential_path(house.settings, "supplier", Interface.PORTAL)))
    other = (f"{authority.folder}/chair.pem", f"{authority.folder}/chair.key")
    form = {"form": visitor.form(), "decision": ""}
    for desk, why, said in (
        (other, "rejected", "asked by the policy authority, may be asked by its subscriber"),
        (own, "direction", "may be asked by the DCC or the policy authority"),
        (None, "rejected", "signature"),
    ):
        query = f"circumstance={why}&decision="
        statement = visitor.get(f"{page}/revocation/statement?{query}").body
        signature = b"no signature" if desk is None else detached(statement, *desk)
        refused = visitor.upload(f"{page}/revocation", signature, circumstance=why, **form)
        assert (refused.status, said in html.unescape(refused.text)) == (403, True), refused.text
        assert "Clause: " in refused.text or desk is None
    statement = visitor.get(f"{page}/revocation/statement?circumstance=rejected").body
    signature = detached(statement, *own)
    strange = visitor.upload(
        f"{page}/revocation", signature, circumstance="rejected", form="beef", decision=""
    )
    assert (strange.status, "not from a page of this session" in strange.text) == (403, True)
    done = visitor.upload(f"{page}/revocation", signature, circumstance="rejected", **form)
    assert (done.status, "The certificate is revoked" in done.text) == (200, True), done.text
    shown = visitor.get(page).text
    assert "revocation asked for by" in shown
    assert "revoked; first named on list number" in shown
    assert "asks for its revocation" not in shown
    note = re.search(r'href="/portal/entries/(\d+)">entry \1</a>\)</li>', shown)
    assert note is not None
    assert "revoked already" in visitor.get(f"{page}/revocation").text


def test_all_that_was_found_comes_in_one_archive(house: House, visitor: Visitor) -> None:
    """Every certificate that the search finds, a proof of all of them, and a list of contents."""
    with house.front() as front:
        serials = {str(row.serial) for row in front.index.rows(CertificateKind.ORGANISATION)}
    for form, suffix in (("der", "cer"), ("pem", "pem")):
        found = visitor.get(f"/portal/archive/found?type=organisation&as={form}")
        archive = zipfile.ZipFile(io.BytesIO(found.body))
        names = {f"{serial}.{suffix}" for serial in serials}
        assert set(archive.namelist()) == names | {"all.proof", "contents.txt"}
        key = house.status()["log"]["vkey"]
        proof = verify_proof(io.BytesIO(archive.read("all.proof")), key)
        assert len(proof.entries) == len(serials)
        contents = archive.read("contents.txt").decode()
        assert contents.startswith(f"{len(serials)} certificates, newest first; all that")


@pytest.mark.clause("sec:L9")
def test_what_was_lodged_is_seen_at_once(authority: Authority, visitor: Visitor) -> None:
    """A page that was looked at before says what was lodged since: a version, and its withdrawal."""
    page = "/portal/documents/history?title=Notice"
    assert visitor.get(page).status == 404
    authority.lodge("Notice", "1", b"one")
    assert "In force is version" in visitor.get(page).text
    authority.decide("N-1", "supersede-document", "Notice")
    second = authority.lodge("Notice", "2", b"two", "--decision", "N-1")
    assert f'<a href="/portal/documents/{second}">2</a>, since' in visitor.get(page).text
    authority.decide("N-2", "withdraw-document", "Notice")
    withdrawn = authority.run("document", "withdraw", "Notice", "--decision", "N-2", "^chair")
    text = visitor.get(page).text
    assert "No version is in force" in text
    assert "Withdrawn" in text
    entry = visitor.get(f"/portal/entries/{withdrawn['entry']}").text
    assert f'<a href="/portal/entries/{second}">entry {second}</a>' in entry
