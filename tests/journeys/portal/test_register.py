"""A secretary's month in a real browser, by keyboard alone, with an officer's certificate.

Agenda, papers, minutes, decisions, actions, comments, approval, and the three acts by which something
is given out. No page has a violation that axe-core finds. `SMKI_SCREENSHOTS` names a folder for pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.register_server import PASSWORD, issue_officers, register_server

from smki.governance.entities.bodies import BodyKind, Committee, Person, Seat, SeatCategory
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentKind,
    DocumentVersion,
    EarlierApproval,
    Trigger,
    TriggerKind,
    VersionState,
)
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
WAIT = 60_000  # milliseconds
TABS = 300  # more than any page has
SEATS = {
    "secretary": SeatCategory.SECRETARIAT,
    "chair": SeatCategory.CHAIR,
    "supplier": SeatCategory.LARGE_SUPPLIER,
    "networks": SeatCategory.NETWORKS,
    "user": SeatCategory.OTHER_USER,
}
VOTE = ("supplier", "networks", "user")
OFFICERS = ("secretary", "supplier", "networks", "outsider")
NAMES = """
  const name = at => {
    const labels = at.labels && at.labels.length ? at.labels[0].textContent : "";
    return (at.getAttribute("aria-label") || labels || at.textContent || "").trim();
  };
"""
NAME_OF = f"() => {{ {NAMES} return name(document.activeElement); }}"
AHEAD = f"""wanted => {{
  {NAMES}
  const stops = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
  )].filter(at => at.checkVisibility());
  const here = document.activeElement;
  const after = stops.filter(
    at => here.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING
  );
  return after.findIndex(at => name(at).startsWith(wanted));
}}"""
"""How many stops are before it: at least as often Tab is pressed until somebody looks again."""


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
                credentials=(server.officers[name].serial,) if name in OFFICERS else (),
            )
            for name in SEATS
        ),
        *(
            Seat(
                ref=f"QPA/{name}",
                body="QPA",
                category=category,
                votes=name in VOTE,
                holder=name,
                start=start,
                end=end,
            )
            for name, category in SEATS.items()
        ),
        ControlledDocument(
            ref="CPS",
            body="QPA",
            name="Quill practice statement",
            kind=DocumentKind.PRACTICE_STATEMENT,
        ),
        DocumentVersion(
            ref="CPS/1.0",
            document="CPS",
            number="1.0",
            state=VersionState.APPROVED,
            earlier_approval=EarlierApproval(by="QPA", on=start, reference="letter 4"),
        ),
        Trigger(ref="CPS/t1", document="CPS", kind=TriggerKind.STANDARD, text="A new edition"),
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
        fresh: nothing was pressed on it yet.
    """

    page: Page
    look: Callable[[Page, str], None]
    fresh: bool = True

    def to(self, name: str) -> None:
        """The focus is on what is called so, or begins so; only Tab was pressed."""
        if self.fresh:
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")  # skips to the content, as people do
            self.fresh = False
        for _ in range(int(self.page.evaluate(AHEAD, name))):
            self.page.keyboard.press("Tab")
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            if str(self.page.evaluate(NAME_OF)).startswith(name):
                return
        there = self.page.locator("main").inner_text()
        pytest.fail(f"{name!r} cannot be reached by keyboard on {self.page.url}:\n{there}")

    def press(self, name: str) -> None:
        """The link or button called so was pressed, and the next page is there."""
        self.to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.fresh = True

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

    def sits(self, name: str) -> Keyboard:
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
            viewport={"width": 1280, "height": 900},
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


def test_a_secretarys_month(server: RegisterServer, desk: Desk, tmp_path: Path) -> None:
    """An agenda is drafted and issued, minutes taken, commented on, approved and given out."""
    held = server.clock.now().date() + timedelta(days=9)
    first = f"QPA_01_{held:%d%m}"
    at = desk.sits("secretary")
    at.is_on("Register")
    _draft(at, held)
    at.see("draft-agenda")
    at.press("Keep this agenda")
    at.is_on(f"Meeting {first}")
    _add_papers(at, first, tmp_path)
    at.press("Issue the agenda")
    at.see("issue")
    at.press("Issue and circulate")
    server.clock.ahead += timedelta(days=9)
    at = desk.sits("secretary")
    at.press(first)
    _hold(at)
    _minute(at, first)
    _record(at, first)
    at.see("meeting-held")
    at.press("Open minutes")
    at.press("Comment round and approval")
    at.choose("State", "In comment")
    at.day("Comments until", held + timedelta(days=5))
    at.see("comment-round")
    at.press("Keep it")
    member = desk.sits("supplier")
    member.press(f"{first}/open")
    member.press("Comment on it")
    member.write("Your comment", "Paragraph 1: version 3.5 was approved subject to corrections.")
    member.see("comment")
    member.press("Send the comment")
    assert "subject to corrections" in member.page.locator("main").inner_text()
    server.clock.ahead += timedelta(days=21)
    at = desk.sits("secretary")
    _approve(at, server, first)
    _give_out(at, desk, first)
    _look_around(at, server, first)


