"""Kill -9 while an estate is made: the same command again finishes the same estate."""

import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap.estates import open_estate
from smki.simulator import ScalarKeys
from smki.wire.certificate import parse_certificate

DEVICES = 900
SMALL_LOTS = """
from smki.interfaces import estate_making
from smki.interfaces.cli import main
estate_making.LOT = 200
main()
"""


def _making(house: Any) -> "subprocess.Popen[bytes]":
    with (house.state.parent / f"{house.state.name}.log").open("ab") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-c", SMALL_LOTS, "estate", "make"),
                *("--devices", str(DEVICES), "--processes", "2"),
            ],
            env=house.environment,
            stdout=log,
            stderr=log,
        )


def _kill_soon(house: Any, chance: random.Random) -> None:
    """Made for a while, then killed; usually in the middle."""
    making = _making(house)
    time.sleep(chance.uniform(0.8, 2.5))
    making.send_signal(signal.SIGKILL)
    making.wait()


def _check(house: Any, estate: SqlEstate) -> None:
    """Exactly so many devices, each key with its certificate, and no certificate beside them."""
    keys = ScalarKeys(lambda _: b"")
    held = estate.held_after(None, 2 * DEVICES)
    assert len(held) == DEVICES
    certificates = set()
    for each in held:
        for own in each.state.own.values():
            certificate = parse_certificate(own.certificate)
            assert certificate.tbs.public_key.endswith(keys.point(own.handle))
            certificates.add(own.certificate)
    assert len(certificates) == 2 * DEVICES
    house.check_published(sorted(certificates)[:50])
    assert len(house.devices()) == DEVICES


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_making_an_estate_is_killed(house: Any, chance: random.Random) -> None:
    """First without a server, then through one that is killed too: nothing is issued twice."""
    house.chunk = 150
    for _ in range(3):
        _kill_soon(house, chance)
    house.start()
    house.wait_ready()
    _kill_soon(house, chance)
    house.kill_server()
    house.start()
    house.wait_ready()
    assert _making(house).wait(180) == 0, house.log()
    house.stop()
    house.wait_gone()
    with open_estate(house.settings) as estate:
        _check(house, estate)
    house.check((), ())
