"""`smki recovery list|status|pause|resume|look|abort|residue`: campaigns, and what people do to them."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import click

from smki.adapters.sql.campaign_parts import SILENCE, at_work
from smki.adapters.sql.campaign_residue import ResidueQuery, residue
from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, load_settings
from smki.bootstrap.estates import estate_file
from smki.bootstrap.recoveries import (
    FOLDER,
    Kept,
    Recovery,
    houses,
    made_of,
    open_kept,
    recovery_of,
)
from smki.campaigns import progress_of
from smki.flows.steering import steer
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.interfaces.cli.recovery_devices import devices_told
from smki.interfaces.recovery_telling import REHEARSED, progress_document, progress_lines
from smki.interfaces.web.portal.recovery.residue import csv_of, fates_left
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import Carried, Member
from smki.recovery.progress import fates_of
from smki.terms import Refused

_ALIVE: Final[timedelta] = SILENCE
_GOES_ON: Final = (Act.RESUME, Act.LOOK)


@contextmanager
def opened(settings: Settings, name: str) -> Iterator[tuple[Recovery, Kept, Carried]]:
    """The campaign of that name, and what is kept of it.

    Raises:
        Refused: there is none.
        Unavailable: its database is away.
    """
    recovery = recovery_of(settings, name)
    file = estate_file(recovery.house)
    if file is not None and not file.exists():
        raise _none(name)
    with open_kept(recovery.house) as kept:
        carried = kept.campaigns.campaign(name)
        if carried is None:
            raise _none(name)
        yield recovery, kept, carried


@click.command("list")
@json_option
def list_campaigns(*, as_json: bool) -> None:
    """The campaigns of this SMKI, newest first, then those of its rehearsals."""
    with reporting(as_json=as_json):
        rows = sorted(_rows(load_settings(os.environ)), key=lambda row: str(row["made"]))[::-1]
        rows.sort(key=lambda row: bool(row["rehearsal"]))
    lines = [
        f"{'rehearsal ' if row['rehearsal'] else ''}{row['name']}: {row['state']},"
        f" {row['recovered']:,} of {row['devices']:,} recovered, {row['method']}, begun"
        f" {row['made']}"
        for row in rows
    ]
    emit({"campaigns": rows}, lines or ["no campaign yet"], as_json=as_json)


@click.command
@click.argument("name")
@json_option
def status(name: str, *, as_json: bool) -> None:
    """How far campaign NAME has come: counts, rate, estimate, failures by reason."""
    with reporting(as_json=as_json), opened(load_settings(os.environ), name) as (recovery, kept, _):
        told = progress_of(kept.campaigns, kept.points, name, _now(kept, name))
        carriers = at_work(kept.estate.store, name, SystemClock().now() - _ALIVE)
        acts = tuple(kept.acts.acts(name))
    rehearsal = recovery.rehearsal
    emit(
        progress_document(told, rehearsal=rehearsal, carriers=carriers, acts=acts),
        progress_lines(told, rehearsal=rehearsal, carriers=carriers),
        as_json=as_json,
    )


def _steering(act: Act, does: str, then: str) -> click.Command:
    @click.command(act.value, help=f"{does} campaign NAME; who did it, and when, is kept.")
    @click.argument("name")
    @json_option
    def command(name: str, *, as_json: bool) -> None:
        with reporting(as_json=as_json), opened(load_settings(os.environ), name) as (of, kept, _):
            by = f"{getpass.getuser()}, by command"
            at = _now(kept, name)
            carried = steer(kept.campaigns, kept.acts, name, act, by=by, at=at)
        state = carried.state.value
        said = REHEARSED if of.rehearsal and act in _GOES_ON else then.format(name=name)
        emit(
            {"name": name, "state": state, "looked_at": carried.looked_at},
            [f"campaign {name}: {state}", f"next: {said}"],
            as_json=as_json,
        )

    return command


pause = _steering(
    Act.PAUSE,
    "Pause",
    "what is under way ends, nothing begins; 'smki recovery resume {name}', then carry on",
)
resume = _steering(Act.RESUME, "Resume", "'smki recovery carry {name}', if nobody carries it")
look = _steering(
    Act.LOOK,
    "Say that people have looked: after its canaries, or what stopped it, go on with",
    "'smki recovery carry {name}'",
)
abort = _steering(
    Act.ABORT,
    "End for ever",
    "'smki recovery residue {name} --out FILE' names the devices that are not recovered",
)


@click.command("residue")
@click.argument("name")
@click.option(
    "--out", metavar="FILE", default="-", show_default=True, help="CSV; - is standard output."
)
@json_option
def name_residue(name: str, *, out: str, as_json: bool) -> None:
    """The devices of campaign NAME that are not recovered, each with what became of it and why.

    As long as the campaign goes on, those that came to another end; afterwards all.
    """
    with reporting(as_json=as_json), opened(load_settings(os.environ), name) as (_, kept, _):
        told = progress_of(kept.campaigns, kept.points, name)
        query = ResidueQuery(campaign=name, fates=frozenset(fates_left(told)))
        devices = residue(kept.estate.store, query)
        if as_json and out == "-":
            rows = list(map(_row, devices))
            emit({"name": name, "devices": len(rows), "residue": rows}, (), as_json=True)
            return
        count = _Count(devices)
        with output_file(out) as write:
            for octets in csv_of(count):
                write(octets)
    if out != "-":
        emit(
            {"name": name, "devices": count.number, "file": out},
            [f"{out}: {devices_told(count.number)} not recovered, each with its reason"],
            as_json=as_json,
        )


class _Count:
    """Devices as they are read, and how many there were."""

    def __init__(self, devices: Iterator[Member]) -> None:
        self._devices = devices
        self.number = 0

    def __iter__(self) -> Iterator[Member]:
        for one in self._devices:
            self.number += 1
            yield one


def _rows(settings: Settings) -> Iterator[dict[str, Any]]:
    for house in houses(settings):
        rehearsal = house.state.is_relative_to(settings.path(FOLDER))
        with open_kept(house) as kept:
            for one in kept.campaigns.campaigns():
                fates = fates_of(kept.campaigns.counts(one.name))
                yield {
                    "name": one.name,
                    "state": one.state.value,
                    "rehearsal": rehearsal,
                    "incident": one.plan.incident,
                    "method": one.plan.method.value,
                    "begun": _instant(one.begun),
                    "made": _instant(made_of(settings, one, rehearsal=rehearsal)),
                    "devices": sum(fates.values()),
                    "recovered": sum(
                        count for fate, count in fates.items() if fate.value == "recovered"
                    ),
                }


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _row(member: Member) -> dict[str, Any]:
    return {
        "device": member.device.digits,
        "kind": member.kind,
        "make": member.make,
        "region": member.region,
        "wave": member.wave,
        "fate": member.fate.value,
        "tries": member.tries,
        "why": member.why,
    }


def _now(kept: Kept, name: str) -> datetime:
    """The instant by which the campaign is judged: a line in memory may be ahead of the clock."""
    return max((SystemClock().now(), *(point.at for point in kept.points.points(name)[-1:])))


def _none(name: str) -> Refused:
    return Refused(
        f"campaign {name}: there is none; 'smki recovery list' names them",
        where="NAME",
        clause="sec:L10",
        rule="campaign.name",
    )
