"""Certificates of an estate's devices renewed in one command, by the house's own rules."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.estates import open_estate
from smki.policy.limits import MAXIMUM_DEVICE_CERTIFICATES
from smki.terms import EUI64, CertificateStatus, SerialNumber
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

ROUGH = ("--loss", "0.2", "--duplicate", "0.2", "--corrupt", "0.1", "--overtake", "0.2")


@pytest.fixture(scope="module")
def estate(original: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A house with nine devices, of two homes at least; tests rotate different ones."""
    state = tmp_path_factory.mktemp("estate") / "state"
    shutil.copytree(original.state, state)
    house = type(original)(state=state)
    assert house.run("estate", "make", "--devices", "9", "--processes", "1")[0] == 0
    return house


def _devices(house: Any, kind: str) -> list[str]:
    code, listed = house.json("estate", "list", "--kind", kind)
    assert code == 0
    return [one["device"] for one in listed["devices"]]


def _serial(house: Any, device: str, usage: KeyUsageBits) -> str:
    """Of the certificate that the device itself holds."""
    with open_estate(load_settings({"SMKI_STATE": str(house.state)})) as opened:
        found = opened.device(EUI64.parse(device))
    assert found is not None
    serial = parse_certificate(found.state.own[usage].certificate).tbs.serial
    return str(SerialNumber(int.from_bytes(serial, "big")))


@pytest.mark.clause("gbcs:CS02c", "sec-app-m:2.4")
def test_every_kind_of_device_has_new_certificates_over_a_bad_line(estate: Any) -> None:
    """Hub, gas proxy, meters: each shows what was issued; what it had before is not in use any more."""
    code, done = estate.json("estate", "rotate", "--count", "6", *ROUGH, "--seed", "3")
    assert (code, done["renewed"], done["certificates"]) == (0, 12, 12)
    assert done["sent"] >= done["commands"] >= 36
    assert done["frames"] > 2 * done["commands"]
    assert done["through"] == "this process"
    assert {one["error"] for one in done["rotations"]} == {None}
    usages = {"ds": KeyUsageBits.DIGITAL_SIGNATURE, "ka": KeyUsageBits.KEY_AGREEMENT}
    with open_front(load_settings({"SMKI_STATE": str(estate.state)})) as front:
        for one in done["rotations"]:
            held = _serial(estate, one["device"], usages[one["usage"]])
            assert held == one["serial"]
            rows = front.index.by_identity(EUI64.parse(one["device"]))
            standing = {
                str(row.serial): row.status
                for row in rows
                if row.usage.code.lower() == one["usage"]
            }
            assert standing.pop(one["serial"]) is CertificateStatus.IN_USE
            assert list(standing.values()) == [CertificateStatus.NOT_IN_USE]


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_a_meter_is_renewed_until_it_is_an_anomaly_and_on_after_a_review(estate: Any) -> None:
    """Two certificates were made with it: the 99th renewal is refused, with a higher limit 120 are done."""
    meter = _devices(estate, "esme")[-1]
    allowed = MAXIMUM_DEVICE_CERTIFICATES - 2
    words = ("estate", "rotate", meter, "--usage", "ds", "--loss", "0.05")
    code, done = estate.json(*words, "--times", str(allowed + 1))
    assert (code, done["renewed"], done["refused"]) == (1, 98, 1)
    refused = done["rotations"][-1]
    assert (refused["step"], refused["status"]) == ("CSR", "ISSUANCE_ANOMALY")
    assert "100 certificates were issued for this device" in refused["error"]["message"]
    assert "ask the registration authority to review the limit" in refused["error"]["message"]
    code, again = estate.json(*words)
    assert (code, again["rotations"][0]["status"]) == (1, "ISSUANCE_ANOMALY")
    held = _serial(estate, meter, KeyUsageBits.DIGITAL_SIGNATURE)
    assert held == done["rotations"][-2]["serial"]
    limited = ("registration", "device", meter, "--limit", "122")
    assert estate.run(*limited)[0] == 1
    assert estate.run(*limited, "--reason", "a test of renewals, no fault of the meter")[0] == 0
    code, rest = estate.json(*words, "--times", str(120 - allowed))
    assert (code, rest["renewed"]) == (0, 22)
    assert estate.json(*words)[0] == 1


def test_a_device_that_is_not_reached_is_told_and_tried_again(estate: Any) -> None:
    """Exit code 3, as for all that may be tried again; then it goes on."""
    meter = _devices(estate, "gsme")[-1]
    code, said = estate.run("estate", "rotate", meter, "--usage", "ka", "--unreachable", "1")
    assert code == 3
    assert "does not answer CS02c, try again" in said
    assert "next: the same again, with another --seed" in said
    twice = (meter, str(EUI64.parse(meter)))  # the same device, named twice, is one
    code, said = estate.run("estate", "rotate", *twice, "--usage", "ka", "--unreachable", "0")
    assert code == 0
    assert "1 of 1 certificates renewed" in said
    assert f"next: 'smki estate show {EUI64.parse(meter)}'" in said


@pytest.mark.parametrize(
    ("words", "code", "family", "message"),
    [
        (("0A534D4B4A000001",), 1, "refused", "is not in the estate"),
        (("--count", "10000"), 1, "malformed", "the estate has 9 devices"),
        ((), 2, "usage", "either devices or --count"),
        (("0A534D4B4A000001", "--count", "1"), 2, "usage", "either devices or --count"),
        (("0A53",), 1, "malformed", "EUI-64"),
    ],
)
def test_what_cannot_be_rotated_is_said(
    words: tuple[str, ...], code: int, family: str, message: str, estate: Any
) -> None:
    """Devices of no estate, more than there are, none or both ways of naming them."""
    got, said = estate.json("estate", "rotate", *words)
    assert (got, said["error"]["family"]) == (code, family)
    assert message in said["error"]["message"]


def test_without_an_estate_nothing_is_rotated(original: Any) -> None:
    """It says how to make one."""
    code, said = original.json("estate", "rotate", "--count", "1")
    assert (code, said["error"]["family"]) == (3, "unavailable")
    assert "smki estate make" in said["error"]["message"]


def test_keys_that_are_not_those_of_the_cells_command_nothing(estate: Any, tmp_path: Path) -> None:
    """A new key of the supplier, of which devices were not told: refused before anything is sent."""
    house = type(estate)(state=tmp_path / "state")
    shutil.copytree(estate.state, house.state)
    folder = house.state / "parties" / "supplier"
    (old,) = folder.glob("*-ds.key")
    (other,) = folder.glob("*-pp-ka.key")
    old.write_bytes(other.read_bytes())
    meter = _devices(house, "esme")[0]
    code, said = house.json("estate", "rotate", meter)
    assert (code, said["error"]["family"]) == (1, "refused")
    assert "none here belongs to the certificate that devices hold" in said["error"]["message"]
