"""What `smki plan` calculates: sizes and rates measured here and now, networks and keys as assumed.

measured   octets of each command and answer, by kind: made, obeyed, weighed
           commands made and answers verified, and signatures, a second, by one core
           octets that the campaign's tables take of a device
assumed    what networks take, what a token signs, what is lost: said with the result
"""

import math
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from smki.bootstrap import Settings
from smki.bootstrap.estates import open_estate
from smki.devices import DeviceKind
from smki.interfaces.campaign_weight import octets_kept_of_a_device
from smki.ports.estate import InventoryQuery
from smki.profiles import development
from smki.recovery import METHODS, PROCEDURES, Compromised, Method, Rates
from smki.recovery.planning import (
    Group,
    RecoveryPlan,
    Weight,
    fleet,
    plan_recovery,
)
from smki.simulator.measuring import Measured, Scales
from smki.terms import Malformed, RemotePartyRole, SmiStatus

CORES_SHOWN: Final = (1, 8, 64)
COMMANDS_A_SECOND: Final = 50  # a region's network, where nothing is said: as a campaign's plan
MEASURED_SECONDS: Final = 0.25
_HUBS: Final = {"chf": 1_000, "gpf": 1_000}  # each home has one, which is both
_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked; None is what is measured or configured.

    Attributes:
        devices: all kinds together; None for those of the house's estate.
        method: by which.
        compromised: which key; None for the first that the method is for.
        role: of the subscriber whose cells are replaced, for methods of one subscriber's.
        commands: that a region's network takes a second.
        octets: that a region's network carries a second.
        signing: signatures a second of the key.
        making: commands made and verified a second, by one core.
        cores: that work.
        lost: commands of a thousand that are lost.
        tries: commands to one device at the most.
        read_back: every device is asked afterwards what it holds.
    """

    devices: int | None
    method: Method
    compromised: Compromised | None = None
    role: RemotePartyRole = RemotePartyRole.SUPPLIER
    commands: Mapping[str, int]
    octets: Mapping[str, int]
    signing: float | None = None
    making: float | None = None
    cores: int | None = None
    lost: int = 20
    tries: int = 4
    read_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What it takes, and by which assumptions.

    Attributes:
        wanted: what was asked.
        compromised: which key was lost.
        weighed: by kind what a device is sent, in order.
        rates: by which it was calculated.
        cores: that work.
        making: by one core.
        plan: the result.
        unreachable: devices behind hubs that are never reached, by the regions' figures.
        assumptions: sentences.
    """

    wanted: Wanted
    compromised: Compromised
    weighed: Mapping[str, tuple[Measured, ...]]
    rates: Rates
    cores: int
    making: float
    plan: RecoveryPlan
    unreachable: int
    assumptions: tuple[str, ...]

    def hours_of_machine(self, cores: int) -> float:
        """What so many cores take for making and verifying alone."""
        return self.plan.estimate.commands / (self.making * cores) / _HOUR


def calculate(settings: Settings, wanted: Wanted, at: datetime) -> Capacity:
    """What it takes; nothing of the house is changed.

    Raises:
        Malformed: the key is not one that the method is for, or a rate below 1.
        Unavailable: there is no estate, where that is asked for.
    """
    compromised = wanted.compromised or _usual(wanted.method)
    if wanted.method not in PROCEDURES[compromised] or wanted.method is Method.NONE:
        possible = ", ".join(one.value for one in PROCEDURES[compromised] if one is not Method.NONE)
        raise Malformed(
            f"plan: {wanted.method.value} for a compromised {compromised.value} key, must be one of"
            f" {possible}",
            where="--method",
            clause="sec:L10",
            rule="plan.method",
        )
    groups = tuple(_fleet(settings, wanted.devices))
    scales = Scales(secrets.token_bytes, at, development())
    kinds = dict.fromkeys(group.kind for group in groups)
    weighed = {kind: tuple(_weighed(scales, DeviceKind(kind), wanted)) for kind in kinds}
    cores = wanted.cores or os.cpu_count() or 1
    making = wanted.making or scales.making(time.perf_counter, MEASURED_SECONDS)
    signing = wanted.signing or scales.signing(time.perf_counter, MEASURED_SECONDS)
    regions = sorted({group.region for group in groups})
    rates = _rates(settings, wanted, regions, signing=signing, making=making * cores)
    plan = plan_recovery(
        groups,
        {kind: [_weight(one) for one in some] for kind, some in weighed.items()},
        rates,
        octets_kept_of_a_device(at),
    )
    return Capacity(
        wanted=wanted,
        compromised=compromised,
        weighed=weighed,
        rates=rates,
        cores=cores,
        making=making,
        plan=plan,
        unreachable=_unreachable(settings, plan.groups),
        assumptions=tuple(_assumptions(wanted, rates, cores, making)),
    )


