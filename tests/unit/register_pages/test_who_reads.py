"""Pages of the register: who reads what, and that what is withheld is as what is not there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.support.register_pages import CREDENTIALS, OUTSIDER, STARTS

from smki.flows.displaying import ShownDecision
from smki.governance.entities import Key, Kind
from smki.governance.entities.bodies import Person
from smki.governance.entities.meetings import AgendaItem, Ask, Meeting, Paper, Section
from smki.governance.entities.minutes import Action, Due, DueKind, Resolution, Verb
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.labels import Label
from smki.ports.register import Wanted
from smki.terms import Malformed

if TYPE_CHECKING:
    from tests.support.register_pages import PagesHouse

pytestmark = pytest.mark.clause("sec:M4.13")
MEETING = "QPA_01_0203"
WITHHELD = (
    f"/minutes/{MEETING}/confidential",
    f"/paragraph/{MEETING}/confidential/001",
    f"/history/paragraph/{MEETING}/confidential/001",
    f"/seen/minutes/{MEETING}/confidential",
    f"/edit/paragraph/{MEETING}/confidential/001",
    f"/comment-on/minutes/{MEETING}/confidential",
    f"/entitle/minutes/{MEETING}/confidential",
    f"/advance/minutes/{MEETING}/confidential",
    f"/take-minutes/agenda-item/{MEETING}/3",
)


@pytest.mark.parametrize("path", WITHHELD)
@pytest.mark.parametrize("person", ["networks", OUTSIDER])
def test_withheld_is_as_not_there(pages: PagesHouse, path: str, person: str) -> None:
    """Status, headers and octets are those of a name that was never given."""
    ref = path.rpartition(MEETING)
    nowhere = f"{ref[0]}QPA_99_0101{ref[2]}"
    assert pages.get(person, path) == pages.get(person, nowhere)
    assert pages.get(person, path).status == 404


@pytest.mark.parametrize("path", ["/edit", "/history", "/seen", "/distribute", "/add"])
def test_a_member_keeps_nothing(pages: PagesHouse, path: str) -> None:
    """What the secretariat does with the open minutes is not there for a member who reads them."""
    assert pages.get("supplier", f"/minutes/{MEETING}/open").status == 200
    assert pages.get("supplier", f"{path}/minutes/{MEETING}/open").status == 404


def test_who_was_there_reads_what_is_red(pages: PagesHouse) -> None:
    """The supplier was there, the networks were not: to them the item has its stub's name."""
    assert "quenelle" in pages.get("supplier", f"/minutes/{MEETING}/confidential").text
    there = pages.get("networks", f"/meeting/{MEETING}").text
    assert "An assessment was considered" in there
    assert "Zephyr" not in there
    assert "Zephyr" in pages.get("supplier", f"/meeting/{MEETING}").text


@pytest.mark.clause("sec:C6")
def test_who_keeps_a_meeting_sees_its_quorum(pages: PagesHouse) -> None:
    """The secretary is told how many voting seats were there and how many must be; a member is not."""
    shown = pages.get("secretary", f"/meeting/{MEETING}").text
    assert "Quorum: 1 voting seats present, 2 needed: not quorate." in shown
    assert "Quorum:" not in pages.get("supplier", f"/meeting/{MEETING}").text


def test_a_search_passes_over_what_is_withheld(pages: PagesHouse) -> None:
    """A withheld word finds nothing, in the octets of a word that is nowhere."""
    found = pages.get("networks", "/search?words=quenelle")
    nowhere = pages.get("networks", "/search?words=quibbles")
    assert found.text.replace("quenelle", "quibbles") == nowhere.text
    assert "confidential/001" in pages.get("supplier", "/search?words=quenelle").text


def test_what_is_red_is_noted_as_seen(pages: PagesHouse) -> None:
    """The supplier's page is on record; the secretary is shown that, the supplier is not."""
    pages.get("supplier", f"/minutes/{MEETING}/confidential")
    key = Key(Kind.PARAGRAPH, f"{MEETING}/confidential/001")
    assert {(one.reader, one.by) for one in pages.register.seen(key)} >= {("supplier", "page")}
    assert "The supplier" in pages.get("secretary", f"/seen/{key.kind.value}/{key.ref}").text
    open_minutes = Key(Kind.PARAGRAPH, f"{MEETING}/open/001")
    pages.get("supplier", f"/minutes/{MEETING}/open")
    assert not pages.register.seen(open_minutes)


