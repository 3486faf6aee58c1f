import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smki.adapters.sql.estate import SqlEstate
from smki.devices import DeviceKind, process
from smki.ports.estate import EstateDevice
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.terms import EUI64, Inconsistent, Refused, SmiStatus
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(17).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def catalogue(keys: ScalarKeys) -> Catalogue:
    """A hierarchy and parties."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


@pytest.fixture
def estate(tmp_path: Path) -> SqlEstate:
    """An empty estate."""
    return SqlEstate(f"sqlite:///{tmp_path / 'estate.sqlite'}")


def _devices(catalogue: Catalogue, count: int) -> list[EstateDevice]:
    made = []
    for _ in range(count):
        state = catalogue.device(DeviceKind.ESME)
        made.append(
            EstateDevice(
                state=state,
                make="Sample Meter Maker",
                model="E1",
                hub=state.device,
                region="north",
                mpxn="2000000000001",
            )
        )
    return made


def test_what_is_added_is_there_for_whoever_opens_it_next(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    """Devices, what the inventory knows of them, and their anchors, once for all of them."""
    url = f"sqlite:///{tmp_path / 'estate.sqlite'}"
    devices = _devices(catalogue, 20)
    SqlEstate(url).add(devices, AT)
    again = SqlEstate(url)
    assert again.count() == 20
    for each in devices:
        assert again.device(each.state.device) == each
    assert again.device(EUI64(bytes(8))) is None
    size = (tmp_path / "estate.sqlite").stat().st_size
    assert size < 20 * 2_000 + 80_000


def test_a_device_that_changed_is_kept(
    catalogue: Catalogue, keys: ScalarKeys, estate: SqlEstate
) -> None:
    """New anchors are in the table with it, also for another who reads it."""
    example = catalogue.update(CredentialsReplacementMode.ANY_BY_CONTINGENCY)
    state = example.device
    device = EstateDevice(state=state, make="m", model="n", hub=state.device, region="north")
    estate.add([device], AT)
    after = process(state, example.sent.command, AT, keys).state
    estate.keep([after])
    found = estate.device(state.device)
    assert found is not None
    assert found.state == after
    assert found.state.anchors != state.anchors


def test_one_pass_sees_each_device_once(catalogue: Catalogue, estate: SqlEstate) -> None:
    """In parts of any size."""
    devices = _devices(catalogue, 23)
    estate.add(devices, AT)
    seen, after = [], None
    while part := estate.states(after, 5):
        seen += [state.device for state in part]
        after = part[-1].device
    assert sorted(seen) == sorted(each.state.device for each in devices)


def test_a_device_twice_is_refused_and_none_is_added(
    catalogue: Catalogue, estate: SqlEstate
) -> None:
    """The others of the same call are not there either; added again without it they are."""
    first, second = _devices(catalogue, 2)
    estate.add([first], AT)
    with pytest.raises(Refused, match="is there already"):
        estate.add([second, first], AT)
    assert estate.count() == 1
    estate.add([second], AT)
    found = estate.device(second.state.device)
    assert found == second


def test_a_device_that_is_not_there_cannot_be_kept(catalogue: Catalogue, estate: SqlEstate) -> None:
    """And nothing of the same call is."""
    known, unknown = _devices(catalogue, 2)
    estate.add([known], AT)
    with pytest.raises(Inconsistent, match="is not there"):
        estate.keep([known.state, unknown.state])


def test_statuses_are_a_history(catalogue: Catalogue, estate: SqlEstate) -> None:
    """Each change once, in time's order; the same again is none."""
    devices = _devices(catalogue, 3)
    estate.add(devices, AT)
    later = AT + timedelta(days=1)
    ids = [each.state.device for each in devices]
    estate.set_status(ids, SmiStatus.COMMISSIONED, later)
    estate.set_status(ids, SmiStatus.COMMISSIONED, later + timedelta(days=1))
    history = estate.history(ids[0])
    assert [(each.status, each.at) for each in history] == [
        (SmiStatus.PENDING, AT),
        (SmiStatus.COMMISSIONED, later),
    ]
    found = estate.device(ids[0])
    assert found is not None
    assert found.status is SmiStatus.COMMISSIONED
