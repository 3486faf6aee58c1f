"""Forms of the register: what is refused comes back with its reason, and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.support.register_pages import OUTSIDER

from smki.governance.entities import Key, Kind
from smki.governance.entities.meetings import Ask, Paper
from smki.governance.entities.minutes import Minutes, MinutesState, Paragraph, Resolution, Verb
from smki.governance.entities.outputs import Output
from smki.governance.labels import Label

if TYPE_CHECKING:
    from tests.support.asking import Answer
    from tests.support.register_pages import PagesHouse

    from smki.governance.entities import Entity

pytestmark = pytest.mark.clause("sec:C6")
MEETING = "QPA_01_0203"
TAKE = f"/take-minutes/agenda-item/{MEETING}/3"


def alert(answer: Answer) -> str:
    """What the page says is wrong, in words."""
    assert 'role="alert"' in answer.text, answer.text
    part = answer.text.split('role="alert"')[1].split("</div>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def since(pages: PagesHouse, person: str, path: str) -> str:
    """The entry that a form was made from."""
    return pages.get(person, path).text.partition('name="since" value="')[2].partition('"')[0]


def stands(pages: PagesHouse, kind: Kind, ref: str) -> Entity:
    """The entity as it stands."""
    found = pages.register.get(Key(kind, ref))
    assert found is not None
    return found


def test_a_refusal_says_why_and_loses_nothing(pages: PagesHouse) -> None:
    """A seat beside one that its holder has is refused with its clause; the form has all of it."""
    typed = {
        "ref": "QPA/second",
        "body": "QPA",
        "category": "other-user",
        "votes": "on",
        "holder": "supplier",
        "said": "a second vote",
    }
    answer = pages.send("secretary", "/new/seat", typed)
    assert answer.status == 403
    assert "Clause sec:C6" in alert(answer)
    for text in ("QPA/second", "a second vote"):
        assert f'value="{text}"' in answer.text
    assert '<option value="other-user" selected>' in answer.text
    assert pages.register.get(Key(Kind.SEAT, "QPA/second")) is None


@pytest.mark.parametrize(
    ("fields", "said", "field"),
    [
        ({"number": "many"}, "Number: 'many', must be a whole number", "number"),
        ({"held_on": "soon"}, "'soon', must be as 2026-11-21", "held_on"),
        ({"attendance.1.person": "x", "attendance.1.part.items": "1, b"}, "'b'", None),
        ({"kind": "party"}, "'party', must be one of", "kind"),
        ({"ref": " "}, "Reference: must be filled in", "ref"),
    ],
)
def test_a_wrong_field_is_named(
    pages: PagesHouse, fields: dict[str, str], said: str, field: str | None
) -> None:
    """The reason leads to the field, and stands beside it."""
    typed = {"ref": "QPA_02_0903", "body": "QPA", "number": "2", "held_on": "2026-03-09"}
    answer = pages.send("secretary", "/new/meeting", {**typed, **fields})
    assert answer.status == 403
    assert said in alert(answer).replace("&#39;", "'")
    if field:
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}-error"' in answer.text


def test_nobody_undoes_what_somebody_else_did(pages: PagesHouse) -> None:
    """A form made before another's change is not kept; both are shown, and a second try is."""
    path = f"/edit/paper/{MEETING}_02"
    seen = since(pages, "chair", path)
    paper = {"item": f"{MEETING}/2", "ask": "approval", "version": "1.0"}
    first = {**paper, "heading": "Approach, version 3.6", "since": seen}
    assert pages.send("secretary", path, first).status == 303
    mine = {**paper, "heading": "Approach, corrected", "since": seen}
    answer = pages.send("chair", path, mine)
    assert answer.status == 403
    assert "somebody changed it meanwhile" in alert(answer)
    row = answer.text.partition('<th scope="row">Heading</th>')[2].partition("</tr>")[0]
    assert re.findall("<td>(.*?)</td>", row) == [
        "Approach, version 3.5",
        "Approach, version 3.6",
        "Approach, corrected",
    ]
    again = answer.text.partition('name="since" value="')[2].partition('"')[0]
    assert pages.send("chair", path, {**mine, "since": again}).status == 303
    kept = stands(pages, Kind.PAPER, f"{MEETING}_02")
    assert isinstance(kept, Paper)
    assert kept.heading == "Approach, corrected"