def fields_of(found: Capacity) -> dict[str, Any]:
    """The result as `--json` shows it."""
    estimate = found.plan.estimate
    return {
        "method": found.wanted.method.value,
        "compromised": found.compromised.value,
        "devices": found.plan.devices,
        "left_out": dict(found.plan.left_out),
        "lots": [
            {
                "kind": group.kind,
                "region": group.region,
                "devices": group.devices,
                "commands": [
                    {
                        "cells": one.cells,
                        "command_octets": one.command_octets,
                        "response_octets": one.response_octets,
                    }
                    for one in found.weighed[group.kind]
                ],
            }
            for group in found.plan.groups
        ],
        "commands": estimate.commands,
        "octets_down": estimate.octets_down,
        "octets_up": estimate.octets_up,
        "blocks": estimate.blocks_down,
        "disk_octets": found.plan.disk_octets,
        "unanswered": found.plan.unanswered,
        "unreachable": found.unreachable,
        "hours": round(estimate.hours, 3),
        "slowest": estimate.bounds[0].what,
        "bounds": [
            {"what": one.what, "hours": round(one.seconds / _HOUR, 3)} for one in estimate.bounds
        ],
        "machine_hours": {
            str(cores): round(found.hours_of_machine(cores), 3) for cores in CORES_SHOWN
        },
        "assumptions": list(found.assumptions),
    }


def _usual(method: Method) -> Compromised:
    return next(one for one, methods in PROCEDURES.items() if method in methods)


def _fleet(settings: Settings, devices: int | None) -> Iterator[Group]:
    if devices is not None:
        kinds: dict[str, int] = {**_HUBS, **dict(settings.estate.per_thousand_homes.items())}
        yield from fleet(devices, kinds, settings.estate.regions)
        return
    with open_estate(settings) as estate:
        together: dict[tuple[str, str], int] = {}
        for one in estate.totals(InventoryQuery(status=SmiStatus.COMMISSIONED)):
            key = (one.kind.value, one.region)
            together[key] = together.get(key, 0) + one.devices
    for (kind, region), count in together.items():
        yield Group(kind=kind, region=region, devices=count)


def _weighed(scales: Scales, kind: DeviceKind, wanted: Wanted) -> Iterator[Measured]:
    """What a device of the kind is sent, one after the other."""
    found = scales.replacement(kind, wanted.method, (wanted.role,))
    if found is None:
        return
    yield found
    if METHODS[wanted.method].hand_back:
        back = scales.replacement(kind, Method.THREE, (wanted.role,))
        yield back or found
    if wanted.read_back:
        read = scales.read_back(kind)
        if read is not None:
            yield read


def _weight(one: Measured) -> Weight:
    return Weight(command_octets=one.command_octets, response_octets=one.response_octets)


def _rates(
    settings: Settings, wanted: Wanted, regions: Iterable[str], *, signing: float, making: float
) -> Rates:
    figures = settings.line.figures()
    block = settings.line.block_octets
    commands, octets = {}, {}
    for region in regions:
        frames = figures[region].frames_per_second if region in figures else 0
        commands[region] = wanted.commands.get(region, COMMANDS_A_SECOND)
        octets[region] = wanted.octets.get(region) or (frames * block or math.inf)
    unknown = sorted((set(wanted.commands) | set(wanted.octets)) - set(commands))
    if unknown or min(commands.values(), default=1) < 1:
        raise Malformed(
            f"plan: rate of {', '.join(unknown) or 'a region'}, must be 1 or more of one of"
            f" {', '.join(commands)}",
            where="--rate, --network",
            rule="plan.rate",
        )
    return Rates(
        network=octets,
        commands=commands,
        signing=signing,
        making=making,
        lost_per_thousand=wanted.lost,
        tries=wanted.tries,
        block_octets=block,
    )


def _unreachable(settings: Settings, groups: Iterable[Group]) -> int:
    figures = settings.line.figures()
    known = (group for group in groups if group.region in figures)
    return round(sum(group.devices * figures[group.region].unreachable for group in known))


def _assumptions(wanted: Wanted, rates: Rates, cores: int, making: float) -> Iterator[str]:
    given = "as given" if wanted.making else "measured here"
    yield (
        f"a core makes and verifies {making:.0f} commands a second, {given}; {cores} cores work,"
        " head end and database not counted"
    )
    given = (
        "as given"
        if wanted.signing
        else "a key in software, measured here; a token's is to be given"
    )
    yield f"the key signs {rates.signing:.0f} times a second, {given}"
    for region, commands in rates.commands.items():
        octets = rates.network[region]
        carried = "any number of octets" if math.isinf(octets) else f"{octets:.0f} octets"
        yield f"the network of {region} takes {commands} commands and {carried} a second, day and night"
    yield (
        f"{wanted.lost} of a thousand commands are lost, a device is tried {wanted.tries} times,"
        f" blocks have {rates.block_octets} octets"
    )
    if wanted.devices is not None:
        yield "kinds and regions are shared out as the configuration's table 'estate' has homes"
