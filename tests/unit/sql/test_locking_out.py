"""Lock-out over both databases: attempts at once, another process, time, and who unlocks."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from smki.adapters.sql import Database, open_database
from smki.adapters.world import SystemEntropy
from smki.flows.access import PortalAccess
from smki.flows.office import FrontOffice
from smki.ports import Party
from smki.steps import Requester
from smki.terms import EUI64, Interface, Refused, SerialNumber

WHO = Requester(
    party="acme",
    name="Acme",
    identities=(),
    interface=Interface.PORTAL,
    credential=SerialNumber(1),
)


@dataclass
class Hand:
    """A clock that is put on by hand, and passwords that are quickly checked and counted."""

    instant: datetime = datetime(2026, 11, 21, 9, tzinfo=UTC)
    checked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """As it was put."""
        return self.instant

    def verifier(self, password: str) -> str:
        """No secret."""
        return f"v {password}"

    def matches(self, password: str, verifier: str) -> bool:
        """Counted."""
        self.checked.append(password)
        return verifier == f"v {password}"


@dataclass
class Desk:
    """Log-in over a database, the user's first password, and the hand that turns the clock."""

    access: PortalAccess
    hand: Hand
    password: str

    def wrong(self, times: int = 1, *, minutes: int = 0) -> None:
        """So many wrong passwords, each so many minutes after the one before."""
        for _ in range(times):
            with pytest.raises(Refused, match="is wrong"):
                self.access.log_in(WHO, "ann", "guess")
            self.hand.instant += timedelta(minutes=minutes)

    def locked(self) -> bool:
        """Whether the right password is refused now, without being looked at."""
        before = len(self.hand.checked)
        with suppress(Refused):
            self.access.log_in(WHO, "ann", self.password)
        return len(self.hand.checked) == before


def access_over(database: Database, hand: Hand) -> PortalAccess:
    """Log-in as another process would open it."""
    front = SimpleNamespace(accounts=database.accounts, clock=hand, entropy=SystemEntropy())
    return PortalAccess(cast("FrontOffice", front), hand)


@pytest.fixture
def desk(database: Database) -> Desk:
    """A party with a user."""
    identity = (EUI64(bytes(7) + b"\x01"), None)
    database.registry.register(Party(party="acme", name="Acme", identities=(identity,)))
    hand = Hand()
    access = access_over(database, hand)
    return Desk(access, hand, access.add("acme", "ann"))


@pytest.mark.clause("sec-app-p:3.1")
def test_locked_until_an_hour_after_the_first(desk: Desk) -> None:
    """Five within the hour: locked, not longer by attempts meanwhile, until that hour is over."""
    desk.wrong(5, minutes=10)
    assert desk.locked()
    desk.hand.instant += timedelta(minutes=9, seconds=59)  # 59:59 after the first
    assert desk.locked()
    desk.hand.instant += timedelta(seconds=1)
    assert not desk.locked()
    desk.wrong(4)
    assert not desk.locked()  # the right one forgets the wrong ones before it
    desk.wrong(4)
    assert not desk.locked()


@pytest.mark.clause("sec-app-p:3.1")
def test_spread_over_more_than_an_hour_they_do_not_lock(desk: Desk) -> None:
    """Five wrong ones, the last a full hour after the first."""
    desk.wrong(5, minutes=15)
    assert not desk.locked()


@pytest.mark.clause("sec-app-p:3.1")
def test_of_attempts_at_once_five_are_looked_at(desk: Desk) -> None:
    """Thirty guesses in eight threads: no sixth password is compared, and then it is locked."""

    def guess(number: int) -> str:
        with pytest.raises(Refused) as refused:
            desk.access.log_in(WHO, "ann", f"guess {number}")
        return refused.value.rule

    with ThreadPoolExecutor(8) as threads:
        rules = list(threads.map(guess, range(30)))
    assert (rules.count("account.wrong"), rules.count("account.locked")) == (5, 25)
    assert len(desk.hand.checked) == 5
    assert desk.locked()


@pytest.mark.clause("sec-app-p:3.1")
def test_another_process_knows_what_was_wrong(desk: Desk, url: str) -> None:
    """Wrong ones before a restart count after it; an unlocked account is open there at once."""
    desk.wrong(3)
    with open_database(url) as again:
        restarted = Desk(access_over(again, desk.hand), desk.hand, desk.password)
        restarted.wrong(2)
        assert desk.locked()
        assert restarted.locked()
        desk.access.unlock("ann")
        assert not restarted.locked()


@pytest.mark.clause("sec-app-p:3.1")
def test_a_reset_unlocks_and_asks_for_a_change_again(desk: Desk) -> None:
    """The old password is over; the new one must be changed before anything is open."""
    token = desk.access.log_in(WHO, "ann", desk.password)
    changed = desk.access.change_password(WHO, "ann", desk.password, "a sentence is good")
    assert desk.access.logged_in(WHO, token) is None
    session = desk.access.logged_in(WHO, changed)
    assert session is not None
    assert not session.must_change
    desk.wrong(5)
    desk.password = desk.access.reset("ann")
    assert desk.access.logged_in(WHO, changed) is None
    session = desk.access.logged_in(WHO, desk.access.log_in(WHO, "ann", desk.password))
    assert session is not None
    assert session.must_change


def test_a_page_that_is_kept_up_is_no_use(desk: Desk) -> None:
    """Used by somebody a session goes on; kept up by a page alone, it is over after a quarter hour."""
    token = desk.access.log_in(WHO, "ann", desk.password)
    for _ in range(3):
        desk.hand.instant += timedelta(minutes=10)
        assert desk.access.logged_in(WHO, token) is not None
    for _ in range(2):
        desk.hand.instant += timedelta(minutes=7)
        assert desk.access.logged_in(WHO, token, by_itself=True) is not None
    desk.hand.instant += timedelta(minutes=2)
    assert desk.access.logged_in(WHO, token, by_itself=True) is None
    assert desk.access.logged_in(WHO, token) is None
