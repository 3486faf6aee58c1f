"""What a recorded command must never do: be obeyed twice, though floors make counters smaller."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from smki.devices import Check, Counters, DeviceKind, DeviceState, kinds, process
from smki.devices.state import SCHEDULED_MAX, Scheduled
from smki.devices.use_cases import Shape
from smki.messages import KeyUse
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example, recipient_of
from smki.terms import RemotePartyRole
from smki.wire.gbcs.asn1 import decode
from smki.wire.gbcs.firmware import ActivateFirmwareCommand, FirmwareOutcome
from smki.wire.gbcs.frame import MessageCategory, parse_message
from smki.wire.gbcs.payloads import PAYLOAD_TYPES, SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits, ProvideDetailsCommand, StatusCode
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = AT + timedelta(days=30)
Mode = CredentialsReplacementMode
Role = RemotePartyRole


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(8).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def catalogue(keys: ScalarKeys) -> Catalogue:
    """A hierarchy, parties, and commands."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


def _edited(
    catalogue: Catalogue,
    example: Example,
    edit: Callable[[UpdateCredentialsCommand], UpdateCredentialsCommand],
) -> bytes:
    message = parse_message(example.sent.command)
    kind = PAYLOAD_TYPES[message.header.message_code, MessageCategory.COMMAND]
    party = next(
        each for each in catalogue.parties.values() if each.entity == message.header.originator
    )
    return catalogue.senders.send(
        party.entity,
        party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(example.device),
        message_code=message.header.message_code,
        counter=message.header.counter,
        value=edit(decode(kind.codec, message.payload, kind.name).value),
    ).command


def _value(octets: bytes) -> object:
    payload = read_payload(parse_message(octets))
    assert isinstance(payload, SecurityPayload)
    return payload.value


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize(
    "mode", [Mode.SUPPLIER_BY_SUPPLIER, Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR]
)
def test_a_floor_does_not_let_a_command_in_twice_whose_signing_key_stayed(
    mode: Mode, catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """Only the key agreement cell is replaced, with a floor of 0: the same octets again are stale."""
    example = catalogue.update(mode)
    octets = _edited(
        catalogue,
        example,
        lambda command: replace(
            command,
            replacements=tuple(
                each
                for each in command.replacements
                if each.cell.key_usage == KeyUsageBits.KEY_AGREEMENT
            ),
        ),
    )
    first = process(example.device, octets, AT, keys)
    value = _value(first.out[0])
    assert isinstance(value, UpdateCredentialsResponse)
    assert value.outcome is not None
    assert {each.status for each in value.outcome.outcomes} == {StatusCode.SUCCESS}
    second = process(first.state, octets, AT, keys)
    assert second.dropped is not None
    assert second.dropped.check is Check.COUNTER
    assert second.state == first.state


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ANY_BY_CONTINGENCY])
def test_no_update_is_obeyed_twice(mode: Mode, catalogue: Catalogue, keys: ScalarKeys) -> None:
    """The same octets again fail: by the counter, or because the key that authenticated them is gone."""
    example = catalogue.update(mode)
    first = process(example.device, example.sent.command, AT, keys)
    assert first.dropped is None
    second = process(first.state, example.sent.command, AT, keys)
    assert second.dropped is not None
    assert second.dropped.check in (Check.COUNTER, Check.MAC, Check.SIGNATURE)


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("another", [False, True])
def test_other_commands_of_a_supplier_that_stays_keep_their_counter(
    catalogue: Catalogue, keys: ScalarKeys, *, another: bool
) -> None:
    """Some have the broker's MAC alone, which a new supplier key does not end; a new name does."""
    example = catalogue.update(Mode.SUPPLIER_BY_TRANS_COS)
    state = example.device.with_counters(Role.SUPPLIER, Counters(update=800, command=900))
    if another:
        anchor = replace(state.anchors[kinds.SUPPLIER_DS], unique_id=bytes(range(8)))
        state = state.with_anchor(kinds.SUPPLIER_DS, anchor)
    counters = process(state, example.sent.command, AT, keys).state.counters_of(Role.SUPPLIER)
    assert (counters.update, counters.command) == (0, 0 if another else 900)


def _full(state: DeviceState) -> DeviceState:
    """The device with as much waiting as it takes, of others than those that ask now."""
    header = parse_message(_NOBODYS).header
    return replace(
        state,
        scheduled=tuple(
            Scheduled(header=replace(header, message_code=code), payload=b"", execution=LATER)
            for code in range(SCHEDULED_MAX)
        ),
    )


_NOBODYS = bytes.fromhex("df0901" + 8 * "00" + "08" + 8 * "01" + "08" + 8 * "02" + "0002000000")


@pytest.mark.clause("gbcs:CS02b", "gbcs:CS06")
def test_what_was_accepted_is_not_forgotten_for_one_command_more(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """With all places taken an update is answered resourcesBusy, an activation as failed."""
    example = catalogue.update(Mode.SUPPLIER_BY_SUPPLIER, execution=LATER)
    state = _full(example.device)
    done = process(state, example.sent.command, AT, keys)
    value = _value(done.out[0])
    assert isinstance(value, UpdateCredentialsResponse)
    assert value.outcome is not None
    assert [each.status for each in value.outcome.outcomes] == 3 * [StatusCode.RESOURCES_BUSY]
    assert value.outcome.changes == ()
    assert done.state.scheduled == state.scheduled
    assert done.state.anchors == state.anchors

    supplier = catalogue.parties[Role.SUPPLIER]
    device = _full(catalogue.device(DeviceKind.ESME))
    octets = catalogue.senders.send(
        supplier.entity,
        supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(device),
        message_code=0x0012,
        counter=9_000,
        value=ActivateFirmwareCommand(image_hash=bytes(32), counter=9_000, execution=LATER),
    ).command
    after = process(device, octets, AT, keys)
    outcome = _value(after.out[0])
    assert isinstance(outcome, FirmwareOutcome)
    assert outcome.code == 3
    assert after.state.scheduled == device.scheduled


@pytest.mark.clause("gbcs:CS02a")
def test_a_mac_proves_nobody_but_the_broker(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """CS02a without a signature, in a supplier's name: the broker made the MAC, whoever asked."""
    device = catalogue.device(DeviceKind.ESME)
    supplier, broker = (
        catalogue.parties[Role.SUPPLIER],
        catalogue.parties[Role.ACCESS_CONTROL_BROKER],
    )
    for party, role, check in (
        (supplier, Role.SUPPLIER, Check.AUTHORITY),
        (broker, Role.ACCESS_CONTROL_BROKER, None),
    ):
        command = ProvideDetailsCommand(
            authorising_cell=kinds.cell(role, KeyUsageBits.KEY_AGREEMENT), roles=(Role.ROOT,)
        )
        octets = catalogue.senders.send(
            party.entity,
            party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            recipient_of(device),
            message_code=0x0008,
            counter=9_000,
            value=command,
            shape=Shape.MAC,
        ).command
        dropped = process(device, octets, AT, keys).dropped
        assert (dropped.check if dropped else None) is check
