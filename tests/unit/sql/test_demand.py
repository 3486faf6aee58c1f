"""Answers, counts and forecasts on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from smki.adapters.sql import Database
from smki.policy.demand import is_over
from smki.ports import ApiKey, DayUse, Forecast, Party, Use
from smki.terms import EUI64, Refused, RequestType

DAY = date(2026, 11, 21)
AT = int(datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp() * 1000)
SEARCH = RequestType.SEARCH
FORECAST = Forecast(
    party="acme", request_type=SEARCH, start=DAY, requests=10, made_at=5, made_by="ann"
)


def over(requests: int, forecast: int) -> bool:
    """As it is configured."""
    return is_over(requests, forecast, 120)


def use(number: int, **changes: object) -> Use:
    """A search with the key of acme."""
    fields: dict[str, object] = {
        "at": AT + number,
        "request_type": SEARCH,
        "key": b"k" * 32,
        "reference": f"{AT + number:013}-{number:010x}",
        "asked": "device",
        "code": 200,
        "results": number,
    }
    return Use(**(fields | changes))  # type: ignore[arg-type]  # fields by name


@pytest.fixture
def registered(database: Database) -> Database:
    """A party with a key."""
    identity = (EUI64(bytes(7) + b"\x01"), None)
    database.registry.register(Party(party="acme", name="Acme", identities=(identity,)))
    database.apikeys.change("acme", lambda _: (ApiKey(digest=b"k" * 32, party="acme"),))
    return database


@pytest.mark.clause("sec-app-p:4", "sec-app-o:web-service")
def test_answers_are_found_with_their_party(registered: Database) -> None:
    """By reference, and the newest of a party; one with nobody's key is nobody's."""
    demand = registered.demand
    assert (demand.taken(), demand.answer(use(1).reference)) == (0, None)
    stranger = use(3, key=b"x" * 32, code=401, results=0)
    assert demand.take(1, (use(1), use(2), stranger), over) == ()
    assert demand.answer(use(2).reference) == replace(use(2), party="acme")
    assert demand.answer(stranger.reference) == stranger
    assert [one.results for one in demand.answers("acme", 5)] == [2, 1]
    assert [one.results for one in demand.answers("acme", 1)] == [2]
    assert demand.taken() == 1


@pytest.mark.clause("sec-app-p:4")
def test_a_portion_counts_once(registered: Database) -> None:
    """Given again, by a process that was killed before it knew, it changes nothing."""
    demand = registered.demand
    demand.take(4, (use(1), use(2)), over)
    assert demand.take(4, (use(1), use(2)), over) == ()
    assert demand.take(3, (use(7),), over) == ()
    assert demand.use("acme", DAY) == (
        DayUse(party="acme", day=DAY, request_type=SEARCH, requests=2),
    )


@pytest.mark.clause("sec-app-p:4")
def test_counted_by_day_and_kind(registered: Database) -> None:
    """Refused ones do not count, nor those of nobody; without a reference nothing is looked up."""
    demand = registered.demand
    page = use(3, request_type=RequestType.PORTAL, party="acme", key=b"", reference="", code=0)
    yesterday = use(4, at=AT - 86_400_000, reference="")
    uses = (use(1), use(2, code=402), use(5, code=401), use(6, key=b"x" * 32), page, page)
    demand.take(1, (*uses, yesterday), over)
    found = [(one.day, one.request_type, one.requests) for one in demand.use("acme", date.min)]
    assert found == [
        (date(2026, 11, 20), SEARCH, 1),
        (DAY, RequestType.PORTAL, 2),
        (DAY, SEARCH, 2),
    ]
    assert [one.day for one in demand.use("acme", DAY)] == [DAY, DAY]
    assert len(demand.answers("acme", 9)) == 3


@pytest.mark.clause("sec-app-p:4")
def test_noticed_once_above_120_per_cent(registered: Database) -> None:
    """Twelve of ten are not; the thirteenth is told, once, with the forecast it was above."""
    demand = registered.demand
    demand.put_forecast(FORECAST)
    assert demand.take(1, tuple(map(use, range(12))), over) == ()
    (noticed,) = demand.take(2, (use(12),), over)
    expected = DayUse(
        party="acme", day=DAY, request_type=SEARCH, requests=13, forecast=10, noticed_at=AT + 12
    )
    assert noticed == expected
    assert demand.take(3, (use(13),), over) == ()
    assert demand.notices(DAY) == (replace(expected, requests=14),)
    assert demand.notices(date(2026, 11, 22)) == ()


@pytest.mark.clause("sec-app-p:4")
def test_forecasts(registered: Database) -> None:
    """The one in force counts; entered again for the same day it is replaced, others stay."""
    demand = registered.demand
    earlier = replace(FORECAST, start=date(2026, 1, 1), requests=1)
    later = replace(FORECAST, start=date(2026, 11, 22), requests=0)
    for one in (FORECAST, earlier, later, replace(FORECAST, requests=3, made_by="ben")):
        demand.put_forecast(one)
    assert demand.forecasts("acme") == (
        earlier,
        replace(FORECAST, requests=3, made_by="ben"),
        later,
    )
    assert demand.take(1, (use(1), use(2), use(3)), over) == ()
    assert demand.take(2, (use(4),), over)[0].forecast == 3
    with pytest.raises(Refused, match="nobody: not registered"):
        demand.put_forecast(replace(FORECAST, party="nobody"))


@pytest.mark.clause("sec-app-p:4")
def test_what_is_too_old_or_too_much_goes(registered: Database) -> None:
    """Answers by age and by number, counts by age; each of them no more than it must."""
    demand = registered.demand
    demand.take(1, tuple(map(use, range(10))), over)
    demand.take(2, (use(10, at=AT - 86_400_000, reference=""),), over)
    demand.drop(before=0, most=10, day=date(2026, 11, 20))
    assert (len(demand.answers("acme", 99)), len(demand.use("acme", date.min))) == (10, 2)
    demand.drop(before=AT + 3, most=10, day=DAY)
    assert [one.results for one in demand.answers("acme", 99)] == [9, 8, 7, 6, 5, 4, 3]
    assert [one.day for one in demand.use("acme", date.min)] == [DAY]
    demand.drop(before=0, most=2, day=DAY)
    assert [one.results for one in demand.answers("acme", 99)] == [9, 8]
    demand.take(3, (use(11), use(12)), over)
    demand.drop(before=0, most=3, day=DAY)
    assert [one.results for one in demand.answers("acme", 99)] == [12, 11, 9]


def test_that_there_is_more_to_drop_is_said(
    registered: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what comes in quickly goes as quickly, and nobody makes the table grow for ever."""
    monkeypatch.setattr("smki.adapters.sql.demand.DROPPED_MOST", 4)
    demand = registered.demand
    demand.take(1, tuple(map(use, range(10))), over)
    said = [demand.drop(before=0, most=3, day=DAY) for _ in range(3)]
    assert said == [True, False, False]
    assert len(demand.answers("acme", 99)) == 3


@pytest.mark.clause("sec-app-o:web-service")
def test_wrong_keys_drive_out_no_answer_to_a_party(registered: Database) -> None:
    """Of too many, those with nobody's key go first, however new they are."""
    demand = registered.demand
    wrong = tuple(use(number, key=b"x" * 32, code=401) for number in range(5, 10))
    demand.take(1, (use(1), use(2), *wrong), over)
    demand.drop(before=0, most=3, day=DAY)
    assert [one.results for one in demand.answers("", 9)] == [9]
    demand.drop(before=0, most=1, day=DAY)
    assert (demand.answers("", 9), len(demand.answers("acme", 9))) == ((), 1)
