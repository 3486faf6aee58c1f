"""Accounts and sessions on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from smki.adapters.sql import Database
from smki.adapters.sql.accounts import DAY_SECONDS
from smki.ports import Account, Party, Session
from smki.terms import EUI64, Refused, SerialNumber

pytestmark = pytest.mark.clause("sec-app-p:3.1")
ANN = Account(user="ann", party="acme", verifier="v1")
AT = 1_800_000_000


@pytest.fixture
def registered(database: Database) -> Database:
    """A party with a user."""
    identity = (EUI64(bytes(7) + b"\x01"), None)
    database.registry.register(Party(party="acme", name="Acme", identities=(identity,)))
    database.accounts.add(ANN)
    return database


def _session(number: int, used: int = AT) -> Session:
    return Session(
        digest=bytes(31) + bytes((number,)),
        user="ann",
        credential=SerialNumber(0x51 << 120),
        opened=AT,
        used=used,
    )


def test_kept_and_changed(registered: Database) -> None:
    """What is put in comes out; a change tells what was before."""
    accounts = registered.accounts
    assert (accounts.account("ann"), accounts.accounts()) == (ANN, (ANN,))
    assert accounts.account("bob") is None
    assert accounts.change("bob", lambda one: one) is None
    assert accounts.change("ann", lambda one: replace(one, wrong=(1, 2), party="other")) == ANN
    assert accounts.account("ann") == replace(ANN, wrong=(1, 2))  # of the same party for ever


def test_refused(registered: Database) -> None:
    """A name that is taken, and a party that is not registered."""
    with pytest.raises(Refused, match="the name is taken"):
        registered.accounts.add(ANN)
    with pytest.raises(Refused, match="not registered"):
        registered.accounts.add(replace(ANN, user="bob", party="nobody"))


def test_changes_at_once_follow_one_another(registered: Database) -> None:
    """Of twenty threads each adds one: twenty are there."""

    def add_one(number: int) -> None:
        registered.accounts.change("ann", lambda one: replace(one, wrong=(*one.wrong, number)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_one, range(20)))
    account = registered.accounts.account("ann")
    assert account is not None
    assert sorted(account.wrong) == list(range(20))


def test_sessions(registered: Database) -> None:
    """Opened, used, ended; another password ends all of the user; old ones are forgotten."""
    accounts = registered.accounts
    accounts.open_session(_session(1))
    accounts.use_session(_session(1).digest, AT + 5)
    assert accounts.session(_session(1).digest) == _session(1, used=AT + 5)
    accounts.end_session(_session(1).digest)
    assert accounts.session(_session(1).digest) is None
    accounts.open_session(_session(2))
    accounts.change("ann", lambda one: replace(one, wrong=(AT,)))
    assert accounts.session(_session(2).digest) is not None
    accounts.change("ann", lambda one: replace(one, verifier="v2"))
    assert accounts.session(_session(2).digest) is None
    accounts.open_session(_session(3))
    accounts.open_session(_session(4, used=AT + DAY_SECONDS + 1))
    assert accounts.session(_session(3).digest) is None
