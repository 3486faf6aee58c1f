"""What commands of recoveries say: how many devices, and what comes next."""

import pytest

from smki.interfaces.cli.recovery_beginning import next_words
from smki.interfaces.cli.recovery_devices import devices_told


def test_one_device_is_one() -> None:
    """And no devices are several."""
    assert [devices_told(count) for count in (0, 1, 2_000)] == [
        "0 devices",
        "1 device",
        "2,000 devices",
    ]


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
    assert (f"incident recovering {incident} --campaign lost" in said) is noted
