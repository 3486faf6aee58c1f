"""A recovery of one's own house concluded: what it left behind is lodged, and its report.

    1 over      every campaign of it has ended, or was ended
    2 gathered  what there is of it (`recovery_gathering`)
    3 lodged    all of it
    4 worked out from that, and nothing else: figures and criteria
    5 reported  lodged, and a file

Cut off, it goes on: what is in the record is not lodged twice, and a report that is written is the
one that is lodged, whatever came into the record since.

Clause: sec:L10
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from smki.adapters.files import read_octets, write_durably
from smki.bootstrap import Settings, open_front
from smki.bootstrap.recoveries import Recovery, open_kept, recovery_of
from smki.flows.recovery_evidence import RecordLibrary, rehearsal_policies
from smki.interfaces.recovery_gathering import (
    Gathered,
    bundles,
    decision_name,
    documents,
    inspected,
    key_decisions,
)
from smki.interfaces.recovery_lodging import lodge_evidence, lodge_report
from smki.interfaces.recovery_members import campaigns_of, must_be_over
from smki.recovery import METHODS
from smki.recovery.evidence import EvidenceKind, Notes, Turn, document
from smki.recovery.exercises import list_named
from smki.recovery.proving import Examined, checks, examine
from smki.recovery.report import (
    Listed,
    Report,
    RunKind,
    Subject,
    encode_report,
    left_over,
    parse_report,
)
from smki.terms import Refused

Told = Callable[[int], object]
_BROUGHT: Final = frozenset({EvidenceKind.NOTES, EvidenceKind.INSPECTIONS})
"""What people bring, octet for octet; decisions by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluding:
    """What people say of it.

    Attributes:
        name: of the recovery.
        key_decisions: ids of the decisions by which keys were used.
        commander: the organisation that commanded, as its certificates name it.
        approach: the version of the approach that was followed; empty if none was.
        inspections: of each inspector the bundles (files) that were handed in, in their order.
        deviations: what was not as planned.
        lessons: what was learnt.
        not_assured: what the report does not assure.
        owner: of devices that are left; the commander if it is empty.
        not_handed_back: devices stay the access control broker's when it is reported.
    """

    name: str
    key_decisions: tuple[str, ...]
    commander: str
    approach: str = ""
    inspections: tuple[tuple[Path, ...], ...] = ()
    deviations: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    not_assured: tuple[str, ...] = ()
    owner: str = ""
    not_handed_back: bool = False


def conclude(
    settings: Settings,
    environment: Mapping[str, str],
    said: Concluding,
    told: Told = lambda _: None,
) -> tuple[Report, int, Examined]:
    """The report, its entry in the record, and what its evidence comes to.

    Raises:
        Refused: there is no such recovery here, it is a rehearsal, goes on, or was concluded
            otherwise; its devices are to be handed back first; or the decision about a key that
            was used is not named.
        Unavailable: the record or the estate is away.

    Clause: sec:L10
    """
    recovery = recovery_of(settings, said.name)
    if recovery.rehearsal:
        raise _refused(f"{said.name}: is a rehearsal, which concludes by itself")
    report = _before_this(recovery, said)
    if report is None:
        subject, listed, begun = _lodged(settings, environment, recovery, said)
        examined = _examined(settings, subject, listed, told)
        report = _report(subject, said, listed, examined, begun)
        write_durably(recovery.report, encode_report(report), private=True)
    else:  # its evidence was lodged before it was written, whatever the record has by now
        examined = _examined(settings, report.subject, report.evidence, told)
    return report, lodge_report(settings, environment, report), examined


def _examined(
    settings: Settings, subject: Subject, listed: tuple[Listed, ...], told: Told
) -> Examined:
    """Step 4: what the evidence comes to that is in the record."""
    with open_front(settings) as front:
        library = RecordLibrary(front.reader, subject.name)
        library.expect(one.entry for one in listed)
        return examine(subject, listed, library, rehearsal_policies(), told)


