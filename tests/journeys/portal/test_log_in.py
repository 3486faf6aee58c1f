"""Log-in over real TLS: forced first change, lock-out, sessions bound to their credential."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from smki.terms import Interface

if TYPE_CHECKING:
    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import NewUser, User, Visitor

pytestmark = pytest.mark.clause("sec-app-p:3.1", "sec-app-o:portal")


def test_the_first_log_in_asks_for_another_password(
    house: House, new_user: NewUser, visitor_of: type[Visitor]
) -> None:
    """Nothing else is open before; afterwards the first password opens nothing any more."""
    first = new_user.added("first.time")
    visitor = visitor_of(house)
    assert visitor.get("/portal").headers["Location"] == "/portal/log-in"
    assert visitor.log_in("first.time", first).status == 303
    assert visitor.get("/portal").headers["Location"] == "/portal/password"
    assert visitor.get("/portal/files/0A.cer").headers["Location"] == "/portal/password"
    form = visitor.form()
    for old, new, said in (
        (first, "short", "must have 12 to 128 characters"),
        (first, first, "another than the old one"),
        (first, "here is first.time again", "not contain the user name"),
        ("wrong", "a sentence is good", "is wrong"),
    ):
        answer = visitor.post("/portal/password", form=form, old=old, new=new, again=new)
        assert answer.status == 403
        assert said in answer.text
    chosen = "a sentence is good"
    changed = visitor.post("/portal/password", form=form, old=first, new=chosen, again=chosen)
    assert changed.headers["Location"] == "/portal"
    assert visitor.get("/portal").status == 200
    other = visitor_of(house)
    assert other.log_in("first.time", first).status == 403
    assert other.log_in("first.time", chosen).status == 303


def test_five_wrong_passwords_lock_and_the_operator_unlocks(
    house: House, new_user: NewUser, visitor_of: type[Visitor]
) -> None:
    """The sixth attempt is not looked at, even if it is right; unlocked, it is."""
    user = new_user.settled("locked", "a sentence is good")
    visitor = visitor_of(house)
    for _ in range(5):
        assert "user name or password is wrong" in visitor.log_in(user.name, "guess").text
    locked = visitor.log_in(user.name, user.password)
    assert locked.status == 403
    assert "locked until" in locked.text
    assert f"{user.name}  of supplier, locked until 20" in house.command("user", "list").stdout
    done = house.command("user", "unlock", user.name)
    assert done.returncode == 0, done.stderr
    assert "locked until" not in house.command("user", "list").stdout
    assert visitor.log_in(user.name, user.password).status == 303


def test_another_party_neither_enters_nor_locks(
    house: House, user: User, visitor_of: type[Visitor]
) -> None:
    """With another party's credential the right password is wrong, and wrong ones do not count."""
    stranger = visitor_of(house, "dcc")
    for _ in range(6):
        answer = stranger.log_in(user.name, user.password)
        assert (answer.status, stranger.cookie) == (403, "")
    assert visitor_of(house).log_in(user.name, user.password).status == 303


def test_a_session_is_of_one_credential(
    house: House, visitor: Visitor, visitor_of: type[Visitor]
) -> None:
    """A stolen cookie opens nothing with another certificate; logged out, nothing at all."""
    assert visitor.get("/portal").status == 200
    for party, interface in (("dcc", Interface.PORTAL),):
        thief = visitor_of(house, party, interface)
        thief.cookie = visitor.cookie
        assert thief.get("/portal").headers["Location"] == "/portal/log-in"
    form, cookie = visitor.form(), visitor.cookie
    assert visitor.post("/portal/log-out", form=form).status == 303
    visitor.cookie = cookie
    assert visitor.get("/portal").headers["Location"] == "/portal/log-in"


def test_a_reset_ends_sessions_and_asks_for_a_change_again(
    house: House, new_user: NewUser, visitor_of: type[Visitor]
) -> None:
    """Who was logged in is not any more; the new first password must be changed."""
    user = new_user.settled("forgetful", "a sentence is good")
    visitor = visitor_of(house)
    visitor.log_in(user.name, user.password)
    assert visitor.get("/portal").status == 200
    done = house.command("user", "reset", user.name)
    assert done.returncode == 0, done.stderr
    assert visitor.get("/portal").headers["Location"] == "/portal/log-in"
    assert visitor.log_in(user.name, user.password).status == 403
    assert visitor.log_in(user.name, done.stdout.strip()).status == 303
    assert visitor.get("/portal").headers["Location"] == "/portal/password"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "ann", "--party", "supplier"), "the name is taken"),
        (("add", "bob", "--party", "nobody"), "not registered"),
        (("add", "No Name", "--party", "supplier"), "lower-case letters"),
        (("reset", "nobody"), "there is none of that name"),
        (("unlock", "nobody"), "there is none of that name"),
    ],
)
def test_the_commands_refuse(house: House, user: User, words: tuple[str, ...], said: str) -> None:
    """Exit code 1, and why."""
    assert user.name == "ann"
    done = house.command("user", *words)
    assert done.returncode == 1
    assert said in done.stderr


def test_users_are_listed(house: House, user: User) -> None:
    """With their parties; no password and no verifier."""
    done = house.command("user", "list", "--json")
    listed = {one["user"]: one for one in json.loads(done.stdout)["users"]}
    assert (listed[user.name]["party"], listed[user.name]["must_change"]) == ("supplier", False)
    assert "argon2" not in done.stdout
