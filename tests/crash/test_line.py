"""Hubs that are really killed: what a device did and said is kept, and the head end goes on."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.served_line import ServedLine

from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap import load_settings
from smki.devices import process
from smki.ports.estate import EstateDevice, InventoryRow
from smki.ports.links import FromDevice
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example
from smki.simulator.tcp_link import TcpLink
from smki.terms import EUI64
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEVICES = 12
CONFIGURATION = """
[line]
port = 0
pace = 200
attempts = 50
[line.regions.north]
loss = 0.1
power_failure = 0
unreachable = 0
"""


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(23).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def examples(keys: ScalarKeys) -> dict[EUI64, Example]:
    """An update of the supplier's credentials for each device."""
    catalogue = Catalogue(keys, Cast(keys, AT, development()), AT)
    made = (
        catalogue.update(CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER) for _ in range(DEVICES)
    )
    return {each.device.device: each for each in made}


@pytest.fixture
def state(tmp_path: Path, examples: dict[EUI64, Example]) -> Path:
    """A state directory with an estate of those devices."""
    folder = tmp_path / "var"
    folder.mkdir()
    (folder / "smki.toml").write_text(CONFIGURATION, encoding="utf-8")
    with closing(SqlEstate(f"sqlite:///{folder / 'estate.sqlite'}")) as estate:
        estate.add(
            [
                EstateDevice(
                    state=each.device,
                    row=InventoryRow(
                        device=device,
                        kind=each.device.kind,
                        make="Sample Meter Maker",
                        model="E1",
                        hub=device,
                        region="north",
                    ),
                )
                for device, each in examples.items()
            ],
            AT,
        )
    return folder


@pytest.fixture
def served(state: Path) -> Iterator[ServedLine]:
    """Not begun yet; killed afterwards."""
    made = ServedLine(state)
    yield made
    made.kill()


@pytest.mark.clause("gbcs:7.2.7")
def test_what_devices_did_is_kept_when_the_hubs_are_killed(
    served: ServedLine, state: Path, examples: dict[EUI64, Example], keys: ScalarKeys
) -> None:
    """Each device obeys once in all, and is as its answer said; the line comes back by itself."""
    served.begin()
    transfer = load_settings({"SMKI_STATE": str(state)}).line.transfer()
    with closing(TcpLink("127.0.0.1", served.port, transfer=transfer)) as link:
        for device, each in examples.items():
            link.send(device, each.sent.command)
        answered = [_next(link), _next(link)]
        served.kill()
        with closing(SqlEstate(f"sqlite:///{state / 'estate.sqlite'}")) as estate:
            assert all(_revision(estate, device) == 1 for device in answered)
        served.begin()
        with closing(SqlEstate(f"sqlite:///{state / 'estate.sqlite'}")) as estate:
            end = time.monotonic() + 180
            while time.monotonic() < end and any(not _revision(estate, one) for one in examples):
                answered += [
                    event.device
                    for event in link.events(link.now + timedelta(seconds=40))
                    if isinstance(event, FromDevice)
                ]
            for device, each in examples.items():
                held = estate.held(device)
                assert held is not None
                assert held.revision == 1
                expected = process(each.device, each.sent.command, AT, keys).state
                assert held.state.anchors == expected.anchors
        assert len(set(answered)) == len(answered)
        assert link.reconnected == 1
    said = served.end()
    assert isinstance(said["frames"], int)
    assert said["messages"]


def _next(link: TcpLink) -> EUI64:
    event = next(iter(link.events(link.now + timedelta(days=1))))
    assert isinstance(event, FromDevice)
    return event.device


def _revision(estate: SqlEstate, device: EUI64) -> int:
    held = estate.held(device)
    assert held is not None
    return held.revision


def test_only_one_serves_an_estate_and_only_regions_that_have_figures(
    served: ServedLine, state: Path
) -> None:
    """A second one is told so; so is who has devices in a region that nobody configured."""
    served.begin()
    environment = {**os.environ, "SMKI_STATE": str(state)}

    def refused() -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "smki", "estate", "serve", "--json", "--port", "0"],
            env=environment,
            capture_output=True,
            timeout=180,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)["error"]["message"]

    code, message = refused()
    assert (code, "only one can be" in message) == (3, True)
    assert served.end()["messages"] == 0
    assert not (state / "line.json").exists()
    with sqlite3.connect(state / "estate.sqlite") as database:
        database.execute("UPDATE estate_device SET region = 'islands'")
    code, message = refused()
    assert (code, "devices are in islands, must be in regions" in message) == (1, True)
