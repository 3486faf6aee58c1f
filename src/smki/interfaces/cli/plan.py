"""`smki plan`: what a recovery, or an issue, takes, before anyone decides."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from smki.bootstrap import load_settings
from smki.interfaces.capacity import Wanted, calculate, fields_of
from smki.interfaces.capacity_issuing import issuing_fields
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.pace import pace_of, pace_options
from smki.interfaces.cli.recovery_devices import devices_told
from smki.interfaces.cli.roles import role_words
from smki.recovery import Compromised, Method
from smki.recovery.spans import span_text
from smki.terms import RemotePartyRole

_METHODS: Final = tuple(one.value for one in Method if one is not Method.NONE)
_KEYS: Final = tuple(one.value for one in Compromised)
_ROLES: Final = role_words((RemotePartyRole.SUPPLIER, RemotePartyRole.NETWORK_OPERATOR))
_MEBI: Final = 1 << 20
_FLEET_MAX: Final = 1_000_000_000
_COUNT: Final = click.IntRange(1, _FLEET_MAX)


@click.command
@click.option("--devices", type=_COUNT, help="All kinds together, as homes have them.")
@click.option("--estate", is_flag=True, help="The commissioned devices of this house's estate.")
@click.option("--method", type=click.Choice(_METHODS), default="by-contingency", show_default=True)
@click.option("--key", "compromised", type=click.Choice(_KEYS), help="Which was compromised.")
@click.option(
    "--role",
    type=click.Choice(tuple(_ROLES)),
    default="supplier",
    show_default=True,
    help="Whose cells, for methods 1 to 3.",
)
@pace_options
@click.option("--read-back", is_flag=True, help="Each device is asked afterwards what it holds.")
@click.option("--issue", type=_COUNT, help="Device certificates that are issued.")
@click.option("--issuing", type=click.FloatRange(1), help="Certificates a second of one core.")
@click.option(
    "--night", type=click.FloatRange(0.1, 24), default=8.0, show_default=True, help="In hours."
)
@json_option
def plan(
    *,
    devices: int | None,
    estate: bool,
    issue: int | None,
    issuing: float | None,
    night: float,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Calculate what a recovery takes: hours, commands, octets, disk; and what issuing does.

    Sizes of commands, and what a core does, are measured here in about a second. What networks and
    a token do is assumed unless it is given. Nothing is changed.
    """
    if devices is not None and estate:
        raise click.UsageError("--devices and --estate: one of them")
    if devices is None and not estate and issue is None:
        raise click.UsageError("one of --devices, --estate and --issue must be given")
    settings, at = load_settings(os.environ), datetime.now(UTC).replace(microsecond=0)
    fields: dict[str, Any] = {}
    with reporting(as_json=as_json):
        if devices is not None or estate:
            fields |= fields_of(calculate(settings, _wanted(devices, wanted), at))
        if issue is not None:
            fields["issuing"] = issuing_fields(
                issue, per_second=issuing, cores=wanted["cores"], hours_a_night=night, at=at
            )
    emit(fields, _lines(fields), as_json=as_json)


def _wanted(devices: int | None, given: Mapping[str, Any]) -> Wanted:
    key = given["compromised"]
    return Wanted(
        devices=devices,
        method=Method(given["method"]),
        compromised=Compromised(key) if key else None,
        role=_ROLES[given["role"]],
        pace=pace_of(given),
        read_back=given["read_back"],
    )


def _lines(fields: Mapping[str, Any]) -> Iterator[str]:
    if "method" in fields:
        yield from _recovery_lines(fields)
    if "issuing" in fields:
        found = fields["issuing"]
        yield (
            f"{found['certificates']:,} device certificates: {found['hours']:,.1f} hours,"
            f" {found['batches']:,} batches, nights: {found['nights']:,}, of which each has time for"
            f" {found['batches_a_night']:,}; {_mebi(found['record_octets'])} of the record"
        )
        yield from _assumed(found)


def _recovery_lines(fields: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{fields['devices']:,} devices, {fields['method']}: {span_text(fields['hours'])};"
        f" the slowest is: {fields['slowest']}"
    )
    yield (
        f"{fields['commands']:,} commands, {_mebi(fields['octets_down'])} in"
        f" {fields['blocks']:,} blocks down, {_mebi(fields['octets_up'])} up;"
        f" {_mebi(fields['disk_octets'])} of disk for the evidence"
    )
    if fields["unanswered"]:
        yield f"lose every command that is tried: about {devices_told(fields['unanswered'])}"
    if fields["unreachable"]:
        yield f"behind hubs that are never reached: about {devices_told(fields['unreachable'])}"
    for kind, count in fields["left_out"].items():
        yield f"nothing that this method replaces: {devices_told(count)} of the kind {kind}"
    for one in fields["bounds"]:
        yield f"  {span_text(one['hours']):>16}  {one['what']} alone"
    for cores, hours in fields["machine_hours"].items():
        on = "core" if cores == "1" else "cores"
        yield f"  {span_text(hours):>16}  making and verifying by {cores} {on}"
    sizes = {one["kind"]: one["commands"] for one in fields["lots"]}
    for kind, commands in sizes.items():
        said = ", then ".join(
            f"{one['command_octets']:,} octets for {one['cells']} cells" for one in commands
        )
        yield f"  {kind}: {said}"
    yield from _assumed(fields)


def _assumed(fields: Mapping[str, Any]) -> Iterator[str]:
    for one in fields["assumptions"]:
        yield f"assumed: {one}"


def _mebi(octets: int) -> str:
    return f"{octets / _MEBI:,.0f} MiB"
