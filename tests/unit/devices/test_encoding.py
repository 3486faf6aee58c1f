import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.devices import Counters, DeviceKind, DeviceState, TrustAnchor, process
from smki.devices.encoding import decode_state, encode_state
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.terms import Inconsistent, RemotePartyRole

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Table:
    """Anchors by number, in memory."""

    def __init__(self) -> None:
        self.anchors: list[TrustAnchor] = []

    def number_of(self, anchor: TrustAnchor) -> int:
        """The number of the anchor."""
        if anchor not in self.anchors:
            self.anchors.append(anchor)
        return self.anchors.index(anchor) + 1

    def anchor(self, number: int) -> TrustAnchor:
        """The anchor of that number."""
        if not 0 < number <= len(self.anchors):
            raise Inconsistent(f"anchor {number}: is not in the table, must be")
        return self.anchors[number - 1]


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(13).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def states(keys: ScalarKeys) -> tuple[DeviceState, ...]:
    """Devices of every kind, before and after every command there is."""
    catalogue = Catalogue(keys, Cast(keys, AT, development()), AT)
    found = [catalogue.device(kind) for kind in DeviceKind]
    for example in catalogue.examples():
        found += [example.device, process(example.device, example.sent.command, AT, keys).state]
    odd = found[0].with_counters(RemotePartyRole.SUPPLIER, Counters(update=2**63 - 1))
    clock = replace(odd.clock, ahead_seconds=-12_345, reliable=False)
    return (*found, replace(odd, clock=clock, own_counter=2**40, anchors={}))


def test_every_state_is_read_as_it_was_written(states: tuple[DeviceState, ...]) -> None:
    """And takes less than 2 kB, the anchors being in the table."""
    table = Table()
    for state in states:
        octets = encode_state(state, table)
        assert decode_state(octets, table) == state
        waiting = sum(len(each.payload) for each in state.scheduled)
        assert len(octets) - waiting < 1_300


@pytest.mark.parametrize("cut", [0, 1, 5, 40, -1])
def test_octets_that_are_no_state_are_said(cut: int, states: tuple[DeviceState, ...]) -> None:
    """Cut off anywhere, or longer than written."""
    table = Table()
    octets = encode_state(states[0], table)
    for wrong in (octets[:cut], octets + b"\x00"):
        with pytest.raises(Inconsistent):
            decode_state(wrong, table)


def test_an_anchor_that_the_table_lacks_is_said(states: tuple[DeviceState, ...]) -> None:
    """A state cannot be read with another table."""
    octets = encode_state(states[0], Table())
    with pytest.raises(Inconsistent, match="not in the table"):
        decode_state(octets, Table())


@given(st.binary(max_size=200))
def test_any_octets_are_a_state_or_inconsistent(octets: bytes) -> None:
    """Nothing else is raised."""
    for start in (b"", b"\x01\x00" + bytes(8) + b"\x00" * 12):
        try:
            decode_state(start + octets, Table())
        except Inconsistent:
            continue


def test_time_may_be_far(states: tuple[DeviceState, ...]) -> None:
    """What is scheduled for the last second that can be written comes back."""
    table = Table()
    scheduled = next(state for state in states if state.scheduled)
    late = replace(scheduled.scheduled[0], execution=datetime(9999, 12, 30, tzinfo=UTC))
    state = replace(scheduled, scheduled=(late, scheduled.scheduled[0]))
    assert decode_state(encode_state(state, table), table) == state
    assert late.execution - AT > timedelta(days=365)
