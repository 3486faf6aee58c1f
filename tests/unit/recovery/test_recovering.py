"""Commands that recover devices: obeyed as they were meant, judged cell by cell, harmless twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

import pytest

from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.messages import KeyUse
from smki.profiles import development
from smki.recovery import (
    Anchors,
    Fate,
    Identified,
    Materials,
    answered,
    cells_replaced,
    inspected,
    recovering,
)
from smki.recovery.replacing import ROOT_CELL
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast, Party, cells_of
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.terms import Malformed, RemotePartyRole
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import StatusCode
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    ExecutionOutcome,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RECOVERY: Final = CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY
CONTINGENCY: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY
MODES: Final = (RECOVERY, CONTINGENCY)


class World(NamedTuple):
    """Everybody's keys, and devices that believe them."""

    keys: ScalarKeys
    cast: Cast
    catalogue: Catalogue

    def materials(self, mode: CredentialsReplacementMode) -> Materials:
        """New certificates for every cell; under a new root by the contingency key."""
        old = self.cast.hierarchy
        symmetric = old.symmetric_key if mode is CONTINGENCY else None
        if mode is CONTINGENCY:
            self.cast.hierarchy = self.cast.new_hierarchy()
        new = self.cast.hierarchy
        fresh = [
            Party(
                entity=party.entity,
                role=role,
                keys=self.cast.certified(party.entity, role, *party.keys),
            )
            for role, party in self.catalogue.parties.items()
        ]
        self.cast.hierarchy = old
        certificates = cells_of(new, *fresh)
        if mode is RECOVERY:
            del certificates[ROOT_CELL]
        return Materials(
            mode=mode,
            certificates=certificates,
            path=(new.issuing.certificate,),
            symmetric_key=symmetric,
            floors={},
        )

    def sent(self, device: DeviceState, command: UpdateCredentialsCommand, counter: int) -> bytes:
        """The whole message, signed by the recovery or the contingency key."""
        contingency = command.control.mode is CONTINGENCY
        party = self.catalogue.parties[RemotePartyRole.RECOVERY]
        entity = self.catalogue.originator_of_contingency if contingency else party.entity
        signing = party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return self.catalogue.senders.send(
            entity,
            self.catalogue.contingency_handle if contingency else signing,
            recipient_of(device),
            message_code=command.control.mode.message_code,
            counter=counter,
            value=command,
        ).command


@pytest.fixture(scope="module")
def world() -> World:
    """One hierarchy, its parties and their keys."""
    keys = ScalarKeys(Random(6).randbytes)  # noqa: S311 -- keys that protect nothing
    cast = Cast(keys, AT - timedelta(days=1), development())
    return World(keys, cast, Catalogue(keys, cast, AT))


def outcome_of(responses: tuple[bytes, ...]) -> ExecutionOutcome:
    """What the only response says."""
    (response,) = responses
    payload = read_payload(parse_message(response))
    assert isinstance(payload, SecurityPayload)
    assert isinstance(payload.value, UpdateCredentialsResponse)
    assert payload.value.outcome is not None
    return payload.value.outcome


def in_cells(device: DeviceState) -> Anchors:
    """What an inspection finds, by looking into the device."""
    return {
        cell: Identified(unique_id=held.unique_id, key_identifier=held.key_identifier)
        for cell, held in device.anchors.items()
    }


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("kind", DeviceKind, ids=lambda kind: kind.value)
def test_a_device_obeys_once(
    world: World, kind: DeviceKind, mode: CredentialsReplacementMode
) -> None:
    """Every cell is replaced, answer and inspection agree, and the same command has no effect again."""
    device = world.catalogue.device(kind)
    materials = world.materials(mode)
    command = recovering(materials, KINDS[kind].cells, 5_000)
    message = world.sent(device, command, 5_000)
    done = process(device, message, AT, world.keys)
    placed = in_cells(done.state)
    answer, findings = answered(command, outcome_of(done.out), placed)
    assert (answer.fate, findings) == (Fate.RECOVERED, ())
    replaced = cells_replaced(materials, KINDS[kind].cells)
    assert set(answer.held) == set(replaced)
    assert (ROOT_CELL in replaced) == (mode is CONTINGENCY)
    wanted = {cell: placed[cell] for cell in replaced}
    assert inspected(wanted, in_cells(done.state), answer.held) == ()
    assert all(placed[cell] != in_cells(device)[cell] for cell in replaced)
    again = process(done.state, message, AT, world.keys)
    assert again.state.anchors == done.state.anchors
    assert again.dropped is not None
    assert not again.out


@pytest.mark.clause("gbcs:CS02b")
def test_a_cell_that_fails_is_named(world: World) -> None:
    """One certificate that the device cannot believe leaves its cell as it was, and is told."""
    device = world.catalogue.device(DeviceKind.ESME)
    materials = world.materials(RECOVERY)
    cells = cells_replaced(materials, KINDS[DeviceKind.ESME].cells)
    bad = dict(materials.certificates)
    bad[cells[1]] = bad[cells[1]][:-1] + bytes([bad[cells[1]][-1] ^ 1])
    command = recovering(replace(materials, certificates=bad), cells, 6_000)
    done = process(device, world.sent(device, command, 6_000), AT, world.keys)
    good = process(
        device,
        world.sent(device, recovering(materials, cells, 6_000), 6_000),
        AT,
        world.keys,
    )
    placed = {cell: in_cells(good.state)[cell] for cell in cells}
    answer, findings = answered(command, outcome_of(done.out), placed)
    assert (answer.fate, findings, set(answer.failed)) == (Fate.PARTLY, (), {cells[1]})
    assert answer.failed[cells[1]] is not StatusCode.SUCCESS
    (wrong,) = inspected(placed, in_cells(done.state), answer.held)
    assert "supplier/digital_signature" in wrong.message


def test_an_answer_to_something_else_is_named(world: World) -> None:
    """Counter, mode and cells of an answer are those of the command, or each that is not is named."""
    device = world.catalogue.device(DeviceKind.GSME)
    materials = world.materials(RECOVERY)
    command = recovering(materials, KINDS[DeviceKind.GSME].cells, 7_000)
    done = process(device, world.sent(device, command, 7_000), AT, world.keys)
    outcome = outcome_of(done.out)
    other = replace(outcome, counter=7_001, mode=CONTINGENCY, outcomes=outcome.outcomes[1:])
    answer, findings = answered(command, other, in_cells(done.state))
    assert [one.where for one in findings] == ["counter", "mode", "cells"]
    assert answer.fate is Fate.PARTLY


def test_materials_that_no_device_could_obey_are_refused(world: World) -> None:
    """Another mode, a symmetric key too many or too few, a root by recovery: each is malformed."""
    recovery, contingency = world.materials(RECOVERY), world.materials(CONTINGENCY)
    with pytest.raises(Malformed, match="must be 8 or 9"):
        replace(recovery, mode=CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER)
    with pytest.raises(Malformed, match="belongs to mode 9"):
        replace(recovery, symmetric_key=bytes(16))
    with pytest.raises(Malformed, match="placed by the contingency key"):
        replace(recovery, certificates=contingency.certificates)
    with pytest.raises(Malformed, match="mode 9"):
        replace(contingency, symmetric_key=None)
    with pytest.raises(Malformed, match="without any of the cells"):
        recovering(recovery, (ROOT_CELL,), 1)