def _approve(at: Keyboard, server: RegisterServer, first: str) -> None:
    """The comment is disposed of, the next meeting held, and the open minutes approved there."""
    held = server.clock.now().date()
    at.press("Draft the next agenda")
    at.day("Day", held)
    at.choose("Label of the meeting", "Green")
    at.choose("Presides", "The chair")
    at.press("Show the draft")
    at.press("Keep this agenda")
    second = f"QPA_02_{held:%d%m}"
    at.is_on(f"Meeting {second}")
    at.press("Who was there")
    _came(at)
    at.press("The meeting was held")
    at.press("Overview")
    at.press(f"{first}/open")
    at.press("The supplier")
    at.press("Change it")
    at.write("Disposition", "Taken: the decision has the condition.")
    at.press("Keep it")
    at.press("Minutes QPA")
    at.press("Comment round and approval")
    at.choose("State", "Approved as modified")
    at.choose("Approved at", second)
    at.tick("It is a new revision")
    at.press("Keep it")
    assert "Approved as modified" in at.page.locator("main").inner_text()
    at.see("minutes-approved")


def _give_out(at: Keyboard, desk: Desk, first: str) -> None:
    """Green is distributed, White published, to Red a reader is entitled: each is then there to read."""
    outsider, networks = desk.sits("outsider"), desk.sits("networks")
    for path in (f"minutes/{first}/open", f"minutes/{first}/confidential"):
        outsider.page.goto(f"/portal/register/{path}")
        outsider.is_on("No such page")
    at.page.goto(f"/portal/register/minutes/{first}/open")
    at.press("Distribute it")
    at.tick("I have looked at all that goes out")
    at.press("Distribute it to the parties")
    at.page.goto(f"/portal/register/minutes/{first}/confidential")
    at.press("Entitle named readers")
    at.tick("The networks")
    at.see("entitle")
    at.press("Entitle those whom I named")
    at.page.goto(f"/portal/register/paper/{first}_05")
    at.press("Publish it")
    at.tick("I have looked at all that goes out")
    at.press("Publish it to everybody")
    outsider.page.goto(f"/portal/register/minutes/{first}/open")
    outsider.is_on("Open minutes")
    outsider.page.goto(f"/portal/register/minutes/{first}/confidential")
    outsider.is_on("No such page")
    networks.page.goto(f"/portal/register/minutes/{first}/confidential")
    assert "two weaknesses" in networks.page.locator("main").inner_text()


def _draft(at: Keyboard, held: date) -> None:
    """The agenda is drafted from what rolls on, what is open, and what is asked for."""
    at.press("Draft the next agenda")
    at.day("Day", held)
    at.write("Place", "Room 1")
    at.choose("Label of the meeting", "Green")
    at.choose("Presides", "The chair")
    at.choose("Takes the minutes", "The secretary")
    at.choose("Open actions are gone through under", "Actions")
    for title, asks, label, stub in (
        ("Approach to testing", "Approval", "", ""),
        ("Assessment of a supplier", "Decision", "Red", "An assessment was considered"),
        ("Monthly summary of proposals", "Information", "White", ""),
    ):
        at.write("Title", title)
        at.choose("Asks for", asks)
        if label:
            at.choose("Label", label)
        if stub:
            at.write("Open stub", stub)
    at.press("Show the draft")


