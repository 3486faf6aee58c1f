"""Pages of documents and versions: in force or not, and why; the route; for each reader what they may know."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.support.register_pages import OUTSIDER

from smki.governance.entities import Key, Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentKind,
    DocumentVersion,
    EarlierApproval,
    Trigger,
    TriggerKind,
    VersionState,
)
from smki.governance.entities.guidance import Interpretation
from smki.governance.entities.minutes import (
    Condition,
    ConditionKind,
    Resolution,
    Verb,
)
from smki.governance.labels import Label

if TYPE_CHECKING:
    from tests.support.register_pages import PagesHouse

ITEM = "QPA_01_0203/2"
DOCUMENT = ControlledDocument(
    ref="CPS",
    label=Label.GREEN,
    body="QPA",
    name="Quill practice statement",
    kind=DocumentKind.PRACTICE_STATEMENT,
)
OLD = DocumentVersion(
    ref="CPS/1.0",
    document="CPS",
    number="1.0",
    state=VersionState.APPROVED,
    earlier_approval=EarlierApproval(by="QPA", on=date(2024, 5, 1), reference="letter 4"),
)
NEW = DocumentVersion(
    ref="CPS/2.0",
    document="CPS",
    number="2.0",
    state=VersionState.APPROVED_WITH_CONDITION,
    presented_at=(ITEM,),
    resolutions=(f"{ITEM}/1",),
)
TAKEN = Resolution(
    ref=f"{ITEM}/1",
    item=ITEM,
    place=1,
    verb=Verb.APPROVED,
    bodies=("QPA",),
    text="Approved version 2.0.",
    about="CPS",
    version="2.0",
)
WAITS = Condition(
    ref=f"{ITEM}/1/c1",
    label=Label.RED,
    resolution=TAKEN.ref,
    kind=ConditionKind.PRECEDENT,
    text="The marmalade audit is passed",
    judge="QPA",
)


@pytest.fixture(scope="module")
def written(pages: PagesHouse) -> PagesHouse:
    """The authority's document: one version in force, the next waits for a condition that is Red."""
    body = pages.register.get(Key(Kind.BODY, "QPA"))
    assert isinstance(body, Committee)
    pages.put(replace(body, signs_as="smki-pma", quorum=1), DOCUMENT, OLD, NEW, TAKEN, WAITS)
    return pages


@pytest.mark.clause("sec:L9")
def test_a_version_says_whether_it_is_in_force(written: PagesHouse) -> None:
    """Why or why not, by which resolution its route was taken, and what the document has."""
    shown = written.get("secretary", "/version/CPS/2.0").text
    assert "Not yet in force." in shown
    assert "waits for condition precedent" in shown
    assert "marmalade" in shown
    assert f'href="/portal/register/resolution/{TAKEN.ref}"' in shown
    old = written.get("secretary", "/version/CPS/1.0").text
    assert "In force." in old
    assert "was approved by QPA on 2024-05-01" in old
    document = written.get("secretary", "/document/CPS").text
    assert document.index("CPS/2.0") < document.index("CPS/1.0")
    assert "not yet in force" in document
    assert "Not yet in force." in written.get("secretary", f"/resolution/{TAKEN.ref}").text


@pytest.mark.clause("sec:M4.13")
def test_a_condition_that_is_withheld_is_not_told(written: PagesHouse) -> None:
    """Who was not there for the item knows that there is a condition, as the state says, and no more."""
    shown = written.get("networks", "/version/CPS/2.0").text
    assert "Not shown." in shown
    assert "approved with a condition that is not shown" in shown
    for path in ("/version/CPS/2.0", "/document/CPS", f"/resolution/{TAKEN.ref}"):
        told = written.get("networks", path)
        assert (told.status, "marmalade" in told.text) == (200, False)
    assert "in force" not in written.get("networks", f"/resolution/{TAKEN.ref}").text.lower()


def test_a_resolution_that_rests_on_a_version_shows_it(written: PagesHouse) -> None:
    """What it rests on is not cut from it, whether that is a resolution or a version."""
    resting = replace(TAKEN, ref=f"{ITEM}/2", place=2, verb=Verb.NOTED, rests_on=("CPS/2.0",))
    written.put(resting)
    assert "CPS/2.0" in written.get("supplier", f"/resolution/{resting.ref}").text
    assert f'href="/portal/register/agenda-item/{ITEM}"' in (
        written.get("supplier", "/version/CPS/2.0").text
    )


@pytest.mark.clause("sec:L1")
def test_a_clause_is_shown_with_its_interpretations(written: PagesHouse) -> None:
    """Those that are published and that the reader may read; all clauses, and what is no clause."""
    agreed = replace(TAKEN, ref=f"{ITEM}/3", place=3, verb=Verb.AGREED, text="Agreed.", version="")
    reading = Interpretation(
        ref="INT-1/1.0",
        label=Label.AMBER,
        body="QPA",
        heading="What promptly means",
        number="1.0",
        clauses=("sec:L5",),
        text="Within two working days of the marzipan.",
        agreed_by=agreed.ref,
        published=date(2026, 3, 1),
    )
    noted = replace(TAKEN, ref=f"{ITEM}/2", place=2, verb=Verb.NOTED)
    written.put(noted, agreed, reading)
    assert "marzipan" in written.get("networks", "/clauses?id=sec:L5").text
    assert "None is published" in written.get("networks", "/clauses?id=sec:L6").text
    outside = written.get(OUTSIDER, "/clauses?id=sec:L5")
    assert (outside.status, "marzipan" in outside.text) == (200, False)
    assert 'href="/portal/register/clauses?id=sec%3AL9.8"' in written.get(OUTSIDER, "/clauses").text
    assert written.get("networks", "/clauses?id=sec:X99").status == 404


def test_a_trigger_that_nobody_watches_is_seen_on_the_documents_page(written: PagesHouse) -> None:
    """Until somebody is named who watches it."""
    trigger = Trigger(
        ref="CPS/t1",
        document="CPS",
        kind=TriggerKind.STANDARD,
        text="A new edition of the standard",
    )
    written.put(trigger)
    assert "Nobody watches" in written.get("secretary", "/document/CPS").text
    written.put(replace(trigger, watcher="secretary"))
    assert "Nobody watches" not in written.get("secretary", "/document/CPS").text
