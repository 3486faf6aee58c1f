"""An estate for people and programs: totals, a row of the inventory, one device whole."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

from smki.adapters.sql.estate import SqlEstate
from smki.devices import Counters, DeviceState, OwnKey, TrustAnchor
from smki.flows.office import FrontOffice
from smki.flows.registering import certificate_of
from smki.ports.estate import InventoryRow, InventoryTotal
from smki.terms import EUI64, Refused, RemotePartyRole, SerialNumber
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import (
    REMOTE_PARTY_ROLE,
    KeyUsageBits,
    TrustAnchorCellIdentifier,
)

Shown = tuple[dict[str, Any], Iterable[str]]

_GROUPS = ("kind", "region", "make", "status")
_COUNTED = ("update", "command")


def totals_document(totals: Sequence[InventoryTotal]) -> Shown:
    """How many devices there are by kind, region, make and status, and in all."""
    counts = {group: Counter[str]() for group in _GROUPS}
    for total in totals:
        for group in _GROUPS:
            value = getattr(total, group)
            counts[group][value.value if isinstance(value, Enum) else value] += total.devices
    devices = sum(total.devices for total in totals)
    document = {
        "devices": devices,
        **{group: dict(sorted(counts[group].items())) for group in _GROUPS},
        "groups": [
            {
                "kind": total.kind.value,
                "region": total.region,
                "make": total.make,
                "status": total.status.value,
                "devices": total.devices,
            }
            for total in totals
        ],
    }
    return document, _total_lines(devices, counts)


def _total_lines(devices: int, counts: dict[str, Counter[str]]) -> Iterator[str]:
    yield f"{devices} devices"
    for group, count in counts.items():
        yield f"by {group}"
        for name, number in sorted(count.items()):
            yield f"  {name:<24} {number:>12}  {100 * number / devices:5.1f} %"


def row_document(row: InventoryRow) -> dict[str, Any]:
    """A row of the inventory, as JSON has it."""
    return {
        "device": row.device.digits,
        "kind": row.kind.value,
        "make": row.make,
        "model": row.model,
        "region": row.region,
        "hub": row.hub.digits,
        "mpxn": row.mpxn,
        "status": row.status.value,
    }


def device_document(estate: SqlEstate, front: FrontOffice, device: EUI64) -> Shown:
    """A device whole: the inventory, cells, counters, certificates, history.

    Raises:
        Refused: it is not in the estate.
    """
    found = estate.device(device)
    if found is None:
        raise Refused(
            f"device {device}: is not in the estate, must be one that 'smki estate list' names",
            where="EUI64",
            rule="estate.device",
        )
    state = found.state
    document = {
        **row_document(found.row),
        "history": [
            {"status": each.status.value, "at": each.at.isoformat(timespec="milliseconds")}
            for each in estate.history(device)
        ],
        "cells": [
            _cell(cell, state.anchors[cell], front)
            for cell in state.row.cells
            if cell in state.anchors
        ],
        "counters": [_counters(role, counters) for role, counters in state.counters.items()],
        "certificates": [_certificate(usage, own) for usage, own in state.own.items()],
        **_rest(state),
    }
    return document, _device_lines(document)


def _rest(state: DeviceState) -> dict[str, Any]:
    return {
        "pending_keys": [_usage(usage) for usage in state.pending],
        "own_counter": state.own_counter,
        "clock": {
            "ahead_seconds": state.clock.ahead_seconds,
            "reliable": state.clock.reliable,
        },
        "firmware": state.firmware.version.hex(),
        "device_log": [
            {"device": entry.device.hex(), "type": _name(entry.type)} for entry in state.log
        ],
        "scheduled": [
            {
                "message_code": f"0x{each.header.message_code:04X}",
                "originator": each.header.originator.digits,
                "counter": each.header.counter,
                "execution": each.execution.isoformat(),
            }
            for each in state.scheduled
        ],
    }


def _cell(
    cell: TrustAnchorCellIdentifier, anchor: TrustAnchor, front: FrontOffice
) -> dict[str, Any]:
    serial = _serial(front, anchor)
    return {
        "role": REMOTE_PARTY_ROLE.name(cell.role),
        "key_usage": _usage(cell.key_usage),
        "cell_usage": _name(cell.cell_usage),
        "subject_id": anchor.unique_id.hex(),
        "key_id": anchor.key_identifier.hex(),
        "serial": None if serial is None else str(serial),
    }


def _counters(role: RemotePartyRole, counters: Counters) -> dict[str, Any]:
    """Counters of a role; None of what was never asked."""
    return {
        "role": REMOTE_PARTY_ROLE.name(role),
        "update": None if counters.update < 0 else counters.update,
        "command": None if counters.command < 0 else counters.command,
        "specialist": {_name(usage): number for usage, number in counters.specialist.items()},
    }


def _certificate(usage: KeyUsageBits, own: OwnKey) -> dict[str, Any]:
    tbs = parse_certificate(own.certificate).tbs
    return {
        "key_usage": _usage(usage),
        "serial": str(SerialNumber(int.from_bytes(tbs.serial, "big"))),
        "not_before": tbs.not_before.instant.isoformat(),
        "certificate": own.certificate.hex(),
    }


def _serial(front: FrontOffice, anchor: TrustAnchor) -> SerialNumber | None:
    """The serial number of the record's certificate for the anchor's key; None if it has none."""
    certificate = certificate_of(front, anchor.point)
    return None if certificate is None else front.describe(certificate).serial


def _usage(usage: KeyUsageBits) -> str:
    return ", ".join(_name(each) for each in usage)


def _name(member: Enum) -> str:
    """As the documents write it: networkOperator."""
    first, *others = (member.name or "").lower().split("_")
    return first + "".join(map(str.capitalize, others))


def _device_lines(document: dict[str, Any]) -> Iterator[str]:
    for name in ("device", "kind", "make", "model", "region", "hub", "mpxn", "status"):
        if document[name]:
            yield f"{name:<10} {document[name]}"
    yield "history"
    for each in document["history"]:
        yield f"  {each['at']}  {each['status']}"
    yield "certificates"
    for each in document["certificates"]:
        yield f"  {each['key_usage']:<18} {each['serial']}  from {each['not_before']}"
    yield "trust anchor cells: role, usage, subject, key, certificate"
    for each in document["cells"]:
        usage = each["key_usage"] + ("" if each["cell_usage"] == "management" else " (top-up)")
        yield (
            f"  {each['role']:<20} {usage:<22} {each['subject_id']}  {each['key_id']}"
            f"  {each['serial'] or 'not of this SMKI'}"
        )
    yield (
        "counters: role, last update, last other command"
        if document["counters"]
        else ("counters: no remote party has been obeyed yet")
    )
    for each in document["counters"]:
        update, command = (each[one] if each[one] is not None else "none" for one in _COUNTED)
        yield f"  {each['role']:<20} {update}  {command}"
    if document["pending_keys"]:
        yield f"keys that wait for certificates: {', '.join(document['pending_keys'])}"
    for each in document["scheduled"]:
        yield f"scheduled: {each['message_code']} of {each['originator']} at {each['execution']}"