def _add_papers(at: Keyboard, meeting: str, folder: Path) -> None:
    """Three papers, each with its label; one has a file."""
    file = folder / "approach.txt"
    file.write_text("What is tested, by whom, and how it is told.\n")
    for item, title, label in (
        (3, "Approach to testing, version 3.5", "Green"),
        (4, "Report of the assessors", "Red"),
        (5, "Monthly summary of proposals", "White"),
    ):
        at.press(f"Add a paper to item {item}")
        at.write("Title", title)
        at.choose("Label", label)
        at.write("Purpose", "So that the authority can say what it thinks of it.")
        if item == 3:
            at.page.get_by_label("File").set_input_files(file)
            at.see("paper-form")
        at.press("Add the paper")
        if item == 3:
            at.see("paper")
        at.press("Agenda item")
        at.press(f"Meeting {meeting}")


def _hold(at: Keyboard) -> None:
    """The meeting was held; somebody sent apologies."""
    at.press("Who was there")
    _came(at, networks="Sent apologies")
    at.see("attendance")
    at.press("The meeting was held")


def _came(at: Keyboard, **otherwise: str) -> None:
    """How everybody came is said of each: in the room, if not otherwise."""
    for name in SEATS:
        at.choose(f"How The {name} came", otherwise.get(name, "In the room"))


def _minute(at: Keyboard, meeting: str) -> None:
    """Minutes of two items: one open, one with a stub beside the withheld body."""
    at.press("Take minutes of item 3")
    at.write("Text", "The authority discussed the approach, and approved version 3.5.")
    at.press("Keep, and back to the meeting")
    at.press("Take minutes of item 4")
    at.write("Text", "The authority considered the assessment of Large Supplier A.")
    at.to("Text")
    at.write("Text", "The assessors found two weaknesses in how keys are kept.")
    at.see("take-minutes")
    at.press("Keep, and go on with this item")
    at.is_on("Minutes of item 4")
    at.press(f"Meeting {meeting}")


def _record(at: Keyboard, meeting: str) -> None:
    """A decision with a condition, and an action."""
    at.press("Record a decision of item 3")
    at.choose("Verb", "Approved")
    at.write("Text", "The approach to testing, version 3.5, is approved.")
    at.see("decision-form")
    at.press("Add it")
    at.press("Add a condition")
    at.choose("Kind", "Amendment")
    at.write("Text", "The references to versions are corrected.")
    at.press("Add it")
    at.press("Decision QPA")
    at.see("decision")
    at.press("Agenda item")
    at.press(f"Meeting {meeting}")
    at.press("Record an action of item 3")
    at.write("Text", "Correct the references and send the approach out again.")
    at.write("Owner", "Quill Energy")
    at.press("Add it")
    at.press("Agenda item")
    at.press(f"Meeting {meeting}")


def _look_around(at: Keyboard, server: RegisterServer, first: str) -> None:
    """Every other page: none has a violation, none is wider than a narrow screen."""
    for path, name in (
        ("", "overview-later"),
        ("/body/QPA", "body"),
        ("/actions", "actions"),
        ("/action/QPA 01/01", "action"),
        ("/update/action/QPA 01/01", "action-update"),
        ("/planner", "planner"),
        ("/search?words=approach", "search"),
        ("/all", "everything"),
        ("/person/chair", "person"),
        ("/seat/QPA/chair", "seat"),
        ("/add/body/QPA", "add"),
        ("/document/CPS", "document"),
        ("/version/CPS/1.0", "version"),
        ("/clauses", "clauses"),
        ("/clauses?id=sec:L9.8", "clause"),
        (f"/agenda-item/{first}/4", "item"),
        (f"/history/minutes/{first}/open", "history"),
        (f"/seen/minutes/{first}/confidential", "seen"),
    ):
        at.page.goto(f"/portal/register{path}")
        at.see(name)
    assert "The networks" in at.page.locator("main").inner_text()
    at.page.goto("/portal/register/new/person")
    at.write("Reference", "second")
    at.press("Add it")
    at.page.get_by_role("heading", name="It was not kept").wait_for()
    at.see("refused")
    at.page.goto(server.public)
    at.is_on("What the committees published")
    at.see("published")
    at.page.get_by_role("link", name=f"{first}_05").click()
    at.page.set_viewport_size({"width": 320, "height": 640})  # as 1280 pixels at 400 %
    for path in ("", f"/meeting/{first}", f"/take-minutes/agenda-item/{first}/4", "/planner"):
        at.page.goto(f"/portal/register{path}")
        assert at.page.evaluate("document.documentElement.scrollWidth") == 320, path
