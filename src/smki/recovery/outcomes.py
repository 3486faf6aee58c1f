"""What a device's answer to its recovery says, and whether somebody else who looks finds the same.

    answered   the response, cell by cell: what it held before, what it holds now
    read back  what it says when it is asked, by somebody whom only its new cells know
    inspected  what an inspection that is not our own command path finds in the cells
    agreed     both say, of every cell, that it holds what was to be placed

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from smki.recovery.campaign import Fate
from smki.recovery.evidence_fields import cell_name
from smki.terms import Finding
from smki.wire.gbcs.trust_anchors import (
    RemotePartyDetails,
    StatusCode,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    ExecutionOutcome,
    ReplacementOutcome,
    UpdateCredentialsCommand,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """How a certificate in a cell is told by.

    Attributes:
        unique_id: of its subject, 8 octets; zeros for a root.
        key_identifier: 8 octets.
    """

    unique_id: bytes
    key_identifier: bytes


Anchors = Mapping[TrustAnchorCellIdentifier, Identified]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a device's response comes to.

    Attributes:
        fate: recovered, partly or refused.
        held: what the cells hold now, as the device says.
        failed: cells that were to be replaced and were not, each with the device's reason.
    """

    fate: Fate
    held: Anchors
    failed: Mapping[TrustAnchorCellIdentifier, StatusCode]


def answered(
    command: UpdateCredentialsCommand, outcome: ExecutionOutcome, placed: Anchors
) -> tuple[Answer, tuple[Finding, ...]]:
    """What the outcome comes to, and what in it is not an answer to this command.

    `placed` tells each certificate of the command.

    Clause: gbcs:CS02b
    """
    findings = tuple(_not_of(command, outcome))
    failed = {
        one.cell: one.status for one in outcome.outcomes if one.status is not StatusCode.SUCCESS
    }
    held = {one.cell: _now(one) for one in outcome.outcomes}
    missing = {one.cell for one in command.replacements} - set(held)
    wrong = {cell for cell in held if cell not in failed and held[cell] != placed.get(cell)}
    failed |= dict.fromkeys((*missing, *wrong), StatusCode.OTHER)
    fate = Fate.RECOVERED
    if failed:
        fate = Fate.REFUSED if len(failed) == len(command.replacements) else Fate.PARTLY
    return Answer(fate=fate, held=held, failed=failed), findings


def read_back(details: Iterable[RemotePartyDetails]) -> Anchors:
    """What the cells hold, as the device says when it is asked for them.

    Clause: gbcs:CS02a
    """
    return {
        TrustAnchorCellIdentifier(
            role=role.role, key_usage=cell.key_usage, cell_usage=cell.cell_usage
        ): Identified(unique_id=cell.subject_unique_id, key_identifier=cell.subject_key_identifier)
        for role in details
        for cell in role.cells or ()
    }


def missing(placed: Anchors, held: Anchors) -> tuple[str, ...]:
    """The names of the cells that do not hold what was to be placed."""
    return tuple(cell_name(cell) for cell, wanted in placed.items() if held.get(cell) != wanted)


def inspected(placed: Anchors, found: Anchors, said: Anchors) -> tuple[Finding, ...]:
    """Empty if every cell holds what was placed, as the device said; otherwise each that does not.

    Args:
        placed: what was to be placed.
        found: what the inspection finds.
        said: what the device said in its response.

    Clause: sec:L10
    """
    return tuple(
        Finding(
            rule="recovery.inspection",
            message=f"cell {cell_name(cell)}: holds {_told(found.get(cell))}, the device said"
            f" {_told(said.get(cell))}, must be {_told(wanted)}",
            where="cell",
            clause="sec:L10",
        )
        for cell, wanted in placed.items()
        if not found.get(cell) == said.get(cell) == wanted
    )


def _now(one: ReplacementOutcome) -> Identified:
    return Identified(
        unique_id=one.replacing_unique_id, key_identifier=one.replacing_key_identifier
    )


def _not_of(command: UpdateCredentialsCommand, outcome: ExecutionOutcome) -> list[Finding]:
    control = command.control
    pairs = (
        ("counter", outcome.counter, control.counter),
        ("mode", outcome.mode, control.mode),
        (
            "cells",
            [cell_name(one.cell) for one in outcome.outcomes],
            [cell_name(one.cell) for one in command.replacements],
        ),
    )
    return [
        Finding(
            rule="recovery.answer",
            message=f"response: {what} {found}, must be {wanted}",
            where=what,
            clause="gbcs:CS02b",
        )
        for what, found, wanted in pairs
        if found != wanted
    ]


def _told(one: Identified | None) -> str:
    return "nothing" if one is None else f"{one.unique_id.hex()}:{one.key_identifier.hex()}"
