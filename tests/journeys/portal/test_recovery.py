"""The control room in a real browser, while a campaign over simulated devices is carried.

By keyboard, on a narrow screen, with and without script; no page has a violation that axe-core
finds. `SMKI_SCREENSHOTS` names a folder for pictures, for which more devices are recovered.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.recovering import new_world
from tests.support.recovery_drill import Drill

from smki.bootstrap.recoveries import open_kept, recovery_of
from smki.ports.campaign_acts import Act, Acted
from smki.ports.campaigns import CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import NewUser, Opened, User

pytestmark = [pytest.mark.slow, pytest.mark.clause("sec:L10", "sec-app-o:portal")]
FEW, MANY = (230, 100), (900, 400)  # devices, and how many have ended when pictures are taken
NAME = "drill-at-the-desk"
ENDED = "some => parseInt(document.querySelector('.tile-recovered').textContent) >= some"
CAPTIONS = "[...document.querySelectorAll('caption')].map(c => c.getBoundingClientRect().right)"
TABS = 60  # more than any of these pages has


@pytest.fixture(scope="session")
def officer(new_user: NewUser) -> User:
    """Somebody of the operator."""
    return new_user.settled("olive", "a sentence is good", "dcc")


@pytest.fixture
def drill(house: House, request: pytest.FixtureRequest) -> Iterator[Drill]:
    """A campaign whose canaries have come to their end, in the house of a rehearsal.

    It began now, or so many days ago as the test says.
    """
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(days=getattr(request, "param", 0))
    made = Drill(house.settings, new_world(), NAME, begun)
    made.populate(_devices()[0])
    made.carried().go_on()
    yield made
    shutil.rmtree(house.settings.path("recoveries", NAME))


def _devices() -> tuple[int, int]:
    return MANY if os.environ.get("SMKI_SCREENSHOTS") else FEW


def test_a_campaign_is_watched_and_steered(
    house: House,
    drill: Drill,
    opened: Opened,
    officer: User,
    look_at_recovery: Callable[[Page, str], None],
) -> None:
    """The canaries are looked at, it is watched going on, paused, resumed; who did it is kept."""
    page = opened("dcc", officer, viewport={"width": 1280, "height": 1480})
    page.get_by_role("link", name="Recovery", exact=True).click()
    look_at_recovery(page, "list")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("heading", name="The canaries are to be looked at").wait_for()
    look_at_recovery(page, "canaries")
    page.get_by_role("link", name="Let it go on").click()
    page.get_by_role("heading", level=1, name="Let it go on?").wait_for()
    look_at_recovery(page, "let-go-on")
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_text("looked at the canaries and let it go on").first.wait_for()
    page.goto(f"/portal/recovery/{NAME}")

    before = page.locator("#live").get_attribute("data-said")
    page.evaluate("window.kept = 'the same page'")
    page.locator("#figures-summary").click()
    page.locator("#figures-summary").focus()
    carrying = drill.carried(_devices()[1])
    carrying.held()
    page.wait_for_function(
        "was => document.getElementById('live').dataset.said !== was", arg=before
    )
    assert page.evaluate("window.kept") == "the same page"
    assert page.locator("#figures").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "figures-summary"
    assert page.locator("#said").inner_text() == ""  # not so often
    page.locator("#figures-summary").click()
    page.wait_for_function(ENDED, arg=_devices()[1])
    look_at_recovery(page, "room")

    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("paused it").first.wait_for()
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    carrying.go_on()
    page.get_by_text("All devices have come to an end.").first.wait_for()
    assert "All devices have come to an end." in page.locator("#said").inner_text()
    assert page.get_by_text("This campaign is over").is_visible()
    look_at_recovery(page, "ended")
    _see_residue(page, look_at_recovery)
    with open_kept(recovery_of(house.settings, NAME).house) as kept:
        acts = kept.acts.acts(NAME)
        found = kept.campaigns.campaign(NAME)
    assert [one.act for one in acts] == [Act.RESUME, Act.PAUSE, Act.LOOK]
    assert all(re.match("olive, Sample DCC, by certificate ", one.by) for one in acts)
    assert found is not None
    assert found.state is CampaignState.RUNNING


@pytest.mark.parametrize("drill", [40], indirect=True)
def test_by_keyboard_on_a_narrow_screen_without_script(
    house: House,
    drill: Drill,
    opened: Opened,
    officer: User,
    look_at_recovery: Callable[[Page, str], None],
) -> None:
    """At 320 pixels nothing is wider than the screen; by keyboard alone a campaign is ended.

    No caption of a table is cut, and no serial number of whoever acted. Without script a page
    reloads by itself, until that is stopped.
    """
    del drill
    with open_kept(recovery_of(house.settings, NAME).house) as kept:
        who = f"olive, Sample DCC, by certificate {'1' * 48}"
        kept.acts.note(NAME, Acted(act=Act.RESUME, by=who, at=datetime.now(UTC)))
    page = opened("dcc", officer, viewport={"width": 320, "height": 640})
    page.goto(f"/portal/recovery/{NAME}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("#figures-summary").click()
    edges = page.evaluate(CAPTIONS)
    assert edges
    assert max(edges) <= 320, edges
    look_at_recovery(page, "narrow")
    plain = opened(
        "dcc", officer, java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    plain.goto(f"/portal/recovery/{NAME}")
    meta = plain.locator("meta[http-equiv=refresh]")
    assert meta.get_attribute("content") == f"20;url=/portal/recovery/{NAME}?refresh=itself"
    _press(plain, "Stop that")
    plain.get_by_role("link", name="Keep them up").wait_for()
    assert meta.count() == 0
    _press(plain, "Abort")
    plain.get_by_role("heading", name="Abort this campaign for good?").wait_for()
    _press(plain, "Abort")
    plain.get_by_text("aborted it").first.wait_for()
    assert plain.get_by_role("link", name="Abort").count() == 0


def _see_residue(page: Page, look_at_recovery: Callable[[Page, str], None]) -> None:
    """Who is left is shown, filtered, and downloaded."""
    page.get_by_role("link", name="Which devices").click()
    page.get_by_role("heading", level=1, name="Devices that are not recovered").wait_for()
    page.get_by_label("What became of them").select_option(label="Silent")
    page.get_by_role("button", name="Show").click()
    look_at_recovery(page, "residue")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()
    assert waiting.value.suggested_filename == "residue.csv"


def _press(page: Page, name: str) -> None:
    """Tab is pressed until what has that name has the focus, and then Enter."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab never leads to {name!r}")
