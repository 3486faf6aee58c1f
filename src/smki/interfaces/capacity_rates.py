"""How fast things go: what is given, what is configured, what is measured here; and all of it in words."""

import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from smki.bootstrap import Settings
from smki.recovery import Rates
from smki.simulator.measuring import Scales
from smki.terms import Malformed

COMMANDS_A_SECOND: Final = 50  # a region's network, where nothing is said: as a campaign's plan
MEASURED_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What is given; None is what is measured, a region that is not named is as configured.

    Attributes:
        commands: that a region's network takes a second.
        octets: that a region's network carries a second.
        signing: signatures a second of the key.
        making: commands made and verified a second, by one core.
        cores: that work.
        lost: commands of a thousand that are lost.
        tries: commands to one device at the most.
    """

    commands: Mapping[str, int]
    octets: Mapping[str, int]
    signing: float | None = None
    making: float | None = None
    cores: int | None = None
    lost: int = 20
    tries: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What makes, signs and verifies.

    Attributes:
        cores: that work.
        making: commands made and verified a second by one of them, signing left out.
        signing: signatures a second of the key.
    """

    cores: int
    making: float
    signing: float


def machine_of(pace: Pace, scales: Scales) -> Machine:
    """The machine as it is given, and measured where it is not."""
    return Machine(
        cores=pace.cores or os.cpu_count() or 1,
        making=pace.making or scales.making(time.perf_counter, MEASURED_SECONDS),
        signing=pace.signing or scales.signing(time.perf_counter, MEASURED_SECONDS),
    )


def rates_of(settings: Settings, pace: Pace, regions: Iterable[str], machine: Machine) -> Rates:
    """The rates of these regions and this machine.

    Raises:
        Malformed: a rate of another region, or below 1.
    """
    figures = settings.line.figures()
    block = settings.line.block_octets
    commands: dict[str, float] = {}
    octets: dict[str, float] = {}
    for region in regions:
        frames = figures[region].frames_per_second if region in figures else 0
        commands[region] = pace.commands.get(region, COMMANDS_A_SECOND)
        octets[region] = pace.octets.get(region) or (frames * block or math.inf)
    unknown = sorted((set(pace.commands) | set(pace.octets)) - set(commands))
    if unknown:
        known = f"one of {', '.join(commands)}" if commands else "none: no device is concerned"
        raise Malformed(
            f"plan: rate of {', '.join(unknown)}, must be {known}",
            where="--rate, --network",
            rule="plan.rate",
        )
    return Rates(
        network=octets,
        commands=commands,
        signing=machine.signing,
        making=machine.making * machine.cores,
        lost_per_thousand=pace.lost,
        tries=pace.tries,
        block_octets=block,
    )


def assumptions(pace: Pace, rates: Rates, machine: Machine) -> Iterator[str]:
    """All of it in sentences: what is measured, what is given, what is assumed."""
    given = "as given" if pace.making else "measured here"
    yield (
        f"a core makes and verifies {machine.making:.0f} commands a second, {given};"
        f" {machine.cores} cores work, head end and database not counted"
    )
    given = "as given"
    if not pace.signing:
        given = "a key in software, measured here; a token's is to be given"
    yield f"the key signs {machine.signing:.0f} times a second, {given}"
    for region, commands in rates.commands.items():
        octets = rates.network[region]
        carried = "any number of octets" if math.isinf(octets) else f"{octets:.0f} octets"
        yield (
            f"the network of {region} takes {commands:g} commands and {carried} a second, day and"
            " night"
        )
    yield (
        f"{pace.lost} of a thousand commands are lost, a device is tried {pace.tries} times,"
        f" blocks have {rates.block_octets} octets"
    )
