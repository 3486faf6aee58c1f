"""Devices of a fleet, kept in eight octets each."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from smki.interfaces.rehearsal.among import Devices
from smki.terms import EUI64

identifiers = st.binary(min_size=8, max_size=8).map(EUI64)


@given(st.lists(identifiers, max_size=30), st.lists(identifiers, max_size=5))
def test_it_is_a_set_in_order(some: list[EUI64], others: list[EUI64]) -> None:
    """Each once, ascending, however they came; others are not in it."""
    among = Devices(some)
    assert list(among) == sorted(set(some))
    assert len(among) == len(set(some))
    assert all(device in among for device in some)
    assert [device in among for device in others] == [device in some for device in others]


def test_a_text_is_no_device_of_it() -> None:
    """Only an EUI-64 is asked for in earnest."""
    device = EUI64(bytes(8))
    text: object = str(device)
    assert text not in Devices([device])


def test_it_takes_some_octets_a_device() -> None:
    """Twenty thousand take a few hundred thousand octets at the most, while it is made too."""
    tracemalloc.start()
    try:
        among = Devices(EUI64(number.to_bytes(8, "big")) for number in range(20_000))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(among) == 20_000
    assert most < 20_000 * 24
