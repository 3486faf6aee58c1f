"""What was asked of the repository, over SQL: answers by reference, counts by day, forecasts.

An answer's reference begins with its instant, so the index that finds one grows at its end alone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update

from smki.adapters.sql import counters
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import ANSWER, APIKEY, COUNTER, FORECAST, PARTY, USE
from smki.ports import DayUse, Forecast, Over, Use
from smki.terms import Refused, RequestType

PORTIONS: Final = "use"
ANSWERS: Final = "answer"
"""Counters: the last portion that was taken in, and how many answers are kept."""
DROPPED_MOST: Final = 2_000  # rows in one go: some milliseconds, and more than come in a second
_EPOCH: Final = date(1970, 1, 1).toordinal()
_TYPES: Final = {one.value: one for one in RequestType}
_CLAUSE: Final = "sec-app-p:4"
_Key = tuple[str, int, str]


class SqlDemand:
    """`ports.Demand`. Safe for threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def taken(self) -> int:
        """The number of the last portion that was taken in."""
        return self._store.read(_taken)

    def take(self, number: int, uses: Sequence[Use], over: Over) -> tuple[DayUse, ...]:
        """The portion is kept and counted; gives what went over its forecast by it.

        Clause: sec-app-p:4
        """
        return self._store.write(lambda connection: self._take(connection, number, uses, over))

    def drop(self, *, before: int, most: int, day: date) -> bool:
        """What is too old is gone, as far as a moment allows; whether there may be more of it.

        Of too many, nobody's go first: whoever asks with wrong keys drives out no answer to a party.
        """
        old = select(ANSWER.c.reference).where(ANSWER.c.reference < f"{before:013}-")
        nobodys = select(ANSWER.c.reference).where(ANSWER.c.party == "")

        def work(connection: Connection) -> bool:
            connection.execute(delete(USE).where(USE.c.day < _number(day)))
            kept = counters.lock(connection, ANSWERS)
            gone = _drop(connection, old, DROPPED_MOST)
            for oldest in (nobodys, select(ANSWER.c.reference)):
                excess = min(kept - gone - most, DROPPED_MOST)
                if excess > 0:
                    gone += _drop(connection, oldest, excess)
            _set(connection, ANSWERS, kept - gone)
            return gone >= DROPPED_MOST

        return self._store.write(work)

    def answer(self, reference: str) -> Use | None:
        """The answer of that reference, with its party; None if it is not kept."""
        query = select(ANSWER).where(ANSWER.c.reference == reference)
        row = self._store.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _to_use(row)

    def answers(self, party: str, limit: int) -> tuple[Use, ...]:
        """The newest answers to that party, newest first."""
        query = (
            select(ANSWER)
            .where(ANSWER.c.party == party)
            .order_by(ANSWER.c.reference.desc())
            .limit(limit)
        )
        return self._all(query, _to_use)

    def use(self, party: str, since: date) -> tuple[DayUse, ...]:
        """The party's requests since that day, by day and kind."""
        query = (
            select(USE)
            .where(USE.c.party == party, USE.c.day >= _number(since))
            .order_by(USE.c.day, USE.c.type)
        )
        return self._all(query, _to_day)

    def notices(self, since: date) -> tuple[DayUse, ...]:
        """What went over its forecast since that day, of all parties, newest day first."""
        query = (
            select(USE)
            .where(USE.c.day >= _number(since), USE.c.noticed_at.is_not(None))
            .order_by(USE.c.day.desc(), USE.c.party, USE.c.type)
        )
        return self._all(query, _to_day)

    def put_forecast(self, forecast: Forecast) -> None:
        """The forecast is the party's, in the place of one for the same kind and first day.

        Raises:
            Refused: no such party.

        Clause: sec-app-p:4
        """
        values = {
            "requests": forecast.requests,
            "made_at": forecast.made_at,
            "made_by": forecast.made_by,
        }
        statement = (
            self._store.insert(FORECAST)
            .values(
                party=forecast.party,
                type=forecast.request_type.value,
                start=_number(forecast.start),
                **values,
            )
            .on_conflict_do_update(index_elements=list(FORECAST.primary_key), set_=values)
        )

        def work(connection: Connection) -> None:
            party = select(PARTY.c.party).where(PARTY.c.party == forecast.party)
            if connection.scalar(party) is None:
                raise Refused(
                    f"party {forecast.party}: not registered, must be",
                    where="party",
                    clause=_CLAUSE,
                    rule="party.unknown",
                )
            connection.execute(statement)

        self._store.write(work)

    def forecasts(self, party: str) -> tuple[Forecast, ...]:
        """All forecasts of the party, by kind and first day."""
        query = (
            select(FORECAST)
            .where(FORECAST.c.party == party)
            .order_by(FORECAST.c.type, FORECAST.c.start)
        )
        return self._all(query, _to_forecast)

    def _all(self, query: Any, read: Callable[[Row[*tuple[Any, ...]]], Any]) -> tuple[Any, ...]:
        return tuple(map(read, self._store.read(lambda one: one.execute(query).all())))

    def _take(
        self, connection: Connection, number: int, uses: Sequence[Use], over: Over
    ) -> tuple[DayUse, ...]:
        if number <= counters.lock(connection, PORTIONS):
            return ()
        _set(connection, PORTIONS, number)
        owners = _owners(connection, uses)
        counted: Counter[_Key] = Counter()
        rows = []
        for use in uses:
            party = use.party or owners.get(use.key, "")
            if party and use.counts:
                counted[party, use.at // 86_400_000, use.request_type.value] += 1
            if use.reference:
                rows.append(_columns(use, party))
        if rows:
            self._store.load(connection, ANSWER, rows)
            _set(connection, ANSWERS, counters.lock(connection, ANSWERS) + len(rows))
        at = max((use.at for use in uses), default=0)
        found = [self._count(connection, key, times, at, over) for key, times in counted.items()]
        return tuple(one for one in found if one is not None)

    def _count(
        self, connection: Connection, key: _Key, times: int, at: int, over: Over
    ) -> DayUse | None:
        """So many more; what it is now, if it went over its forecast by them."""
        party, day, kind = key
        new = self._store.insert(USE).values(party=party, day=day, type=kind, requests=times)
        connection.execute(
            new.on_conflict_do_update(
                index_elements=list(USE.primary_key), set_={"requests": USE.c.requests + times}
            )
        )
        own = (USE.c.party == party) & (USE.c.day == day) & (USE.c.type == kind)
        row = connection.execute(select(USE).where(own)).one()
        forecast = connection.scalar(
            select(FORECAST.c.requests)
            .where(FORECAST.c.party == party, FORECAST.c.type == kind, FORECAST.c.start <= day)
            .order_by(FORECAST.c.start.desc())
            .limit(1)
        )
        if row.noticed_at is not None or forecast is None or not over(row.requests, forecast):
            return None
        connection.execute(update(USE).where(own).values(forecast=forecast, noticed_at=at))
        return _to_day(connection.execute(select(USE).where(own)).one())


def _taken(connection: Connection) -> int:
    value: int = connection.execute(
        select(COUNTER.c.value).where(COUNTER.c.name == PORTIONS)
    ).scalar_one()
    return value


def _set(connection: Connection, name: str, value: int) -> None:
    connection.execute(update(COUNTER).where(COUNTER.c.name == name).values(value=value))


def _drop(connection: Connection, old: Any, most: int) -> int:
    chosen = old.order_by(ANSWER.c.reference).limit(most)
    return connection.execute(delete(ANSWER).where(ANSWER.c.reference.in_(chosen))).rowcount


def _owners(connection: Connection, uses: Sequence[Use]) -> dict[bytes, str]:
    digests = {use.key for use in uses if use.key}
    owners = {}
    for digest in digests:
        party = connection.scalar(select(APIKEY.c.party).where(APIKEY.c.digest == digest))
        if party is not None:
            owners[digest] = party
    return owners


def _columns(use: Use, party: str) -> tuple[object, ...]:
    """In the order of the table."""
    kind = use.request_type.value
    return (use.reference, party, use.key, use.at, kind, use.asked, use.code, use.results)


def _to_use(row: Row[*tuple[Any, ...]]) -> Use:
    return Use(
        at=row.at,
        request_type=_TYPES[row.type],
        party=row.party,
        key=bytes(row.key),
        reference=row.reference,
        asked=row.asked,
        code=row.code,
        results=row.results,
    )


def _to_day(row: Row[*tuple[Any, ...]]) -> DayUse:
    return DayUse(
        party=row.party,
        day=_day(row.day),
        request_type=_TYPES[row.type],
        requests=row.requests,
        forecast=row.forecast,
        noticed_at=row.noticed_at,
    )


def _to_forecast(row: Row[*tuple[Any, ...]]) -> Forecast:
    return Forecast(
        party=row.party,
        request_type=_TYPES[row.type],
        start=_day(row.start),
        requests=row.requests,
        made_at=row.made_at,
        made_by=row.made_by,
    )


def _number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH


def _day(number: int) -> date:
    return datetime.fromtimestamp(number * 86_400, UTC).date()
