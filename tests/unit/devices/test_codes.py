"""Every status and response code is given by a device here, or on the list with its reason.

What can be said is counted from the notation itself: a code that nobody gives fails the test.
"""

import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import MappingProxyType, ModuleType

import pytest

import smki.devices
import smki.wire.gbcs
from smki.devices import (
    Check,
    DeviceKind,
    DeviceRules,
    DeviceState,
    Fault,
    Firmware,
    OwnKey,
    Processed,
    process,
)
from smki.devices.state import SCHEDULED_MAX, Scheduled
from smki.messages import KeyUse
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example, recipient_of
from smki.terms import EUI64, KeyUsage, RemotePartyRole
from smki.wire.gbcs.asn1 import decode
from smki.wire.gbcs.device_credentials import KeyUsageCommand
from smki.wire.gbcs.frame import MessageCategory, parse_message
from smki.wire.gbcs.joining import (
    DeviceLogEntry,
    DeviceType,
    JoinDeviceCommand,
    JoinMethodAndRole,
)
from smki.wire.gbcs.payloads import PAYLOAD_TYPES, SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DS = KeyUsageBits.DIGITAL_SIGNATURE
Mode = CredentialsReplacementMode
NEIGHBOUR = bytes(range(1, 9))  # whom every device of the catalogue knows

ASKED = {  # what commands, cells and headers are made of: not what a device says of its doing
    "CellUsage", "CredentialsReplacementMode", "DataType", "DeviceKind", "DeviceType", "Fault",
    "FloorRule", "JoinMethodAndRole", "KeyUsageBits", "MessageCategory", "Protection",
    "SeqNumberUsage", "Shape", "TimeBasedChecks",
}  # fmt: skip
RADIO = "is of the radio's key exchange, which is not simulated"
NEVER = {
    "JoinResponseCode.KEY_AGREEMENT_NO_RESOURCES": RADIO,
    "JoinResponseCode.KEY_AGREEMENT_UNKNOWN_ISSUER": RADIO,
    "JoinResponseCode.KEY_AGREEMENT_UNSUPPORTED_SUITE": RADIO,
    "JoinResponseCode.KEY_AGREEMENT_BAD_MESSAGE": RADIO,
    "JoinResponseCode.KEY_AGREEMENT_BAD_KEY_CONFIRM": RADIO,
    "JoinResponseCode.NO_PARTNER_LINK_KEY_RECEIVED": RADIO,
    "JoinResponseCode.NO_CBKE_RESPONSE": RADIO,
}


