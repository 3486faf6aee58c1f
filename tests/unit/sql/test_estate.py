import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from smki.adapters.sql.estate import CHANGED, SqlEstate
from smki.adapters.sql.estate_holdings import EstateHoldings
from smki.adapters.sql.estate_lots import SqlLots
from smki.adapters.sql.estate_tables import ANCHOR
from smki.devices import DeviceKind, process
from smki.ports.estate import (
    EstateDevice,
    HeldState,
    InventoryQuery,
    InventoryRow,
    Lot,
    NewDevice,
)
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.terms import EUI64, Inconsistent, Refused, SmiStatus, Unavailable
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST = EUI64.parse("0A534E0000000000")


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(17).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def catalogue(keys: ScalarKeys) -> Catalogue:
    """A hierarchy and parties."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


@pytest.fixture(scope="module")
def some(catalogue: Catalogue) -> tuple[EstateDevice, ...]:
    """Devices, every third one behind the first; of two makes, in two regions."""
    made: list[EstateDevice] = []
    for number in range(23):
        state = catalogue.device((DeviceKind.ESME, DeviceKind.GPF)[number % 2])
        row = InventoryRow(
            device=state.device,
            kind=state.kind,
            make=("Maker One", "Maker Two")[number % 2],
            model="E1",
            hub=made[0].row.device if made and number % 3 == 0 else state.device,
            region=("north", "south")[number % 5 == 0],
            mpxn=f"20000000000{number:02}",
        )
        made.append(EstateDevice(state=state, row=row))
    return tuple(made)


@pytest.fixture
def estate(url: str) -> Iterator[SqlEstate]:
    """An empty estate."""
    made = SqlEstate(url)
    yield made
    made.close()


def test_what_is_added_is_there_for_whoever_opens_it_next(
    some: tuple[EstateDevice, ...], estate: SqlEstate, url: str
) -> None:
    """Devices, what the inventory knows of them, and their anchors, once for all of them."""
    estate.add(some, AT)
    again = SqlEstate(url)
    assert again.count() == len(some)
    for each in some:
        assert again.device(each.row.device) == each
        assert again.held(each.row.device) == HeldState(state=each.state, revision=0)
        assert again.row(each.row.device) == each.row
    assert again.device(EUI64(bytes(8))) is None
    assert again.row(EUI64(bytes(8))) is None
    assert again.held(EUI64(bytes(8))) is None
    again.close()


def test_many_are_read_at_once(some: tuple[EstateDevice, ...], estate: SqlEstate) -> None:
    """Those that are there, however many others are asked for."""
    estate.add(some, AT)
    strangers = [EUI64(number.to_bytes(8, "big")) for number in range(1_200)]
    asked = [*strangers, *(each.row.device for each in some)]
    expected = {each.row.device: HeldState(state=each.state, revision=0) for each in some}
    assert estate.held_by(asked) == expected
    assert estate.held_by([]) == {}


def test_a_device_that_changed_is_kept(
    catalogue: Catalogue, keys: ScalarKeys, estate: SqlEstate, url: str
) -> None:
    """New anchors are in the table with it, also for another who reads it."""
    example = catalogue.update(CredentialsReplacementMode.ANY_BY_CONTINGENCY)
    state = example.device
    row = InventoryRow(
        device=state.device, kind=state.kind, make="m", model="n", hub=state.device, region="r"
    )
    estate.add([EstateDevice(state=state, row=row)], AT)
    before = estate.held(state.device)
    assert before is not None
    after = process(state, example.sent.command, AT, keys).state
    kept = estate.keep([replace(before, state=after)])
    again = SqlEstate(url)
    found = again.held(state.device)
    again.close()
    assert found is not None
    assert kept == (found,)
    assert found == HeldState(state=after, revision=1)
    assert found.state.anchors != state.anchors


def test_no_two_writers_lose_an_update(some: tuple[EstateDevice, ...], estate: SqlEstate) -> None:
    """Who read a device before another kept it is told so, and changes none of its devices."""
    estate.add(some[:2], AT)
    first, second = estate.held_after(None, 2)
    mine = replace(first.state, own_counter=7)
    theirs = replace(first.state, own_counter=8)
    estate.keep([replace(first, state=mine)])
    with pytest.raises(Unavailable, match="was changed by another") as told:
        estate.keep([replace(second, state=second.state), replace(first, state=theirs)])
    assert told.value.rule == CHANGED
    assert estate.held_after(None, 2) == (HeldState(state=mine, revision=1), second)


def test_one_pass_sees_each_device_once(some: tuple[EstateDevice, ...], estate: SqlEstate) -> None:
    """In parts of any size."""
    estate.add(some, AT)
    seen, after = [], None
    while part := estate.held_after(after, 5):
        seen += [held.state.device for held in part]
        after = seen[-1]
    assert sorted(seen) == sorted(each.row.device for each in some)


def test_a_device_twice_is_refused_and_none_is_added(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """The others of the same call are not there either; added again without it they are."""
    first, second = some[:2]
    estate.add([first], AT)
    with pytest.raises(Refused, match="is there already"):
        estate.add([second, first], AT)
    assert estate.count() == 1
    estate.add([second], AT)
    assert estate.device(second.row.device) == second


def test_a_device_that_is_not_there_cannot_be_kept(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """And nothing of the same call is."""
    known, unknown = some[:2]
    estate.add([known], AT)
    both = [HeldState(state=each.state, revision=0) for each in (known, unknown)]
    with pytest.raises(Inconsistent, match="is not there"):
        estate.keep(both)
    assert estate.held(known.row.device) == both[0]


def test_an_anchor_that_is_gone_is_named(
    some: tuple[EstateDevice, ...], estate: SqlEstate, url: str
) -> None:
    """A state whose anchors were taken out of their table is not read as another one."""
    estate.add(some[:1], AT)
    estate.store.write(lambda connection: connection.execute(delete(ANCHOR)))
    again = SqlEstate(url)
    with pytest.raises(Inconsistent, match="is not in its table"):
        again.held(some[0].row.device)
    again.close()


def test_statuses_are_a_history(some: tuple[EstateDevice, ...], estate: SqlEstate) -> None:
    """Each change once, in time's order; the same again is none."""
    estate.add(some[:3], AT)
    later = AT + timedelta(days=1)
    ids = [each.row.device for each in some[:3]]
    estate.set_status(ids, SmiStatus.COMMISSIONED, later)
    estate.set_status(ids, SmiStatus.COMMISSIONED, later + timedelta(days=1))
    history = estate.history(ids[0])
    assert [(each.status, each.at) for each in history] == [
        (SmiStatus.PENDING, AT),
        (SmiStatus.COMMISSIONED, later),
    ]
    found = estate.device(ids[0])
    assert found is not None
    assert found.row.status is SmiStatus.COMMISSIONED


