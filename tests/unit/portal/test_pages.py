"""The pages as answers: escaping, headers, who is let in, and what is not there."""

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from smki.interfaces.web.peer import EXTENSION
from smki.interfaces.web.portal import PortalPages
from smki.ports import CertificateQuery, Party
from smki.repository.presenting import Item, Results, ShownList
from smki.steps import Requester
from smki.terms import (
    EUI64,
    Inconsistent,
    Interface,
    Refused,
    RemotePartyRole,
    SerialNumber,
    Unavailable,
)

pytestmark = pytest.mark.clause("sec-app-o:portal")
NASTY = "<script>alert('x')</script>\"&"
OWN = EUI64.parse("0A-53-4D-4B-49-02-00-01")
PARTY = Party(party="acme", name=NASTY, identities=((OWN, RemotePartyRole.SUPPLIER),))


class EmptyHouse:
    """A repository without certificates, whose one party has a nasty name."""

    verifier_key = "log+00000000+AAAA"

    def __init__(self) -> None:
        self.fault: Exception | None = None

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Only `good` is let in."""
        if certificate != b"good":
            raise Refused("certificate: for another interface", clause="sec-app-m:G")
        return Requester(
            party="acme", name=NASTY, identities=(), interface=interface, credential=None
        )

    def now(self) -> int:
        """Some instant."""
        return 1_800_000_000

    def counts(self) -> tuple[int, int]:
        """Nothing; or what a test wants to go wrong."""
        if self.fault is not None:
            raise self.fault
        return 0, 0

    def parties(self) -> Sequence[Party]:
        """One."""
        return (PARTY,)

    def search(self, query: CertificateQuery, before: int | None) -> Results:
        """Nothing yet: it goes on below 7, and ends there."""
        del query
        return Results(listed=(), after=7 if before is None else None)

    def item(self, serial: SerialNumber) -> Item | None:
        """None."""
        del serial
        return None  # as the port says it

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """Of nothing."""
        del entries
        return ()

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """None."""
        del before
        return ()

    def revocation_list(self, entry: int) -> ShownList | None:
        """None."""
        del entry
        return None  # as the port says it


@dataclasses.dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(house: EmptyHouse, path: str, *, query: str = "", certificate: bytes = b"good") -> Answer:
    """The answer of the pages to one GET."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "extensions": {EXTENSION: {"certificate": certificate}},
    }
    application = Starlette(routes=PortalPages(house).routes())
    asyncio.run(application(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, body.decode())


PAGES = (
    ("/portal", ""),
    ("/portal", f"eui64={quote(NASTY)}"),
    ("/portal", "type=device"),
    ("/portal/lists", ""),
    ("/portal/certificates/0A", ""),
    (f"/portal/certificates/{NASTY}", ""),
    ("/portal/archive", ""),
    ("/portal/files/zz", ""),
    ("/portal/static/../pages.py", ""),
    ("/portal/lists/1.crl", ""),
    ("/portal/nothing/here", ""),
)


@pytest.mark.parametrize(("path", "query"), PAGES)
def test_every_page_is_closed_to_strangers_scripts_and_frames(path: str, query: str) -> None:
    """Names and what was typed are escaped, and each answer carries all the strict headers."""
    answer = ask(EmptyHouse(), path, query=query)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text  # the party's name, in every header
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


@pytest.mark.parametrize(("path", "query"), PAGES)
@pytest.mark.clause("sec-app-m:G")
def test_without_the_credential_nothing_is_shown(path: str, query: str) -> None:
    """Another credential, or none, gets a page that says so and nothing of what was asked."""
    for certificate in (b"other", b""):
        answer = ask(EmptyHouse(), path, query=query, certificate=certificate)
        assert answer.status == 403
        assert "That cannot be done" in answer.text
        assert "acme" not in answer.text


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("/portal", "", 200, "<title>Search the repository –"),
        ("/portal", "type=device", 200, "there are older ones"),
        ("/portal", "type=device&before=7", 200, "Nothing in the repository fits"),
        ("/portal", "type=x", 400, "<title>Error: search the repository –"),
        ("/portal/certificates/0A", "", 404, "holds no"),
        ("/portal/archive", "", 400, "Choose from 1 to 100"),
        ("/portal/archive", "serial=1&as=exe", 400, "Choose from 1 to 100"),
        ("/portal/archive", "serial=1", 404, "No such page"),
        ("/portal/files/0A.cer", "", 404, "No such page"),
        ("/portal/static/pages.py", "", 404, "No such page"),
        ("/portal/lists/1.txt", "", 404, "No such page"),
    ],
)
def test_what_is_not_there_is_told(path: str, query: str, status: int, said: str) -> None:
    """Each answer has its status and a title of its own, and says what to do."""
    answer = ask(EmptyHouse(), path, query=query)
    assert answer.status == status
    assert said in answer.text


def test_an_error_is_at_its_field_and_in_the_summary() -> None:
    """The summary links to the field; the field is marked invalid and described by its error."""
    answer = ask(EmptyHouse(), "/portal", query="eui64=zz")
    assert '<a href="#eui64">EUI-64: ' in answer.text
    assert 'aria-describedby="eui64-hint eui64-error"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_what_was_asked_is_asked_again_with_the_next_page() -> None:
    """The link to older results holds all fields that were filled in, and the place."""
    answer = ask(EmptyHouse(), "/portal", query="type=device&status=N&eui64=")
    assert "/portal?type=device&amp;status=N&amp;before=7" in answer.text


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Unavailable("database at secret-host is away"), 503), (Inconsistent("secret-host"), 500)],
)
def test_what_is_wrong_in_the_house_stays_in_it(fault: Exception, status: int) -> None:
    """A page says that it cannot be done now, and nothing of hosts or files."""
    house = EmptyHouse()
    house.fault = fault
    answer = ask(house, "/portal")
    assert answer.status == status
    assert "secret-host" not in answer.text


@pytest.mark.parametrize("name", ["portal.css", "verify.js", "icon.svg"])
def test_style_and_script_are_files_of_their_own(name: str) -> None:
    """They are served from this place alone, with their own types."""
    answer = ask(EmptyHouse(), f"/portal/static/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg"))
