"""Campaigns that are carried out: which devices, what became of each, who is at it just now.

A device is leased to one process for a while: if that process dies, another takes it over when the
time is up. What became of a device is kept with its evidence, in one step.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from smki.recovery import CampaignPlan, Fate, WaveCounts
from smki.terms import EUI64
from smki.wire.gbcs.forms import Formed


class CampaignState(Enum):
    """Whether a campaign goes on; the value is how commands name it."""

    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A device of a campaign.

    Attributes:
        device: its EUI-64.
        kind: of device, by its name.
        make: of its maker.
        region: of the wide area network.
        wave: in which it is.
        fate: what became of it so far.
        tries: that came to something, and the one under way.
        why: of its fate, in words; empty if that says all.
        taken_over: the process that had it is gone, and what that one did is not known.
    """

    device: EUI64
    kind: str
    make: str
    region: str
    wave: int
    fate: Fate = Fate.PLANNED
    tries: int = 0
    why: str = ""
    taken_over: bool = False

    @property
    def maybe_commanded(self) -> bool:
        """Whether it may have been commanded before this try."""
        return self.tries > 1 or self.taken_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of a device, or that it is to be tried again.

    Attributes:
        device: which.
        fate: `PLANNED` to try again from `due` on.
        why: in words.
        due: from when it may be tried again; None for never.
        command: that was sent last, whole, or its form and what is in the gaps; if nothing was
            answered the one that was to recover it, rather than a question after it.
        response: that came to it, whole; empty if none.
        at: when.
        unanswered: the command of this try that nobody answered, where a question after it was;
            and when it was waited for no longer.
        leased: the device as it was leased, for whoever keeps this: it need not be read again.
    """

    device: EUI64
    fate: Fate
    why: str = ""
    due: datetime | None = None
    command: bytes | Formed
    response: bytes = b""
    at: datetime
    unanswered: tuple[bytes | Formed, datetime] | None = None
    leased: Member | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A campaign.

    Attributes:
        name: unique.
        plan: as it was decided.
        state: whether it goes on.
        looked_at: the newest wave that people looked at and let go on; -1 for none.
        begun: when.
        whole: all its devices are in it: whoever began it was not cut off before that.
    """

    name: str
    plan: CampaignPlan
    state: CampaignState
    looked_at: int
    begun: datetime
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What went to a device and what came back, octet for octet.

    `attempt` is twice the number of the try; one less for a command of it that nobody answered,
    where a question after it was.
    """

    device: EUI64
    attempt: int
    command: bytes
    response: bytes
    at: datetime


class Campaigns(Protocol):
    """Durable on return, all of a call or nothing; for several processes and machines at once.

    A lease is durable with what is written next: before that nothing is sent.
    """

    def begin(self, name: str, plan: CampaignPlan, at: datetime) -> Carried:
        """The campaign is there, without devices; the same again changes nothing.

        Raises:
            Refused: there is one of that name with another plan.
        """
        ...

    def enlist(self, name: str, members: Iterable[Member]) -> int:
        """These are devices of it, and all of them; one that is already stays as it is. How many it has.

        Raises:
            Refused: there is no such campaign, or it has all its devices and some of these are none.
        """
        ...

    def campaign(self, name: str) -> Carried | None:
        """The campaign of that name; None if there is none."""
        ...

    def campaigns(self) -> Sequence[Carried]:
        """All campaigns, newest first."""
        ...

    def let(self, name: str, state: CampaignState | None, looked_at: int | None = None) -> Carried:
        """The campaign is in this state from now on; one that ended or was aborted stays so.

        None leaves the state as it is at that instant, whoever changes it meanwhile.

        Raises:
            Refused: there is none of that name, or it is over.
        """
        ...

    def lease(
        self,
        name: str,
        wave: int,
        worker: str,
        *,
        at: datetime,
        until: datetime,
        most: Mapping[str, int],
    ) -> tuple[Member, ...]:
        """Devices of the wave that are this process's until then, so many of each region at most.

        Given are those that are due and nobody's: never sent to, to be tried again, or left by who
        had them longer than agreed. Each counts one try more, but one that was left: no device has
        fewer tries because processes were killed. None if the campaign does not run.
        """
        ...

    def settle(self, name: str, worker: str, became: Sequence[Became]) -> int:
        """So many of these became what is said, with their evidence, and are nobody's any more.

        Passed over are those that another process has meanwhile.
        """
        ...

    def next_due(self, name: str, wave: int) -> datetime | None:
        """When the next device of the wave is due or left; None if none is."""
        ...

    def counts(self, name: str) -> tuple[WaveCounts, ...]:
        """What became of the devices of each wave so far."""
        ...

    def regions(self, name: str) -> tuple[str, ...]:
        """The regions in which it has devices, in alphabetical order."""
        ...

    def totals(self, name: str) -> Mapping[tuple[str, str, str, Fate, str], int]:
        """How many devices there are by kind, make, region, fate and why."""
        ...

    def members(self, name: str, after: EUI64 | None, limit: int) -> tuple[Member, ...]:
        """At most so many devices by their EUI-64, ascending, from the first one after `after`."""
        ...

    def evidence(self, name: str, after: EUI64 | None, limit: int) -> tuple[Evidence, ...]:
        """The evidence of at most so many devices, in that order; of each in that of its tries."""
        ...
