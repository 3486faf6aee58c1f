"""API keys over SQL: their digests, and what is noted of each."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select, update

from smki.adapters.sql.lookup import Lookup, wanted
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import APIKEY, PARTY
from smki.ports import ApiKey
from smki.terms import Refused

_CLAUSE: Final = "sec-app-p:B"


class SqlApiKeys:
    """`ports.ApiKeys`. Safe for threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_digest = Lookup(store, select(APIKEY).where(APIKEY.c.digest == wanted()))

    def key(self, digest: bytes) -> ApiKey | None:
        """The key with this SHA-256, whether or not it is still good."""
        found = self._by_digest(digest)
        return _to_key(found[0]) if found else None

    def keys(self, party: str) -> tuple[ApiKey, ...]:
        """All keys that the party ever had, newest first."""
        return self._store.read(lambda connection: _keys(connection, party))

    def change(self, party: str, to: Callable[[tuple[ApiKey, ...]], tuple[ApiKey, ...]]) -> None:
        """The party's keys that `to` gives are as it gives them, new ones among them; none goes.

        Raises:
            Refused: no such party, or a key identifies another party; nothing is changed then.

        Clause: sec-app-p:B
        """

        def work(connection: Connection) -> None:
            locked = select(PARTY.c.party).where(PARTY.c.party == party).with_for_update()
            if connection.scalar(locked) is None:
                raise Refused(
                    f"party {party}: not registered, must be",
                    where="party",
                    clause=_CLAUSE,
                    rule="party.unknown",
                )
            for key in to(_keys(connection, party)):
                self._put(connection, party, key)

        self._store.write(work)

    def _put(self, connection: Connection, party: str, key: ApiKey) -> None:
        values = _columns(key)
        new = self._store.insert(APIKEY).values(digest=key.digest, party=party, **values)
        connection.execute(new.on_conflict_do_nothing(index_elements=[APIKEY.c.digest]))
        own = (APIKEY.c.digest == key.digest) & (APIKEY.c.party == party)
        if connection.execute(update(APIKEY).where(own).values(**values)).rowcount != 1:
            raise Refused(
                "API key: identifies another party, must be one of its own",
                clause=_CLAUSE,
                rule="apikey.taken",
            )


def _keys(connection: Connection, party: str) -> tuple[ApiKey, ...]:
    found = connection.execute(select(APIKEY).where(APIKEY.c.party == party)).all()
    keys = map(_to_key, found)
    return tuple(sorted(keys, key=lambda one: (one.made_at or 0, one.digest), reverse=True))


def _to_key(columns: Sequence[Any]) -> ApiKey:
    digest, party, made_at, made_by, fixed, ends_at, ended_by, revoked = columns
    return ApiKey(
        digest=digest,
        party=party,
        made_at=made_at,
        made_by=made_by,
        fixed=fixed,
        ends_at=ends_at,
        ended_by=ended_by,
        revoked=revoked,
    )


def _columns(key: ApiKey) -> dict[str, object]:
    return {
        "made_at": key.made_at,
        "made_by": key.made_by,
        "fixed": key.fixed,
        "ends_at": key.ends_at,
        "ended_by": key.ended_by,
        "revoked": key.revoked,
    }
