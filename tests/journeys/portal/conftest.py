"""A user of the supplier who has chosen a password, and a way to ask for pages as that user."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from click.testing import CliRunner
from tests.support.fetching import npm_package

from smki.bootstrap.initialising import credential_path
from smki.interfaces.cli import main
from smki.terms import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
    from tests.journeys.conftest import House

AXE = "axe-core"
BROWSER_WAIT = 60_000  # milliseconds
AXE_VERSION = "4.14.1"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """As a page."""
        return self.body.decode()


class Visitor:
    """A browser without a window, a script or patience: one connection for each question."""

    def __init__(
        self, house: House, party: str = "supplier", interface: Interface = Interface.PORTAL
    ) -> None:
        parts = urlsplit(house.address("portal"))
        self._host, self._port = parts.hostname or "", parts.port
        self._context = house.credential(party, interface).context()
        self.cookie = ""

    def get(self, path: str) -> Answer:
        """The answer to a GET."""
        return self._ask("GET", path, b"", {})

    def post(self, path: str, **fields: str) -> Answer:
        """The answer to a form, sent as our own pages send it."""
        headers = {
            "Origin": f"https://{self._host}:{self._port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._ask("POST", path, urlencode(fields).encode(), headers)

    def log_in(self, user: str, password: str) -> Answer:
        """The answer to the log-in; if it was right, further questions are asked as that user."""
        return self.post("/portal/log-in", user=user, password=password)

    def form(self) -> str:
        """What forms of this session bring along."""
        found = FORM.search(self.get("/portal/password").text)
        assert found is not None
        return found[1]

    def upload(self, path: str, signature: bytes, **fields: str) -> Answer:
        """The answer to a form with a file, sent as our own pages send it."""
        parts = [
            f'--=_b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = (
            '--=_b\r\nContent-Disposition: form-data; name="signature"; filename="revoke.p7s"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = b"".join((*parts, head.encode(), signature, b"\r\n--=_b--\r\n"))
        headers = {
            "Origin": f"https://{self._host}:{self._port}",
            "Content-Type": "multipart/form-data; boundary==_b",
        }
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=60, context=self._context
        )
        with contextlib.closing(connection):
            connection.request(method, path, body, {**headers, "Cookie": self.cookie})
            answer = connection.getresponse()
            if given := answer.headers["Set-Cookie"]:
                self.cookie = given.partition(";")[0]
            return Answer(answer.status, answer.headers, answer.read())


@dataclass(frozen=True)
class User:
    """A user and the password that was chosen."""

    name: str
    password: str


@pytest.fixture(scope="session")
def new_user(house: House) -> NewUser:
    """Adds users by the command of the registration authority."""
    return NewUser(house)


class NewUser:
    """Adds users, and logs them in for the first time."""

    def __init__(self, house: House) -> None:
        self._house = house

    def added(self, name: str, party: str = "supplier") -> str:
        """The first password of a new user."""
        done = self._house.command("user", "add", name, "--party", party, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return str(json.loads(done.stdout)["password"])

    def settled(self, name: str, password: str, party: str = "supplier") -> User:
        """A new user of that party who has chosen that password."""
        first = self.added(name, party)
        visitor = Visitor(self._house, party)
        assert visitor.log_in(name, first).headers["Location"] == "/portal"
        chosen = {"old": first, "new": password, "again": password}
        changed = visitor.post("/portal/password", form=visitor.form(), **chosen)
        assert changed.headers["Location"] == "/portal", changed.text
        return User(name, password)


@pytest.fixture(scope="session")
def user(new_user: NewUser) -> User:
    """Somebody of the supplier."""
    return new_user.settled("ann", "a sentence is good")


@pytest.fixture
def visitor_of(house: House) -> type[Visitor]:
    """Makes visitors."""
    assert house.status()["ready"]
    return Visitor


@pytest.fixture
def visitor(house: House, user: User) -> Visitor:
    """The user, logged in."""
    made = Visitor(house)
    assert made.log_in(user.name, user.password).status == 303
    return made


OFFICERS = {
    "chair": ("pma", "Sample Policy Authority", "0A-53-4D-4B-49-05-00-01"),
    "secretary": ("pma", "Sample Policy Authority", "0A-53-4D-4B-49-05-00-01"),
}


@dataclass(frozen=True)
class Authority:
    """Officers of the policy authority, and what they did in the house."""

    house: House
    folder: Path

    def run(self, *words: str) -> dict[str, Any]:
        """What the command says; `@name` is a file in the officers' folder, `^name` who signs."""
        given: list[str] = []
        for word in words:
            if word.startswith("^"):
                place = f"{self.folder}/{word[1:]}"
                given += ["--certificate", f"{place}.pem", "--key", f"{place}.key"]
            else:
                given.append(f"{self.folder}/{word[1:]}" if word.startswith("@") else word)
        done = CliRunner().invoke(main, [*given, "--json"], env=dict(self.house.variables))
        assert done.exit_code == 0, (words, done.output)
        return dict(json.loads(done.stdout))

    def decide(self, identifier: str, kind: str, about: str) -> int:
        """The entry of a decision that both officers signed."""
        file = f"@{identifier}"
        words = ("--kind", kind, "--object", about, "--expiry", "2090-01-01", "--out", file)
        self.run("governance", "decide", identifier, *words)
        signatures: list[str] = []
        for officer in OFFICERS:
            out = f"{file}.{officer}"
            self.run("governance", "sign", file, f"^{officer}", "--out", out)
            signatures += ["--signature", out]
        return int(self.run("governance", "lodge", file, *signatures)["entry"])

    def lodge(self, title: str, version: str, content: bytes, *more: str) -> int:
        """The entry of a version that the chair lodged."""
        (self.folder / "procedure (final).txt").write_bytes(content)
        words = ("--title", title, "--version", version, *more, "^chair")
        return int(self.run("document", "lodge", "@procedure (final).txt", *words)["entry"])


