"""Certificates of devices renewed through the served ad hoc service, over TLS, and cut off at it."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from smki.adapters.sql.head_end import SqlHeadEnd
from smki.bootstrap import open_front
from smki.bootstrap.estates import open_estate
from smki.ports import CertificateRow
from smki.terms import EUI64, CertificateStatus, KeyUsage, SerialNumber
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

SECONDS = 180
USAGE = KeyUsage.DIGITAL_SIGNATURE


@pytest.fixture(scope="module")
def meters(house: Any) -> list[str]:
    """Two meters of an estate of the served house."""
    assert house.command("estate", "make", "--devices", "8", "--processes", "1").returncode == 0
    listed = json.loads(house.command("estate", "list", "--kind", "esme", "--json").stdout)
    return [one["device"] for one in listed["devices"]][:2]


def _issued(house: Any, device: str) -> list[CertificateRow]:
    """The device's certificates for digital signing, in the order of the record."""
    with open_front(house.settings) as front:
        rows = front.index.by_identity(EUI64.parse(device))
    return sorted((row for row in rows if row.usage is USAGE), key=lambda row: row.entry)


def _held(house: Any, device: str) -> SerialNumber:
    """Of the certificate that the device itself uses; nothing was left waiting for it."""
    with open_estate(house.settings) as estate:
        found = estate.device(EUI64.parse(device))
        assert SqlHeadEnd(estate.store).waiting((EUI64.parse(device),)) == ()
    assert found is not None
    own = found.state.own[KeyUsageBits.DIGITAL_SIGNATURE]
    return SerialNumber(int.from_bytes(parse_certificate(own.certificate).tbs.serial, "big"))


@pytest.mark.clause("gbcs:CS02c", "sec-app-m:2.4")
def test_a_meter_is_renewed_through_the_served_service(house: Any, meters: list[str]) -> None:
    """The supplier's credential opens it; what the meter shows is what the repository has in use."""
    words = ("estate", "rotate", meters[0], "--loss", "0.1", "--unreachable", "0", "--json")
    done = house.command(*words)
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    assert (said["renewed"], said["refused"], said["unanswered"]) == (2, 0, 0)
    assert said["through"].startswith("the ad hoc service at https://")
    before, after = _issued(house, meters[0])
    assert (before.status, after.status) == (CertificateStatus.NOT_IN_USE, CertificateStatus.IN_USE)
    assert _held(house, meters[0]) == after.serial


@pytest.mark.clause("gbcs:CS02c")
def test_a_rotation_that_was_killed_goes_on(house: Any, meters: list[str]) -> None:
    """Killed in the middle of many: the next finishes it, and issues one certificate at the most."""
    meter = meters[1]
    words = ("estate", "rotate", meter, "--usage", "ds", "--unreachable", "0")
    known = len(_issued(house, meter))
    process = subprocess.Popen(
        [sys.executable, "-m", "smki", *words, "--times", "90"],
        env=house.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + SECONDS
    while len(_issued(house, meter)) < known + 3:
        assert process.poll() is None
        assert time.monotonic() < until
    process.kill()
    process.wait()
    issued = len(_issued(house, meter))
    assert house.command(*words).returncode == 0
    rows = _issued(house, meter)
    assert issued <= len(rows) <= issued + 1
    assert _held(house, meter) == rows[-1].serial
    assert [row.status for row in rows].count(CertificateStatus.IN_USE) == 1