def test_minutes_go_into_their_own_sets(pages: PagesHouse) -> None:
    """Both columns are kept at once; what is there keeps its name, new ones are placed after it."""
    form = pages.get("secretary", TAKE).text
    typed = dict(re.findall(r'name="((?:open|confidential)\.0\.\w+)" value="([^"]*)"', form))
    typed |= {
        "open.0.role": "open-stub",
        "open.0.text": "The authority considered an assessment.",
        "open.1.role": "text",
        "open.1.text": "It will come back to it.",
        "confidential.0.role": "withheld-body",
        "confidential.0.label": "red",
        "confidential.0.text": "Two weaknesses were found at quenelle, and mended.",
        "item.label": "red",
        "item.stub": "An assessment was considered",
    }
    done = pages.send("secretary", TAKE, {**typed, "since": since(pages, "secretary", TAKE)})
    assert done.status == 303, alert(done)
    new = stands(pages, Kind.PARAGRAPH, f"{MEETING}/open/002")
    changed = stands(pages, Kind.PARAGRAPH, f"{MEETING}/confidential/001")
    assert isinstance(new, Paragraph)
    assert isinstance(changed, Paragraph)
    assert (new.place, new.text) == (2, "It will come back to it.")
    assert changed.text.endswith("and mended.")
    assert len(pages.register.history(Key(Kind.PARAGRAPH, f"{MEETING}/open/001"))) == 1


@pytest.mark.clause("sec:M4.13")
def test_a_withheld_body_has_no_place_in_the_open_minutes(pages: PagesHouse) -> None:
    """A Red paragraph typed into the open column is refused, and still stands in it."""
    typed = {"open.0.role": "text", "open.0.label": "red", "open.0.text": "Zephyr was at fault."}
    answer = pages.send("secretary", f"/take-minutes/agenda-item/{MEETING}/2", typed)
    assert answer.status == 403
    assert "Clause sec:M4.13" in alert(answer)
    assert "Zephyr was at fault." in answer.text


def test_a_paragraph_is_not_emptied(pages: PagesHouse) -> None:
    """Nothing is deleted from minutes: the form says so."""
    typed = {"open.0.ref": f"{MEETING}/open/001", "open.0.role": "text", "open.0.text": " "}
    answer = pages.send("secretary", TAKE, typed)
    assert "what is minuted stays" in alert(answer)


def test_a_member_comments_once_the_round_is_open(pages: PagesHouse) -> None:
    """A nil return is a comment; an outsider has no such form, and no such minutes."""
    path = f"/advance/minutes/{MEETING}/open"
    typed = {"state": "in-comment", "comments_close": "2026-03-12"}
    opened = pages.send("secretary", path, {**typed, "since": since(pages, "secretary", path)})
    assert opened.status == 303, alert(opened)
    minutes = stands(pages, Kind.MINUTES, f"{MEETING}/open")
    assert isinstance(minutes, Minutes)
    assert minutes.state is MinutesState.IN_COMMENT
    comment = f"/comment-on/minutes/{MEETING}/open"
    assert pages.send("networks", comment, {"text": ""}).status == 303
    assert pages.send(OUTSIDER, comment, {"text": "?"}).status == 404
    shown = pages.get("secretary", f"/minutes/{MEETING}/open").text
    assert "nil return" in shown


@pytest.mark.clause("sec:M4.13")
def test_three_acts_are_three_forms(pages: PagesHouse) -> None:
    """Green is not published, and not distributed unseen; to Red somebody must be named."""
    green, red = f"minutes/{MEETING}/open", f"minutes/{MEETING}/confidential"
    assert "this is not the act for it" in pages.get("secretary", f"/publish/{green}").text
    refused = pages.send("secretary", f"/publish/{green}", {"checked": "on"})
    assert "Clause sec:M4.13" in alert(refused)
    unseen = pages.send("secretary", f"/distribute/{green}", {})
    assert "looked at what goes out" in alert(unseen)
    nobody = pages.send("secretary", f"/entitle/{red}", {})
    assert "nobody is named" in alert(nobody).lower()
    assert pages.send("secretary", f"/entitle/{red}", {"reader.networks": "on"}).status == 303
    given = stands(pages, Kind.OUTPUT, f"{red.replace('/', ' ', 1)}/entitle-1")
    assert isinstance(given, Output)
    assert given.readers == ("networks",)
    assert "quenelle" in pages.get("networks", f"/{red}").text


@pytest.mark.parametrize(
    ("file", "label", "said"),
    [
        (("paper.pdf", b"\x00\x01"), "green", "neither PDF nor text"),
        (("paper.txt", b"text"), "pink", "none of the four"),
    ],
)
def test_a_wrong_paper_is_refused(
    pages: PagesHouse, file: tuple[str, bytes], label: str, said: str
) -> None:
    """What is neither PDF nor text, or has no label, is not kept; the title still stands there."""
    path = f"/circulate/agenda-item/{MEETING}/1"
    answer = pages.upload("secretary", path, file, heading="A paper", ask="views", label=label)
    assert answer.status == 403
    assert said in alert(answer)
    assert 'value="A paper"' in answer.text