@pytest.fixture(scope="session")
def authority(house: House, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The house with two officers of the policy authority."""
    made = Authority(house, tmp_path_factory.mktemp("officers"))
    name, identity = OFFICERS["chair"][1:]
    made.run("party", "add", "pma", "--trading-name", name, "--identity", f"{identity}=other")
    for officer in OFFICERS:
        who = ("--organisation", name, "--role", "other", "--name", officer)
        files = ("--out", f"@{officer}.csr", "--key-out", f"@{officer}.key")
        made.run("csr", "system", *who, *files)
        wanted = ("--party", "pma", "--interface", "portal", "--out", f"@{officer}.pem")
        made.run("registration", "credential", f"@{officer}.csr", *wanted)
    return made


@dataclass(frozen=True)
class Lodged:
    """What the authority did: entries, by what they hold."""

    title: str
    first: int
    second: int
    decision: int
    direction: int
    transcript: int
    removed: int
    contents: tuple[bytes, bytes]


@pytest.fixture(scope="session")
def lodged(authority: Authority) -> Lodged:
    """A document with two versions, a decision, a direction that waits, two transcripts, one gone."""
    title, contents = "Recovery & <Procedure> 1/2", (b"what to do\n", b"whom to call\n" * 4000)
    first = authority.lodge(title, "1.0", contents[0])
    decision = authority.decide("PMA-1", "supersede-document", title)
    second = authority.lodge(title, "2.0", contents[1], "--decision", "PMA-1")
    direction = authority.decide("PMA-2", "direct-lodging", "Key Guidance")
    (authority.folder / "said").write_text("who said what")
    transcripts = [
        int(authority.run("transcript", "lodge", "@said", "--name", "Ceremony of May")["entry"])
        for _ in range(2)
    ]
    authority.decide("PMA-3", "remove-content", str(transcripts[1]))
    words = (str(transcripts[1]), "--decision", "PMA-3", "^chair")
    authority.run("transcript", "remove", *words)
    return Lodged(
        title, first, second, decision, direction, transcripts[0], transcripts[1], contents
    )


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, or a skip that says why there is none."""
    folder = npm_package(AXE, AXE_VERSION, "accessibility")
    return (folder / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window, or a skip that says why there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="pages not looked at: playwright is not installed"
    )
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("pages not looked at in a browser: chromium is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=list(FLAGS))
        yield opened
        opened.close()


class Opened:
    """Opens pages with the officer's credential of a party; what a page reports is kept."""

    def __init__(self, house: House, browser: Browser) -> None:
        self._house = house
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.reported: list[str] = []

    def __call__(self, party: str, user: User, *, log_in: bool = True, **how: Any) -> Page:
        """A page, of somebody who is logged in unless they are not to be."""
        certificate, key = credential_path(self._house.settings, party, Interface.PORTAL)
        origin = self._house.address("portal").removesuffix("/portal")
        context = self._browser.new_context(
            base_url=origin,
            ignore_https_errors=True,
            client_certificates=[
                {"origin": origin, "certPath": certificate, "keyPath": key},
            ],
            locale="en-GB",
            **how,
        )
        context.set_default_timeout(BROWSER_WAIT)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.reported.append(str(error)))
        page.on("console", self._told)
        if log_in:
            page.goto("/portal")
            page.get_by_label("User name").fill(user.name)
            page.get_by_label("Password").fill(user.password)
            page.get_by_role("button", name="Log in").click()
            page.get_by_role("heading", level=1, name="Search the repository").wait_for()
        return page

    def close(self) -> None:
        """No page is open."""
        for context in self._contexts:
            context.close()

    def _told(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.reported.append(message.text)


@pytest.fixture
def opened(house: House, browser: Browser) -> Iterator[Opened]:
    """Opens pages; what one of them reports fails the test."""
    made = Opened(house, browser)
    yield made
    made.close()
    assert made.reported == []


@pytest.fixture
def look_at_recovery(axe: str) -> Callable[[Page, str], None]:
    """Finds no violation on a page of recoveries, and takes its picture if that is wanted.

    Of the control room that is what the window shows.
    """
    return lambda page, name: look_at(page, axe, f"recovery-{name}", whole=name != "room")


@pytest.fixture
def look(axe: str) -> Callable[[Page, str], None]:
    """Finds no violation on the page as it is now, and takes its picture if that is wanted."""
    return lambda page, name: look_at(page, axe, f"repository-{name}", whole=name != "results")


@pytest.fixture
def look_at_register(axe: str) -> Callable[[Page, str], None]:
    """The same for pages of the register."""
    return lambda page, name: look_at(page, axe, f"register-{name}", whole=True)


def look_at(page: Page, axe: str, name: str, *, whole: bool) -> None:
    """No violation is on the page; its picture is in `SMKI_SCREENSHOTS`, if there is such a folder."""
    page.wait_for_load_state()  # without its style a page has other sizes
    page.evaluate(axe + ";0")
    violations, passed = page.evaluate(
        """async tags => {
          const found = await axe.run(document, {
            runOnly: {type: "tag", values: tags}, resultTypes: ["violations"],
          });
          const wrong = found.violations.map(one => [one.id, one.nodes.map(node => node.html)]);
          return [wrong, found.passes.length];
        }""",
        list(TAGS),
    )
    assert violations == []
    assert passed > 10
    folder = os.environ.get("SMKI_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)
