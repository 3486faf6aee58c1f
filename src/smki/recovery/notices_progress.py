"""How far a recovery has come, told to a subscriber or to the authority: the two progress files.

    file,organisation-compromise-recovery-progress,1    or other-compromise-recovery-progress
    incident,<ref>,
    reference,<the party's own>,
    to,<short name of a party, or ref of a body>,
    campaign,<name>,
    made,<instant>,
    part,<number>,<of how many>
    state,<running|paused|aborted|ended>,
    devices,<how many there are>,
    fate,<fate>,<how many devices>                      ascending by name
    reason,<fate>: <why>,<how many devices>             ascending
    device,<EUI-64>,<fate>                              ascending; up to 100,000 in a part

Counts are of the whole campaign and alike in each part; a file to the authority has no devices. It
travels signed and sealed as a notification does, the other way.

Clause: sec-app-l:2
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.recovery.campaign import Fate
from smki.recovery.notices_rows import FileKind, Row, Rows, write_rows
from smki.recovery.progress import Progress
from smki.terms import EUI64, Compromised, instant_text

REASONS_MAX: Final = 1_000
DEVICES_A_PART: Final = 100_000
_STATES: Final = ("running", "paused", "aborted", "ended")
_PROGRESS: Final = frozenset({FileKind.ORGANISATION_PROGRESS, FileKind.OTHER_PROGRESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which of several files this is, from 1."""

    number: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFile:
    """How far a campaign has come, as it is told.

    Attributes:
        kind: which of the two files.
        incident: ref of the incident.
        reference: the reporting party's own.
        to: short name of the party, or ref of the body, that is told.
        campaign: its name.
        made: as of which instant.
        part: which of several files.
        state: whether the campaign goes on.
        devices_of_campaign: how many it has.
        fates: how many devices have each fate; by the fate's name.
        reasons: how many devices have a fate for a reason: `fate: why`.
        devices: what became of devices, ascending.
    """

    kind: FileKind
    incident: str
    reference: str
    to: str
    campaign: str
    made: datetime
    part: Part
    state: str
    devices_of_campaign: int
    fates: tuple[tuple[Fate, int], ...]
    reasons: tuple[tuple[str, int], ...] = ()
    devices: tuple[tuple[EUI64, Fate], ...] = ()


def progress_kind(compromised: Compromised) -> FileKind:
    """Which file tells of the recovery from a compromise of that key."""
    if compromised is Compromised.ORGANISATION:
        return FileKind.ORGANISATION_PROGRESS
    return FileKind.OTHER_PROGRESS


def progress_file(
    progress: Progress,
    *,
    incident: str,
    reference: str,
    to: str,
    part: Part,
    devices: Iterable[tuple[EUI64, Fate]] = (),
) -> ProgressFile:
    """One part of what is told of a campaign.

    Args:
        progress: how far it has come.
        incident: ref of the incident.
        reference: the reporting party's own.
        to: who is told.
        part: which of several files.
        devices: of this part.

    Clause: sec-app-l:2
    """
    reasons: dict[str, int] = {}
    for one in progress.reasons:
        name = f"{one.fate.value}: {one.why}" if one.why else one.fate.value
        reasons[name] = reasons.get(name, 0) + one.devices
    fates = ((fate, count) for fate, count in progress.fates.items() if count)
    return ProgressFile(
        kind=progress_kind(progress.plan.compromised),
        incident=incident,
        reference=reference,
        to=to,
        campaign=progress.name,
        made=progress.at,
        part=part,
        state=progress.state,
        devices_of_campaign=progress.devices,
        fates=tuple(sorted(fates, key=lambda pair: pair[0].value)),
        reasons=tuple(sorted(reasons.items()))[:REASONS_MAX],
        devices=tuple(sorted(devices, key=lambda pair: str(pair[0]))),
    )


def encode_progress(one: ProgressFile) -> bytes:
    """The only spelling of the file.

    Clause: sec-app-l:2
    """
    return write_rows(one.kind, _rows(one))


def parse_progress(octets: bytes) -> ProgressFile:
    """What the file says.

    Raises:
        Malformed: not of the form above: which line, what was found, what was expected.

    Clause: sec-app-l:2
    """
    rows = Rows(octets)
    if rows.kind not in _PROGRESS:
        raise rows.wrong(f"{rows.kind.value}, must be a progress file")
    found = ProgressFile(
        kind=rows.kind,
        incident=rows.text("incident"),
        reference=rows.text("reference"),
        to=rows.text("to"),
        campaign=rows.text("campaign"),
        made=rows.instant("made"),
        part=_part(rows),
        state=_state(rows),
        devices_of_campaign=rows.count(rows.text("devices")),
        fates=rows.some("fate", len(Fate), lambda row: _fate(rows, row)),
        reasons=rows.some("reason", REASONS_MAX, lambda row: (row.value, rows.count(row.detail))),
        devices=rows.some("device", DEVICES_A_PART, lambda row: _device(rows, row)),
    )
    if sum(count for _, count in found.fates) != found.devices_of_campaign:
        raise rows.wrong(f"fates are not {found.devices_of_campaign} devices together, must be")
    rows.done(encode_progress(found), octets)
    return found


def _rows(one: ProgressFile) -> Iterator[Row]:
    yield Row("incident", one.incident)
    yield Row("reference", one.reference)
    yield Row("to", one.to)
    yield Row("campaign", one.campaign)
    yield Row("made", instant_text(one.made))
    yield Row("part", str(one.part.number), str(one.part.of))
    yield Row("state", one.state)
    yield Row("devices", str(one.devices_of_campaign))
    yield from (Row("fate", fate.value, str(count)) for fate, count in one.fates)
    yield from (Row("reason", why, str(count)) for why, count in one.reasons)
    yield from (Row("device", str(device), fate.value) for device, fate in one.devices)


def _part(rows: Rows) -> Part:
    row = rows.row("part")
    part = Part(number=rows.count(row.value), of=rows.count(row.detail))
    if not 1 <= part.number <= part.of:
        raise rows.wrong(f"part {part.number} of {part.of}, must be one of them")
    return part


def _state(rows: Rows) -> str:
    state = rows.text("state")
    if state not in _STATES:
        raise rows.wrong(f"{state[:60]!r}, must be one of {', '.join(_STATES)}")
    return state


def _fate(rows: Rows, row: Row) -> tuple[Fate, int]:
    return rows.member(Fate, row.value), rows.count(row.detail)


def _device(rows: Rows, row: Row) -> tuple[EUI64, Fate]:
    return rows.device(row.value), rows.member(Fate, row.detail)