def test_a_papers_file_is_its_readers(pages: PagesHouse) -> None:
    """The file is kept as the paper's; whoever reads the paper gets it, nobody else."""
    path = f"/circulate/agenda-item/{MEETING}/3"
    file = ("C:\\papers\\report é.txt", b"Weak at quenelle.\n")
    done = pages.upload("secretary", path, file, heading="Report", ask="decision", label="red")
    assert done.status == 303, alert(done)
    paper = stands(pages, Kind.PAPER, f"{MEETING}_CONF03")
    assert isinstance(paper, Paper)
    assert paper.label is Label.RED
    assert paper.attachments[0].name == "report é.txt"
    at = f"/file/paper/{paper.ref}?sha256={paper.attachments[0].sha256}"
    assert pages.get("supplier", at).text == "Weak at quenelle.\n"
    assert 'filename="report--.txt"' in pages.get("supplier", at).headers["content-disposition"]
    assert pages.get("user", at).status == pages.public(at).status == 404
    other = at.replace(f"{MEETING}_CONF03", f"{MEETING}_02")
    assert pages.get("supplier", other).status == 404


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize("octets", [b"Of another committee's paper.\n", None])
def test_a_digest_alone_gives_no_file(pages: PagesHouse, octets: bytes | None) -> None:
    """Who knows the SHA-256 of another paper's file, or writes none, has no file by naming it."""
    digest = "zz" if octets is None else pages.services.keep_file("QTG_01_0203_CONF01", octets)
    ref = f"{MEETING}_02"
    typed = {
        "item": f"{MEETING}/2",
        "heading": "Approach, version 3.5",
        "ask": "approval",
        "attachments.0.name": "approach.pdf",
        "attachments.0.sha256": digest,
        "attachments.0.octets": "30",
    }
    done = pages.send("secretary", f"/edit/paper/{ref}", typed)
    assert done.status == 303, alert(done)
    assert pages.get("secretary", f"/file/paper/{ref}?sha256={digest}").status == 404


def test_forms_come_from_our_own_pages(pages: PagesHouse) -> None:
    """Without what only pages of the session know nothing is changed."""
    before = pages.register.head()
    answer = pages.send("secretary", "/new/person", {"form": "0" * 64, "ref": "x", "name": "X"})
    assert answer.status == 403
    assert pages.register.head() == before


def test_an_officer_who_is_nobody_changes_nothing(pages: PagesHouse) -> None:
    """There is no form for them, and one that they make up is answered as no page."""
    for path in ("/new/person", "/edit/body/QPA", "/draft-agenda/body/QPA"):
        assert pages.get(OUTSIDER, path).status == 404
    before = pages.register.head()
    typed = {"ref": "x", "name": "X"}
    assert pages.send(OUTSIDER, "/new/person", typed).status == 404
    assert pages.register.head() == before


def test_an_agenda_is_a_draft_until_it_is_kept(pages: PagesHouse) -> None:
    """Asking for the draft changes nothing; a standing item is left out with its reason."""
    before = pages.register.head()
    query = "held_on=2026-04-13&label=green&omitted.QPA/minutes=None+were+due"
    shown = pages.get("secretary", f"/draft-agenda/body/QPA?{query}").text
    assert "left out: None were due" in shown
    assert pages.register.head() == before
    wrong = pages.get("secretary", "/draft-agenda/body/QPA?held_on=soon")
    assert "must be as 2026-11-21" in alert(wrong)


def test_chair_and_secretary_stand_in_a_new_draft(pages: PagesHouse) -> None:
    """Who presides and who takes the minutes is as usual, until the secretary says otherwise."""
    first = pages.get("secretary", "/draft-agenda/body/QPA").text
    assert '<option value="chair" selected>' in first.partition('name="presider"')[2]
    assert '<option value="secretary" selected>' in first.partition('name="secretary"')[2]
    query = "held_on=2026-04-13&presider=&secretary=supplier"
    again = pages.get("secretary", f"/draft-agenda/body/QPA?{query}").text
    assert '<option value="chair" selected>' not in again
    assert '<option value="supplier" selected>' in again.partition('name="secretary"')[2]


