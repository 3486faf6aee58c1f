"""Commands made from forms are those made one by one; no answer is taken that a reader would not."""

from dataclasses import replace
from functools import cache
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.recovering import AT, MODES, World, new_world, told_by

from smki.campaigns import Commanding, Target
from smki.campaigns.making import Commands
from smki.devices import KINDS, DeviceKind, process
from smki.headend import Recipient, commanded
from smki.messages import KeyUse
from smki.recovery import Fate, Materials, answered, recovering
from smki.simulator.catalogue import recipient_of
from smki.simulator.sending import HandleKeys
from smki.terms import EUI64, Finding, Malformed, RemotePartyRole
from smki.wire.gbcs.frame import GbcsMessage, parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsResponse,
)

_SUPPLIER: Final = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
ALL: Final = (*MODES, _SUPPLIER)  # the last has the access control broker's MAC too
COUNTERS: Final = st.integers(1, 8).flatmap(
    lambda octets: (
        st.integers(1 << 8 * (octets - 1), (1 << (8 * octets - 1)) - 1)
        | st.integers(1 << (8 * octets - 1), (1 << 8 * octets) - 1).map(lambda n: min(n, 2**63 - 1))
    )
)


@cache
def _world() -> World:
    return new_world()


@cache
def _commanding(mode: CredentialsReplacementMode) -> Commanding:
    world = _world()
    catalogue = world.catalogue
    materials = world.materials(MODES[0] if mode is _SUPPLIER else mode)
    party = catalogue.parties[RemotePartyRole.SUPPLIER]
    broker = catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
    signer = catalogue.contingency_handle
    if mode is not MODES[1]:
        role = RemotePartyRole.SUPPLIER if mode is _SUPPLIER else RemotePartyRole.RECOVERY
        party = catalogue.parties[role]
        signer = party.keys[KeyUse.DIGITAL_SIGNATURE].handle
    if mode is _SUPPLIER:
        own = {
            cell: certificate
            for cell, certificate in materials.certificates.items()
            if cell.role is RemotePartyRole.SUPPLIER
        }
        materials = Materials(mode=mode, certificates=own, path=materials.path, floors={})
    return Commanding(
        originator=catalogue.originator_of_contingency if mode is MODES[1] else party.entity,
        reader=broker.entity,
        keys=HandleKeys(
            keys=world.keys, signer=signer, broker=broker.keys[KeyUse.KEY_AGREEMENT].handle
        ),
        materials=materials,
        placed=told_by(materials.certificates),
    )


@cache
def _commands(mode: CredentialsReplacementMode) -> Commands:
    return Commands(_commanding(mode))


@cache
def _point(kind: DeviceKind) -> bytes:
    return recipient_of(_world().catalogue.device(kind)).point


def _target(kind: DeviceKind, device: bytes) -> Target:
    recipient = Recipient(device=EUI64(device), kind=kind, point=_point(kind))
    return Target(recipient=recipient, cells=KINDS[kind].cells, signing=_point(kind))


def _can(mode: CredentialsReplacementMode, kind: DeviceKind) -> bool:
    """Whether the device has a cell that the mode replaces."""
    return any(cell in _commanding(mode).materials.certificates for cell in KINDS[kind].cells)


COUNTER: Final = 1_794_000_000_000
PAIRS: Final = [(mode, kind) for mode in ALL for kind in DeviceKind]


@pytest.mark.clause("gbcs:CS02b", "gbcs:7.2.7")
@settings(max_examples=60, deadline=None)
@given(
    pair=st.sampled_from(PAIRS),
    counters=st.lists(COUNTERS, min_size=1, max_size=3),
    device=st.binary(min_size=8, max_size=8),
)
def test_what_is_made_from_a_form_is_what_is_made_one_by_one(
    pair: tuple[CredentialsReplacementMode, DeviceKind], counters: list[int], device: bytes
) -> None:
    """Octet for octet, of every kind and mode, whatever the counter's length."""
    mode, kind = pair
    if not _can(mode, kind):
        return
    by, target = _commanding(mode), _target(kind, device)
    made = _commands(mode).make((target,) * len(counters), counters)
    for counter, formed in zip(counters, made, strict=True):
        alone = commanded(
            by.originator,
            target.recipient,
            by.keys,
            message_code=mode.message_code,
            counter=counter,
            value=recovering(by.materials, target.cells, counter),
        )
        assert formed.octets == alone.command


@cache
def _answered(mode: CredentialsReplacementMode, kind: DeviceKind) -> tuple[Target, GbcsMessage]:
    """A device of the world, and what it answers to its command."""
    world = _world()
    device = world.catalogue.device(kind)
    target = Target(recipient=recipient_of(device), cells=KINDS[kind].cells, signing=_point(kind))
    (command,) = _commands(mode).make((target,), (COUNTER,))
    (response,) = process(device, command.octets, AT, world.keys).out
    return target, parse_message(response)


def _read(
    mode: CredentialsReplacementMode, target: Target, response: GbcsMessage
) -> tuple[Fate, tuple[Finding, ...]] | None:
    """What the whole reading of an answer comes to; None if it cannot be read."""
    by = _commanding(mode)
    command = recovering(by.materials, target.cells, COUNTER)
    try:
        payload = read_payload(response)
    except Malformed:
        return None
    assert isinstance(payload, SecurityPayload)
    assert isinstance(payload.value, UpdateCredentialsResponse)
    if payload.value.outcome is None:
        return None
    placed = {one.cell: by.placed[one.cell] for one in command.replacements}
    answer, findings = answered(command, payload.value.outcome, placed)
    return answer.fate, findings


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("mode", ALL, ids=lambda mode: f"mode-{int(mode)}")
def test_the_answer_of_every_kind_of_device_is_known_by_its_form(
    mode: CredentialsReplacementMode,
) -> None:
    """Of a device that replaced everything; not as the answer to another command."""
    for kind in DeviceKind:
        if _can(mode, kind):
            target, response = _answered(mode, kind)
            assert _read(mode, target, response) == (Fate.RECOVERED, ())
            assert _commands(mode).succeeded(target, COUNTER, response)
            assert not _commands(mode).succeeded(target, COUNTER + 1, response)


@pytest.mark.clause("gbcs:CS02b")
@settings(max_examples=300, deadline=None)
@given(
    pair=st.sampled_from(PAIRS),
    at=st.integers(0, 700),
    cut=st.integers(0, 9),
    put=st.binary(max_size=9),
)
def test_no_answer_is_taken_by_its_form_that_a_reader_would_not_take(
    pair: tuple[CredentialsReplacementMode, DeviceKind], at: int, cut: int, put: bytes
) -> None:
    """Whatever is changed in it: what the form takes for recovered, the whole reading does too."""
    mode, kind = pair
    if not _can(mode, kind):
        return
    target, response = _answered(mode, kind)
    payload = response.payload[:at] + put + response.payload[at + cut :]
    changed = replace(response, payload=payload)
    if _commands(mode).succeeded(target, COUNTER, changed):
        assert _read(mode, target, changed) == (Fate.RECOVERED, ())
