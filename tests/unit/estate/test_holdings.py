"""What an estate's devices hold, page by page: the same as their states say, read far quicker."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.estate_holdings import EstateHoldings
from smki.devices import DeviceKind, DeviceState
from smki.devices.encoding import AnchorNumbers
from smki.devices.kinds import SUPPLIER_DS
from smki.ports.estate import EstateDevice, InventoryRow
from smki.ports.holdings import Holding
from smki.profiles import development
from smki.recovery.relevance import Exposed, Relevance, Sort
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.terms import EUI64, Inconsistent, SmiStatus

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SUPPLIER: Final = Exposed(certificate="01", subscriber="supplier")
NETWORK: Final = Exposed(certificate="02", subscriber="network")


def devices() -> Iterator[DeviceState]:
    """Of every kind, under two hierarchies; one has an empty cell."""
    for seed in (1, 2):
        keys = ScalarKeys(Random(seed).randbytes)  # noqa: S311 -- keys that protect nothing
        catalogue = Catalogue(keys, Cast(keys, AT - timedelta(days=1), development()), AT)
        yield from map(catalogue.device, DeviceKind)
    one = catalogue.device(DeviceKind.ESME)
    held = {cell: anchor for cell, anchor in one.anchors.items() if cell != SUPPLIER_DS}
    yield replace(one, anchors=held)


@pytest.fixture(scope="module")
def states() -> tuple[DeviceState, ...]:
    """Those, each with an identifier of its own."""
    return tuple(
        replace(state, device=EUI64(number.to_bytes(8, "big")))
        for number, state in enumerate(devices(), 1)
    )


@pytest.fixture(scope="module")
def estate(
    states: tuple[DeviceState, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlEstate]:
    """An estate of them."""
    found = SqlEstate(f"sqlite:///{Path(tmp_path_factory.mktemp('estate'), 'estate.sqlite')}")
    found.add(
        [
            EstateDevice(
                state=state,
                row=InventoryRow(
                    device=state.device,
                    kind=state.kind,
                    make="Sample Maker",
                    model="M",
                    hub=state.device,
                    region="north",
                    status=SmiStatus.COMMISSIONED,
                ),
            )
            for state in states
        ],
        AT,
    )
    yield found
    found.close()


@pytest.mark.clause("sec:L10.30(a)")
def test_holdings_say_what_states_say(estate: SqlEstate, states: tuple[DeviceState, ...]) -> None:
    """Page by page each device once, in order, with the anchor of each cell, or none."""
    holdings = EstateHoldings(estate)
    anchors = dict(holdings.anchors())
    found: list[Holding] = []
    after = None
    while page := holdings.held(after, 4):
        found += page
        after = page[-1].device
    assert [one.device for one in found] == [state.device for state in states]
    for one, state in zip(found, states, strict=True):
        assert one.kind is state.kind
        held = [anchors[number] if number else None for number in one.anchors]
        assert held == [state.anchors.get(cell) for cell in state.row.cells]


def test_statuses_at_an_instant(estate: SqlEstate, states: tuple[DeviceState, ...]) -> None:
    """The last status until then; before the first one there is none."""
    first, second = states[0].device, states[1].device
    estate.set_status([first], SmiStatus.SUSPENDED, AT + timedelta(days=2))
    holdings = EstateHoldings(estate)
    asked = (first, second)
    commissioned = dict.fromkeys(asked, SmiStatus.COMMISSIONED)
    assert holdings.statuses_at(asked, AT + timedelta(days=1)) == commissioned
    later = holdings.statuses_at(asked, AT + timedelta(days=3))
    assert later == {**commissioned, first: SmiStatus.SUSPENDED}
    assert holdings.statuses_at(asked, AT - timedelta(days=1)) == {}


def test_octets_that_are_no_state_are_inconsistent() -> None:
    """Empty, cut off, of another version: none is read as something."""
    for octets in (
        b"",
        b"\x02",
        b"\x01" + bytes(20),
        b"\x02\xff" + bytes(20),
        b"\x02\x00" + bytes(8),
    ):
        with pytest.raises(Inconsistent, match="cannot be read"):
            AnchorNumbers().of(octets)


@pytest.mark.clause("sec:L10.30(a)", "sec:L10.30(b)")
def test_relevant_devices_are_counted_once_and_their_cells_each() -> None:
    """A device with three compromised cells of two subscribers counts once for each of these."""
    found = Relevance(exposed={7: SUPPLIER, 8: SUPPLIER, 9: NETWORK})
    meter = Sort(kind="esme", make="Sample Maker", region="north")
    assert not found.holds_any((1, 2, 3))
    assert found.holds_any((1, 9))
    found.note(meter, (7, 8, 9, 1), is_commissioned=True)
    found.note(meter, (7, 1), is_commissioned=False)
    assert (found.relevant, found.only_before) == (2, 1)
    assert found.devices == Counter({meter: 2})
    assert found.cells == Counter({"esme": 4})
    assert found.by_subscriber == Counter({"supplier": 2, "network": 1})
    assert found.by_certificate == Counter({"01": 2, "02": 1})
