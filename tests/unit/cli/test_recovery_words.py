"""What commands of recoveries say: how many devices, and what comes next."""

from pathlib import Path

import pytest

from smki.interfaces.cli.recovery_beginning import next_words
from smki.interfaces.cli.recovery_devices import devices_told, listed_devices
from smki.terms import EUI64, Malformed


def test_one_device_is_one() -> None:
    """And no devices are several."""
    assert [devices_told(count) for count in (0, 1, 2_000)] == [
        "0 devices",
        "1 device",
        "2,000 devices",
    ]


def test_a_list_names_devices(tmp_path: Path) -> None:
    """One that names none is no list: a recovery of nobody would end at once, as if all was well."""
    file = tmp_path / "devices"
    file.write_bytes(b"\xef\xbb\xbf00-0B-6B-FF-FE-00-00-01\r\n\r\n")
    assert listed_devices(str(file)) == frozenset({EUI64.parse("00-0B-6B-FF-FE-00-00-01")})
    assert listed_devices(None) is None
    for said in (b"", b"\n \n"):
        file.write_bytes(said)
        with pytest.raises(Malformed, match="none is listed, must be one at least"):
            listed_devices(str(file))


@pytest.mark.parametrize(
    ("incident", "unregistered", "noted"),
    [("PMA/i1", False, True), ("INC-7", True, False), (f"EX-1@{'0' * 64}", False, False)],
)
def test_a_campaign_of_a_registered_incident_is_noted_there(
    *, incident: str, unregistered: bool, noted: bool
) -> None:
    """Others are in no register: they are carried next."""
    said = next_words("lost", {"incident": incident, "unregistered": unregistered})
    assert said.endswith("'smki recovery carry lost'")
    assert (f"incident recovering {incident} --campaign lost --by PERSON'" in said) is noted
