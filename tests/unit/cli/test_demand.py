"""Forecasts, use and audit references as the operator sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.samples import API_KEY
from smki.flows.apikeys import digest_of
from smki.flows.demand import drop_old, note_use, settle_uses
from smki.ports import Use
from smki.terms import RequestType

NOW = int(datetime.now(UTC).timestamp() * 1000)
TODAY = datetime.now(UTC).date().isoformat()


def _search(number: int, key: str = API_KEY) -> Use:
    return Use(
        at=NOW,
        request_type=RequestType.SEARCH,
        key=digest_of(key),
        reference=f"{NOW}-{number:010x}",
        asked="device 90-B3-D5-1F-30-01-00-0A",
        code=200,
        results=2,
    )


@pytest.mark.clause("sec-app-p:4")
def test_use_above_the_forecast_is_told_to_everybody_concerned(house: Any) -> None:
    """The party's list and the status name it; the threshold is configuration."""
    code, entered = house.json(
        *("party", "forecast", "supplier", "--type", "search", "--requests", "10")
    )
    assert (code, entered["from"]) == (0, TODAY)
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        for number in range(13):
            front.uses.note(_search(number))
        note_use(front, "supplier", RequestType.PORTAL)
        (over,) = settle_uses(front)
        assert (over.requests, over.forecast) == (13, 10)
        assert settle_uses(front) == ()
        drop_old(front)
    days = house.json("party", "usage", "supplier")[1]["days"]
    assert [one for one in days if one["requests"]] == [
        {
            "day": TODAY,
            "type": "portal",
            "requests": 1,
            "forecast": None,
            "percent": None,
            "noticed": False,
        },
        {
            "day": TODAY,
            "type": "search",
            "requests": 13,
            "forecast": 10,
            "percent": 130,
            "noticed": True,
        },
    ]
    assert "13 of 10 forecast, 130 %  NOTICE" in house.run("party", "usage", "supplier")[1]
    (notice,) = house.json("status")[1]["notices"]
    assert (notice["party"], notice["type"], notice["requests"]) == ("supplier", "search", 13)
    assert "13 requests 'search'" in house.run("status")[1]


@pytest.mark.clause("sec-app-p:4")
def test_the_threshold_is_configuration(house: Any) -> None:
    """At 150 per cent fourteen of ten are nothing to tell."""
    assert (
        house.run("party", "forecast", "supplier", "--type", "search", "--requests", "10")[0] == 0
    )
    configured = {"SMKI_STATE": str(house.state), "SMKI_ACCESS__NOTICE_PERCENT": "150"}
    with open_front(load_settings(configured)) as front:
        for number in range(14):
            front.uses.note(_search(number))
        assert settle_uses(front) == ()


@pytest.mark.clause("sec-app-p:4", "sec-app-o:web-service")
def test_a_reference_is_looked_up_at_once_and_later(house: Any) -> None:
    """Noted or kept: who, when, what, and the answer; another party, and a wrong one, find none."""
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        front.uses.note(_search(1))
        front.uses.note(_search(2, key="nobody's"))
        before = house.json("party", "audit", _search(1).reference)
        settle_uses(front)
    code, found = house.json("party", "audit", _search(1).reference, "--party", "supplier")
    assert before == (code, found)
    assert {name: found[name] for name in ("party", "interface", "asked", "code", "results")} == {
        "party": "supplier",
        "interface": "web service, search",
        "asked": "device 90-B3-D5-1F-30-01-00-0A",
        "code": 200,
        "results": 2,
    }
    listed = house.json("party", "apikeys", "supplier")[1]["apikeys"]
    assert found["key"] == listed[0]["key"]
    assert found["at"].startswith(TODAY)
    assert house.json("party", "audit", _search(2).reference)[1]["party"] is None
    for words in (
        (_search(1).reference, "--party", "network"),
        (f"{NOW}-ffffffffff",),
        ("' OR 1=1",),
    ):
        code, shown = house.json("party", "audit", *words)
        assert (code, shown["error"]["clause"]) == (1, "sec-app-o:web-service")
        assert "no answer" in shown["error"]["message"]


@pytest.mark.clause("sec-app-p:4")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("forecast", "nobody", "--type", "search", "--requests", "1"), "not registered"),
        (("forecast", "supplier", "--type", "search", "--requests", "2000000000"), "must be 0 to"),
        (
            ("forecast", "supplier", "--type", "sftp", "--requests", "1", "--from", "2020-01-01"),
            "must be from today",
        ),
        (
            ("forecast", "supplier", "--type", "sftp", "--requests", "1", "--from", "soon"),
            "must be a date",
        ),
        (("usage", "nobody"), "must be registered"),
        (("apikeys", "nobody"), "must be registered"),
    ],
)
def test_refused(house: Any, words: tuple[str, ...], said: str) -> None:
    """Exit code 1, and why."""
    code, shown = house.json("party", *words)
    assert code == 1
    assert said in shown["error"]["message"]
