"""The page of what a campaign leaves: each device with its reason, some of them, a page at a time."""

import csv
import io
import re

import pytest
from tests.support.recovery_pages import F, R, RecoveryHouse, S, begun

pytestmark = pytest.mark.clause("sec:L10")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> RecoveryHouse:
    """All of a campaign has come to an end, and half of it badly."""
    house = begun(tmp_path_factory.mktemp("left"))
    house.begin("left", 300)
    house.become("left", 0, [R] * 4)
    house.post("/left/acts/look", wave="0")
    house.become("left", 1, [R] * 26)
    house.become("left", 2, [F, S] * 60 + [R] * 150)
    return house


def test_each_device_is_named_with_its_reason(left: RecoveryHouse) -> None:
    """The first page has a hundred, the next the rest; none twice."""
    first = left.get("/left/residue").text
    named = re.findall(r'class="code nowrap">([0-9A-F-]{23})<', first)
    assert len(named) == 100
    assert "120 of 300 devices" in first
    after = re.search(r"residue\?after=([0-9A-F-]{23})", first)
    assert after is not None
    rest = left.get(f"/left/residue?after={after[1]}").text
    others = re.findall(r'class="code nowrap">([0-9A-F-]{23})<', rest)
    assert len(set(named) | set(others)) == 120


def test_they_are_filtered(left: RecoveryHouse) -> None:
    """By what became of them, why, where and what they are; all that is chosen holds."""

    def found(query: str) -> list[dict[str, str]]:
        answer = left.get(f"/left/residue.csv?{query}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    everything = found("")
    assert len(everything) == 120
    assert {one["make"] for one in everything} == {"Amber & Sons", "'=Birch"}
    silent = found("fate=silent")
    assert {(one["fate"], one["why"]) for one in silent} == {("silent", "no answer")}
    assert len(silent) == 60
    some = found("reason=no+answer&region=north&kind=esme")
    assert 0 < len(some) < 60
    assert {(one["region"], one["kind"]) for one in some} == {("north", "esme")}
    assert found("fate=recovered") == found("region=nowhere") == []
    page = left.get("/left/residue?fate=silent&region=nowhere").text
    assert "None that was asked for." in page
    assert "/left/residue.csv?fate=silent&amp;region=nowhere" in page


def test_an_aborted_campaign_leaves_the_others_too(left: RecoveryHouse) -> None:
    """Before the end devices to come are no residue; of an aborted campaign they are."""
    assert "1 of 40 devices" in left.get("/first/residue").text
    left.post("/first/acts/abort", wave="0")
    assert "37 of 40 devices" in left.get("/first/residue").text


def test_a_wrong_place_is_refused(left: RecoveryHouse) -> None:
    """What is no device cannot be gone on from."""
    assert left.get("/left/residue?after=nothing").status == 400