def test_the_public_reads_what_is_published_alone(pages: PagesHouse) -> None:
    """A White paper is nowhere before it is published; then it is on the public pages, too."""
    item = f"{MEETING}/1"
    paper = Paper(
        ref=f"{MEETING}_01",
        label=Label.WHITE,
        item=item,
        heading="Summary of proposals",
        ask=Ask.INFORMATION,
        copyright="Copyright Quill",
    )
    pages.put(paper)
    path = f"/paper/{paper.ref}"
    assert pages.public(path) == pages.public("/paper/QPA_99_0101_01")
    assert "Summary of proposals" not in pages.public("").text + pages.get(OUTSIDER, "").text
    given = Output(
        ref="o", act=OutputAct.PUBLISH, of_kind=Kind.PAPER, of=paper.ref, on=date(2026, 3, 2)
    )
    pages.put(given)
    assert "Summary of proposals" in pages.public(path).text
    assert "Summary of proposals" in pages.public("").text
    assert pages.public(f"/edit{path}").status == pages.public(f"/history{path}").status == 404
    assert pages.public(f"/meeting/{MEETING}").status == 404


def test_a_credential_of_two_people_is_nobodys(pages: PagesHouse) -> None:
    """Whoever comes with it reads as an officer who is no person of the register."""
    serial = f"{CREDENTIALS['networks']:032X}"
    assert pages.get("networks", "/body/QPA").status == 200
    other = Person(ref="other", name="Somebody else", credentials=(f"{0:08}{serial}",))
    pages.put(other)
    assert pages.get("networks", "/body/QPA").status == 404
    pages.put(replace(other, credentials=()))
    assert pages.get("networks", "/body/QPA").status == 200


def test_history_says_who_changed_what(pages: PagesHouse) -> None:
    """Each state with its entry, its maker and its difference, for the secretariat."""
    shown = pages.get("secretary", "/edit/person/chair").text
    since = shown.partition('name="since" value="')[2].partition('"')[0]
    fields = {"name": "The chair", "organisation": "Quill Council", "since": since}
    fields["credentials"] = f"{CREDENTIALS['chair']:040X}"
    done = pages.send("secretary", "/edit/person/chair", {**fields, "said": "moved"})
    assert done.status == 303, done.text
    history = pages.get("secretary", "/history/person/chair").text
    assert "Quill Council" in history
    assert "The secretary</a>: moved" in history


def test_what_was_red_by_its_item_stays_so(pages: PagesHouse) -> None:
    """The chair was not there: words of when the item was Red are not in its history, now Green."""
    meeting = Meeting(
        ref="QPA_02_0203", label=Label.GREEN, body="QPA", number=2, held_on=date(2026, 3, 2)
    )
    item = AgendaItem(
        ref=f"{meeting.ref}/7",
        label=Label.RED,
        meeting=meeting.ref,
        number=7,
        heading="Assessment",
        stub="An assessment",
    )
    action = Action(
        ref="QPA 02/07",
        item=item.ref,
        text="Fine it a thousand quoits.",
        owner="chair",
        raised=date(2026, 3, 2),
        due=Due(kind=DueKind.NEXT_MEETING),
    )
    pages.put(meeting, item, action)
    pages.put(replace(item, label=Label.GREEN), replace(action, text="Write to it."))
    history = pages.get("chair", "/history/action/QPA 02/07")
    assert history.status == 200
    assert "Write to it." in pages.get("chair", "/action/QPA 02/07").text
    assert "quoits" not in history.text
    made_from = pages.register.history(action.key)[-1].entry
    typed = {"since": str(made_from), "text": "x", "owner": "chair", "item": item.ref}
    again = pages.send("chair", "/edit/action/QPA 02/07", typed)
    assert "quoits" not in again.text


@pytest.mark.parametrize("name", ["md", "html", "ics", "csv-actions", "csv-attendance"])
def test_a_file_has_what_its_reader_may_read(pages: PagesHouse, name: str) -> None:
    """The meeting as a file: with the withheld body for who was there, without a trace for others."""
    path = f"/export/meeting/{MEETING}?format={name}"
    supplier, networks = pages.get("supplier", path), pages.get("networks", path)
    assert (supplier.status, networks.status) == (200, 200)
    assert "attachment" in supplier.headers["content-disposition"]
    assert "quenelle" not in networks.text + networks.headers["content-disposition"]
    assert "Zephyr" not in networks.text
    assert ("quenelle" in supplier.text) is (name in ("md", "html"))
    nowhere = pages.get(OUTSIDER, f"/export/meeting/QPA_99_0101?format={name}")
    assert pages.get(OUTSIDER, path) == nowhere
    assert pages.get("supplier", f"/export/body/QPA?format={name}").status == 404


NASTY = "<script>alert('x')</script>\"&{{ 7 * 7 }}"


