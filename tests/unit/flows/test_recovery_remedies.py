"""What new certificates do not undo is undone afterwards: what waits, and counters at their end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.recovered_house import COUNTER, ROLE, House, new_house
from tests.support.recovering import AT, in_cells

from smki.devices import DeviceKind, DeviceState, process
from smki.devices.state import Counters
from smki.flows.recovering import Cells
from smki.flows.recovery_remedies import (
    COUNTED_BACK,
    cancelling,
    counting_back,
    modes_to_cancel,
)
from smki.messages import KeyUse
from smki.simulator.catalogue import recipient_of
from smki.terms import Refused, RemotePartyRole
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

END = (1 << 63) - 1
ROLES = (
    ROLE.RECOVERY,
    ROLE.SUPPLIER,
    ROLE.NETWORK_OPERATOR,
    ROLE.ACCESS_CONTROL_BROKER,
    ROLE.TRANSITIONAL_COS,
    ROLE.WAN_PROVIDER,
    ROLE.LOAD_CONTROLLER,
)


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


def command(
    house: House, device: DeviceState, role: RemotePartyRole, counter: int, value: object, code: int
) -> bytes:
    """A command of the party in that role."""
    party = house.world.catalogue.parties[role]
    return house.world.catalogue.senders.send(
        party.entity,
        party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(device),
        message_code=code,
        counter=counter,
        value=value,
    ).command


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("role", ROLES, ids=lambda one: one.name.lower())
def test_whatever_waits_in_a_partys_name_is_taken_back(house: House, role: RemotePartyRole) -> None:
    """Of each mode that the role has, on every kind of device, what was scheduled waits no more."""
    cancelled = 0
    for kind in DeviceKind:
        device = house.world.catalogue.device(kind)
        for mode in modes_to_cancel(role, kind):
            example = house.world.catalogue.update(
                mode, device=device, execution=AT + timedelta(days=400)
            )
            waiting = process(device, example.sent.command, AT, house.world.keys).state
            assert len(waiting.scheduled) == 1
            value = cancelling(mode, kind, house.after.certificates, counter=COUNTER)
            message = command(house, waiting, role, COUNTER, value, mode.message_code)
            after = process(waiting, message, AT, house.world.keys)
            assert after.out
            assert after.state.scheduled == ()
            assert after.state.anchors == device.anchors
            cancelled += 1
    assert cancelled


def test_every_mode_is_taken_back_by_somebody(house: House) -> None:
    """What each mode schedules can be cancelled: by the role whose it is, the root's by contingency."""
    modes = {
        mode
        for role in (*ROLES, ROLE.ROOT)
        for kind in DeviceKind
        for mode in modes_to_cancel(role, kind)
    }
    assert modes == set(CredentialsReplacementMode)
    with pytest.raises(Refused, match="no certificate for a cell that it may replace"):
        cancelling(CredentialsReplacementMode.ROOT_BY_SUPPLIER, DeviceKind.ESME, {}, counter=1)
    assert house.before.certificates


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("kind", DeviceKind, ids=lambda one: one.value)
def test_counters_at_their_end_are_counted_back(house: House, kind: DeviceKind) -> None:
    """Lent to the broker and given back, every role may command again, and holds what it held."""
    device = house.world.catalogue.device(kind)
    for role in COUNTED_BACK:
        device = device.with_counters(role, Counters(update=END, command=END))
    state, later = device, AT + timedelta(minutes=1)
    legs = counting_back(house.before, at=AT)
    for number, leg in enumerate(legs):
        if kind in leg.kinds:
            done = process(
                state, house.message(leg, state, COUNTER + number), later, house.world.keys
            )
            assert done.dropped is None
            state = done.state
    assert in_cells(state) == in_cells(device)
    floor = int(AT.timestamp() * 1_000)
    for role in COUNTED_BACK:
        if any(cell.role is role for cell in device.row.cells):
            counters = state.counters_of(role)
            assert (counters.update, counters.command) == (floor, floor)
    lacking = Cells(
        certificates={
            cell: one
            for cell, one in house.before.certificates.items()
            if cell.role is not ROLE.LOAD_CONTROLLER
        },
        path=house.before.path,
    )
    with pytest.raises(Refused, match="no new certificates of load_controller"):
        counting_back(replace(lacking), at=AT)
