"""API keys of a party: made, rotated, listed, revoked, refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.samples import API_KEY
from smki.flows.apikeys import identify, new_apikey, revoke_apikey, shown_keys
from smki.flows.office import FrontOffice
from smki.policy.apikeys import GOOD_MOST
from smki.terms import Refused

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class At:
    """A clock that stands still."""

    instant: datetime

    def now(self) -> datetime:
        """Always the same."""
        return self.instant


@pytest.fixture
def front_at(house: Any) -> Any:
    """The front office so long after now."""
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        start = datetime.now(UTC)
        yield lambda after: replace(front, clock=At(start + after))


FrontAt = Callable[[timedelta], FrontOffice]


@pytest.mark.clause("sec-app-p:B")
def test_old_and_new_are_good_for_the_overlap(front_at: FrontAt) -> None:
    """Then the old one is refused, and told to be one that a newer one ended."""
    now = front_at(timedelta())
    first = new_apikey(now, "network", "ann")
    assert first.earlier_end is None
    second = new_apikey(front_at(HOUR), "network", "ben")
    for secret in (first.secret, second.secret):
        assert identify(front_at(HOUR + timedelta(days=13)), secret) == "network"
    later = front_at(2 * HOUR + timedelta(days=14))
    assert identify(later, second.secret) == "network"
    with pytest.raises(Refused, match=f"{first.name}: ended by a newer one at 20") as refused:
        identify(later, first.secret)
    assert (refused.value.rule, refused.value.clause) == ("apikey.ended", "sec-app-p:B")
    listed = [
        (one.key.name, one.standing.value, one.key.made_by) for one in shown_keys(later, "network")
    ]
    assert listed == [(second.name, "good", "ben"), (first.name, "ended", "ann")]


@pytest.mark.clause("sec-app-p:B")
def test_the_published_key_stays(front_at: FrontAt) -> None:
    """A newer one of the sample supplier does not end it, and no officer revokes it."""
    new_apikey(front_at(timedelta()), "supplier", "ann")
    later = front_at(timedelta(days=1000))
    assert identify(later, API_KEY) == "supplier"
    name = next(one.key.name for one in shown_keys(later, "supplier") if one.key.fixed)
    with pytest.raises(Refused, match="published clients send it"):
        revoke_apikey(later, "supplier", name, "ann")


@pytest.mark.clause("sec-app-p:B")
def test_revoked_at_once_and_once(front_at: FrontAt) -> None:
    """It opens nothing in the same second; what is ended already, or another party's, is not."""
    front = front_at(timedelta())
    made = new_apikey(front, "network", "ann")
    with pytest.raises(Refused, match="manufacturer has none of that name"):
        revoke_apikey(front, "manufacturer", made.name, "ann")
    revoke_apikey(front, "network", made.name, "ben")
    with pytest.raises(Refused, match=f"{made.name}: revoked at"):
        identify(front, made.secret)
    with pytest.raises(Refused, match="opens nothing already"):
        revoke_apikey(front, "network", made.name, "ben")


@pytest.mark.clause("sec-app-p:B")
def test_not_too_many_are_good_at_once(front_at: FrontAt) -> None:
    """One more is refused with what to do, until one was revoked."""
    front = front_at(timedelta())
    made = [new_apikey(front, "network", "ann") for _ in range(GOOD_MOST)]
    with pytest.raises(Refused, match="revoke one that is not used"):
        new_apikey(front, "network", "ann")
    revoke_apikey(front, "network", made[0].name, "ann")
    assert new_apikey(front, "network", "ann").earlier_end is not None


@pytest.mark.clause("sec-app-p:B")
def test_the_commands(house: Any) -> None:
    """A key is printed once; the list says who made which when; what is revoked is listed so."""
    code, first = house.json("party", "apikey", "network")
    assert (code, first["earlier_end"]) == (0, None)
    code, second = house.json("party", "apikey", "network", SMKI_ACCESS__APIKEY_OVERLAP_HOURS="2")
    assert (code, second["earlier_end"][:2]) == (0, "20")
    code, _ = house.json("party", "apikey", "network", "--revoke", first["key"])
    assert code == 0
    listed = house.json("party", "apikeys", "network")[1]["apikeys"]
    assert {one["key"]: one["standing"] for one in listed} == {
        first["key"]: "revoked",
        second["key"]: "good",
    }
    assert {one["made_by"] for one in listed} == {"the operator"}
    code, text = house.run("party", "show", "network")
    assert (second["key"] in text, first["key"] in text) == (True, False)
    assert "clients send it as it is" in house.run("party", "show", "supplier")[1]
    code, shown = house.json("party", "apikey", "network", "--revoke", "nonsense")
    assert (code, shown["error"]["clause"]) == (1, "sec-app-p:B")