class Bench:
    """Devices and parties, and what may be done with them."""

    def __init__(self) -> None:
        self.keys = ScalarKeys(random.Random(8).randbytes)  # noqa: S311 -- keys that protect nothing
        self.catalogue = Catalogue(self.keys, Cast(self.keys, AT, development()), AT)
        self.examples = {each.name: each for each in self.catalogue.examples()}
        self._counter = 50_000

    def send(
        self, state: DeviceState, message_code: int, value: object, *faults: Fault
    ) -> Processed:
        """What the supplier's command makes of the device."""
        self._counter += 1
        supplier = self.catalogue.parties[RemotePartyRole.SUPPLIER]
        sent = self.catalogue.senders.send(
            supplier.entity,
            supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            recipient_of(state),
            message_code=message_code,
            counter=self._counter,
            value=value,
        )
        rules = DeviceRules(faults=frozenset(faults))
        return process(state, sent.command, AT, self.keys, rules)

    def example(self, name: str, *faults: Fault, **changes: object) -> Processed:
        """What a command of the catalogue makes of its device, with something else in the state."""
        example = self.examples[name]
        state = replace(example.device, **changes)  # type: ignore[arg-type] # fields of it
        rules = DeviceRules(faults=frozenset(faults))
        return process(state, example.sent.command, AT, self.keys, rules)

    def update(
        self, edit: Callable[[UpdateCredentialsCommand], UpdateCredentialsCommand], *faults: Fault
    ) -> Processed:
        """What an edited update of the transitional change of supplier makes of a device."""
        example = self.catalogue.update(Mode.TRANS_COS_BY_TRANS_COS)
        message = parse_message(example.sent.command)
        kind = PAYLOAD_TYPES[message.header.message_code, MessageCategory.COMMAND]
        party = self.catalogue.parties[RemotePartyRole.TRANSITIONAL_COS]
        sent = self.catalogue.senders.send(
            party.entity,
            party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            recipient_of(example.device),
            message_code=message.header.message_code,
            counter=message.header.counter,
            value=edit(decode(kind.codec, message.payload, kind.name).value),
        )
        state = replace(example.device, scheduled=_crowd(example))
        rules = DeviceRules(faults=frozenset(faults))
        return process(state, sent.command, AT, self.keys, rules)

    def dropped(self, name: str, octets: Callable[[bytes], bytes], **changes: object) -> Processed:
        """What a command of the catalogue, changed on its way, makes of its device."""
        example = self.examples[name]
        state = replace(example.device, **changes)  # type: ignore[arg-type] # fields of it
        return process(state, octets(example.sent.command), AT, self.keys)

    def own_certificate(self, point: bytes = b"", *, waiting: bool = True) -> Processed:
        """A device is given a certificate: of the key that waits, or of `point`."""
        handle, fresh = self.keys.generate(DS)
        device = self.meter()
        pending = MappingProxyType({DS: fresh + handle} if waiting else {})
        certify = self.catalogue.cast.device_certificate
        made = certify(device.device, KeyUsage.DIGITAL_SIGNATURE, point or fresh)
        return self.send(replace(device, pending=pending), 0x000B, made)

    def meter(self, kind: DeviceKind = DeviceKind.ESME) -> DeviceState:
        """Another device."""
        return self.catalogue.device(kind)

    def party_certificate(self) -> bytes:
        """An organisation's."""
        supplier = self.catalogue.parties[RemotePartyRole.SUPPLIER]
        return supplier.keys[KeyUse.DIGITAL_SIGNATURE].certificate

    def join(
        self,
        code: int,
        how: JoinMethodAndRole,
        of: DeviceType,
        device: bytes = b"somebody",
        **changes: object,
    ) -> Processed:
        """A gas meter, or an electricity meter by method A, is told to join another device."""
        kind = DeviceKind.ESME if code == 0x000D else DeviceKind.GSME
        state = replace(self.meter(kind), **changes)  # type: ignore[arg-type] # fields of it
        value = JoinDeviceCommand(method_and_role=how, other_device=device, other_type=of)
        return self.send(state, code, value)


def _crowd(example: Example) -> tuple[Scheduled, ...]:
    """As many future dated commands, each of another party, as a device takes."""
    message = parse_message(example.sent.command)
    return tuple(
        Scheduled(
            header=replace(message.header, originator=EUI64(number.to_bytes(8, "big"))),
            payload=message.payload,
            execution=AT + timedelta(days=1),
        )
        for number in range(SCHEDULED_MAX)
    )


def _flipped(octets: bytes) -> bytes:
    return octets[:-1] + bytes((octets[-1] ^ 1,))


def _spoilt(command: UpdateCredentialsCommand) -> UpdateCredentialsCommand:
    (only,) = command.replacements
    bad = replace(only, certificate=_flipped(only.certificate))
    return replace(command, replacements=(bad,))


def _full(state: DeviceState) -> tuple[DeviceLogEntry, ...]:
    return tuple(
        DeviceLogEntry(device=bytes((number,)) * 8, type=DeviceType.PPMID)
        for number in range(state.row.log_size)
    )


def _without_keys(bench: Bench) -> Processed:
    class NoKeys(ScalarKeys):
        def generate(self, usage: KeyUsageBits) -> None:  # type: ignore[override] # none is made
            del usage

    example = bench.examples["CS02cDS"]
    return process(example.device, example.sent.command, AT, NoKeys(bench.keys.chance))


def _bare(bench: Bench) -> Processed:
    own = bench.examples["CS02eDS"].device.own
    bare = {**own, DS: OwnKey(handle=own[DS].handle)}
    return bench.example("CS02eDS", own=MappingProxyType(bare))


def _late(bench: Bench) -> Processed:
    example = bench.examples["GCS28"]
    return process(example.device, example.sent.command, AT + timedelta(days=1), bench.keys)


def _again(bench: Bench) -> Processed:
    example = bench.examples["CS04AC"]
    done = process(example.device, example.sent.command, AT, bench.keys)
    return process(done.state, example.sent.command, AT, bench.keys)


