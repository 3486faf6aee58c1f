"""A user of the supplier who has chosen a password, and a way to ask for pages as that user."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from smki.terms import Interface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.journeys.conftest import House

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

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=30, context=self._context
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

    def settled(self, name: str, password: str) -> User:
        """A new user of the supplier who has chosen that password."""
        first = self.added(name)
        visitor = Visitor(self._house)
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