@pytest.mark.parametrize(
    "query",
    [
        InventoryQuery(),
        InventoryQuery(kind=DeviceKind.GPF),
        InventoryQuery(make="Maker One", region="south"),
        InventoryQuery(status=SmiStatus.COMMISSIONED),
        InventoryQuery(mpxn="2000000000003"),
        InventoryQuery(region="nowhere"),
    ],
)
def test_totals_and_pages_are_of_the_devices_that_are_meant(
    some: tuple[EstateDevice, ...], estate: SqlEstate, query: InventoryQuery
) -> None:
    """By whatever is given, all together; page after page each once."""
    estate.add(some, AT)
    wanted = [
        each.row.device
        for each in some
        if query.kind in (None, each.row.kind)
        and query.make in (None, each.row.make)
        and query.region in (None, each.row.region)
        and query.status in (None, each.row.status)
        and query.mpxn in (None, each.row.mpxn)
    ]
    assert sum(total.devices for total in estate.totals(query)) == len(wanted)
    pages, after = [], None
    while page := estate.inventory(query, after, 4):
        pages += [row.device for row in page]
        after = pages[-1]
    assert pages == sorted(wanted)


def test_pages_are_in_the_order_of_identifiers(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """Whatever octet an identifier begins with; of the inventory, and of what devices hold."""
    others = tuple(
        replace(
            each, state=replace(each.state, device=device), row=replace(each.row, device=device)
        )
        for each in some
        for device in [EUI64(b"\x90" + each.row.device.octets[1:])]
    )
    estate.add((*others, *some), AT)
    wanted = sorted(each.row.device for each in (*some, *others))
    holdings = EstateHoldings(estate)
    for read in (
        lambda after: estate.inventory(InventoryQuery(), after, 3),
        lambda after: holdings.held(after, 3),
    ):
        pages, after = [], None
        while page := read(after):
            pages += [row.device for row in page]
            after = pages[-1]
        assert pages == wanted


def test_what_is_behind_a_hub(some: tuple[EstateDevice, ...], estate: SqlEstate) -> None:
    """The rows are those that were added."""
    estate.add(some, AT)
    hub = some[0].row.device
    rows = estate.inventory(InventoryQuery(hub=hub), None, 100)
    assert list(rows) == [each.row for each in some if each.row.hub == hub]
    assert len(rows) > 1


def _lot(devices: tuple[EstateDevice, ...]) -> Lot:
    new = tuple(
        NewDevice(
            device=each.row.device,
            kind=each.row.kind,
            signing=bytes([number]) * 32,
            agreement=bytes([number + 1]) * 32,
        )
        for number, each in enumerate(devices)
    )
    return Lot(name="lot-1", hw_type=b"\x2a\x03", devices=new, at=AT)


def test_a_lot_is_kept_until_its_devices_are_there(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """Its keys are there when it was begun; afterwards the devices are, and it is no more."""
    lots, lot = SqlLots(estate, 1 << 20), _lot(some)
    lots.begin(lot)
    with pytest.raises(Refused, match="was begun before"):
        lots.begin(lot)
    assert list(lots.begun()) == [lot]
    done = AT + timedelta(minutes=1)
    commissioned = [
        replace(each, row=replace(each.row, status=SmiStatus.COMMISSIONED)) for each in some
    ]
    lots.finish(lot, commissioned, done)
    assert list(lots.begun()) == []
    assert estate.count() == len(some)
    assert [(each.status, each.at) for each in estate.history(some[0].row.device)] == [
        (SmiStatus.PENDING, AT),
        (SmiStatus.COMMISSIONED, done),
    ]


def test_a_lot_whose_device_is_there_already_stays(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """Nothing of it was added; dropped, it is no more."""
    lots, lot = SqlLots(estate, 1 << 20), _lot(some[:3])
    estate.add(some[2:3], AT)
    lots.begin(lot)
    with pytest.raises(Refused, match="is there already"):
        lots.finish(lot, some[:3], AT)
    assert list(lots.begun()) == [lot]
    assert estate.count() == 1
    lots.drop(lot)
    assert list(lots.begun()) == []


def test_an_estate_counts_on_from_what_was_proposed_first(
    some: tuple[EstateDevice, ...], estate: SqlEstate
) -> None:
    """Devices of other ranges do not count."""
    lots = SqlLots(estate, 16)
    assert lots.newest() is None
    assert lots.first(FIRST) == FIRST
    assert lots.first(EUI64(bytes(8))) == FIRST
    estate.add(some[:3], AT)
    assert lots.newest() is None
    third = EUI64.parse("0A534E0000000002")
    made = some[3]
    state = replace(made.state, device=third)
    estate.add([EstateDevice(state=state, row=replace(made.row, device=third))], AT)
    assert lots.newest() == third
