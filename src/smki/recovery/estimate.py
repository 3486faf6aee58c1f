"""What a campaign takes, before anyone decides: commands, octets, hours, and what bounds them.

A network takes so many commands a second in each region; keys sign so many; a machine makes and
verifies so many. The slowest of them is the campaign's: all work beside each other. Devices that
must be tried again are tried in the time that is left, and add commands. Assumptions are said with
the figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

BLOCK_OCTETS: Final = 1_300  # of a message in one block of General Block Transfer, about
_HOUR: Final = 3_600
_DECIMALS: Final = 3  # what is beyond is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Devices that are alike: of one kind, in one region.

    Attributes:
        kind: of device.
        region: of the wide area network.
        devices: how many.
        command_octets: of one command.
        response_octets: of its response.
    """

    kind: str
    region: str
    devices: int
    command_octets: int
    response_octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast things go, each a second.

    Attributes:
        network: octets that each region's network carries down to its devices; `inf` for any number.
        commands: commands that each region's network takes, however short.
        signing: signatures of the key that signs: a token's, or software's.
        making: commands that all processes make and verify together, signing left out.
        lost_per_thousand: commands that are lost, and sent again.
        tries: commands to one device at the most; None for as many as it takes.
        block_octets: of a message in one block.
    """

    network: Mapping[str, float]
    commands: Mapping[str, float]
    signing: float
    making: float
    lost_per_thousand: int = 20
    tries: int | None = None
    block_octets: int = BLOCK_OCTETS

    @property
    def unreached(self) -> float:
        """The share of devices that lose every command."""
        return 0.0 if self.tries is None else _lost(self) ** self.tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What something takes by itself.

    Attributes:
        what: a region's network, the key, or the machine.
        seconds: alone.
    """

    what: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What it takes.

    Attributes:
        devices: how many are commanded.
        commands: sent, repetitions among them.
        octets_down: to the devices.
        octets_up: from them.
        blocks_down: blocks of General Block Transfer.
        kept_octets: commands and responses that are kept as evidence.
        bounds: what each takes by itself, the slowest first.
    """

    devices: int
    commands: int
    octets_down: int
    octets_up: int
    blocks_down: int
    kept_octets: int
    bounds: tuple[Bound, ...]

    @property
    def hours(self) -> float:
        """What the slowest takes."""
        return max((bound.seconds for bound in self.bounds), default=0.0) / _HOUR


def estimate(lots: Sequence[Lot], rates: Rates, commands_each: int = 1) -> Estimate:
    """What it takes to command these devices so often.

    `commands_each` is 2 where each is read back or handed back afterwards.
    """
    sent = [(lot, _sent(lot.devices * commands_each, rates)) for lot in lots]
    commands = _whole(sum(count for _, count in sent))
    down = _whole(sum(lot.command_octets * count for lot, count in sent))
    devices = sum(lot.devices for lot in lots)
    kept = sum(
        (lot.command_octets + lot.response_octets) * lot.devices * commands_each for lot in lots
    )
    bounds = [
        Bound(what="signing key", seconds=devices * commands_each / rates.signing),
        Bound(what="making and verifying", seconds=commands / rates.making),
        *(_network(region, sent, rates) for region in sorted({lot.region for lot in lots})),
    ]
    return Estimate(
        devices=devices,
        commands=commands,
        octets_down=down,
        octets_up=sum(lot.response_octets * lot.devices * commands_each for lot in lots),
        blocks_down=_whole(
            sum(-(-lot.command_octets // rates.block_octets) * count for lot, count in sent)
        ),
        kept_octets=kept,
        bounds=tuple(sorted(bounds, key=lambda bound: -bound.seconds)),
    )


def _sent(commands: int, rates: Rates) -> float:
    """With those that are lost, and of those again, as often as it is tried; on the average."""
    return commands * (1 - rates.unreached) / (1 - _lost(rates))


def _whole(found: float) -> int:
    """Rounded up once, not for each lot: a few devices of many kinds are not counted as more."""
    return ceil(round(found, _DECIMALS))


def _lost(rates: Rates) -> float:
    return rates.lost_per_thousand / 1_000


def _network(region: str, sent: Sequence[tuple[Lot, float]], rates: Rates) -> Bound:
    here = [(lot, count) for lot, count in sent if lot.region == region]
    octets = sum(lot.command_octets * count for lot, count in here)
    by_octets = octets / rates.network[region]
    by_commands = sum(count for _, count in here) / rates.commands[region]
    return Bound(what=f"network of {region}", seconds=max(by_octets, by_commands))
