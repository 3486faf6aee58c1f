"""Commands to devices of a simulation: each use case, each mode, each refusal."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from smki.devices import (
    KINDS,
    Check,
    Clock,
    Counters,
    DeviceKind,
    DeviceRules,
    DeviceState,
    Firmware,
    FloorRule,
    OwnKey,
    Processed,
    advance,
    kinds,
    process,
)
from smki.devices.use_cases import Shape
from smki.messages import KeyUse
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example, recipient_of
from smki.terms import KeyUsage, RemotePartyRole
from smki.wire.gbcs.asn1 import decode, encode
from smki.wire.gbcs.device_credentials import (
    IssueResponseCode,
    KeyUsageCommand,
    ProvideResponseCode,
    UpdateDeviceCertificateCode,
)
from smki.wire.gbcs.firmware import FirmwareOutcome, SetTimeCommand, SetTimeResponse
from smki.wire.gbcs.frame import MessageCategory, parse_message
from smki.wire.gbcs.joining import (
    DeviceLogEntry,
    DeviceType,
    JoinDeviceCommand,
    JoinMethodAndRole,
    JoinResponseCode,
)
from smki.wire.gbcs.payloads import PAYLOAD_TYPES, SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import (
    KeyUsageBits,
    StatusCode,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    CANCELLATION,
    CredentialsReplacementMode,
    TimeBasedChecks,
    UpdateCredentialsAlert,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
Mode = CredentialsReplacementMode
READS = ("CS02a", "CS02e", "CS02f", "CS07", "CS08")


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(7).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def catalogue(keys: ScalarKeys) -> Catalogue:
    """A hierarchy, parties, and a command for each use case."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


@pytest.fixture(scope="module")
def examples(catalogue: Catalogue) -> tuple[Example, ...]:
    """One command, at least, for each use case and mode."""
    return tuple(catalogue.examples())


def _value(done: Processed) -> object:
    assert done.dropped is None, done.dropped
    payload = read_payload(parse_message(done.out[0]))
    assert isinstance(payload, SecurityPayload)
    return payload.value


def _outcome(done: Processed) -> list[StatusCode]:
    value = _value(done)
    assert isinstance(value, UpdateCredentialsResponse)
    assert value.outcome is not None
    return [each.status for each in value.outcome.outcomes]


