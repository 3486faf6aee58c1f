"""The table `line` of the configuration: where simulated hubs are served, and each region's figures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, Field

from smki.bootstrap.values import Window
from smki.simulator.pace import PACE_LEAST, PACE_MOST
from smki.simulator.regions import REGIONS
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures
from smki.wire.gbcs.blocks import WINDOW_MAX

_FIGURES: Final = RegionFigures()
_DAY_SECONDS: Final = 86_400.0
_BLOCK_OCTETS_MAX: Final = 8_192  # with its header it fits into a record of the line


class RegionSettings(BaseModel, extra="forbid", frozen=True):
    """Figures of a region's network; shares are from 0 to 1.

    What is not named is as shipped for the region of that name.
    """

    loss: float = Field(
        default=_FIGURES.loss, ge=0, le=1, description="share of frames that never come"
    )
    duplicate: float = Field(
        default=_FIGURES.duplicate, ge=0, le=1, description="share that come twice"
    )
    corrupt: float = Field(
        default=_FIGURES.corrupt, ge=0, le=1, description="share that come with a bit changed"
    )
    overtake: float = Field(
        default=_FIGURES.overtake,
        ge=0,
        le=1,
        description="share that are held back by up to ten delays",
    )
    delay_seconds: float = Field(
        default=_FIGURES.delay_seconds,
        gt=0,
        le=_DAY_SECONDS,
        description="the middle of the time a frame takes",
    )
    frames_per_second: float = Field(
        default=_FIGURES.frames_per_second,
        ge=0,
        le=1e9,
        description="frames that the region carries each way, others wait; 0: any number",
    )
    hours: Window = Field(
        default=Window(), description="when frames are carried, UTC; at other times they are lost"
    )
    power_failure: float = Field(
        default=_FIGURES.power_failure,
        ge=0,
        le=1,
        description="share of messages on whose arrival the hub's power fails before it answers",
    )
    power_seconds: float = Field(
        default=_FIGURES.power_seconds,
        ge=0,
        le=100 * _DAY_SECONDS,
        description="how long it stays away",
    )
    unreachable: float = Field(
        default=_FIGURES.unreachable,
        ge=0,
        le=1,
        description="share of hubs that are never reached",
    )
    faulty: float = Field(
        default=_FIGURES.faulty,
        ge=0,
        le=1,
        description="share of hubs, of any make, that lose every block of a message after the eighth",
    )
    faulty_makes: tuple[str, ...] = Field(default=(), description="makes of hubs that all do")

    def over(self, shipped: RegionFigures) -> RegionFigures:
        """The figures of which these are given and the others as shipped."""
        given: dict[str, Any] = self.model_dump(include=self.model_fields_set)
        if "hours" in given:
            del given["hours"]
            given |= {"opens": self.hours.start, "closes": self.hours.end}
        if "faulty_makes" in given:
            given["faulty_makes"] = frozenset(self.faulty_makes)
        return replace(shipped, **given)


class LineSettings(BaseModel, extra="forbid", frozen=True):
    """What can be configured of the line to simulated devices."""

    host: str = Field(
        default="127.0.0.1", description="address that `smki estate serve` listens at"
    )
    port: int = Field(default=8047, ge=0, le=65535, description="its port; 0: any free")
    pace: float = Field(
        default=1.0,
        ge=PACE_LEAST,
        le=PACE_MOST,
        description="seconds of the line that pass in one second",
    )
    seed: int = Field(
        default=1, description="of what befalls frames and hubs: the same again with the same"
    )
    block_octets: int = Field(
        default=512, ge=64, le=_BLOCK_OCTETS_MAX, description="octets of a message in one block"
    )
    window: int = Field(default=4, ge=1, le=WINDOW_MAX, description="blocks on their way at once")
    retry_seconds: float = Field(
        default=60.0,
        gt=0,
        le=_DAY_SECONDS,
        description="how long an acknowledgement of blocks is waited for",
    )
    attempts: int = Field(
        default=6, ge=1, le=1_000, description="how often before the line gives a message up"
    )
    regions: dict[str, RegionSettings] = Field(
        default={},
        description="figures by region; regions and keys that are not named are as shipped",
    )

    def figures(self) -> Mapping[str, RegionFigures]:
        """The figures of each region, shipped or named."""
        named = {
            name: given.over(REGIONS.get(name, _FIGURES)) for name, given in self.regions.items()
        }
        return {**REGIONS, **named}

    def transfer(self) -> TransferFigures:
        """How both ends of the line transfer blocks.

        Clause: gbcs:GBT
        """
        return TransferFigures(
            block_octets=self.block_octets,
            window=self.window,
            retry_seconds=self.retry_seconds,
            attempts=self.attempts,
        )
