"""The repository's pages in a real browser: by keyboard, without script, with proofs verified in it.

Needs Chromium and npm (for axe-core, which looks for violations of WCAG 2.2 A and AA); what is
missing is named by the skip. `SMKI_SCREENSHOTS` names a folder that the pictures are put into.
"""

from __future__ import annotations

import base64
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from smki.bootstrap.samples import API_KEY
from smki.interfaces.cli.officers import detached
from smki.interfaces.web.repository import RETRIEVE_PATH
from smki.messages import authenticated_message, signed_group
from smki.terms import EUI64, CertificateKind, CertificateStatus, SerialNumber
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory
from smki.wire.xml import write_data_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route
    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import Authority, Lodged, NewUser, Opened, User

pytestmark = pytest.mark.clause("sec-app-o:portal")
SUPPLIER = "0A-53-4D-4B-49-02-00-01"


@pytest.fixture
def new_page(opened: Opened, user: User) -> Callable[..., Page]:
    """Opens a page with the supplier's officer credential; what a page reports fails the test."""
    return partial(opened, "supplier", user)


def _device(house: House) -> str:
    device = house.fresh_device()
    house.batch([("one", house.device_request(device))])
    return str(device)


@pytest.mark.slow
def test_search_look_verify_download(
    house: House, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """A device's certificate is found, shown, its proof verified in the page, and downloaded.

    On none of the pages does axe-core find a violation.
    """
    device = _device(house)
    page = new_page(viewport={"width": 1280, "height": 900})
    page.goto("/portal")
    look(page, "search")
    page.get_by_label("Type").select_option(label="Device")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", level=1, name="Search results").wait_for()
    look(page, "results")
    page.get_by_label("EUI-64").fill(device)
    page.get_by_role("button", name="Search").click()
    page.locator("tbody a").click()
    page.get_by_role("heading", level=1, name="Device certificate").wait_for()
    assert page.title().startswith("Certificate ")
    look(page, "certificate")
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.good").wait_for()
    said = page.get_by_role("status").inner_text()
    assert "Verified: this certificate is in the record." in said
    look(page, "verified")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Certificate, DER").click()
    assert waiting.value.suggested_filename.endswith(".cer")
    page.get_by_role("link", name="Revocation lists").click()
    page.get_by_role("heading", level=1, name="Revocation lists").wait_for()
    look(page, "lists")


@pytest.mark.slow
@pytest.mark.clause("sec-app-p:3.1")
def test_the_first_log_in(
    new_user: NewUser, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """Log-in, its error, the forced change and log-out in a browser, without violations."""
    first = new_user.added("browsing")
    page = new_page(log_in=False, viewport={"width": 1280, "height": 900})
    page.goto("/portal")
    look(page, "log-in")
    page.get_by_label("User name").fill("browsing")
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    look(page, "log-in-wrong")
    page.get_by_label("User name").fill("browsing")
    page.get_by_label("Password").fill(first)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", level=1, name="Choose a password of your own").wait_for()
    look(page, "password")
    page.get_by_label("Present password").fill(first)
    page.get_by_label("New password", exact=True).fill("a sentence is good")
    page.get_by_label("New password, again").fill("a sentence is good")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_role("heading", level=1, name="Search the repository").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", level=1, name="Log in to the repository").wait_for()


@pytest.mark.slow
def test_faults_are_accessible_too(
    house: House, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """Errors of the form, a page that is not there, and the narrowest screen, without violations."""
    assert house.status()["ready"]
    page = new_page(viewport={"width": 1280, "height": 900})
    page.goto("/portal?eui64=12&status=zz")
    assert page.title().startswith("Error: ")
    look(page, "errors")
    page.get_by_role("link", name="EUI-64: '12'").click()
    assert page.evaluate("document.activeElement.id") == "eui64"
    page.goto("/portal/nothing")
    look(page, "nothing")
    narrow = new_page(viewport={"width": 320, "height": 640})  # as 1280 pixels at 400 %
    narrow.goto("/portal?type=device")
    look(narrow, "narrow")
    assert narrow.evaluate("document.documentElement.scrollWidth") == 320


def _command(house: House) -> str:
    """A key pair asked of a device by the sample supplier, who has signed it."""
    supplier = EUI64.parse(SUPPLIER)
    header = GroupingHeader(
        category=MessageCategory.COMMAND,
        counter=1_000,
        originator=supplier,
        recipient=EUI64.parse("0A-53-4D-4B-49-0D-00-01"),
        message_code=0x000A,
    )
    pem = house.settings.path("parties", "supplier", f"{supplier.digits}-ds.key").read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    payload = bytes.fromhex("300403020780")
    signed = signed_group(header, payload, lambda octets: key.sign(octets, ec.ECDSA(SHA256())))
    return authenticated_message(header, signed, bytes(32)).hex(" ", 16)


@pytest.mark.slow
@pytest.mark.clause("gbcs:7.2.7", "gbcs:18.4")
def test_a_pasted_message_is_read_without_script_and_by_keyboard(
    house: House, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """The signature is verified by the supplier's certificate, which is named; what is wrong is told.

    On neither page does axe-core find a violation, nor on the narrowest screen.
    """
    text = _command(house)
    bare = new_page(java_script_enabled=False)
    bare.goto("/portal/messages")
    bare.get_by_label("One whole message").fill(text)
    bare.get_by_role("button", name="Read the message").click()
    bare.get_by_role("heading", level=3, name="Signature: holds").wait_for()
    page = new_page(viewport={"width": 1280, "height": 900})
    page.goto("/portal")
    page.get_by_role("link", name="Messages").press("Enter")
    page.get_by_label("One whole message").fill(text + "0")
    _tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert "an odd number" in page.get_by_role("alert").inner_text()
    look(page, "message-wrong")
    page.get_by_role("alert").get_by_role("link").press("Enter")
    assert page.evaluate("document.activeElement.id") == "message"
    page.get_by_label("One whole message").fill(text)
    page.get_by_role("button", name="Read the message").click()
    page.get_by_role("heading", level=1, name="CS02c command").wait_for()
    assert page.get_by_role("heading", name="MAC: not checked").is_visible()
    look(page, "message")
    page.set_viewport_size({"width": 320, "height": 640})  # as 1280 pixels at 400 %
    look(page, "message-narrow")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.locator(".verdict.good a").click()
    page.get_by_role("heading", level=1, name="Organisation certificate").wait_for()


@pytest.mark.slow
def test_by_keyboard_alone(house: House, new_page: Callable[..., Page]) -> None:
    """Tab and Enter lead past the header into the form, to a result, and to the verdict."""
    device = _device(house)
    page = new_page()
    page.goto("/portal")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "eui64"
    page.keyboard.type(device)
    page.keyboard.press("Enter")
    _tab_to(page, "tbody a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/certificates/*")
    _tab_to(page, "#verify")
    page.keyboard.press("Enter")
    page.locator(".verdict.good").wait_for()


def _tab_to(page: Page, selector: str) -> None:
    page.wait_for_load_state()
    page.locator(selector).first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by keyboard")


@pytest.mark.slow
def test_without_script(house: House, new_page: Callable[..., Page]) -> None:
    """Search, page and downloads work; instead of the button stands the command that verifies."""
    device = _device(house)
    page = new_page(java_script_enabled=False)
    page.goto("/portal")
    page.get_by_label("EUI-64").fill(device)
    page.get_by_role("button", name="Search").click()
    page.locator("tbody a").click()
    assert not page.get_by_role("button", name="Verify in this browser").is_visible()
    assert "smki repository verify" in page.locator("pre").inner_text()


def _flipped(body: bytes, word: bytes) -> bytes:
    """The proof file with one bit changed in the base64 of its last line of that kind."""
    lines = body.split(b"\n")
    place = max(at for at, line in enumerate(lines) if line.startswith(word))
    *head, encoded = lines[place].split(b" ")
    octets = bytearray(base64.b64decode(encoded))
    octets[-1] ^= 1
    lines[place] = b" ".join((*head, base64.b64encode(octets)))
    return b"\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "said"),
    [
        (b"hash ", "leads to the root"),
        (b"leaf ", "another certificate than the one shown"),
        ("\u2014 ".encode(), "not signed with this key"),
    ],
)
def test_a_proof_that_was_changed_is_not_verified(
    house: House, new_page: Callable[..., Page], word: bytes, said: str
) -> None:
    """One bit in a hash, in the entry, or in the signature, and the page says that it is wrong."""
    device = _device(house)
    page = new_page()

    def change(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=_flipped(answer.body(), word))

    page.route("**/*.proof", change)
    page.goto(f"/portal?eui64={device}")
    page.locator("tbody a").click()
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.bad").wait_for()
    assert said in page.get_by_role("status").inner_text()


@pytest.mark.slow
def test_another_log_is_not_believed(house: House, new_page: Callable[..., Page]) -> None:
    """With the public key of another log the page verifies nothing."""
    device = _device(house)
    page = new_page()
    page.goto(f"/portal?eui64={device}")
    page.locator("tbody a").click()
    page.get_by_label("The log’s public key").fill(
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.bad").wait_for()
    assert "the key of PeterNeumann" in page.get_by_role("status").inner_text()


@pytest.mark.slow
@pytest.mark.clause("sec:L5", "sec:L9")
def test_lodged_things_are_accessible_and_verified(
    lodged: Lodged, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """Each page of documents, decisions, configurations, lists and entries is without violations.

    The proof of each is verified in the page, also where the record holds a digest or a commitment.
    """
    page = new_page(viewport={"width": 1280, "height": 900})
    for path, name in (
        ("documents", "documents"),
        (f"documents/history?title={quote(lodged.title)}", "document"),
        ("decisions", "decisions"),
        ("decisions?before=0", "no-decisions"),
        ("decisions/waiting", "no-waiting-decisions"),
        ("configurations?at=2026-11-21", "configurations"),
        ("configurations?at=soon", "configurations-wrong"),
        ("confidential", "confidential"),
    ):
        page.goto(f"/portal/{path}")
        look(page, name)
    for path, name, said in (
        (f"documents/{lodged.first}", "version", f"title: {lodged.title}"),
        (f"documents/{lodged.second}", "version-digest", "decision: PMA-1"),
        (f"decisions/{lodged.decision}", "decision", "kind: supersede-document"),
        ("entries/1", "configuration", "build: smki"),
        (f"entries/{lodged.removed}", "removed", "The record holds a commitment"),
        (f"entries/{lodged.removed + 2}", "tombstone", "act: remove-content"),
    ):
        page.goto(f"/portal/{path}")
        page.get_by_role("button", name="Verify in this browser").click()
        page.locator(".verdict.good").wait_for()
        assert said in page.locator("#verdict").inner_text()
        look(page, name)
    page.goto("/portal/lists")
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.good").wait_for()
    look(page, "list")
    page.goto(f"/portal/identities/{SUPPLIER}")
    page.get_by_role("heading", level=1, name=f"All entries of {SUPPLIER}").wait_for()
    look(page, "identity")


@pytest.mark.slow
@pytest.mark.clause("sec:L5")
@pytest.mark.parametrize("which", ["first", "second", "decision"])
def test_another_content_is_not_verified(
    lodged: Lodged, new_page: Callable[..., Page], which: str
) -> None:
    """One bit in what the page fetches, and it is not what the entry holds, inline or by digest."""
    entry = getattr(lodged, which)
    page = new_page()

    def change(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        body[-2] ^= 1
        route.fulfill(response=answer, body=bytes(body))

    page.route("**/*.body", change)
    page.goto(f"/portal/entries/{entry}")
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.bad").wait_for()
    assert "than the one shown" in page.locator("#verdict").inner_text()


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.5")
def test_revocation_is_asked_for_step_by_step(
    house: House,
    authority: Authority,
    new_page: Callable[..., Page],
    look: Callable[[Page, str], None],
) -> None:
    """Why, sign, hand in: each step with its words; a stranger's signature is refused in the page."""
    with house.front() as front:
        row = next(
            one
            for one in front.index.rows(CertificateKind.ORGANISATION)
            if one.status is CertificateStatus.IN_USE
        )
    page = new_page(viewport={"width": 1280, "height": 900})
    page.route("**/*.js", lambda route: route.abort())  # nothing here needs a script
    page.goto(f"/portal/certificates/{row.serial}")
    page.get_by_role("link", name="asks for its revocation").click()
    look(page, "revocation")
    page.get_by_label("Its subscriber rejects it").press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="2. Sign").wait_for()
    look(page, "revocation-statement")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the statement").click()
    statement = waiting.value.path().read_bytes()
    desk = (f"{authority.folder}/chair.pem", f"{authority.folder}/chair.key")
    signature = authority.folder / "revoke.p7s"
    signature.write_bytes(detached(statement, *desk))
    page.get_by_label("Signature", exact=True).set_input_files(signature)
    page.get_by_role("button", name="Revoke the certificate").press("Enter")
    page.get_by_role("heading", name="It was not revoked").wait_for()
    look(page, "revocation-refused")


def _retrieve(house: House) -> None:
    """The web service is asked for a certificate that there is not."""
    parts = urlsplit(house.address("repository_local"))
    path, body = f"{RETRIEVE_PATH}?apikey={API_KEY}", write_data_request(SerialNumber(1))
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as connection:
        connection.request("POST", path, body, {"Content-Type": "application/xml"})
        assert connection.getresponse().status == 402


@pytest.mark.slow
@pytest.mark.clause("sec-app-p:B", "sec-app-p:4", "sec-app-o:web-service")
def test_a_partys_access_by_keyboard(
    house: House, new_page: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    """A forecast, a key and a reference, without a pointer and without script; no violations."""
    for _ in range(8):
        _retrieve(house)
    page = new_page(viewport={"width": 1280, "height": 900})
    page.goto("/portal/access/usage")
    _tab_to(page, "#type")
    page.keyboard.type("Web service: r")
    page.keyboard.press("Tab")
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    look(page, "access-errors")
    _tab_to(page, ".summary a")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "requests"
    page.get_by_label("How many in a day").fill("5")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert page.get_by_role("img").count() >= 1
    note = page.get_by_role("heading", name="Use above your forecast")
    _retrieve(house)
    house.until(lambda: bool(page.reload()) and note.is_visible(), "use was not noticed")
    look(page, "access-usage")
    page.goto("/portal/access")
    look(page, "access")
    page.get_by_role("link", name="API keys").click()
    _tab_to(page, "#make")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="New API key").wait_for()
    look(page, "access-new-key")
    page.get_by_role("link", name="back to the keys").click()
    page.get_by_role("heading", level=1, name="API keys").wait_for()
    look(page, "access-keys")
    page.locator("tbody a").first.click()
    look(page, "access-key")
    page.get_by_role("button", name="Revoke this key").click()
    page.get_by_role("status").wait_for()
    page.goto("/portal/access/references?reference=nothing")
    look(page, "access-references")
    narrow = new_page(java_script_enabled=False, viewport={"width": 320, "height": 640})
    for path in ("", "/usage", "/keys", "/references"):
        narrow.goto("/portal/access" + path)
        assert narrow.evaluate("document.documentElement.scrollWidth") == 320
