"""API keys on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.store import Store
from smki.bootstrap.samples import API_KEY
from smki.ports import ApiKey, Party
from smki.terms import EUI64, Refused

KEY = ApiKey(digest=bytes(32), party="acme", made_at=5, made_by="ann")


@pytest.fixture
def registered(database: Database) -> Database:
    """Two parties."""
    for number, name in enumerate(("acme", "other")):
        identity = (EUI64(bytes(7) + bytes((number + 1,))), None)
        database.registry.register(Party(party=name, name=name.title(), identities=(identity,)))
    return database


@pytest.mark.clause("sec-app-p:B")
def test_kept_and_changed(registered: Database) -> None:
    """What is put in comes out, newest first; what is not given stays as it is."""
    apikeys = registered.apikeys
    ended = replace(KEY, digest=b"e" * 32, made_at=None, ends_at=9, ended_by="ann", revoked=True)
    apikeys.change("acme", lambda _: (KEY, ended))
    assert apikeys.keys("acme") == (KEY, ended)
    assert apikeys.key(KEY.digest) == KEY
    assert apikeys.key(b"x" * 32) is None
    fixed = replace(KEY, fixed=True, ends_at=7)
    apikeys.change("acme", lambda keys: (fixed,) if keys == (KEY, ended) else ())
    assert apikeys.keys("acme") == (fixed, ended)
    assert apikeys.keys("other") == ()


@pytest.mark.clause("sec-app-p:B")
def test_refused_as_a_whole(registered: Database) -> None:
    """A key of another party, or of one that is not registered: nothing of the change is there."""
    apikeys = registered.apikeys
    apikeys.change("acme", lambda _: (KEY,))
    fresh = replace(KEY, digest=b"f" * 32)
    with pytest.raises(Refused, match="identifies another party"):
        apikeys.change("other", lambda _: (fresh, KEY))
    with pytest.raises(Refused, match="nobody: not registered"):
        apikeys.change("nobody", lambda _: (fresh,))
    assert apikeys.key(fresh.digest) is None
    assert apikeys.key(KEY.digest) == KEY


@pytest.mark.clause("sec-app-p:B")
def test_changes_at_once_follow_one_another(registered: Database) -> None:
    """Of twenty threads each adds one, and sees how many were there: no number is seen twice."""
    seen: list[int] = []

    def add_one(number: int) -> None:
        def to(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
            count = len(keys)
            held.append(count)
            return (replace(KEY, digest=bytes((number,)) * 32),)

        held: list[int] = []
        registered.apikeys.change("acme", to)
        seen.append(held[-1])  # of the attempt that went through

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_one, range(20)))
    assert sorted(seen) == list(range(20))


@pytest.mark.clause("sec-app-p:B")
def test_keys_of_an_older_database_stay_good(url: str) -> None:
    """Brought up to date, they identify whom they identified; the published one is fixed."""
    store = Store(url)

    def older(connection: object) -> None:
        config = Config()
        config.set_main_option("script_location", "smki.adapters.sql:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")

    store.write(older)
    digests = (sha256(API_KEY.encode()).digest(), b"k" * 32)
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO register_party (party, position, name, import_supplier, gas_supplier,"
                " operator) VALUES ('acme', 1, 'Acme', false, false, false)"
            )
        )
        for digest in digests:
            connection.execute(
                text("INSERT INTO register_apikey (digest, party) VALUES (:d, 'acme')"),
                {"d": digest},
            )
    store.engine.dispose()
    migrate(url)
    with open_database(url) as opened:
        found = [opened.apikeys.key(digest) for digest in digests]
    assert found == [
        ApiKey(digest=digests[0], party="acme", fixed=True),
        ApiKey(digest=digests[1], party="acme"),
    ]
