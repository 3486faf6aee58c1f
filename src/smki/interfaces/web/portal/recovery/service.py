"""What the pages of recoveries need of the house, and the values they show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from smki.adapters.sql.campaign_residue import ResidueQuery
from smki.governance.entities.incidents import Incident
from smki.ports.campaign_acts import Act, Acted
from smki.ports.campaigns import Carried, Member
from smki.recovery import Decided, WaveCounts
from smki.recovery.checklists import Ticked
from smki.recovery.evidence import Defect
from smki.recovery.progress import Progress
from smki.recovery.report import Report
from smki.steps import Requester
from smki.terms import EUI64

RECOVERY_PATH: Final = "/portal/recovery"
RESIDUE_PAGE: Final = 100  # devices


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A campaign in the list.

    Attributes:
        carried: itself.
        rehearsal: whether its devices are a rehearsal's.
        made: when it was made, by the clock of people.
        waves: what became of the devices of each wave.
        decided: what is next.
    """

    carried: Carried
    rehearsal: bool
    made: datetime
    waves: Sequence[WaveCounts]
    decided: Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A campaign as it stands.

    Attributes:
        rehearsal: whether its devices are a rehearsal's.
        progress: how far it has come.
        counted: when its devices were counted by kind, make, region and reason; None if they are
            just being counted for the first time.
        stale: that was some time ago: a fleet takes its time.
        carriers: processes that carry it just now.
        may: what people may do to it now.
        acted: what people did, newest first.
        reported: a report of the recovery is written.
    """

    rehearsal: bool
    reported: bool
    progress: Progress
    counted: datetime | None
    stale: bool
    carriers: int
    may: Sequence[Act]
    acted: Sequence[Acted]

    @property
    def path(self) -> str:
        """Address of its page."""
        return f"{RECOVERY_PATH}/{self.progress.name}"


class Recoveries(Protocol):
    """Every call may block, and is made in a thread; any number at once."""

    def may_see(self, who: Requester) -> bool:
        """Whether the pages are there for this party. Does not block."""
        ...

    def may_act(self, who: Requester) -> bool:
        """Whether this party's officers pause, resume and end campaigns. Does not block."""
        ...

    def listed(self) -> Sequence[Listed]:
        """All campaigns, of the house and of rehearsals in it, newest first."""
        ...

    def watched(self, campaign: str) -> Watched | None:
        """The campaign as it stands; None if there is none."""
        ...

    def report(self, campaign: str) -> bytes | None:
        """The report of the recovery that the campaign belongs to; None if none is written."""
        ...

    def defects(self, report: Report) -> Mapping[str, Defect]:
        """By their refs those of the report's defects that can be read from the record."""
        ...

    def has_checklist(self, found: Watched, who: Requester, user: str) -> bool:
        """Whether the register has the campaign's incident, and they may read it."""
        ...

    def checklist(
        self, found: Watched, who: Requester, user: str
    ) -> tuple[Incident, Sequence[Ticked]] | None:
        """The campaign's incident and its checklist; None if for them there is none."""
        ...

    def residue(self, query: ResidueQuery, after: EUI64 | None = None) -> tuple[Member, ...]:
        """The first devices of those, so many as a page shows, after that one."""
        ...

    def all_residue(self, query: ResidueQuery) -> Iterator[Member]:
        """All of them, by their EUI-64, read as they are asked for."""
        ...

    def steer(self, campaign: str, act: Act, wave: int, by: str) -> None:
        """It is done, and kept who did it.

        Args:
            campaign: its name.
            act: what.
            wave: that was on the page of whoever asks.
            by: who asks, in words.

        Raises:
            Refused: it cannot be done now, or the campaign has gone on meanwhile.
        """
        ...
