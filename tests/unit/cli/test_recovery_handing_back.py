"""Method 2 in a house of one's own, to its end: the broker takes devices, and hands them back."""

from typing import Final

import pytest
from tests.unit.cli.conftest import Authority, House, key_open, refused_in

from smki.bootstrap import load_settings
from smki.bootstrap.estates import open_estate
from smki.devices import kinds
from smki.ports.estate import InventoryQuery

NAME: Final = "taken"
BACK: Final = f"{NAME}.hand-back"
CONCLUDE: Final = (
    *("recovery", "conclude", NAME, "--key-decision", "K-1", "--commander", "Sample DCC"),
)
BEGIN: Final = (
    *("recovery", "begin", NAME, "--incident", "INC-7", "--decision", "M-1"),
    *("--compromised", "organisation", "--role", "supplier", "--method", "method-2"),
    *("--waves", "1000", "--canaries", "0", "--unregistered"),
)


def holders(house: House) -> set[bytes]:
    """By whom the supplier's cells are held, in all devices that have one."""
    found = set()
    with open_estate(load_settings({"SMKI_STATE": str(house.state)})) as estate:
        for row in estate.inventory(InventoryQuery(), None, 100):
            device = estate.device(row.device)
            assert device is not None
            anchor = device.state.anchors.get(kinds.SUPPLIER_DS)
            found |= {anchor.key_identifier} if anchor else set()
    return found


def _updated(house: House, mine: list[str], devices: int) -> None:
    """One further ordinary update, by the supplier who has its devices back."""
    assert house.run("renew", *mine)[0] == 0
    code, begun = house.json("recovery", "update", NAME)
    assert (code, begun["devices"]) == (0, devices), begun
    assert house.json("recovery", "carry", begun["name"])[0] == 0


def _waits(house: House) -> None:
    """While devices are recovered none is handed back: who comes later would stay with the broker."""
    code, said = house.json("recovery", "hand-back", NAME)
    assert (code, "goes on, must have ended" in said["error"]["message"]) == (1, True)


def _withdrawn(authority: Authority) -> None:
    """Nothing is handed back any more, once the decision is withdrawn; the record says so."""
    authority.lodge("W-1", "withdraw-decision", "M-1")
    code, said = authority.house.json("recovery", "hand-back", NAME)
    assert (code, "withdrawn" in said["error"]["message"]) == (1, True), said
    assert refused_in(authority.house, "recovery")[-1][:2] == (BACK, "M-1")


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_devices_go_to_the_broker_and_back(authority: Authority) -> None:
    """The supplier's cells hold the broker's certificate in between, and the supplier's new one then.

    Handed back, they are updated once more, and the report verifies with both. Once the decision is
    withdrawn nothing is handed back, and the record says that it was asked for.

    Another time it replaces that by its own key, which no quorum need open: method 1.
    """
    house = authority.house
    with (house.state / "smki.toml").open("a") as configuration:
        for region in ("north", "central", "south"):
            configuration.write(f"\n[line.regions.{region}]\nunreachable = 0.0\nfaulty_makes = []")
    assert house.run("estate", "make", "--devices", "8")[0] == 0
    code, said = house.json("recovery", "hand-back", NAME)
    assert (code, "no campaign of method 2" in said["error"]["message"]) == (1, True)
    authority.lodge("M-1", "recovery-method", "INC-7", "--scope", "method-2")
    authority.lodge("K-1", "use-key", "recovery", "--scope", "INC-7: recover")
    (before,) = holders(house)
    with key_open(authority, NAME, "method-2"):
        code, begun = house.json(*BEGIN)
        assert (code, begun["state"]) == (0, "running"), begun
        _waits(house)
        code, carried = house.json("recovery", "carry", NAME)
    assert (code, carried["recovered"]) == (0, begun["devices"]), carried
    (broker,) = holders(house)
    for words, why in (
        (CONCLUDE, "must be handed back first"),
        (("recovery", "hand-back", NAME), "certificates that devices had before"),
    ):
        code, said = house.json(*words)
        assert (code, why in said["error"]["message"]) == (1, True), said
    _, listed = house.json("renew", "--list")
    mine = [one["name"] for one in listed["holdings"] if one["name"].startswith("supplier/0a")]
    assert house.run("renew", *mine)[0] == 0
    code, back = house.json("recovery", "hand-back", NAME)
    assert (code, back["name"], back["devices"]) == (0, BACK, begun["devices"]), back
    assert house.json("recovery", "hand-back", NAME) == (0, back)
    code, carried = house.json("recovery", "carry", BACK)
    assert (code, carried["recovered"]) == (0, back["devices"]), carried
    (after,) = holders(house)
    assert len({before, broker, after}) == 3
    _updated(house, mine, back["devices"])
    code, done = house.json(*CONCLUDE)
    assert (code, done["problems"]) == (0, []), done
    assert (done["devices"], done["recovered"]) == (begun["devices"], begun["devices"])
    _, shown = house.json("recovery", "verify", done["report"])
    (further,) = (one for one in shown["criteria"] if one["name"] == "further-update")
    assert (further["passed"], further["held"]) == (True, begun["devices"])
    authority.lodge("M-2", "recovery-method", "INC-8", "--scope", "method-1")
    own = ("recovery", "begin", "by-itself", "--incident", "INC-8", "--decision", "M-2")
    lost = ("--compromised", "organisation", "--role", "supplier", "--method", "method-1")
    code, said = house.json(*own, *lost, "--unregistered")
    assert (code, "holds already" in said["error"]["message"]) == (1, True)
    assert house.run("renew", *mine)[0] == 0
    code, begun = house.json(*own, *lost, *BEGIN[-5:])
    assert code == 0, begun
    code, carried = house.json("recovery", "carry", "by-itself")
    assert (code, carried["recovered"]) == (0, back["devices"]), carried
    (newest,) = holders(house)
    assert newest not in {before, broker, after}
    _withdrawn(authority)
