"""Targets: a device that is sent anything, and the octets that its state is kept in.

Octets alone never get past a MAC. So the second target takes the payload of a command, and the
party that may send it signs and wraps whatever the payload has become.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

from tests.fuzz.claims import claim, read

from smki.devices import DeviceState, OwnKey, Processed, TrustAnchor, advance, process
from smki.devices.encoding import AnchorNumbers, decode_state, encode_state
from smki.messages import KeyUse, authenticated_message, signed_group
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example, recipient_of
from smki.terms import Inconsistent
from smki.wire.gbcs.frame import GroupingHeader, parse_message
from smki.wire.gbcs.payloads import OpaquePayload, SecurityPayload, read_payload

AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
_LATER: Final = timedelta(days=40_000)
_READS: Final = ("CS02a", "CS02e", "CS02f", "CS07", "CS08")  # may be asked again


class Table:
    """`encoding.AnchorTable` in memory."""

    def __init__(self) -> None:
        self._anchors: list[TrustAnchor] = []

    def number_of(self, anchor: TrustAnchor) -> int:
        """Its number, from 1 on."""
        if anchor not in self._anchors:
            self._anchors.append(anchor)
        return self._anchors.index(anchor) + 1

    def anchor(self, number: int) -> TrustAnchor:
        """The anchor of that number."""
        if not 0 < number <= len(self._anchors):
            raise Inconsistent(f"anchor {number}: is not in the table, must be")
        return self._anchors[number - 1]


class House:
    """A command for each use case, and whoever may send it."""

    def __init__(self) -> None:
        self.keys = ScalarKeys(random.Random(4).randbytes)  # noqa: S311 -- keys that protect nothing
        self._catalogue = Catalogue(self.keys, Cast(self.keys, AT, development()), AT)
        self.examples = tuple(self._catalogue.examples())
        self.table = Table()

    def with_payload(self, example: Example, payload: bytes) -> bytes:
        """The example's command with another payload, protected as the command was."""
        message = parse_message(example.sent.command)
        header = message.header
        signer = self._signer(header)
        group = signed_group(
            header,
            payload,
            (lambda octets: self.keys.sign(signer, octets)) if message.signature else None,
        )
        if not message.mac:
            return group
        broker = next(
            party
            for party in self._catalogue.parties.values()
            if party.role.name.endswith("BROKER")
        )
        handle = broker.keys[KeyUse.KEY_AGREEMENT].handle
        secret = self.keys.agree(handle, recipient_of(example.device).point)
        return authenticated_message(header, group, secret)

    def _signer(self, header: GroupingHeader) -> bytes:
        for party in self._catalogue.parties.values():
            if party.entity == header.originator:
                return party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return self._catalogue.contingency_handle


@cache
def house() -> House:
    """The one that all targets use."""
    return House()


def anything(octets: bytes) -> None:
    """A device drops what nobody protected, and stays as it was."""
    for example in house().examples[:1]:
        done = process(example.device, octets, AT, house().keys)
        claim(holds=done.dropped is not None and not done.out, what="obeyed")
        claim(holds=done.state is example.device, what="changed")


def command(octets: bytes) -> None:
    """A device obeys or drops what its parties send, and what it answers is a message.

    The first octet chooses the command, the rest is its payload.
    """
    examples = house().examples
    if not octets:
        return
    example = examples[octets[0] % len(examples)]
    sent = house().with_payload(example, octets[1:])
    done = process(example.device, sent, AT, house().keys)
    if done.dropped is not None:
        claim(holds=done.state is example.device and not done.out, what="dropped, and changed")
        return
    claim(holds=bool(done.out), what="obeyed without an answer")
    _sound(done)
    _sound(advance(done.state, AT + _LATER, house().keys))
    again = process(done.state, sent, AT, house().keys)
    claim(
        holds=again.dropped is not None or example.name.startswith(_READS),
        what=f"{example.name}: obeyed twice",
    )


def _sound(done: Processed) -> None:
    """What was sent can be read, and the state is kept and comes back."""
    for each in done.out:
        payload = read_payload(parse_message(each))
        claim(holds=not isinstance(payload, OpaquePayload), what="sent what cannot be read")
        if isinstance(payload, SecurityPayload):
            claim(holds=not payload.deviations, what="sent what is not DER")
    table = house().table
    octets = encode_state(done.state, table)
    claim(holds=decode_state(octets, table) == done.state, what="another state came back")


def state(octets: bytes) -> None:
    """Octets are a state, or inconsistent; a state is kept and comes back."""
    table = Table()
    for anchor in next(iter(house().examples)).device.anchors.values():
        table.number_of(anchor)
    found = read(lambda each: decode_state(each, table), octets, errors=(Inconsistent,))
    held = read(AnchorNumbers().of, octets, errors=(Inconsistent,))
    if found is not None:
        numbers = tuple(
            table.number_of(found.anchors[cell]) if cell in found.anchors else 0
            for cell in found.row.cells
        )
        claim(holds=held == (found.kind, numbers), what="other anchors were read alone")
        again = decode_state(encode_state(found, table), table)
        claim(holds=again == found, what="another state came back")


def states() -> tuple[bytes, ...]:
    """States as they are kept, before and after commands."""
    table = Table()
    found = []
    for example in house().examples:
        done = process(example.device, example.sent.command, AT, house().keys)
        found += [encode_state(_small(each), table) for each in (example.device, done.state)]
    return tuple(found)


def _small(state_: DeviceState) -> DeviceState:
    """The state with little in the place of certificates: they are only carried."""
    own = {usage: OwnKey(handle=key.handle, certificate=b"") for usage, key in state_.own.items()}
    return replace(state_, own=MappingProxyType(own))


def commands() -> tuple[bytes, ...]:
    """The payload of each command behind the octet that chooses it."""
    return tuple(
        bytes((number,)) + parse_message(each.sent.command).payload
        for number, each in enumerate(house().examples)
    )


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {"device": anything, "device-command": command, "device-state": state}
)
"""Each target by its name."""