@pytest.mark.clause("gbcs:CS02a", "gbcs:CS02b", "gbcs:CS02c", "gbcs:CS03", "gbcs:CS06")
def test_every_use_case_and_mode_is_obeyed(examples: tuple[Example, ...], keys: ScalarKeys) -> None:
    """Each command is answered with its counter; what may change does, reads change nothing."""
    answered_codes = set[int]().union(*(row.message_codes for row in KINDS.values()))
    assert answered_codes == {
        parse_message(each.sent.command).header.message_code for each in examples
    }
    for each in examples:
        done = process(each.device, each.sent.command, AT, keys)
        assert done.dropped is None, (each.name, done.dropped)
        asked, answered = parse_message(each.sent.command), parse_message(done.out[0])
        assert answered.header.counter == asked.header.counter
        assert answered.header.recipient == asked.header.originator
        reads = each.name.startswith(READS)
        assert (done.state == each.device) == reads, each.name


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name)
def test_each_mode_replaces_its_cells_and_no_others(
    mode: Mode, catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """Every cell that the mode names holds the new certificate, every other what it held."""
    example = catalogue.update(mode)
    done = process(example.device, example.sent.command, AT, keys)
    assert set(_outcome(done)) == {StatusCode.SUCCESS}
    command = read_payload(parse_message(example.sent.command))
    assert isinstance(command, SecurityPayload)
    assert isinstance(command.value, UpdateCredentialsCommand)
    changed = {
        cell
        for cell in example.device.anchors
        if done.state.anchors[cell] != example.device.anchors[cell]
    }
    assert changed == {each.cell for each in command.value.replacements}
    if mode is Mode.ANY_BY_CONTINGENCY:
        before, after = (
            state.anchors[kinds.ROOT].contingency_key for state in (example.device, done.state)
        )
        assert before
        assert after
        assert before != after


@pytest.mark.clause("gbcs:CS02b", "gbcs:7.2.7")
def test_a_command_is_obeyed_once(examples: tuple[Example, ...], keys: ScalarKeys) -> None:
    """The same command again, of a use case that changes something, is a stale counter.

    Or its sender is not known any more, because the command replaced it. Where a floor made the
    counter smaller, the certificate that signed is gone.
    """
    refused = set()
    for each in examples:
        done = process(each.device, each.sent.command, AT, keys)
        again = process(done.state, each.sent.command, AT, keys)
        reads = each.name.startswith(READS)
        if not reads:
            assert again.dropped is not None, each.name
            assert again.state == done.state
            refused.add(again.dropped.check)
    assert Check.COUNTER in refused
    assert refused <= {Check.COUNTER, Check.SIGNATURE, Check.MAC, Check.AUTHORITY}


def _flip(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.clause("gbcs:7.2.7", "gbcs:18.4")
def test_a_changed_bit_is_refused_and_changes_nothing(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """In every octet of one command of each use case, one bit after the other."""
    for each in examples:
        command = each.sent.command
        for octet in range(0, len(command), 1 + len(command) // 150):
            done = process(each.device, _flip(command, 8 * octet + octet % 8), AT, keys)
            assert done.dropped is not None, (each.name, octet)
            assert done.state is each.device
            assert not done.out


@pytest.mark.soak
@pytest.mark.clause("gbcs:7.2.7", "gbcs:18.4")
def test_every_changed_bit_is_refused(examples: tuple[Example, ...], keys: ScalarKeys) -> None:
    """Exhaustively: every bit of one command of each use case."""
    for each in examples:
        for bit in range(8 * len(each.sent.command)):
            done = process(each.device, _flip(each.sent.command, bit), AT, keys)
            assert done.dropped is not None, (each.name, bit)
            assert done.state is each.device


def _example(examples: tuple[Example, ...], name: str) -> Example:
    return next(each for each in examples if each.name == name)


@pytest.mark.clause("gbcs:7.2.7")
def test_each_refusal_has_its_own_check(
    examples: tuple[Example, ...], catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """Format, recipient, category, use case, authority, counter, MAC, signature: each is told."""
    read = _example(examples, "CS07")
    make = _example(examples, "CS02cDS")
    update = _example(examples, "CS02bSupplierBySupplier_ESME")
    own = process(make.device, make.sent.command, AT, keys).out[0]
    addressed = bytearray(own)
    counters = Counters(command=10**9, update=10**9)
    ahead = make.device.with_counters(RemotePartyRole.SUPPLIER, counters)
    stranger = _without(make.device, kinds.SUPPLIER_DS)
    broken_mac = make.sent.command[:-1] + bytes((make.sent.command[-1] ^ 1,))
    signature_only = catalogue.update(Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY)
    broken = signature_only.sent.command[:-1] + bytes((signature_only.sent.command[-1] ^ 1,))
    response = parse_message(bytes(addressed))
    cases: dict[Check, tuple[DeviceState, bytes]] = {
        Check.FORMAT: (read.device, b"\xdd" + bytes(20)),
        Check.RECIPIENT: (read.device, make.sent.command),
        Check.CATEGORY: (replace(make.device, device=response.header.recipient), own),
        Check.USE_CASE: (replace(make.device, kind=DeviceKind.GPF), _clock(catalogue, make.device)),
        Check.AUTHORITY: (stranger, make.sent.command),
        Check.COUNTER: (ahead, make.sent.command),
        Check.MAC: (make.device, broken_mac),
        Check.SIGNATURE: (signature_only.device, broken),
    }
    for check, (state, octets) in cases.items():
        done = process(state, octets, AT, keys)
        assert done.dropped is not None, check
        assert done.dropped.check is check, done.dropped
        assert done.state is state
    assert process(update.device, update.sent.pre_command, AT, keys).dropped is not None


def _without(state: DeviceState, cell: TrustAnchorCellIdentifier) -> DeviceState:
    anchors = {each: anchor for each, anchor in state.anchors.items() if each != cell}
    return replace(state, anchors=MappingProxyType(anchors))


def _clock(catalogue: Catalogue, device: DeviceState) -> bytes:
    supplier = catalogue.parties[RemotePartyRole.SUPPLIER]
    return catalogue.senders.send(
        supplier.entity,
        supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(device),
        message_code=0x007F,
        counter=5_000,
        value=SetTimeCommand(start=AT, end=AT + timedelta(hours=1)),
    ).command


Edit = Callable[[UpdateCredentialsCommand], UpdateCredentialsCommand]


def _update(
    catalogue: Catalogue, mode: Mode, edit: Edit, **changes: object
) -> tuple[DeviceState, bytes]:
    """An update with something else in it, signed anew by the same party."""
    example = catalogue.update(mode)
    message = parse_message(example.sent.command)
    kind = PAYLOAD_TYPES[message.header.message_code, MessageCategory.COMMAND]
    command = edit(decode(kind.codec, message.payload, kind.name).value)
    party = next(
        each for each in catalogue.parties.values() if each.entity == message.header.originator
    )
    sent = catalogue.senders.send(
        party.entity,
        party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(example.device),
        message_code=message.header.message_code,
        counter=message.header.counter,
        value=command,
    )
    return replace(example.device, **changes), sent.command  # type: ignore[arg-type] # fields of it


@pytest.mark.clause("gbcs:CS02b")
def test_a_failure_is_of_its_cell_alone(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """With one bad certificate of three the other two are replaced, and the floor is set."""

    def spoil(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
        first, second, third = command.replacements
        bad = second.certificate[:-1] + bytes((second.certificate[-1] ^ 1,))
        return replace(command, replacements=(first, replace(second, certificate=bad), third))

    state, octets = _update(catalogue, Mode.SUPPLIER_BY_SUPPLIER, spoil)
    done = process(state, octets, AT, keys)
    assert _outcome(done) == [StatusCode.SUCCESS, StatusCode.BAD_CERTIFICATE, StatusCode.SUCCESS]
    assert done.state.anchors[kinds.SUPPLIER_KA] == state.anchors[kinds.SUPPLIER_KA]
    assert done.state.anchors[kinds.SUPPLIER_DS] != state.anchors[kinds.SUPPLIER_DS]
    assert done.state.counters_of(RemotePartyRole.SUPPLIER).update == 0


@pytest.mark.clause("gbcs:CS02b", "rfc5280:6.1.3")
def test_without_a_path_there_is_no_trust_anchor(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """Certificates whose issuer did not come, or another's, change nothing: status 10."""
    other = Cast(keys, AT, development()).hierarchy.issuing.certificate
    for path in ((), (other,)):

        def without(
            command: UpdateCredentialsCommand, path: tuple[bytes, ...] = path
        ) -> UpdateCredentialsCommand:
            return replace(command, path=path)

        state, octets = _update(catalogue, Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR, without)
        done = process(state, octets, AT, keys)
        assert set(_outcome(done)) == {StatusCode.NO_TRUST_ANCHOR}
        assert done.state.anchors == state.anchors


@pytest.mark.clause("gbcs:CS02b", "rfc5280:6.1.3")
@pytest.mark.parametrize(
    ("years", "reliable", "checks", "status"),
    [
        (9, True, TimeBasedChecks.APPLY, StatusCode.SUCCESS),
        (11, True, TimeBasedChecks.APPLY, StatusCode.BAD_CERTIFICATE),
        (30, True, TimeBasedChecks.APPLY, StatusCode.NO_TRUST_ANCHOR),
        (30, True, TimeBasedChecks.DISAPPLY, StatusCode.SUCCESS),
        (30, False, TimeBasedChecks.APPLY, StatusCode.SUCCESS),
    ],
)
def test_time_counts_unless_the_command_or_the_clock_says_otherwise(
    *,
    years: int,
    reliable: bool,
    checks: TimeBasedChecks,
    status: StatusCode,
    catalogue: Catalogue,
    keys: ScalarKeys,
) -> None:
    """An expired certificate is status 5, one whose issuer has expired 10.

    But not with `disapply`, nor where the clock is not trusted.
    """

    def timed(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
        return replace(command, control=replace(command.control, time_based_checks=checks))

    state, octets = _update(
        catalogue, Mode.TRANS_COS_BY_TRANS_COS, timed, clock=Clock(reliable=reliable)
    )
    done = process(state, octets, AT + timedelta(days=365.25 * years), keys)
    assert _outcome(done) == [status]


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("whole", [True, False])
def test_a_cell_that_the_mode_may_not_touch_is_refused(
    *, whole: bool, catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """By the makes' choice the whole command, or that replacement alone with status 127."""

    def foreign(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
        first, *rest = command.replacements
        return replace(command, replacements=(replace(first, cell=kinds.SUPPLIER_DS), *rest))

    state, octets = _update(catalogue, Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR, foreign)
    done = process(state, octets, AT, keys, DeviceRules(foreign_cell_fails_command=whole))
    if whole:
        assert done.dropped is not None
        assert done.dropped.check is Check.AUTHORITY
        assert done.state is state
    else:
        assert _outcome(done) == [StatusCode.OTHER, StatusCode.SUCCESS]
        assert done.state.anchors[kinds.SUPPLIER_DS] == state.anchors[kinds.SUPPLIER_DS]


@pytest.mark.clause("gbcs:CS02b")
def test_a_wrong_role_in_a_certificate_is_a_bad_certificate(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """A network operator's certificate does not go into the supplier's cell."""
    operator = catalogue.parties[RemotePartyRole.NETWORK_OPERATOR]

    def swapped(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
        first, *rest = command.replacements
        theirs = operator.keys[KeyUse.DIGITAL_SIGNATURE].certificate
        return replace(command, replacements=(replace(first, certificate=theirs), *rest))

    state, octets = _update(catalogue, Mode.SUPPLIER_BY_SUPPLIER, swapped)
    statuses = _outcome(process(state, octets, AT, keys))
    assert statuses[0] is StatusCode.BAD_CERTIFICATE
    assert set(statuses[1:]) == {StatusCode.SUCCESS}


@pytest.mark.clause("gbcs:CS02b")
def test_the_contingency_key_opens_with_the_right_symmetric_key_alone(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """Another symmetric key, or none, and the signature of mode 9 cannot be checked."""
    example = catalogue.update(Mode.ANY_BY_CONTINGENCY)
    message = parse_message(example.sent.command)
    kind = PAYLOAD_TYPES[message.header.message_code, MessageCategory.COMMAND]
    command = decode(kind.codec, message.payload, kind.name).value
    for key, check in (
        (bytes(16), Check.SIGNATURE),
        (b"", Check.SIGNATURE),
        (None, Check.AUTHORITY),
    ):
        sent = catalogue.senders.send(
            message.header.originator,
            catalogue.contingency_handle,
            recipient_of(example.device),
            message_code=message.header.message_code,
            counter=message.header.counter,
            value=replace(command, control=replace(command.control, symmetric_key=key)),
        )
        done = process(example.device, sent.command, AT, keys)
        assert done.dropped is not None
        assert done.dropped.check is check


@pytest.mark.clause("gbcs:CS02b")
def test_a_cancellation_takes_back_what_was_future_dated(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """It is answered like a future dated command, and nothing runs at the time."""
    later = AT + timedelta(days=3)
    example = catalogue.update(Mode.SUPPLIER_BY_SUPPLIER, execution=later)
    waiting = process(example.device, example.sent.command, AT, keys).state
    assert len(waiting.scheduled) == 1
    cancel = catalogue.update(Mode.SUPPLIER_BY_SUPPLIER, execution=CANCELLATION, device=waiting)
    done = process(waiting, cancel.sent.command, AT, keys)
    assert _value(done) == UpdateCredentialsResponse()
    assert not done.state.scheduled
    assert not advance(done.state, later, keys).out


@pytest.mark.clause("gbcs:CS02b")
def test_a_future_dated_failure_is_told_by_its_alert(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """8F67 to the originator, with the device's own counter, when one cell could not be replaced."""
    later = AT + timedelta(days=366 * 30)
    example = catalogue.update(Mode.TRANS_COS_BY_TRANS_COS, execution=later)
    waiting = process(example.device, example.sent.command, AT, keys).state
    done = advance(waiting, later, keys)
    alert = parse_message(done.out[0])
    payload = read_payload(alert)
    assert isinstance(payload, SecurityPayload)
    assert isinstance(payload.value, UpdateCredentialsAlert)
    assert payload.value.alert_code == 0x8F67
    assert alert.header.counter == done.state.own_counter == 1


@pytest.mark.clause("gbcs:CS02c")
def test_every_code_about_its_own_keys_is_reached(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """CS02c, CS02d and CS02e: each response code that a device can give."""
    device = catalogue.device(DeviceKind.ESME)
    both = KeyUsageBits.DIGITAL_SIGNATURE | KeyUsageBits.KEY_AGREEMENT
    wrong = KeyUsageCommand(key_usage=both)
    none = replace(device, own=MappingProxyType({**device.own, **_bare(device)}))
    other = catalogue.device(DeviceKind.ESME)
    handle, point = keys.generate(KeyUsageBits.DIGITAL_SIGNATURE)
    waiting = replace(
        device, pending=MappingProxyType({KeyUsageBits.DIGITAL_SIGNATURE: point + handle})
    )
    _, another = keys.generate(KeyUsageBits.DIGITAL_SIGNATURE)
    certify = catalogue.cast.device_certificate
    usage = KeyUsage.DIGITAL_SIGNATURE
    supplier = catalogue.parties[RemotePartyRole.SUPPLIER]
    organisation = supplier.keys[KeyUse.DIGITAL_SIGNATURE].certificate
    authority = catalogue.cast.hierarchy.issuing.certificate
    code = UpdateDeviceCertificateCode
    cases: tuple[tuple[DeviceState, int, object, object], ...] = (
        (device, 0x000A, wrong, IssueResponseCode.INVALID_KEY_USAGE),
        (device, 0x000C, wrong, ProvideResponseCode.INVALID_KEY_USAGE),
        (none, 0x000C, KeyUsageCommand(key_usage=KeyUsageBits.DIGITAL_SIGNATURE), ProvideResponseCode.NO_CERTIFICATE_HELD),
        (waiting, 0x000B, b"\x30\x03\x02\x01\x00", code.INVALID_CERTIFICATE),
        (waiting, 0x000B, authority, code.INVALID_KEY_USAGE),
        (waiting, 0x000B, organisation, code.WRONG_DEVICE_IDENTITY),
        (waiting, 0x000B, certify(other.device, usage, point), code.WRONG_DEVICE_IDENTITY),
        (device, 0x000B, certify(device.device, usage, point), code.NO_CORRESPONDING_KEY_PAIR_GENERATED),
        (waiting, 0x000B, certify(device.device, usage, another), code.WRONG_PUBLIC_KEY),
        (waiting, 0x000B, certify(device.device, usage, point), code.SUCCESS),
    )  # fmt: skip
    for number, (state, message_code, value, wanted) in enumerate(cases):
        sent = _sent(catalogue, state, message_code, value, 7_000 + number)
        done = process(state, sent, AT, keys)
        assert _value(done) == wanted
        assert (done.state.own != state.own) == (wanted is code.SUCCESS)


def _bare(device: DeviceState) -> dict[KeyUsageBits, OwnKey]:
    own = device.own[KeyUsageBits.DIGITAL_SIGNATURE]
    return {KeyUsageBits.DIGITAL_SIGNATURE: replace(own, certificate=b"")}


def _sent(
    catalogue: Catalogue,
    state: DeviceState,
    message_code: int,
    value: object,
    counter: int,
    shape: Shape | None = None,
) -> bytes:
    supplier = catalogue.parties[RemotePartyRole.SUPPLIER]
    return catalogue.senders.send(
        supplier.entity,
        supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
        recipient_of(state),
        message_code=message_code,
        counter=counter,
        value=value,
        shape=shape,
    ).command


@pytest.mark.clause("gbcs:CS02c")
def test_a_key_that_cannot_be_made_is_said(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """Code 2, and nothing waits."""

    class NoKeys(ScalarKeys):
        def generate(self, usage: KeyUsageBits) -> None:  # type: ignore[override] # none is made
            del usage

    device = catalogue.device(DeviceKind.ESME)
    command = KeyUsageCommand(key_usage=KeyUsageBits.KEY_AGREEMENT)
    octets = _sent(catalogue, device, 0x000A, command, 8_000)
    done = process(device, octets, AT, NoKeys(keys.chance))
    assert _value(done) is IssueResponseCode.KEY_PAIR_GENERATION_FAILED
    assert not done.state.pending


@pytest.mark.clause("gbcs:CS03")
def test_every_code_of_the_device_log_is_reached(catalogue: Catalogue, keys: ScalarKeys) -> None:
    """Joins: what a device can say without its radio; each leaves the log as it was."""
    gas = catalogue.device(DeviceKind.GSME)
    meter = catalogue.device(DeviceKind.ESME)
    own, other = DeviceType.GAS_PROXY_FUNCTION, DeviceType.PPMID
    known = gas.log[0].device
    full = replace(
        meter,
        log=tuple(DeviceLogEntry(device=bytes((n,)) * 8, type=own) for n in range(16)),
    )
    method, code = JoinMethodAndRole, JoinResponseCode

    def join(how: JoinMethodAndRole, of: DeviceType, device: bytes = bytes(8)) -> object:
        return JoinDeviceCommand(method_and_role=how, other_device=device, other_type=of)

    cases = (
        (meter, 0x000D, join(method.METHOD_B, own), code.INVALID_MESSAGE_CODE_FOR_JOIN_METHOD_AND_ROLE),
        (gas, 0x000E, join(method.METHOD_B, DeviceType.ESME), code.INVALID_JOIN_METHOD_AND_ROLE),
        (gas, 0x000E, join(method.METHOD_B, other, known), code.INCOMPATIBLE_WITH_EXISTING_ENTRY),
        (full, 0x000D, join(method.METHOD_A_INITIATOR, own, b"another1"), code.DEVICE_LOG_FULL),
        (gas, 0x00AF, join(method.METHOD_C, other), code.INVALID_OR_MISSING_CERTIFICATE),
        (gas, 0x000E, join(method.METHOD_B, own, known), code.SUCCESS),
    )  # fmt: skip
    for number, (state, message_code, value, wanted) in enumerate(cases):
        done = process(
            state, _sent(catalogue, state, message_code, value, 9_000 + number), AT, keys
        )
        assert _value(done) is wanted
        assert done.state.log == state.log


@pytest.mark.clause("gbcs:CS06")
def test_every_code_of_an_activation_is_reached(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """No image, another image, one that cannot run: the version that runs stays."""
    example = _example(examples, "CS06")
    held = example.device.firmware
    for firmware, number in (
        (Firmware(version=b"\x01"), 1),
        (replace(held, image_hash=bytes(32)), 2),
        (replace(held, sound=False), 3),
        (held, 0),
    ):
        done = process(replace(example.device, firmware=firmware), example.sent.command, AT, keys)
        value = _value(done)
        assert isinstance(value, FirmwareOutcome)
        assert value.code == number
        assert (done.state.firmware != firmware) == (number == 0)


@pytest.mark.clause("gbcs:CS06")
def test_a_clock_outside_the_interval_is_not_trusted(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """GCS28 at another time than it says: unreliable from now on."""
    example = _example(examples, "GCS28")
    done = process(example.device, example.sent.command, AT + timedelta(days=1), keys)
    value = _value(done)
    assert isinstance(value, SetTimeResponse)
    assert value.status == 2
    assert not done.state.clock.reliable


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("rule", FloorRule)
def test_floors_fall_by_the_makes_choice(
    rule: FloorRule, catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """A floor of 0: set; set only where the role has a new certificate; or never below."""

    def expired(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
        return replace(command, path=())

    role, mode = RemotePartyRole.TRANSITIONAL_COS, Mode.TRANS_COS_BY_TRANS_COS
    rules = DeviceRules(floors=rule)
    good = catalogue.update(mode)
    bad = _update(catalogue, mode, expired)
    for (state, octets), renewed in (((good.device, good.sent.command), True), (bad, False)):
        counter = parse_message(octets).header.counter
        done = process(state, octets, AT, keys, rules)
        fell = rule is FloorRule.SET or (rule is FloorRule.WITH_NEW_CREDENTIALS and renewed)
        assert done.state.counters_of(role).update == (0 if fell else counter)
        value = _value(done)
        assert isinstance(value, UpdateCredentialsResponse)
        assert value.outcome is not None
        assert [(each.role, each.floor) for each in value.outcome.changes] == [(role, 0)]


@pytest.mark.clause("gbcs:7.2.7")
def test_a_payload_written_loosely_is_obeyed_as_it_was_signed(
    catalogue: Catalogue, keys: ScalarKeys
) -> None:
    """A length in more octets than needed is read; the signature is over what was received."""
    device = catalogue.device(DeviceKind.ESME)
    command = KeyUsageCommand(key_usage=KeyUsageBits.DIGITAL_SIGNATURE)
    kind = PAYLOAD_TYPES[0x000C, MessageCategory.COMMAND]
    tight = encode(kind.codec, command)
    loose = b"\x30\x82\x00" + tight[1:]
    assert decode(kind.codec, loose, kind.name).deviations
    octets = catalogue.senders.send_payload(
        catalogue.parties[RemotePartyRole.SUPPLIER], recipient_of(device), 0x000C, 9_500, loose
    )
    own = device.own[KeyUsageBits.DIGITAL_SIGNATURE]
    assert _value(process(device, octets, AT, keys)) == own.certificate
