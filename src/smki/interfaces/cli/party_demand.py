"""`smki party forecast`, `usage` and `audit`: what a party means to ask, asked, and was answered."""

import os
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.apikeys import OPERATOR
from smki.flows.demand import SHOWN_DAYS, DayFigures, enter_forecast, look_up, usage
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.registered import registered_party
from smki.ports import Use, key_name
from smki.terms import Malformed, RequestType

_MOST_DAYS: Final = 800


@click.command
@click.argument("name")
@click.option(
    "--type",
    "request_type",
    required=True,
    type=click.Choice([one.value for one in RequestType]),
    help="Pages of the portal, searches or retrievals of the web service, files over SFTP.",
)
@click.option(
    "--requests", required=True, type=click.IntRange(0), metavar="N", help="How many in a day."
)
@click.option("--from", "start", metavar="DATE", help="The first day it is for, UTC; else today.")
@json_option
def forecast(
    name: str, *, request_type: str, requests: int, start: str | None, as_json: bool
) -> None:
    """Enter how many requests a day a party will make, from a day on until a later forecast.

    Use above 120 % of it is told to the party and to the operator; nothing is refused for it.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        entered = enter_forecast(
            front,
            name,
            OPERATOR,
            (RequestType(request_type), requests),
            None if start is None else _day(start),
        )
    lines = (
        f"{name}: {requests} requests '{request_type}' a day from {entered.start} on",
        f"next: 'smki party usage {name}' shows use beside it",
    )
    shown = {"party": name, "type": request_type, "requests": requests}
    emit({**shown, "from": entered.start.isoformat()}, lines, as_json=as_json)


@click.command("usage")
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, _MOST_DAYS), default=SHOWN_DAYS, show_default=True, metavar="N"
)
@json_option
def show_usage(name: str, *, days: int, as_json: bool) -> None:
    """Show a party's requests of each day and kind beside its forecast, and what was noticed."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = usage(front, registered_party(front, name).party, days)
    worth = [one for one in found if one.requests or one.forecast is not None]
    lines = [_line(one) for one in worth] or [f"{name}: no requests, and none forecast"]
    lines.append(f"next: 'smki party forecast {name} --type TYPE --requests N' enters a forecast")
    emit({"party": name, "days": list(map(usage_fields, worth))}, lines, as_json=as_json)


@click.command
@click.argument("reference")
@click.option("--party", metavar="NAME", help="Only if the answer was to this party.")
@json_option
def audit(reference: str, *, party: str | None, as_json: bool) -> None:
    """Show what an AuditReference of the web service stands for: who asked what, and the answer."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = look_up(front, reference, party)
    fields = answer_fields(found)
    lines = [f"{name:10} {value}" for name, value in fields.items() if value is not None]
    emit(fields, lines, as_json=as_json)


def usage_fields(one: DayFigures) -> dict[str, Any]:
    """A day's use as `--json` shows it."""
    return {
        "day": one.day.isoformat(),
        "type": one.request_type.value,
        "requests": one.requests,
        "forecast": one.forecast,
        "percent": one.percent,
        "noticed": one.noticed,
    }


def answer_fields(found: Use) -> dict[str, Any]:
    """An answer as `--json` shows it."""
    at = datetime.fromtimestamp(found.at / 1000, UTC)
    return {
        "reference": found.reference,
        "at": f"{at:%Y-%m-%dT%H:%M:%S}.{found.at % 1000:03}Z",
        "party": found.party or None,
        "key": key_name(found.key) if found.key else None,
        "interface": f"web service, {found.request_type.value}",
        "asked": found.asked,
        "code": found.code,
        "results": found.results,
    }


def _line(one: DayFigures) -> str:
    line = f"{one.day}  {one.request_type.value:8}  {one.requests}"
    if one.forecast is not None:
        line += f" of {one.forecast} forecast"
    if one.percent is not None:
        line += f", {one.percent} %"
    return line + ("  NOTICE: above the forecast" if one.noticed else "")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(
            f"day {text[:40]!r}: must be a date, like 2026-11-21", where="--from"
        ) from error
