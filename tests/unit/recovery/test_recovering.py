"""Commands that recover devices: obeyed as they were meant, judged cell by cell, harmless twice."""

from dataclasses import replace

import pytest
from tests.support.recovering import AT, CONTINGENCY, MODES, RECOVERY, World, in_cells, new_world

from smki.devices import KINDS, DeviceKind, process
from smki.recovery import Fate, answered, cells_replaced, inspected, recovering
from smki.recovery.replacing import ROOT_CELL
from smki.terms import Malformed
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import StatusCode
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    ExecutionOutcome,
    UpdateCredentialsResponse,
)


@pytest.fixture(scope="module")
def world() -> World:
    """One hierarchy, its parties and their keys."""
    return new_world()


def outcome_of(responses: tuple[bytes, ...]) -> ExecutionOutcome:
    """What the only response says."""
    (response,) = responses
    payload = read_payload(parse_message(response))
    assert isinstance(payload, SecurityPayload)
    assert isinstance(payload.value, UpdateCredentialsResponse)
    assert payload.value.outcome is not None
    return payload.value.outcome


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
    """Another mode, a symmetric key too many or too few, a root for which nothing vouches."""
    recovery, contingency = world.materials(RECOVERY), world.materials(CONTINGENCY)
    modes = CredentialsReplacementMode
    with pytest.raises(Malformed, match="mode 4, must be one of 0, 1, 2, 3, 5, 6, 8, 9"):
        replace(recovery, mode=modes.ACCESS_CONTROL_BROKER_BY_ACB)
    with pytest.raises(Malformed, match="mode 0 without a root"):
        replace(recovery, mode=modes.ROOT_BY_SUPPLIER)
    with pytest.raises(Malformed, match="a root by mode 2"):
        replace(recovery, mode=modes.SUPPLIER_BY_SUPPLIER, certificates=contingency.certificates)
    with pytest.raises(Malformed, match="belongs to mode 9"):
        replace(recovery, symmetric_key=bytes(16))
    with pytest.raises(Malformed, match="nothing vouches for"):
        replace(recovery, certificates=contingency.certificates, path=())
    with pytest.raises(Malformed, match="mode 9"):
        replace(contingency, symmetric_key=None)
    with pytest.raises(Malformed, match="without any of the cells"):
        recovering(recovery, (ROOT_CELL,), 1)