def test_nothing_that_was_typed_is_believed(pages: PagesHouse) -> None:
    """Whatever stands in the register or in an address is text on every page, and no markup."""
    item = AgendaItem(
        ref=f"{MEETING}/4", meeting=MEETING, number=4, heading=NASTY, stub=NASTY, presenter=NASTY
    )
    paper = Paper(
        ref=f"{MEETING}_04",
        item=item.ref,
        heading=NASTY,
        ask=Ask.VIEWS,
        purpose=NASTY,
        sections=(Section(heading=NASTY, text=NASTY),),
        author=NASTY,
        copyright=NASTY,
    )
    person = Person(ref="nasty", name=NASTY, organisation=NASTY, channel=NASTY)
    pages.put(item, paper, person)
    escaped = quote(NASTY)
    for path in (
        "",
        f"/meeting/{MEETING}",
        f"/agenda-item/{item.ref}",
        f"/paper/{paper.ref}",
        "/person/nasty",
        "/kinds/person",
        "/history/person/nasty",
        "/edit/person/nasty",
        f"/edit/paper/{paper.ref}",
        f"/take-minutes/agenda-item/{item.ref}",
        f"/circulate/agenda-item/{item.ref}",
        f"/entitle/minutes/{MEETING}/confidential",
        f"/attendance/meeting/{MEETING}",
        f"/search?words={escaped}&kind={escaped}&since=&until=",
        f"/actions?owner={escaped}&body={escaped}&state={escaped}",
        f"/new/person?ref={escaped}&name={escaped}",
        f"/draft-agenda/body/QPA?held_on=2026-05-05&place={escaped}&paper.0.heading={escaped}",
        f"/person/{NASTY}",
        f"/kinds/{NASTY}",
    ):
        answer = pages.get("secretary", path)
        assert answer.status in (200, 403, 404), (path, answer.text)
        assert "<script" not in answer.text, path
        assert "49" not in answer.text.replace(MEETING, ""), path


def test_actions_are_found_by_state_body_and_owner(pages: PagesHouse) -> None:
    """An action that is overdue says so; of another body or owner it is not shown."""
    action = Action(
        ref="QPA 01/01",
        text="Send the approach out again.",
        item=f"{MEETING}/2",
        raised=date(2026, 3, 2),
        owner="supplier",
        due=Due(kind=DueKind.DATE, on=date(2026, 2, 27)),
        due_on=date(2026, 2, 27),
    )
    pages.put(action)
    for query, there in (
        ("", True),
        ("?state=overdue", True),
        ("?state=all&owner=supplier", True),
        ("?owner=chair", False),
        ("?body=QPA", True),
        ("?body=QTG", False),
    ):
        shown = pages.get("networks", f"/actions{query}").text
        assert (action.text in shown) is there, query
    assert "overdue</strong>" in pages.get("networks", "/actions").text
    assert "March 2026" in pages.get("networks", "/actions?state=all").text
    assert action.text not in pages.get(OUTSIDER, "/actions").text
    with pytest.raises(Malformed):
        pages.register.find(Wanted(tokens=None), after="elsewhere")
    assert pages.get("networks", "/actions?after=elsewhere").status == 400


def test_a_decision_shows_what_systems_did_under_it(pages: PagesHouse) -> None:
    """The decision file of that id is linked with what was lodged under it, or is said not to be there."""
    file = ShownDecision(entry=7, recorded=None, reason="", permits=(), uses=(9,), standing="used")
    tied = replace(pages.services, tied=lambda one: file if one == "QPA-1" else None)
    asked = replace(pages, services=tied)
    made = [
        Resolution(
            ref=f"{MEETING}/2/{place}",
            item=f"{MEETING}/2",
            place=place,
            verb=Verb.NOTED,
            bodies=("QPA",),
            text="The use of the key was noted.",
            decision=f"QPA-{place}",
        )
        for place in (1, 2)
    ]
    pages.put(*made)
    shown = asked.get("networks", f"/resolution/{made[0].ref}").text
    assert 'href="/portal/decisions/7"' in shown
    assert 'href="/portal/entries/9"' in shown
    missing = asked.get("networks", f"/resolution/{made[1].ref}").text
    assert "nothing of that name is in the record" in missing


def test_a_calendar_of_the_last_day_there_is(pages: PagesHouse) -> None:
    """A meeting put on 31 December 9999 by mistake spoils no calendar: nothing could end after it."""
    late = Meeting(
        ref="QPA_98_3112",
        label=Label.GREEN,
        body="QPA",
        number=98,
        held_on=date.max,
        starts=STARTS,
    )
    pages.put(late)
    answer = pages.get("secretary", f"/export/meeting/{late.ref}?format=ics")
    assert (answer.status, "DTSTART;VALUE=DATE:99991231" in answer.text) == (200, True)


def test_nobody_was_there_until_somebody_says_so(pages: PagesHouse) -> None:
    """Presence opens what is Red: of each member the form says that they were not there."""
    coming = Meeting(ref="QPA_09_0904", body="QPA", number=9, held_on=date(2026, 4, 9))
    pages.put(coming)
    page = pages.get("secretary", f"/attendance/meeting/{coming.ref}").text
    assert set(re.findall(r'<option value="([a-z]+)" selected>', page)) == {"absent"}
