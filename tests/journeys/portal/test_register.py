"""A secretary's month in a real browser, by keyboard alone, with an officer's certificate.

Agenda, papers, minutes, decisions, actions, comments, approval, and the three acts by which something
is given out. No page has a violation that axe-core finds. `SMKI_SCREENSHOTS` names a folder for pictures.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.register_server import PASSWORD, issue_officers, register_server

from smki.governance.entities.bodies import BodyKind, Committee, Person, Seat, SeatCategory
from smki.governance.entities.meetings import StandingItem
from smki.governance.labels import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page
    from tests.journeys.conftest import House
    from tests.support.register_server import RegisterServer

    from smki.governance.entities import Entity

pytestmark = [pytest.mark.slow, pytest.mark.clause("sec:C6", "sec:M4.13")]
WAIT = 10_000  # milliseconds
TABS = 300  # more than any page has
SEATS = {
    "secretary": SeatCategory.SECRETARIAT,
    "chair": SeatCategory.CHAIR,
    "supplier": SeatCategory.LARGE_SUPPLIER,
    "networks": SeatCategory.NETWORKS,
}
OFFICERS = (*SEATS, "outsider")
NAME_OF = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  const labels = at.labels && at.labels.length ? at.labels[0].textContent : "";
  return (at.getAttribute("aria-label") || labels || at.textContent || "").trim();
}"""


def founded(server: RegisterServer, today: date) -> tuple[Entity, ...]:
    """A committee, who sits in it, and what stands on each of its agendas: roles, no people."""
    start, end = today - timedelta(days=600), today + timedelta(days=60)
    return (
        Committee(
            ref="QPA",
            name="Quill Policy Authority",
            kind=BodyKind.COMMITTEE,
            label=Label.GREEN,
        ),
        *(
            Person(
                ref=name,
                name=f"The {name}",
                organisation="Quill Energy" if name == "supplier" else "",
                credentials=(server.officers[name].serial,),
            )
            for name in SEATS
        ),
        *(
            Seat(
                ref=f"QPA/{name}",
                body="QPA",
                category=category,
                votes=name in ("supplier", "networks"),
                holder=name,
                start=start,
                end=end,
            )
            for name, category in SEATS.items()
        ),
        *(
            StandingItem(ref=f"QPA/{ref}", body="QPA", heading=heading, since=start, place=place)
            for place, (ref, heading) in enumerate(
                (("minutes", "Minutes of the last meeting"), ("actions", "Actions")), start=1
            )
        ),
    )


@dataclass
class Keyboard:
    """A page without a pointer.

    Attributes:
        page: of the browser.
        look: finds no violation on it.
    """

    page: Page
    look: Callable[[Page, str], None]
    looked: list[str] = field(default_factory=list)

    def to(self, name: str) -> None:
        """The focus is on what is called so, or begins so; only Tab was pressed."""
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            if str(self.page.evaluate(NAME_OF)).startswith(name):
                return
        pytest.fail(f"{name!r} cannot be reached by keyboard on {self.page.url}")

    def press(self, name: str) -> None:
        """The link or button called so was pressed, and the next page is there."""
        self.to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, name: str, text: str) -> None:
        """That text stands in the field called so."""
        self.to(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def day(self, name: str, day: date) -> None:
        """That day stands in the field called so; the browser asks for the month first."""
        self.to(name)
        self.page.keyboard.type(f"{day:%m%d%Y}")

    def choose(self, name: str, choice: str) -> None:
        """What begins so is chosen in the list called so."""
        self.to(name)
        self.page.keyboard.type(choice)

    def tick(self, name: str) -> None:
        """The box called so is ticked."""
        self.to(name)
        self.page.keyboard.press("Space")

    def see(self, name: str) -> None:
        """The page is without violations; its picture is taken."""
        self.look(self.page, name)

    def is_on(self, heading: str) -> None:
        """The page's heading begins so."""
        found = self.page.get_by_role("heading", level=1).first.inner_text()
        assert found.startswith(heading), (found, self.page.locator("main").inner_text()[:800])


class Desk:
    """Officers, each with a browser of their own."""

    def __init__(
        self, browser: Browser, server: RegisterServer, look: Callable[[Page, str], None]
    ) -> None:
        self._browser, self._server, self._look = browser, server, look
        self._contexts: list[BrowserContext] = []

    def sits(self, name: str, **how: Any) -> Keyboard:
        """The officer is logged in, on the register's first page."""
        officer = self._server.officers[name]
        context = self._browser.new_context(
            base_url=self._server.origin,
            ignore_https_errors=True,
            client_certificates=[
                {
                    "origin": self._server.origin,
                    "certPath": officer.certificate,
                    "keyPath": officer.key,
                }
            ],
            locale="en-GB",
            viewport=how.pop("viewport", {"width": 1280, "height": 900}),
            **how,
        )
        context.set_default_timeout(WAIT)
        self._contexts.append(context)
        made = Keyboard(context.new_page(), self._look)
        made.page.goto("/portal")
        made.write("User name", name)
        made.write("Password", PASSWORD)
        made.press("Log in")
        made.press("Register")
        return made

    def close(self) -> None:
        """Nobody sits there any more."""
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def committee_house(
    new_house: Callable[[Mapping[str, str]], House], tmp_path_factory: pytest.TempPathFactory
) -> tuple[House, Path]:
    """A house that is not served, and a folder for its officers' keys."""
    made = new_house({})
    made.move_in()
    return made, tmp_path_factory.mktemp("officers")


@pytest.fixture(scope="module")
def server(committee_house: tuple[House, Path]) -> Iterator[RegisterServer]:
    """Its register, served."""
    house, folder = committee_house
    officers = issue_officers(house.settings, house.variables, OFFICERS, folder)
    with register_server(house.settings, officers) as made:
        made.put(*founded(made, made.clock.now().date()))
        yield made


@pytest.fixture
def desk(
    browser: Browser, server: RegisterServer, look_at_register: Callable[[Page, str], None]
) -> Iterator[Desk]:
    """Browsers for the officers."""
    made = Desk(browser, server, look_at_register)
    yield made
    made.close()


@contextmanager
def later(server: RegisterServer, days: int) -> Iterator[None]:
    """So many days later; sessions are over by then."""
    server.clock.ahead += timedelta(days=days)
    yield


def test_a_secretarys_month(server: RegisterServer, desk: Desk, tmp_path: Path) -> None:
    """An agenda is drafted and issued, minutes taken, commented on, approved and given out."""
    today = server.clock.now().date()
    held = today + timedelta(days=9)
    meeting = f"QPA_01_{held:%d%m}"
    at = desk.sits("secretary")
    at.is_on("Register")
    at.see("overview")
    at.press("Draft the next agenda")
    at.day("Day", held)
    at.write("Place", "Room 1")
    at.choose("Label of the meeting", "Green")
    at.choose("Presides", "The chair")
    at.choose("Takes the minutes", "The secretary")
    at.choose("Open actions are gone through under", "Actions")
    at.write("Title", "Approach to testing")
    at.choose("Asks for", "Approval")
    at.write("Title", "Assessment of a supplier")
    at.choose("Label", "Red")
    at.write("Open stub", "An assessment was considered")
    at.press("Show the draft")
    at.see("draft-agenda")
    at.press("Keep this agenda")
    at.is_on(f"Meeting {meeting}")
    at.see("meeting-planned")
