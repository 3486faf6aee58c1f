"""What `smki plan` calculates: sizes and rates measured here and now, networks and keys as assumed.

measured   octets of each command and answer, by kind: made, obeyed, weighed
           commands made and answers verified, and signatures, a second, by one core
           octets that the campaign's tables take of a device
assumed    what networks take, what a token signs, what is lost: said with the result
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from smki.bootstrap import Settings
from smki.bootstrap.estates import open_estate
from smki.devices import DeviceKind
from smki.interfaces.campaign_weight import octets_kept_of_a_device
from smki.interfaces.capacity_rates import Machine, Pace, assumptions, machine_of, rates_of
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
_HUBS: Final = {"chf": 1_000, "gpf": 1_000}  # each home has one, which is both
_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked.

    Attributes:
        devices: all kinds together; None for those of the house's estate.
        method: by which.
        compromised: which key; None for the first that the method is for.
        role: of the subscriber whose cells are replaced, for methods of one subscriber's.
        pace: how fast things go.
        read_back: every device is asked afterwards what it holds.
    """

    devices: int | None
    method: Method
    compromised: Compromised | None = None
    role: RemotePartyRole = RemotePartyRole.SUPPLIER
    pace: Pace
    read_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What it takes, and by which assumptions.

    Attributes:
        wanted: what was asked.
        compromised: which key was lost.
        weighed: by kind what a device is sent, in order.
        rates: by which it was calculated.
        machine: that works.
        plan: the result.
        unreachable: devices behind hubs that are never reached, by the regions' figures.
        assumptions: sentences.
    """

    wanted: Wanted
    compromised: Compromised
    weighed: Mapping[str, tuple[Measured, ...]]
    rates: Rates
    machine: Machine
    plan: RecoveryPlan
    unreachable: int
    assumptions: tuple[str, ...]

    def hours_of_machine(self, cores: int) -> float:
        """What so many cores take for making and verifying alone."""
        return self.plan.estimate.commands / (self.machine.making * cores) / _HOUR


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
    machine = machine_of(wanted.pace, scales)
    regions = sorted({group.region for group in groups})
    rates = rates_of(settings, wanted.pace, regions, machine)
    plan = plan_recovery(
        groups,
        {kind: [weight_of(one) for one in some] for kind, some in weighed.items()},
        rates,
        octets_kept_of_a_device(at),
    )
    return Capacity(
        wanted=wanted,
        compromised=compromised,
        weighed=weighed,
        rates=rates,
        machine=machine,
        plan=plan,
        unreachable=_unreachable(settings, plan.groups),
        assumptions=(*assumptions(wanted.pace, rates, machine), *_shared_out(wanted)),
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
        "hours": round(estimate.hours, 6),
        "slowest": estimate.bounds[0].what,
        "bounds": [
            {"what": one.what, "hours": round(one.seconds / _HOUR, 6)} for one in estimate.bounds
        ],
        "machine_hours": {
            str(cores): round(found.hours_of_machine(cores), 6) for cores in CORES_SHOWN
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


def weight_of(one: Measured) -> Weight:
    """What a command and its answer weigh."""
    return Weight(command_octets=one.command_octets, response_octets=one.response_octets)


def _shared_out(wanted: Wanted) -> Iterator[str]:
    if wanted.devices is not None:
        yield "kinds and regions are shared out as the configuration's table 'estate' has homes"


def _unreachable(settings: Settings, groups: Iterable[Group]) -> int:
    figures = settings.line.figures()
    known = (group for group in groups if group.region in figures)
    return round(sum(group.devices * figures[group.region].unreachable for group in known))
