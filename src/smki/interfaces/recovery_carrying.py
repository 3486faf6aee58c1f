"""Carries a campaign: in this process, in several of this machine, or on a cluster of Dask.

Whoever carries says how far it has come while it does; what was done is kept, whatever dies.

Clause: sec:L10
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from smki.adapters.sql.campaign_parts import leave
from smki.adapters.world import SystemClock
from smki.bootstrap import Settings
from smki.bootstrap.recoveries import Kept, arrangement_of, open_kept, recovery_of
from smki.interfaces.recovery_cluster import carry_on_cluster, cluster
from smki.interfaces.recovery_part import (
    KEY_PATIENCE_SECONDS,
    Line,
    Part,
    PartDone,
    Through,
    carry_part,
)
from smki.interfaces.recovery_processes import Look, carry_in_processes
from smki.ports.campaigns import CampaignState, Carried
from smki.ports.links import DeviceLink
from smki.recovery import Decided, Fate, Move, decide
from smki.recovery.progress import fates_of
from smki.terms import Inconsistent, Refused, Unavailable

_LOOK_SECONDS: Final = 0.5  # between two looks at how far it has come
_LOOK_SHARE: Final = 20  # and counting takes at most this part of the time
_OVER: Final = (CampaignState.ENDED, CampaignState.ABORTED)
_STOPPED: Final = (CampaignState.PAUSED, CampaignState.ABORTED)

Told = Callable[[int, int], object]
Says = Callable[[str], object]


def _silent(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryDone:
    """How far a campaign was carried, by all its processes.

    Attributes:
        carried: the campaign, as it is now.
        decided: what is next, and why if it stops.
        fates: of its devices.
        commands: that were made this time, each with a counter of its own.
        sent: sendings of them.
        frames: over the line, both ways.
        line_seconds: that passed on the line: the longest of all processes.
        seconds: that it took.
        deaths: processes that died and were started again.
    """

    carried: Carried
    decided: Decided
    fates: Mapping[Fate, int]
    commands: int
    sent: int
    frames: int
    line_seconds: float
    seconds: float
    deaths: int = 0


def carry(
    settings: Settings,
    campaign: str,
    *,
    processes: int = 1,
    line: Line | None = None,
    tell: Told = lambda *_: None,
    key_patience: float = KEY_PATIENCE_SECONDS,
    through: Through | None = None,
    say: Says = _silent,
) -> CarryDone:
    """The campaign is carried until all its devices came to an end, or people have to look at it.

    With one process it is this one. Of several, one that dies is started again.

    Args:
        settings: of the state directory.
        campaign: its name.
        processes: that carry it beside each other, of this machine.
        line: over what devices are reached.
        tell: is told how many devices came to an end, of how many.
        key_patience: seconds that whoever has the key may be gone.
        through: what stands between head end and line, for rehearsals; this process alone carries.
        say: is told, in words, when somebody paused or ended it meanwhile.

    Raises:
        Refused: there is no such campaign, or the key is not the right one, or may not be used.
        Unavailable: something is away; what was done is kept, and the same again goes on.

    Clause: sec:L10
    """
    count = processes if through is None else 1
    parts = parts_of(settings, campaign, count, line or Line(), key_patience)
    if count == 1:
        return carried(settings, campaign, tell, lambda look: _here(parts, look, through), say)
    try:
        return carried(settings, campaign, tell, lambda look: carry_in_processes(parts, look), say)
    finally:  # none of them lives any more, whatever ended them
        with suppress(Unavailable), open_kept(recovery_of(settings, campaign).house) as kept:
            leave(kept.estate.store, campaign, [part.place for part in parts])


def carry_on_dask(
    settings: Settings,
    campaign: str,
    scheduler: str,
    *,
    parts: int | None = None,
    line: Line | None = None,
    tell: Told = lambda *_: None,
    key_patience: float = KEY_PATIENCE_SECONDS,
    say: Says = _silent,
) -> CarryDone:
    """As `carry`, by the workers of a cluster.

    Args:
        settings: of the state directory, which each machine of the cluster has at the same path.
        campaign: its name.
        scheduler: address of Dask's scheduler.
        parts: into how many parts it goes; as many as there are workers, if it is not said.
        line: over what devices are reached.
        tell: is told how many devices came to an end, of how many.
        key_patience: seconds that whoever has the key may be gone.
        say: is told, in words, when somebody paused or ended it meanwhile.

    Raises:
        Refused, Unavailable: as for `carry`, or the cluster is away.

    Clause: sec:L10
    """

    def work(look: Look) -> tuple[Sequence[PartDone], int]:
        with cluster(scheduler) as (executor, workers):
            some = parts_of(settings, campaign, parts or workers, line or Line(), key_patience)
            return carry_on_cluster(executor, some, look)

    return carried(settings, campaign, tell, work, say)


def parts_of(
    settings: Settings, campaign: str, count: int, line: Line, key_patience: float
) -> tuple[Part, ...]:
    """The campaign in so many parts, which processes of this run have."""
    run = os.urandom(4).hex()
    return tuple(
        Part(
            state=os.fspath(settings.state.absolute()),
            campaign=campaign,
            place=f"{run}-{number}",
            parts=count,
            line=line,
            key_patience=key_patience,
        )
        for number in range(count)
    )


def _here(
    parts: Sequence[Part], look: Look, through: Through | None
) -> tuple[Sequence[PartDone], int]:
    """All in this process."""
    (part,) = parts
    look()
    return [carry_part(part, hear=lambda _: look(), through=through or _straight)], 0


def _straight(link: DeviceLink) -> DeviceLink:
    return link


def carried(
    settings: Settings,
    campaign: str,
    tell: Told,
    work: Callable[[Look], tuple[Sequence[PartDone], int]],
    say: Says = _silent,
) -> CarryDone:
    """What the work came to, with a look at how far it has come before, meanwhile and after."""
    recovery = recovery_of(settings, campaign)
    arrangement_of(recovery)
    started = time.monotonic()
    with open_kept(recovery.house) as kept:
        there = kept.campaigns.campaign(campaign)
        if there is not None and there.state in _OVER:  # nobody need have its key open
            return _outcome(kept, campaign, (), 0, 0.0)
        if there is not None:
            _must_be_whole(there)
        look = _Look(kept, campaign, tell, say)
        done, deaths = work(look)
        look.now()
        return _outcome(kept, campaign, done, deaths, time.monotonic() - started)


def _must_be_whole(there: Carried) -> None:
    """Raises: Refused: some of its devices would be left out, and nobody would know."""
    if not there.whole:
        raise Refused(
            f"campaign {there.name}: not all its devices are there, must be: whatever began it, called"
            " again, goes on where it was cut off",
            where="NAME",
            clause="sec:L10",
            rule="campaign.whole",
        )


class _Look:
    """Tells how far the campaign has come, not so often that counting takes much of the time."""

    def __init__(self, kept: Kept, campaign: str, tell: Told, say: Says) -> None:
        self._kept, self._campaign, self._tell, self._say = kept, campaign, tell, say
        self._stopped = False
        self._ended = 0
        self._next = 0.0

    def __call__(self) -> int:
        """How many devices came to an end, lately."""
        if time.monotonic() >= self._next:
            self.now()
        return self._ended

    def now(self) -> None:
        """It is counted and told."""
        started = time.monotonic()
        counts = self._kept.campaigns.counts(self._campaign)
        self._ended = sum(wave.ended for wave in counts)
        self._tell(self._ended, sum(wave.devices for wave in counts))
        now = self._kept.campaigns.campaign(self._campaign)
        if now is not None and now.state in _STOPPED and not self._stopped:
            self._stopped = True
            self._say(f"{self._campaign} is {now.state.value}: what is under way ends first")
        took = time.monotonic() - started
        self._next = time.monotonic() + max(_LOOK_SECONDS, took * _LOOK_SHARE)


def _outcome(
    kept: Kept, campaign: str, done: Sequence[PartDone], deaths: int, seconds: float
) -> CarryDone:
    now = kept.campaigns.campaign(campaign)
    if now is None:
        raise Inconsistent(f"campaign {campaign}: is there no more, must be")
    counts = kept.campaigns.counts(campaign)
    points = kept.points.points(campaign)
    at = points[-1].at if points else SystemClock().now()
    decided = decide(now.plan, counts, at, now.looked_at)
    if decided.move is Move.DONE and now.state is not CampaignState.ABORTED:
        now = kept.campaigns.let(campaign, CampaignState.ENDED)
    return CarryDone(
        carried=now,
        decided=decided,
        fates=fates_of(counts),
        commands=sum(one.commands for one in done),
        sent=sum(one.sent for one in done),
        frames=sum(one.frames for one in done),
        line_seconds=max((one.line_seconds for one in done), default=0.0),
        seconds=seconds,
        deaths=deaths,
    )