_BOTH = KeyUsageCommand(key_usage=DS | KeyUsageBits.KEY_AGREEMENT)
_A, _B, _C = (
    JoinMethodAndRole.METHOD_A_INITIATOR,
    JoinMethodAndRole.METHOD_B,
    JoinMethodAndRole.METHOD_C,
)
_GPF, _PPMID = DeviceType.GAS_PROXY_FUNCTION, DeviceType.PPMID
_LATER = AT + timedelta(days=2)
GIVEN: dict[str, Callable[[Bench], Processed]] = {
    "StatusCode.SUCCESS": lambda bench: bench.update(lambda command: command),
    "StatusCode.BAD_CERTIFICATE": lambda bench: bench.update(_spoilt),
    "StatusCode.NO_TRUST_ANCHOR": lambda bench: bench.update(lambda command: replace(command, path=())),
    "StatusCode.INSUFFICIENT_MEMORY": lambda bench: bench.update(lambda command: command, Fault.ANCHOR_STORE),
    "StatusCode.TRUST_ANCHOR_NOT_FOUND": lambda bench: bench.example("CS02aMAC"),
    "StatusCode.RESOURCES_BUSY": lambda bench: bench.update(lambda command: replace(command, execution=_LATER)),
    "StatusCode.OTHER": lambda bench: bench.example("CS02fMAC"),
    "IssueResponseCode.INVALID_KEY_USAGE": lambda bench: bench.send(bench.meter(), 0x000A, _BOTH),
    "IssueResponseCode.KEY_PAIR_GENERATION_FAILED": _without_keys,
    "IssueResponseCode.CR_PRODUCTION_FAILED": lambda bench: bench.example("CS02cDS", Fault.REQUEST),
    "UpdateDeviceCertificateCode.SUCCESS": lambda bench: bench.own_certificate(),
    "UpdateDeviceCertificateCode.INVALID_CERTIFICATE": lambda bench: bench.send(bench.meter(), 0x000B, b"\x30\x00"),
    "UpdateDeviceCertificateCode.WRONG_DEVICE_IDENTITY": lambda bench: bench.send(
        bench.meter(), 0x000B, bench.party_certificate()
    ),
    "UpdateDeviceCertificateCode.INVALID_KEY_USAGE": lambda bench: bench.send(
        bench.meter(), 0x000B, bench.catalogue.cast.hierarchy.issuing.certificate
    ),
    "UpdateDeviceCertificateCode.NO_CORRESPONDING_KEY_PAIR_GENERATED": lambda bench: bench.own_certificate(waiting=False),
    "UpdateDeviceCertificateCode.WRONG_PUBLIC_KEY": lambda bench: bench.own_certificate(bench.keys.generate(DS)[1]),
    "UpdateDeviceCertificateCode.CERTIFICATE_STORAGE_FAILED": lambda bench: bench.example("CS02d", Fault.CERTIFICATE_STORE),
    "UpdateDeviceCertificateCode.PRIVATE_KEY_CHANGE_FAILED": lambda bench: bench.example("CS02d", Fault.KEY_CHANGE),
    "ProvideResponseCode.INVALID_KEY_USAGE": lambda bench: bench.send(bench.meter(), 0x000C, _BOTH),
    "ProvideResponseCode.NO_CERTIFICATE_HELD": _bare,
    "ProvideResponseCode.CERTIFICATE_RETRIEVAL_FAILURE": lambda bench: bench.example("CS02eDS", Fault.CERTIFICATE_READ),
    "JoinResponseCode.SUCCESS": lambda bench: bench.example("CS03B"),
    "JoinResponseCode.INVALID_MESSAGE_CODE_FOR_JOIN_METHOD_AND_ROLE": lambda bench: bench.join(0x000D, _B, _GPF),
    "JoinResponseCode.INVALID_JOIN_METHOD_AND_ROLE": lambda bench: bench.join(0x000E, _B, DeviceType.ESME),
    "JoinResponseCode.INCOMPATIBLE_WITH_EXISTING_ENTRY": lambda bench: bench.join(0x000E, _B, _PPMID, NEIGHBOUR),
    "JoinResponseCode.DEVICE_LOG_FULL": lambda bench: bench.join(0x000D, _A, _GPF, log=_full(bench.meter())),
    "JoinResponseCode.WRITE_FAILURE": lambda bench: bench.example("CS03B", Fault.LOG_WRITE),
    "JoinResponseCode.INVALID_OR_MISSING_CERTIFICATE": lambda bench: bench.join(0x00AF, _C, _PPMID),
    "UnjoinResponseCode.SUCCESS": lambda bench: bench.example("CS04AC"),
    "UnjoinResponseCode.NOT_IN_DEVICE_LOG": lambda bench: bench.example("CS04AC", log=()),
    "UnjoinResponseCode.OTHER_FAILURE": lambda bench: bench.example("CS04AC", Fault.LOG_WRITE),
    "ReadResponseCode.SUCCESS": lambda bench: bench.example("CS07"),
    "ReadResponseCode.READ_FAILURE": lambda bench: bench.example("CS07", Fault.LOG_READ),
    "ActivateImageResponseCode.SUCCESS": lambda bench: bench.example("CS06"),
    "ActivateImageResponseCode.NO_IMAGE_HELD": lambda bench: bench.example("CS06", firmware=Firmware(version=b"\x01")),
    "ActivateImageResponseCode.HASH_MISMATCH": lambda bench: bench.example(
        "CS06", firmware=Firmware(version=b"\x01", image_hash=bytes(32))
    ),
    "ActivateImageResponseCode.ACTIVATION_FAILURE": lambda bench: bench.example(
        "CS06", firmware=replace(bench.examples["CS06"].device.firmware, sound=False)
    ),
    "DeviceTimeStatus.RELIABLE": lambda bench: bench.example("GCS28"),
    "DeviceTimeStatus.INVALID": lambda bench: bench.example("GCS28", Fault.CLOCK),
    "DeviceTimeStatus.UNRELIABLE": _late,
    "Check.FORMAT": lambda bench: bench.dropped("CS07", lambda octets: octets[:-1]),
    "Check.RECIPIENT": lambda bench: bench.dropped("CS07", bytes, device=EUI64(bytes(8))),
    "Check.CATEGORY": lambda bench: bench.dropped("CS07", lambda octets: octets.replace(b"\xdf\x09\x01", b"\xdf\x09\x03")),
    "Check.USE_CASE": lambda bench: bench.dropped("CS07", bytes, kind=DeviceKind.CHF),
    "Check.AUTHORITY": lambda bench: bench.dropped("CS07", bytes, anchors=MappingProxyType({})),
    "Check.COUNTER": _again,
    "Check.MAC": lambda bench: bench.dropped("CS07", _flipped),
    "Check.SIGNATURE": lambda bench: bench.dropped("CS02aSignature", _flipped),
}  # fmt: skip
"""For each code, what makes a device give it."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Devices and parties, and what may be done with them."""
    return Bench()


