"""A copy of a meeting as a page of its own is one that everybody can use."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from smki.bootstrap.example_year import example_texts
from smki.flows.exporting_register import Gathered
from smki.governance.entities import Key, Kind
from smki.governance.labels import Label
from smki.governance.text import parse_meeting
from smki.interfaces.register_exports import export


def test_the_page_of_a_meeting(browser: Browser, axe: str, tmp_path: Path) -> None:
    """axe-core finds nothing on it, it asks for nothing from elsewhere, and narrow it stays readable."""
    read = parse_meeting(dict(example_texts())["PMA_24_1003.md"]).file
    found = Gathered(
        key=Key(Kind.MEETING, read.meeting),
        reader="pma-secretary",
        at=datetime(2026, 3, 11, tzinfo=UTC),
        entities=read.entities,
        labels={one.key: one.label or Label.WHITE for one in read.entities},
        names={},
    )
    path = tmp_path / "meeting.html"
    path.write_bytes(export(found, "html"))
    page = browser.new_page(viewport={"width": 400, "height": 800})
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(path.as_uri())
    page.evaluate(axe + ";0")
    result = page.evaluate("axe.run(document)")
    assert [(one["id"], one["help"]) for one in result["violations"]] == []
    assert len(result["passes"]) > 10
    assert asked == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
