"""Puts together what the options about an incident are: who is concerned, sizes, rates, factors.

relevant devices   from the estate and the record
sizes              of real commands, measured now
assumed rates      as configured or given
measured rates     of the newest campaign of this house that brought devices to an end, by region:
                   devices a second, everything that was lost and tried again counted in
"""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smki.adapters.sql.estate_holdings import EstateHoldings
from smki.bootstrap import Settings
from smki.bootstrap.recoveries import Kept
from smki.campaigns import progress_of
from smki.devices import DeviceKind
from smki.flows.incidents import incident_of
from smki.flows.office import FrontOffice
from smki.flows.relevance import relevant_devices
from smki.governance.entities.incidents import Incident
from smki.governance.factors import Guidance
from smki.interfaces.campaign_weight import octets_kept_of_a_device
from smki.interfaces.capacity import weight_of
from smki.interfaces.capacity_rates import Pace, assumptions, machine_of, rates_of
from smki.profiles import development
from smki.recovery import METHODS, PROCEDURES, Rates
from smki.recovery.options import Option, Weighed, Weights, compare
from smki.recovery.options_paper import Subject
from smki.recovery.planning import Group
from smki.recovery.relevance import Relevance
from smki.simulator.measuring import Scales
from smki.terms import Method, RemotePartyRole, SerialNumber

_SERIAL_MOST = 40  # characters; what is longer names a key without a certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The options about an incident.

    Attributes:
        incident: which.
        relevance: who is concerned.
        options: side by side.
        guidance: what is taken into account.
        assumptions: sentences.
        measured_in: the campaign by which networks were measured; empty if by none.
    """

    incident: Incident
    relevance: Relevance
    options: tuple[Option, ...]
    guidance: Guidance
    assumptions: tuple[str, ...]
    measured_in: str

    @property
    def subject(self) -> Subject:
        """What the paper is about."""
        one = self.incident
        return Subject(
            incident=one.ref,
            compromised=one.compromised,
            organisation=one.organisation,
            standing=one.standing,
            circumstances=one.circumstances,
            answers={answer.factor: answer.text for answer in one.answers},
        )


def compared(
    settings: Settings, front: FrontOffice, kept: Kept, ref: str, pace: Pace, at: datetime
) -> Compared:
    """The options about the incident of that name.

    Raises:
        Refused: there is no such incident, or what it names is not in the record.
        Malformed: a rate of a region in which there are no relevant devices.
        Unavailable: the database is away.

    Clause: sec:L10.9
    """
    incident = incident_of(front.proceedings, ref)
    relevance = relevant_devices(front, EstateHoldings(kept.estate), incident)
    groups = _groups(relevance)
    scales = Scales(secrets.token_bytes, at, development())
    machine = machine_of(pace, scales)
    regions = sorted({group.region for group in groups})
    assumed = rates_of(settings, pace, regions, machine)
    campaign, shown = measured_rates(kept)
    return Compared(
        incident=incident,
        relevance=relevance,
        options=compare(
            incident.compromised,
            groups,
            _weights(scales, incident, groups, _roles(front, incident)),
            assumed=assumed,
            measured=_as_measured(assumed, shown) if campaign else None,
            kept_each=octets_kept_of_a_device(at),
        ),
        guidance=settings.guidance.guidance(),
        assumptions=(*assumptions(pace, assumed, machine), _measured_said(campaign, shown)),
        measured_in=campaign,
    )


def fields_of(found: Compared) -> dict[str, Any]:
    """The options as `--json` shows them."""
    return {
        "incident": found.incident.ref,
        "devices": found.relevance.relevant,
        "measured_in": found.measured_in,
        "options": [_option_fields(option) for option in found.options],
        "factors": [
            {
                "name": one.name,
                "text": one.text,
                "mandatory": one.mandatory,
                "weight": one.weight,
                "answer": found.subject.answers.get(one.name),
            }
            for one in found.guidance.in_order
        ],
        "prior_steps": list(found.guidance.prior_steps),
        "assumptions": list(found.assumptions),
    }


def measured_rates(kept: Kept) -> tuple[str, Mapping[str, float]]:
    """The newest campaign that brought devices to an end, and in each region how many a second."""
    for carried in kept.campaigns.campaigns():
        progress = progress_of(kept.campaigns, kept.points, carried.name)
        seconds = (progress.at - progress.begun).total_seconds()
        ended = {
            region: sum(count for fate, count in fates.items() if fate.is_final)
            for region, fates in progress.by_region.items()
        }
        if seconds > 0 and any(ended.values()):
            rates = {region: count / seconds for region, count in ended.items() if count}
            return carried.name, rates
    return "", {}


def _option_fields(option: Option) -> dict[str, Any]:
    plan, measured = option.plan, option.measured
    return {
        "method": option.method.value,
        "decider": option.row.decider.value,
        "places": option.row.places.value,
        "cells": dict(option.cells),
        "devices": plan.devices if plan else 0,
        "left_out": dict(plan.left_out) if plan else {},
        "commands": plan.estimate.commands if plan else 0,
        "hours": round(plan.estimate.hours, 3) if plan else None,
        "hours_measured": round(measured.estimate.hours, 3) if measured else None,
        "slowest": plan.estimate.bounds[0].what if plan else "",
        "disk_octets": plan.disk_octets if plan else 0,
        "needs": list(option.needs),
        "exposed_meanwhile": option.row.exposed,
        "exposed_afterwards": option.afterwards,
    }


def _groups(relevance: Relevance) -> tuple[Group, ...]:
    together: dict[tuple[str, str], int] = {}
    for sort, count in relevance.devices.items():
        key = (sort.kind, sort.region)
        together[key] = together.get(key, 0) + count
    return tuple(
        Group(kind=kind, region=region, devices=count)
        for (kind, region), count in sorted(together.items())
    )


def _roles(front: FrontOffice, incident: Incident) -> frozenset[RemotePartyRole]:
    """The roles of the certificates that the incident names."""
    serials = (SerialNumber.parse(one) for one in incident.names if len(one) <= _SERIAL_MOST)
    rows = (front.index.by_serial(serial) for serial in serials)
    return frozenset(row.role for row in rows if row is not None and row.role is not None)


def _weights(
    scales: Scales,
    incident: Incident,
    groups: tuple[Group, ...],
    roles: frozenset[RemotePartyRole],
) -> Weights:
    kinds = dict.fromkeys(group.kind for group in groups)
    found: dict[Method, dict[str, Weighed]] = {}
    for method in PROCEDURES[incident.compromised]:
        for kind in kinds:
            one = scales.replacement(DeviceKind(kind), method, roles)
            if one is None:
                continue
            back = scales.replacement(DeviceKind(kind), Method.THREE, roles)
            twice = (one, back) if METHODS[method].hand_back and back else (one,)
            weighed = Weighed(cells=one.cells, weights=tuple(map(weight_of, twice)))
            found.setdefault(method, {})[kind] = weighed
    return found


def _as_measured(assumed: Rates, shown: Mapping[str, float]) -> Rates:
    """What was lost is in what was measured; regions that showed nothing stay as assumed."""
    return replace(
        assumed,
        commands={**assumed.commands, **shown},
        network={
            region: math.inf if region in shown else octets
            for region, octets in assumed.network.items()
        },
        lost_per_thousand=0,
        tries=None,
    )


def _measured_said(campaign: str, shown: Mapping[str, float]) -> str:
    if not campaign:
        return "no campaign of this house has shown yet how fast networks are"
    told = ", ".join(f"{region} {rate:.2f}" for region, rate in sorted(shown.items()))
    return f"measured in campaign {campaign}, devices brought to an end a second: {told}"
