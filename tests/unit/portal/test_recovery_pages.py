"""The pages of recoveries: who sees them, what they say, and what people do by them."""

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from starlette.requests import Request
from tests.support.recovery_pages import AT, FORM, F, RecoveryHouse, begun, open_recovery_house

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.bootstrap.recoveries import open_kept, recovery_of
from smki.interfaces.cli import main
from smki.interfaces.web.portal.recovery import by_itself, counting
from smki.interfaces.web.portal.recovery.figures import view_of
from smki.interfaces.web.portal.recovery.words import rate
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import CampaignState
from smki.terms import SerialNumber, Unavailable

pytestmark = pytest.mark.clause("sec:L10")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> RecoveryHouse:
    """One that nobody changes."""
    return begun(tmp_path_factory.mktemp("house"))


def state_of(house: RecoveryHouse, name: str = "first") -> tuple[CampaignState, int]:
    """The campaign's state, and the wave that was looked at."""
    with open_kept(recovery_of(house.settings, name).house) as kept:
        found = kept.campaigns.campaign(name)
        assert found is not None
        return found.state, found.looked_at


def acts_of(house: RecoveryHouse) -> list[tuple[Act, str]]:
    """What was done, newest first, and by whom."""
    with open_kept(house.settings) as kept:
        return [(one.act, one.by) for one in kept.acts.acts("first")]


@pytest.mark.parametrize(
    "path", ["", "/first", "/first/residue", "/first/residue.csv", "/first/acts/pause"]
)
def test_they_are_not_there_for_other_parties(house: RecoveryHouse, path: str) -> None:
    """A supplier's officer finds no page, no link to one, and is told what any wrong address is."""
    answer = house.get(path, "supplier")
    assert answer.status == 404
    assert answer.text == house.get("/nothing/here", "supplier").text
    assert "/portal/recovery" not in answer.text
    assert house.get(path, "dcc").status == 200
    assert '<a href="/portal/recovery"' in house.get(path.removesuffix(".csv"), "dcc").text


def test_the_authority_looks_and_does_not_touch(house: RecoveryHouse) -> None:
    """The policy authority's officers see a campaign, and no way to change it; none is taken."""
    room = house.get("/first", "pma")
    assert room.status == 200
    assert "The canaries are to be looked at" in room.text
    assert "/acts/" not in room.text
    assert house.get("/first/acts/look", "pma").status == 404
    assert house.post("/first/acts/abort", "pma", wave="0").status == 404
    assert state_of(house) == (CampaignState.RUNNING, -1)


def test_the_list_shows_rehearsals_beside_the_house(own: RecoveryHouse) -> None:
    """Every campaign is in the list, and whose devices it is about is said.

    A rehearsal's clock may be ahead: its campaigns stand below the house's own, whenever begun.
    """
    own.rehearsal("drill")
    own.begin("drill", 20, at=AT + timedelta(days=9))
    own.begin("drill.second", 1_234)
    own.begin("drill.update-supplier", 7)
    text = own.get().text
    rows = re.findall(r'<a href="/portal/recovery/([a-z.-]+)">.*?</tr>', text, re.DOTALL)
    assert rows == ["first", "drill", "drill.second", "drill.update-supplier"]
    assert text.count("A rehearsal’s") == 3
    assert text.count("Nothing: one further update") == 1
    assert text.count("This SMKI’s own devices") == 1
    assert "1,234" in text
    assert "This SMKI’s own" not in own.get("/drill.second").text


def test_rehearsals_stand_as_they_were_made(own: RecoveryHouse) -> None:
    """By the clock of people, on the page and in the terminal: their networks' run ahead."""
    own.rehearsal("early")
    own.rehearsal("late")
    for name, made, ahead in (("early", 1, 9), ("late", 2, 3)):
        own.begin(name, 1, at=AT + timedelta(days=ahead))
        place = recovery_of(own.settings, name).arrangement
        place.parent.mkdir(parents=True)
        place.touch()
        at = (AT + timedelta(days=made)).timestamp()
        os.utime(place, (at, at))
    rows = re.findall(r'<a href="/portal/recovery/([a-z.-]+)">.*?</tr>', own.get().text, re.DOTALL)
    assert rows == ["first", "late", "early"]
    listed = CliRunner().invoke(
        main, ["recovery", "list", "--json"], env={"SMKI_STATE": str(own.settings.state)}
    )
    told = [(one["name"], one["made"][:10]) for one in json.loads(listed.stdout)["campaigns"]]
    assert told[1:] == [("late", "2026-11-23"), ("early", "2026-11-22")]


