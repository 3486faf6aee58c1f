"""Campaigns as pages ask for them: from the estate of this house, and of rehearsals in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from smki.adapters.files import read_octets
from smki.adapters.sql.campaign_parts import SILENCE, at_work
from smki.adapters.sql.campaign_residue import ResidueQuery, residue, residue_page
from smki.bootstrap import Settings
from smki.bootstrap.estates import estate_file
from smki.bootstrap.recoveries import (
    FOLDER,
    Kept,
    Recovery,
    houses,
    made_of,
    open_kept,
    recovery_of,
)
from smki.campaigns import progress_of
from smki.flows.office import FrontOffice
from smki.flows.reading_register import ReadersOfRegister, Reading
from smki.flows.steering import acts_for, steer
from smki.governance import Body
from smki.governance.entities import Key, Kind
from smki.governance.entities.incidents import Incident
from smki.interfaces.recovery_checklist import checklist_of
from smki.interfaces.recovery_defects import defects_of
from smki.interfaces.web.portal.recovery.counting import Counting
from smki.interfaces.web.portal.recovery.service import RESIDUE_PAGE, Listed, Watched
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import Carried, Member
from smki.recovery import decide
from smki.recovery.checklists import Ticked
from smki.recovery.evidence import Defect
from smki.recovery.progress import Totals
from smki.recovery.report import Report
from smki.steps import Requester
from smki.terms import EUI64, Malformed, Refused, SubscriberKind, Unavailable

_OLD: Final = timedelta(seconds=10)  # a count that is older is said to be


class WatchedRecoveries:
    """Implements `service.Recoveries`. Safe for any number of threads.

    Args:
        settings: of the house.
        now: the present instant.
        front: of the house, for what its register has of incidents; None without.
    """

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], front: FrontOffice | None = None
    ) -> None:
        self._settings = settings
        self._front = front
        self._readers = None if front is None else ReadersOfRegister(front.proceedings, now)
        self._now = now
        self._authority = settings.deciding().get(Body.SMKI_PMA, frozenset())
        self._counting = Counting(self._count, now)

    def may_see(self, who: Requester) -> bool:
        """Whether the pages are there for this party: the operator's officers, and the authority's.

        Clause: sec:L10
        """
        return self.may_act(who) or any(one in self._authority for one, _ in who.identities)

    def may_act(self, who: Requester) -> bool:
        """Whether this party's officers pause, resume and end campaigns: the operator's alone.

        Clause: sec:L10
        """
        return SubscriberKind.DCC in who.kinds

    def listed(self) -> Sequence[Listed]:
        """All campaigns, of the house and of rehearsals in it, newest first."""
        found: list[Listed] = []
        for house in houses(self._settings):
            rehearsal = house.state.is_relative_to(self._settings.path(FOLDER))
            with open_kept(house) as kept:
                found += (
                    self._listed(one, kept, rehearsal=rehearsal)
                    for one in kept.campaigns.campaigns()
                )
        found.sort(key=lambda one: one.made, reverse=True)
        return sorted(found, key=lambda one: one.rehearsal)

    def watched(self, campaign: str) -> Watched | None:
        """The campaign as it stands; None if there is none."""
        with self._open(campaign) as opened:
            return None if opened is None else self._watched(*opened)

    def report(self, campaign: str) -> bytes | None:
        """The report of the recovery that the campaign belongs to; None if none is written."""
        try:
            file = recovery_of(self._settings, campaign).report
        except Malformed:
            return None
        return read_octets(file) if file.exists() else None

    def defects(self, report: Report) -> Mapping[str, Defect]:
        """By their refs those of the report's defects that can be read from the record.

        Clause: sec:L10
        """
        if self._front is None or not report.defects:
            return {}
        try:
            return {one.ref: one for one in defects_of(report, self._front.reader)}
        except (Malformed, Refused, Unavailable):
            return {}

    def has_checklist(self, found: Watched, who: Requester, user: str) -> bool:
        """Whether this house's register has the campaign's incident, and they may read it.

        Clause: sec:M4.13
        """
        reading = self._reading(found, who, user)
        return reading is not None and _incident(reading, found) is not None

    def checklist(
        self, found: Watched, who: Requester, user: str
    ) -> tuple[Incident, Sequence[Ticked]] | None:
        """The campaign's incident, as they may read it, and its checklist; None if they may not.

        That they saw it is noted.

        Clause: sec-app-l:1, sec:M4.13
        """
        reading = self._reading(found, who, user)
        incident = None if reading is None else _incident(reading, found)
        if reading is None or incident is None or self._front is None:
            return None
        rows = checklist_of(self._settings, self._front, incident)
        reading.note()
        return incident, rows

    def residue(self, query: ResidueQuery, after: EUI64 | None = None) -> tuple[Member, ...]:
        """A page of the devices that are not recovered, by their EUI-64."""
        with self._open(query.campaign) as opened:
            if opened is None:
                return ()
            return residue_page(opened[1].estate.store, query, after, RESIDUE_PAGE)

    def all_residue(self, query: ResidueQuery) -> Iterator[Member]:
        """All of them, read as they are asked for."""
        with self._open(query.campaign) as opened:
            if opened is not None:
                yield from residue(opened[1].estate.store, query)

    def steer(self, campaign: str, act: Act, wave: int, by: str) -> None:
        """It is done, and kept who did it.

        Clause: sec:L10
        """
        with self._open(campaign) as opened:
            found = None if opened is None else self._watched(*opened)
            if opened is None or found is None:
                raise _refused(f"{campaign}: there is none")
            now = found.progress.decided.wave
            if act is Act.LOOK and now != wave:
                raise _refused(
                    f"{campaign}: is at wave {now}, the page that you saw said {wave}; look at it"
                    " again"
                )
            kept = opened[1]
            steer(kept.campaigns, kept.acts, campaign, act, by=by, at=found.progress.at)

    def _listed(self, one: Carried, kept: Kept, *, rehearsal: bool) -> Listed:
        waves = kept.campaigns.counts(one.name)
        decided = decide(one.plan, waves, self._now(), one.looked_at)
        made = made_of(self._settings, one, rehearsal=rehearsal)
        return Listed(carried=one, rehearsal=rehearsal, made=made, waves=waves, decided=decided)

    def _watched(self, recovery: Recovery, kept: Kept) -> Watched | None:
        name = recovery.campaign
        carried = kept.campaigns.campaign(name)
        if carried is None:
            return None
        # The line's clock may run ahead of ours, as that of a simulated network does.
        now = self._now()
        at = max([now, *(point.at for point in kept.points.points(name)[-1:])])
        totals, counted = self._counting.totals(name)
        found = progress_of(kept.campaigns, kept.points, name, at, totals)
        return Watched(
            rehearsal=recovery.rehearsal,
            reported=recovery.report.exists(),
            progress=found,
            counted=counted,
            stale=counted is not None and now - counted > _OLD,
            carriers=at_work(kept.estate.store, name, now - SILENCE),
            may=acts_for(carried, found.decided, at),
            acted=kept.acts.acts(name),
        )

    def _reading(self, found: Watched, who: Requester, user: str) -> Reading | None:
        """This house's register as they see it; of a rehearsal's incidents it knows nothing."""
        if self._readers is None or found.rehearsal:
            return None
        return self._readers.officer(who, user)

    def _count(self, campaign: str) -> Totals:
        with self._open(campaign) as opened:
            return {} if opened is None else opened[1].campaigns.totals(campaign)

    @contextmanager
    def _open(self, campaign: str) -> Iterator[tuple[Recovery, Kept] | None]:
        """Where this campaign would be, and what is kept there; None if nothing is."""
        try:
            recovery = recovery_of(self._settings, campaign)
        except Malformed:
            yield None
            return
        file = estate_file(recovery.house)
        if file is not None and not file.exists():
            yield None
            return
        with open_kept(recovery.house) as kept:
            yield recovery, kept


def _incident(reading: Reading, found: Watched) -> Incident | None:
    seen = reading.get(Key(Kind.INCIDENT, found.progress.plan.incident))
    return seen if isinstance(seen, Incident) else None


def _refused(what: str) -> Refused:
    return Refused(f"campaign {what}", where="campaign", clause="sec:L10", rule="campaign.act")