@pytest.mark.clause(
    "gbcs:use-cases", "gbcs:CS02a", "gbcs:CS02b", "gbcs:CS02c", "gbcs:CS03", "gbcs:CS06"
)
@pytest.mark.parametrize("code", GIVEN)
def test_a_device_gives_the_code(code: str, bench: Bench) -> None:
    """It stands in the answer, or is the check for which a message was dropped without one."""
    done = GIVEN[code](bench)
    assert code in set(_said(done))
    assert (done.dropped is not None) == code.startswith(Check.__name__)


@pytest.mark.clause("gbcs:use-cases")
def test_every_code_is_given_or_on_the_list() -> None:
    """No code of the notation is left out, none that is given is called impossible."""
    codes = {
        f"{enum.__name__}.{member.name}"
        for enum in _enums(smki.wire.gbcs, smki.devices)
        if enum.__name__ not in ASKED
        for member in enum
    }
    assert set(GIVEN).isdisjoint(NEVER)
    assert codes == {*GIVEN, *NEVER}


def _said(done: Processed) -> Iterator[str]:
    if done.dropped is not None:
        yield _name(done.dropped.check)
        return
    payload = read_payload(parse_message(done.out[0]))
    assert isinstance(payload, SecurityPayload)
    yield from _codes(payload.value)


def _codes(value: object) -> Iterator[str]:
    match value:
        case Enum():
            yield _name(value)
        case tuple():
            for each in value:
                yield from _codes(each)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from _codes(getattr(value, field.name))


def _name(member: Enum) -> str:
    return f"{type(member).__name__}.{member.name}"


def _enums(*packages: ModuleType) -> set[type[Enum]]:
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for package in packages
        for found in pkgutil.iter_modules(package.__path__)
    ]
    return {
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Enum) and each.__module__ == module.__name__
    }
