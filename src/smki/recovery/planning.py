"""What a fleet takes, before anyone decides: devices by kind and region to commands, hours and disk.

    fleet      homes by share: so many devices of each kind, in each region
    weights    of what each kind is sent, one after the other: real octets, measured elsewhere
    rates      networks, the key, machines: measured or assumed, and said

A kind that the method has no command for is left out and named. Issuing is planned beside: what is
placed on devices must be issued first. Pure: measures nothing.

Clause: sec:L10
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smki.recovery.estimate import Estimate, Lot, Rates, estimate
from smki.terms import Malformed

_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Devices of one kind in one region.

    Attributes:
        kind: of device.
        region: of the wide area network.
        devices: how many.
    """

    kind: str
    region: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One command that a device is sent, and its answer, in octets."""

    command_octets: int
    response_octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPlan:
    """What it takes.

    Attributes:
        groups: devices that are commanded.
        left_out: devices that the method has no command for, or nothing to replace on, by kind.
        estimate: of all commands.
        unanswered: devices that lose every command that is tried.
        disk_octets: that the campaign's state and evidence take.
    """

    groups: tuple[Group, ...]
    left_out: Mapping[str, int]
    estimate: Estimate
    unanswered: int
    disk_octets: int

    @property
    def devices(self) -> int:
        """How many are commanded."""
        return sum(group.devices for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingPlan:
    """What issuing takes.

    Attributes:
        certificates: how many.
        batches: that they come in.
        hours: of working through.
        nights: in which so long is worked.
        record_octets: of the certificates in the record.
    """

    certificates: int
    batches: int
    hours: float
    nights: int
    record_octets: int


def fleet(
    devices: int, per_thousand: Mapping[str, int], regions: Mapping[str, int]
) -> tuple[Group, ...]:
    """So many devices, all kinds together, as homes have them; regions by their shares.

    Args:
        devices: how many.
        per_thousand: of a thousand homes, how many have a device of the kind.
        regions: how often each occurs beside the others.

    Raises:
        Malformed: no kind or no region has a share.
    """
    kinds = apportioned(devices, per_thousand)
    return tuple(
        Group(kind=kind, region=region, devices=count)
        for kind, together in kinds.items()
        for region, count in apportioned(together, regions).items()
        if count
    )


def apportioned(total: int, shares: Mapping[str, int]) -> dict[str, int]:
    """The total, parted by shares into whole numbers; what is left over goes to the largest rests.

    Raises:
        Malformed: no share is above 0.
    """
    whole = sum(shares.values())
    if whole < 1:
        raise Malformed("plan: no share above 0, must be one at least", rule="plan.shares")
    found = {name: total * share // whole for name, share in shares.items()}
    rests = sorted(shares, key=lambda name: (-(total * shares[name] % whole), name))
    for name in rests[: total - sum(found.values())]:
        found[name] += 1
    return found


def plan_recovery(
    groups: Sequence[Group],
    weights: Mapping[str, Sequence[Weight]],
    rates: Rates,
    kept_each: int,
) -> RecoveryPlan:
    """What it takes to send each device what its kind is sent.

    Args:
        groups: the fleet.
        weights: by kind what a device is sent, one after the other; a kind without any is left out.
        rates: how fast things go.
        kept_each: octets that are kept of a device beside its commands and responses.

    Clause: sec:L10
    """
    commanded = tuple(group for group in groups if weights.get(group.kind))
    left_out: dict[str, int] = {}
    for group in groups:
        if not weights.get(group.kind):
            left_out[group.kind] = left_out.get(group.kind, 0) + group.devices
    lots = [_lot(group, weight) for group in commanded for weight in weights[group.kind]]
    found = estimate(lots, rates)
    devices = sum(group.devices for group in commanded)
    return RecoveryPlan(
        groups=commanded,
        left_out=left_out,
        estimate=found,
        unanswered=round(devices * rates.unreached),
        disk_octets=found.kept_octets + devices * kept_each,
    )


def plan_issuing(
    certificates: int,
    *,
    per_second: float,
    batch: int,
    hours_a_night: float,
    octets_each: int,
) -> IssuingPlan:
    """What it takes to issue so many certificates.

    Args:
        certificates: how many.
        per_second: that all processes issue together.
        batch: certificates of one batch, at the most.
        hours_a_night: that are worked.
        octets_each: of one in the record.

    Raises:
        Malformed: nothing is issued in a second, or no time is worked.
    """
    if per_second <= 0 or hours_a_night <= 0:
        raise Malformed(
            f"plan: {per_second:g} certificates a second, {hours_a_night:g} hours a night,"
            " must be above 0",
            rule="plan.rate",
        )
    hours = certificates / per_second / _HOUR
    return IssuingPlan(
        certificates=certificates,
        batches=-(-certificates // batch),
        hours=hours,
        nights=int(-(-hours // hours_a_night)),
        record_octets=certificates * octets_each,
    )


def _lot(group: Group, weight: Weight) -> Lot:
    return Lot(
        kind=group.kind,
        region=group.region,
        devices=group.devices,
        command_octets=weight.command_octets,
        response_octets=weight.response_octets,
    )
