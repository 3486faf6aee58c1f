"""A recovery of one's own house concluded: what it left behind is lodged, and its report.

    1 over      every campaign of it has ended, or was ended
    2 gathered  roster, what went out and came back, certificates before and after, decisions,
                ceremonies of the record, inspections that were handed in
    3 lodged    all of it
    4 worked out from that, and nothing else: figures and criteria
    5 reported  lodged, and a file

Cut off, it goes on: what is in the record is not lodged twice.

Clause: sec:L10
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smki.adapters.files import read_octets, write_durably
from smki.bootstrap import Settings, open_front
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.recoveries import Kept, Recovery, arrangement_of, open_kept, recovery_of
from smki.flows.activating import CEREMONY_LEAF
from smki.flows.deciding import recorded_decision
from smki.flows.office import FrontOffice
from smki.flows.officers import who_signed
from smki.flows.recovery_evidence import (
    RecordLibrary,
    exchange_rows,
    framed_at,
    outcome_rows,
    rehearsal_policies,
)
from smki.governance import parse_recorded
from smki.interfaces.recovery_lodging import lodge_evidence, lodge_report
from smki.interfaces.rosters import kept_roster
from smki.merkle.leaf import LeafType, certificate_of, decode_leaf
from smki.ports.campaigns import CampaignState, Carried
from smki.recovery import Anchors, Identified
from smki.recovery.evidence import (
    DecisionKept,
    EvidenceKind,
    InCell,
    Item,
    Notes,
    Placed,
    Signed,
    Turn,
    Vouched,
    document,
    transcript,
)
from smki.recovery.evidence_bundles import (
    RosterRow,
    exchanged,
    outcomes,
    read_inspection,
    rosters,
)
from smki.recovery.exercises import list_named
from smki.recovery.proving import Examined, checks, examine
from smki.recovery.proving_materials import told_by
from smki.recovery.report import (
    Listed,
    Report,
    RunKind,
    Subject,
    encode_report,
    left_over,
    parse_report,
)
from smki.repository import body_of
from smki.terms import CertificateKind, Refused
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier

_HAND_BACK = ".hand-back"
_OVER = (CampaignState.ENDED, CampaignState.ABORTED)
_AUTHORITIES = tuple(kind for kind in CertificateKind if kind.is_authority)
Told = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluding:
    """What people say of it.

    Attributes:
        name: of the recovery.
        key_decision: id of the decision by which the key was used.
        commander: the organisation that commanded, as its certificates name it.
        approach: the version of the approach that was followed; empty if none was.
        inspections: of each inspector the bundles (files) that were handed in, in their order.
        deviations: what was not as planned.
        lessons: what was learnt.
        not_assured: what the report does not assure.
        owner: of devices that are left; the commander if it is empty.
    """

    name: str
    key_decision: str
    commander: str
    approach: str = ""
    inspections: tuple[tuple[Path, ...], ...] = ()
    deviations: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    not_assured: tuple[str, ...] = ()
    owner: str = ""


def conclude(
    settings: Settings,
    environment: Mapping[str, str],
    said: Concluding,
    told: Told = lambda _: None,
) -> tuple[Report, int, Examined]:
    """The report, its entry in the record, and what its evidence comes to.

    Raises:
        Refused: there is no such recovery here, it is a rehearsal, goes on, or was concluded
            otherwise.
        Unavailable: the record or the estate is away.

    Clause: sec:L10
    """
    recovery = recovery_of(settings, said.name)
    if recovery.rehearsal:
        raise _refused(f"{said.name}: is a rehearsal, which concludes by itself")
    before = _before_this(recovery, said)
    with open_front(settings) as front, open_kept(settings) as kept:
        campaigns = _over(kept, said.name)
        items = list(_documents(front, settings, recovery, campaigns, said))
        listed = lodge_evidence(
            settings, environment, said.name, _all_of(items, kept, recovery, campaigns, said)
        )
        first = campaigns[0].plan
        subject = Subject(
            name=said.name,
            scenario="",
            kind=_kind(first.incident),
            incident=first.incident,
            compromised=first.compromised,
            method=first.method,
            decision=first.decision,
            key_decision=said.key_decision,
            approach=said.approach,
            commander=said.commander,
        )
    with open_front(settings) as front:
        library = RecordLibrary(front.reader, said.name)
        library.expect(one.entry for one in listed)
        examined = examine(subject, listed, library, rehearsal_policies(), told)
    report = before or _report(subject, said, listed, examined, campaigns[0].begun)
    if report.evidence != listed:
        raise _said_otherwise(report)
    write_durably(recovery.report, encode_report(report), private=True)
    return report, lodge_report(settings, environment, report), examined


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
    found = (about.key_decision, about.commander, about.approach)
    wanted = (said.key_decision, said.commander, said.approach)
    words = (report.lessons, report.not_assured)
    owners = {one.owner for one in report.residuals}
    same = words == (said.lessons, said.not_assured) and owners <= {said.owner or said.commander}
    if found != wanted or not same:
        raise _said_otherwise(report)
    return report


def _said_otherwise(report: Report) -> Refused:
    return _refused(
        f"report {report.version} is there and says something else, 'smki recovery correct' makes"
        " its next version"
    )


def _over(kept: Kept, name: str) -> tuple[Carried, ...]:
    """Step 1: the campaigns of the recovery, oldest first."""
    found = sorted(
        (one for one in kept.campaigns.campaigns() if one.name.partition(".")[0] == name),
        key=lambda one: (one.begun, one.name),
    )
    if not found:
        raise _refused(f"{name}: there is none; 'smki recovery list' names them")
    going = [one.name for one in found if one.state not in _OVER]
    if going:
        raise _refused(
            f"{', '.join(going)}: goes on, must have ended, or be ended by 'smki recovery abort'"
        )
    return tuple(found)


def _all_of(
    items: Iterable[Item],
    kept: Kept,
    recovery: Recovery,
    campaigns: tuple[Carried, ...],
    said: Concluding,
) -> Iterator[Item]:
    """Step 2: one after the other, as they are lodged."""
    yield from items
    yield from rosters(kept_roster(recovery, [one.name for one in campaigns]))
    commanded = [one.name for one in campaigns if not one.name.endswith(_HAND_BACK)]
    back = [one.name for one in campaigns if one.name.endswith(_HAND_BACK)]
    yield from outcomes(outcome_rows(kept.campaigns, commanded))
    yield from exchanged(EvidenceKind.EXCHANGES, exchange_rows(kept.campaigns, commanded))
    if back:
        rows = exchange_rows(kept.campaigns, back, Turn.HANDED_BACK)
        yield from exchanged(EvidenceKind.UPDATES, rows)
    kind = EvidenceKind.INSPECTIONS
    for inspector, bundles in enumerate(said.inspections, 1):
        for number, path in enumerate(bundles, 1):
            octets = read_octets(path)
            read_inspection(octets)
            yield Item(kind=kind, name=f"{kind.value}-{inspector:03}-{number:06}", octets=octets)


def _documents(
    front: FrontOffice,
    settings: Settings,
    recovery: Recovery,
    campaigns: tuple[Carried, ...],
    said: Concluding,
) -> Iterator[Item]:
    for identifier in filter(None, (campaigns[0].plan.decision, said.key_decision)):
        yield document(f"decision-{identifier}", _decision(front, identifier))
    for number, octets in enumerate(_ceremonies(front), 1):
        yield transcript(f"ceremony-{number:03}", octets)
    before = _before(kept_roster(recovery, [one.name for one in campaigns]))
    for turn, name in _turns(campaigns):
        yield document(f"placed-{turn.value}", _placed(front, settings, before, turn, name))
    yield document("notes", Notes(deviations=said.deviations, lessons=said.lessons))


def _turns(campaigns: Iterable[Carried]) -> Iterator[tuple[Turn, str]]:
    """The first campaign of each turn: those after it place the same."""
    turns: dict[Turn, str] = {}
    for one in campaigns:
        back = one.name.endswith(_HAND_BACK)
        turns.setdefault(Turn.HANDED_BACK if back else Turn.COMMANDED, one.name)
    return iter(turns.items())


def _placed(
    front: FrontOffice,
    settings: Settings,
    before: frozenset[tuple[TrustAnchorCellIdentifier, Identified]],
    turn: Turn,
    name: str,
) -> Placed:
    arranged = arrangement_of(recovery_of(settings, name))
    known = dict(_organisations(front))
    return Placed(
        turn=turn,
        originators=(arranged.originator,),
        old=tuple(
            InCell(cell=cell, certificate=known[held])
            for cell, held in sorted(before, key=str)
            if held in known
        ),
        new=tuple(
            InCell(cell=one.cell, certificate=one.certificate)
            for one in arranged.cells
            if one.certificate
        ),
        authorities=tuple(
            Vouched(certificate=certificate_of(front.reader.leaf(row.entry)), entry=row.entry)
            for kind in _AUTHORITIES
            for row in front.index.rows(kind)
        ),
    )


def _organisations(front: FrontOffice) -> Iterator[tuple[Identified, bytes]]:
    """Every certificate of the record that a cell may hold, by what it is told there."""
    for kind in (CertificateKind.ORGANISATION, CertificateKind.ROOT_OCA):
        for row in front.index.rows(kind):
            certificate = certificate_of(front.reader.leaf(row.entry))
            yield told_by(certificate), certificate


def _decision(front: FrontOffice, identifier: str) -> DecisionKept:
    recorded = recorded_decision(front, identifier)
    if recorded is None:
        raise _refused(f"decision {identifier!r}: not in the record, must be")
    leaf = decode_leaf(front.reader.leaf(recorded.entry))
    _, octets, signatures = parse_recorded(body_of(front.reader, leaf))
    kind, at, before = CertificateKind.IKI_OFFICER, recorded.at, recorded.entry
    return DecisionKept(
        decision=octets,
        signatures=tuple(
            Signed(
                certificate=who_signed(front, octets, one, kind, at=at, before=before).certificate,
                signature=one,
            )
            for one in signatures
        ),
        authorities=tuple(load_hierarchy(front).chain_of(kind)),
    )


def _ceremonies(front: FrontOffice) -> Iterator[bytes]:
    """The transcripts of the record."""
    for item in front.index.items(of=LeafType.TRANSCRIPT):
        found = framed_at(front.reader, front.reader.leaf(item.entry))
        if found is not None and found[0].get("kind") == CEREMONY_LEAF:
            yield found[1]


def _before(
    rows: Iterable[RosterRow],
) -> frozenset[tuple[TrustAnchorCellIdentifier, Identified]]:
    """What cells held, whatever devices did; few, whatever there are of these."""
    found: set[tuple[TrustAnchorCellIdentifier, Identified]] = set()
    seen: dict[int, Anchors] = {}  # the same value for devices that held the same
    for row in rows:
        if id(row.before) not in seen:
            seen[id(row.before)] = row.before
            found |= set(row.before.items())
    return frozenset(found)


def _refused(what: str) -> Refused:
    return Refused(f"recovery: {what}", where="NAME", clause="sec:L10", rule="recovery.conclude")