def _lodged(
    settings: Settings, environment: Mapping[str, str], recovery: Recovery, said: Concluding
) -> tuple[Subject, tuple[Listed, ...], datetime]:
    """Steps 1 to 3: what the report is about, its evidence, and when the recovery was begun."""
    with open_front(settings) as front, open_kept(settings) as kept:
        campaigns = campaigns_of(kept, said.name)
        must_be_over(campaigns)
        gathered = Gathered(
            recovery=recovery, campaigns=campaigns, key_decisions=said.key_decisions
        )
        _must_be_handed_back(said, gathered)
        items = list(documents(front, settings, gathered, _notes(said)))
        by = key_decisions(front, settings, gathered)
        more = bundles(kept.campaigns, gathered, said.inspections)
        listed = lodge_evidence(settings, environment, said.name, chain(items, more))
        return _subject(said, gathered, by), listed, campaigns[0].begun


def _notes(said: Concluding) -> Notes:
    return Notes(deviations=said.deviations, lessons=said.lessons)


def _must_be_handed_back(said: Concluding, gathered: Gathered) -> None:
    """Raises: Refused: devices are the broker's, and of their hand-back no later report would tell."""
    if said.not_handed_back or not METHODS[gathered.campaigns[0].plan.method].hand_back:
        return
    if not gathered.names(Turn.HANDED_BACK):
        raise _refused(
            f"{said.name}: its devices are the access control broker's, must be handed back first"
            " ('smki recovery hand-back'); --not-handed-back where they stay so"
        )


def _subject(said: Concluding, gathered: Gathered, by: tuple[str, ...]) -> Subject:
    first = gathered.campaigns[0].plan
    return Subject(
        name=said.name,
        scenario="",
        kind=_kind(first.incident),
        incident=first.incident,
        compromised=first.compromised,
        method=first.method,
        decision=first.decision,
        key_decision=next(iter(by), ""),
        further_decisions=by[1:],
        approach=said.approach,
        commander=said.commander,
    )


def _report(
    subject: Subject,
    said: Concluding,
    listed: tuple[Listed, ...],
    examined: Examined,
    begun: datetime,
) -> Report:
    """Step 4."""
    at = datetime.now(UTC).replace(microsecond=0)
    return Report(
        version="1.0",
        supersedes=None,
        at=at,
        subject=subject,
        figures=examined.figures,
        wall_seconds=max(0, int((at - begun).total_seconds())),
        checks=checks(examined),
        defects=(),
        not_assured=said.not_assured,
        lessons=said.lessons,
        residuals=left_over(examined.figures, said.owner or said.commander),
        evidence=listed,
    )


def _kind(incident: str) -> RunKind:
    """What kind of run it was: the decisions about it say so."""
    return RunKind.LIVE_EXERCISE if list_named(incident) else RunKind.INCIDENT


def _before_this(recovery: Recovery, said: Concluding) -> Report | None:
    """The report that was written before; it is lodged once.

    Raises:
        Refused: it says something else.
    """
    if not recovery.report.exists():
        return None
    report = parse_report(read_octets(recovery.report))
    about = report.subject
    found = (about.commander, about.approach, report.lessons, report.not_assured)
    owners = {one.owner for one in report.residuals}
    same = found == (said.commander, said.approach, said.lessons, said.not_assured)
    same = same and owners <= {said.owner or said.commander}
    same = same and about.decision not in said.key_decisions
    if not same or _brought(said, about.decision) != {
        (one.name, one.sha256) if one.kind in _BROUGHT else one.name
        for one in report.evidence
        if one.kind in _BROUGHT or one.kind is EvidenceKind.DECISION
    }:
        raise _said_otherwise(report)
    return report


def _brought(said: Concluding, decision: str) -> set[object]:
    """What people brought that is evidence, as a report that has it lists it."""
    brought = (document("notes", _notes(said)), *inspected(said.inspections))
    named = (decision_name(one) for one in (decision, *said.key_decisions) if one)
    return {*((one.name, one.digest) for one in brought), *named}


def _said_otherwise(report: Report) -> Refused:
    return _refused(
        f"report {report.version} is there and says something else, 'smki recovery correct' makes"
        " its next version"
    )


def _refused(what: str) -> Refused:
    return Refused(f"recovery: {what}", where="NAME", clause="sec:L10", rule="recovery.conclude")
