"""`smki recovery rehearse`: a recovery from the lost key to the report, with nobody there."""

import os
import time
from typing import Any, Final

import click

from smki.bootstrap import Settings, initialise, load_settings
from smki.bootstrap.initialising import must_be_of_init
from smki.interfaces.cli.interrupting import interruptible
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.rehearsal.frame import FOLDER, Asked, Run
from smki.interfaces.rehearsal.holding import (
    Rehearsed,
    document_of,
    hold_rehearsal,
    must_be_a_name,
    next_name,
)
from smki.interfaces.rehearsal.scenarios import SCENARIOS, scenario_named

_DEVICES_LEAST: Final = 10  # each region has a home then, and one of them a hub of the faulty make
_DEVICES_A_PROCESS: Final = 2_000  # to begin a process takes as long as some hundred devices
_FIGURES: Final = (
    ("unreachable", "hubs that are never reached"),
    ("overtake", "frames that are held back"),
    ("corrupt", "frames that come with a bit changed"),
    ("duplicate", "frames that come twice"),
    ("loss", "frames that never come"),
)


def _network(command: Any) -> Any:
    """Options for what the network does."""
    for name, what in _FIGURES:
        command = click.option(
            f"--{name}",
            type=click.FloatRange(0, 1),
            help=f"Share of {what}.  [default: of each region]",
        )(command)
    return command


@click.command(short_help="Rehearse a recovery, from the lost key to the report.")
@click.option(
    "--scenario",
    type=click.Choice(sorted(SCENARIOS)),
    default="smki-53",
    show_default=True,
    help="Which.",
)
@click.option(
    "--devices",
    type=click.IntRange(_DEVICES_LEAST, 100_000_000),
    default=1_000,
    show_default=True,
    help="Of the estate, all kinds together.",
)
@click.option("--name", help="Of the rehearsal.  [default: the scenario's, and a number]")
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Of homes, makes and weather. Keys are never seeded.",
)
@click.option(
    "--further",
    type=click.IntRange(1),
    help="Devices that are updated once more afterwards.  [default: all that were recovered]",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="That make keys, issue and carry.  [default: by devices and cores]",
)
@_network
@json_option
@click.pass_context
def rehearse(
    context: click.Context,
    /,
    *,
    scenario: str,
    devices: int,
    name: str | None,
    seed: int,
    further: int | None,
    processes: int | None,
    as_json: bool,
    **network: float | None,
) -> None:
    """Rehearse a recovery: a key is lost, people decide, devices are recovered, a report is written.

    Unattended, with real octets: a house of its own is founded by ceremonies, with custodians,
    decisions and devices that are all simulated, and all marked as a rehearsal's. No key of the
    SMKI is used. Evidence and report go into its record. Cut off anywhere, the same again goes
    on. Exit code 1 if a binary criterion is not met.
    """
    with reporting(as_json=as_json), interruptible("the same command goes on where it was"):
        if name is not None:
            must_be_a_name(name)
        settings = _smki()
        asked = Asked(
            name=name or "",
            scenario=scenario_named(scenario).name,
            devices=devices,
            seed=seed,
            further=further or 0,
            network={each: share for each, share in network.items() if share is not None},
        )
        found = hold_rehearsal(_run(settings, asked, processes or _by_size(devices)))
    emit(document_of(found), _lines(found), as_json=as_json)
    context.exit(0 if found.passed else 1)


def _smki() -> Settings:
    """The SMKI beside which is rehearsed; a development one is made if there is none."""
    settings = load_settings(os.environ)
    if not settings.initialised:
        must_be_of_init(settings)
        tell(f"no SMKI in {settings.state} yet: making one, for the evidence")
        settings = initialise(settings, os.environ, bare=False, tell=lambda _: None)
    return settings


def _run(settings: Settings, asked: Asked, processes: int) -> Run:
    started = time.monotonic()
    name = asked.name or next_name(settings, asked)
    must_be_a_name(name)
    tell(f"rehearsal {name}: {scenario_named(asked.scenario).title}")
    return Run(
        asked=Asked(
            name=name,
            scenario=asked.scenario,
            devices=asked.devices,
            seed=asked.seed,
            further=asked.further,
            network=asked.network,
        ),
        scenario=scenario_named(asked.scenario),
        folder=settings.path(FOLDER, name).absolute(),
        processes=processes,
        tell=lambda sentence: tell(f"{time.monotonic() - started:7.2f} s  {sentence}"),
        progress=progress_bar,
        environment=os.environ,
    )


def _by_size(devices: int) -> int:
    return min(len(os.sched_getaffinity(0)), 1 + devices // _DEVICES_A_PROCESS)


def _lines(found: Rehearsed) -> tuple[str, ...]:
    rate = document_of(found)["per_second"]
    verdict = "binary criteria met" if found.passed else "a binary criterion is NOT met"
    return (
        (
            f"{found.recovered:,} of {found.devices:,} devices recovered by {found.commands:,}"
            f" commands in {found.seconds:.1f} s: {rate} a second; {verdict}"
        ),
        *(f"  left: {number:,} {why}" for why, number in found.residue.items()),
        *(f"  wrong: {finding}" for finding in found.findings),
        f"report: {found.report}, entry {found.entry} of the record",
        f"devices: SMKI_STATE={found.estate} smki estate list",
        f"next: 'smki recovery verify {found.report}', 'smki recovery show {found.report}'",
    )
