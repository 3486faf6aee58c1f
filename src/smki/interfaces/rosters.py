"""Devices as they are before a recovery: its roster, kept beside it until it is concluded.

recoveries/NAME/roster/CAMPAIGN/*    written before the campaign was begun
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby, islice
from typing import Final

from smki.adapters.files import files_in, make_folder, read_octets, write_durably
from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap.recoveries import Recovery, inventory_rows
from smki.devices import DeviceState
from smki.ports.estate import EstateDevice, InventoryRow
from smki.recovery import Anchors, Identified
from smki.recovery.evidence_bundles import read_roster, rosters
from smki.recovery.evidence_rows import RosterRow
from smki.terms import EUI64
from smki.wire.gbcs.trust_anchors import KeyUsageBits

_ROSTER: Final = "roster"
_TOGETHER: Final = 500  # devices that are read from the estate at once


def keep_roster(recovery: Recovery, estate: SqlEstate, rows: Iterable[InventoryRow]) -> None:
    """These devices are kept as they are now: before anything is commanded.

    Raises:
        Unavailable: the disk or the estate is away.

    Clause: sec:L10
    """
    folder = recovery.folder / _ROSTER / recovery.campaign
    make_folder(folder, 0o700)
    kept = set()
    for item in rosters(map(roster_row, devices_of(estate, rows))):
        write_durably(folder / item.name, item.octets, private=True)
        kept.add(item.name)
    for path in files_in(folder):  # of a beginning that was cut off, or refused, with more devices
        if path.name not in kept:
            path.unlink(missing_ok=True)


def kept_roster(recovery: Recovery, campaigns: Iterable[str]) -> Iterator[RosterRow]:
    """The devices as they were before the first of these campaigns that they were in, ascending.

    Raises:
        Malformed: a file of it is not of its form.
        Unavailable: the disk is away.
    """
    merged = merge(*(_kept(recovery, one) for one in campaigns), key=_device)
    for _, rows in groupby(merged, _device):
        yield next(rows)


def _kept(recovery: Recovery, campaign: str) -> Iterator[RosterRow]:
    for path in files_in(recovery.folder / _ROSTER / campaign):
        yield from read_roster(read_octets(path))


def _device(row: RosterRow) -> EUI64:
    return row.device


def devices_of(
    estate: SqlEstate, rows: Iterable[InventoryRow] | None = None
) -> Iterator[EstateDevice]:
    """The devices of these rows, or of all, in their order; some hundred at a time in memory."""
    rest = inventory_rows(estate) if rows is None else iter(rows)
    while some := tuple(islice(rest, _TOGETHER)):
        found = estate.held_by([row.device for row in some])
        for row in some:
            if row.device in found:
                yield EstateDevice(state=found[row.device].state, row=row)


def roster_row(device: EstateDevice) -> RosterRow:
    """The device as a roster has it."""
    state, row = device.state, device.row
    return RosterRow(
        device=state.device,
        kind=state.kind.value,
        make=row.make,
        model=row.model,
        region=row.region,
        before=held_in(state),
        certificate=state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate,
    )


def held_in(state: DeviceState) -> Anchors:
    """By what the certificates in the device's cells are told, as who looks into it finds them."""
    return {
        cell: Identified(unique_id=anchor.unique_id, key_identifier=anchor.key_identifier)
        for cell, anchor in state.anchors.items()
    }