def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    """Where nothing was recovered, the page says so, and how to rehearse."""
    text = open_recovery_house(tmp_path).get().text
    assert "There is none yet" in text
    assert "smki recovery rehearse" in text


@pytest.mark.parametrize("name", ["second", "no%20name", "..", "first.second", "A", "x" * 80])
def test_there_is_no_other_campaign(house: RecoveryHouse, name: str) -> None:
    """Whatever else is asked for is not there."""
    assert house.get(f"/{name}").status == 404
    assert house.post(f"/{name}/acts/pause").status == 404


def test_the_room_says_how_it_stands(house: RecoveryHouse) -> None:
    """State, counts, rate, what failed and where are in words and tables, and nothing is markup."""
    text = house.get("/first").text
    assert "3 of 40 devices recovered, 1 failed, 0 under way." in text
    assert "cells not replaced: &lt;b&gt;" in text
    assert "Amber &amp; Sons" in text
    assert "Electricity meter (ESME)" in text
    assert "The contingency symmetric key" in text
    assert "decided" in text
    assert "PMA/21/4, until" in text
    assert "2026-11-21 10:10:00 UTC" in text
    assert "<dt>Processes that carry it</dt><dd>none</dd>" in text
    assert "above 30 % failed in a wave" in text


def test_when_devices_were_counted_is_said(
    own: RecoveryHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count that is some time old is shown with its instant; while there is none that is said."""
    monkeypatch.setattr(counting, "_KEPT_SECONDS", 60.0)
    assert "they were counted at" not in own.get("/first").text
    own.now[0] += timedelta(minutes=3)
    text = own.get("/first").text
    assert "they were counted at" in text
    assert "2026-11-21 10:10:00 UTC" in text
    monkeypatch.setattr(SqlCampaigns, "totals", _away)
    own.begin("fresh", 40)
    assert own.get("/fresh").text.count("That is being counted.") == 2


def _away(_: SqlCampaigns, name: str) -> NoReturn:
    raise Unavailable(f"{name}: away")


@pytest.mark.parametrize(
    ("per_second", "said"),
    [(2_345.67, "2,345.7 devices a second"), (0.5, "30.0 devices a minute"), (0, "0.0 devices an")],
)
def test_rates_are_figures_that_one_reads(per_second: float, said: str) -> None:
    """However slow, a rate is not rounded to nothing."""
    assert rate(per_second).startswith(said)


def test_the_picture_goes_from_the_beginning_to_now(house: RecoveryHouse) -> None:
    """What was commanded since the last point is drawn, and so is the time before the first."""
    found = house.watched("first")
    marks = view_of(found.progress).chart
    assert marks is not None
    assert [one.at for one in marks.rows] == [AT + timedelta(minutes=10), AT]


def test_the_picture_has_words_and_a_table(house: RecoveryHouse) -> None:
    """The picture is made here, has a text, and a table of the same figures behind it."""
    text = house.get("/first").text
    assert re.search(r'<path class="recovered" d="M0 240L1000 \d+', text)
    assert 'role="img" aria-labelledby="picture-title picture-desc"' in text
    assert '<title id="picture-title">Devices over time, 21 November 2026</title>' in text
    table = text[text.index('id="figures-table"') :]
    table = table[: table.index("</table>")]
    assert "2026-11-21 10:10:00 UTC" in table
    assert '<td class="number">3</td><td class="number">1</td>' in table
    assert "style=" not in text


def test_a_campaign_without_history_is_not_drawn(own: RecoveryHouse) -> None:
    """Before anything was carried there is no picture, and the page says why."""
    own.begin("fresh", 40)
    text = own.get("/fresh").text
    assert "nothing to draw yet" in text
    assert "Nothing has failed." in text
    assert "<code>smki recovery carry fresh</code> does" in text
    assert "Nobody has paused it" in text


def test_it_is_kept_up_until_somebody_stops_that(own: RecoveryHouse) -> None:
    """With and without script the page is kept up, and a link stops it; what is over stands still."""
    text = own.get("/first").text
    assert (
        '<noscript><meta http-equiv="refresh" content="20;url=/portal/recovery/first?refresh=itself">'
        in text
    )
    assert 'data-seconds="5"' in text
    assert "/portal/recovery/first?refresh=off" in text
    still = own.get("/first?refresh=off").text
    assert "http-equiv" not in still
    assert "recovery.js" not in still
    assert 'data-seconds="0"' in still
    own.post("/first/acts/abort", wave="0")
    assert 'data-seconds="0"' in own.get("/first").text


def test_only_the_control_room_asks_by_itself() -> None:
    """Whoever acts, or looks at something else, is somebody, whatever stands in the address."""

    def asks(method: str, path: str, query: bytes = b"refresh=itself") -> bool:
        address = {"path": path, "query_string": query, "headers": []}
        return by_itself(Request({"type": "http", "method": method, **address}))

    assert asks("GET", "/portal/recovery/first")
    assert not asks("GET", "/portal/recovery/first", b"")
    assert not asks("POST", "/portal/recovery/first/acts/abort")
    assert not asks("GET", "/portal/search")


def test_a_page_that_asks_by_itself_is_nobody(own: RecoveryHouse) -> None:
    """Being kept up is nobody's request, and does not keep a session: where that is over, so it ends."""
    assert own.get("/first").status == 200
    assert own.counted == ["dcc"]
    assert own.get("/first?refresh=itself").status == 200
    assert own.counted == ["dcc"]
    own.left = True
    assert own.get("/first?refresh=off").status == 200
    answer = own.get("/first?refresh=itself")
    assert (answer.status, answer.headers["location"]) == (303, "/portal/log-in")


def test_what_people_do_is_asked_again_and_kept(own: RecoveryHouse) -> None:
    """Each act has a page that says what it does; done, it is shown who did it."""
    asked = own.get("/first/acts/look").text
    assert "looked at what became of the canaries" in asked
    assert state_of(own) == (CampaignState.RUNNING, -1)
    answer = own.post("/first/acts/look", wave="0")
    assert (answer.status, answer.headers["location"]) == (303, "/portal/recovery/first?done=look")
    assert state_of(own) == (CampaignState.RUNNING, 0)
    for act, state in (
        ("pause", CampaignState.PAUSED),
        ("resume", CampaignState.RUNNING),
        ("abort", CampaignState.ABORTED),
    ):
        assert own.get(f"/first/acts/{act}").status == 200
        assert own.post(f"/first/acts/{act}", wave="1").status == 303
        assert state_of(own)[0] is state
    who = f"ann, The dcc, by certificate {SerialNumber(0xA1)}"
    assert acts_of(own) == [(act, who) for act in (Act.ABORT, Act.RESUME, Act.PAUSE, Act.LOOK)]
    text = own.get("/first?done=abort").text
    assert f"Done, and kept: {who} aborted it." in text
    assert f"{who} looked at the canaries and let it go on" in text
    assert "/acts/" not in text


def test_what_cannot_be_done_is_said(house: RecoveryHouse) -> None:
    """An act that makes no sense any more changes nothing, and the page says what is so."""
    refused = house.post("/first/acts/resume", wave="0")
    assert refused.status == 403
    assert "Nothing was done" in refused.text
    assert "must be look or pause or abort" in refused.text
    late = house.post("/first/acts/look", wave="3")
    assert late.status == 403
    assert "is at wave 0, the page that you saw said 3" in late.text
    assert house.post("/first/acts/look", wave="<b>").status == 403
    assert house.get("/first/acts/undo").status == 404
    assert acts_of(house) == []


def test_only_our_own_forms_do_anything(house: RecoveryHouse) -> None:
    """A form of another session is refused, and changes nothing."""
    assert house.post("/first/acts/abort", form=FORM[:-1] + "0", wave="0").status == 403
    assert state_of(house) == (CampaignState.RUNNING, -1)


def test_what_stopped_it_is_said(own: RecoveryHouse) -> None:
    """A wave in which too many failed is named with the clause, and can be let go on."""
    own.post("/first/acts/look", wave="0")
    text = own.get("/first").text
    assert "people must look" not in text
    own.now[0] += timedelta(minutes=1)
    own.begin("bad", 40)
    own.become("bad", 0, [F] * 4)
    text = own.get("/bad").text
    assert "It has stopped: people must look" in text
    assert "4 of 4 devices of wave 0 failed, must be at most 300 in a thousand." in text
    assert "sec:L10" in text
    assert "/bad/acts/look" in text