def test_a_meeting_stands_on_its_day_once(pages: PagesHouse) -> None:
    """Where the body meets that day already, the page names that meeting, and drafts none."""
    twice = pages.get("secretary", "/draft-agenda/body/QPA?held_on=2026-03-02&place=Room+9")
    assert "QPA meets on 2026-03-02 already" in alert(twice)
    assert "Room 9" in twice.text
    assert "Keep this agenda" not in twice.text


def typed_in(answer: Answer) -> dict[str, str]:
    """What stands in a form for minutes."""
    hidden = re.findall(r'name="(\w+\.\d+\.\w+|since)" value="([^"]*)"', answer.text)
    texts = re.findall(
        r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n([^<]*)</textarea>', answer.text
    )
    chosen = re.findall(r'name="(\w+\.\d+\.\w+)">(.*?)</select>', answer.text, re.DOTALL)
    marks = {name: re.search(r'value="([^"]*)" selected', part) for name, part in chosen}
    return {
        **dict(hidden),
        **dict(texts),
        **{name: "" if found is None else found[1] for name, found in marks.items()},
    }


def test_minutes_that_two_take_are_shown_to_both(pages: PagesHouse) -> None:
    """Who comes second is shown what the first wrote, with their own words still in the form."""
    path = f"/take-minutes/agenda-item/{MEETING}/1"
    begun = {"open.0.role": "text", "open.0.text": "The minutes were read."}
    assert pages.send("secretary", path, begun).status == 303
    form = typed_in(pages.get("secretary", path))
    assert form["open.0.text"] == "The minutes were read."
    first = {**form, "open.0.text": "The minutes were read and corrected."}
    assert pages.send("chair", path, first).status == 303
    second = {**form, "open.0.text": "The minutes were read aloud."}
    answer = pages.send("secretary", path, second)
    assert answer.status == 403
    assert "somebody changed it meanwhile" in alert(answer)
    table = answer.text.partition('id="meanwhile-caption"')[2].partition("</table>")[0]
    assert "read and corrected" in table
    again = typed_in(answer)
    assert again["open.0.text"] == "The minutes were read aloud."
    assert pages.send("secretary", path, again).status == 303


def test_a_heading_stands_over_something(pages: PagesHouse) -> None:
    """Who can do nothing with a thing is shown no empty part for it; who keeps it is."""
    heading = "For the secretariat and members"
    path = f"/agenda-item/{MEETING}/2"
    assert heading in pages.get("secretary", path).text
    shown = pages.get("networks", path)
    assert shown.status == 200
    assert heading not in shown.text


@pytest.mark.clause("sec:M4.13")
def test_what_is_out_is_not_given_out_again(pages: PagesHouse) -> None:
    """Where an act opens nothing that is not open already, its page says so and has no form."""
    path = f"/distribute/agenda-item/{MEETING}/1"
    assert "I have looked at all that goes out" in pages.get("secretary", path).text
    assert pages.send("secretary", path, {"checked": "on"}).status == 303
    again = pages.get("secretary", path).text
    assert "Nothing goes out by it that is not out already" in again
    assert "I have looked at all that goes out" not in again


def test_the_newest_has_papers_too(pages: PagesHouse) -> None:
    """However many decisions there are, a paper that came in after them is the first on the overview."""
    item = f"{MEETING}/1"
    pages.put(
        *(
            Resolution(
                ref=f"{item}/{place}",
                item=item,
                place=place,
                verb=Verb.NOTED,
                bodies=("QPA",),
                text=f"Noted, {place}",
            )
            for place in range(1, 21)
        )
    )
    pages.put(
        Paper(
            ref=f"{MEETING}_01",
            item=item,
            version="1.0",
            heading="A late paper",
            dated=date(2026, 3, 1),
            ask=Ask.INFORMATION,
            circulated=date(2026, 3, 1),
        )
    )
    newest = pages.get("secretary", "").text.partition(">Newest<")[2]
    assert 0 < newest.find("A late paper") < newest.find("Noted, ")


def test_hints_are_in_words(pages: PagesHouse) -> None:
    """What may be left empty is called so in a form, not as a program has it."""
    form = pages.get("secretary", f"/edit/agenda-item/{MEETING}/2").text
    assert "None" not in pages.get("secretary", "/new/action").text
    assert "; empty while that is not known" in pages.get("secretary", "/new/action").text
    assert "None" not in form


def test_whose_times_are_shown_is_said(pages: PagesHouse) -> None:
    """Meetings begin as clocks in Great Britain show, as in the calendar; the rest of a page is in UTC."""
    shown = pages.get("secretary", f"/meeting/{MEETING}").text
    assert "Times are in UTC; a meeting's are those of Great Britain." in shown
