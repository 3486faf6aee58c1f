"""What a recovery of one's own house left behind, gathered for its report.

    documents   decisions, ceremonies of the record, what was placed in each turn, notes
    bundles     devices as they were, what became of them, what went out and came back: commands of
                the recovery, then how it went on (handed back, updated); what inspectors handed in

Nothing is lodged here, and nothing believed: `recovery.proving` does that.

Clause: sec:L10
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from heapq import merge
from itertools import groupby
from pathlib import Path

from smki.adapters.files import read_octets
from smki.bootstrap import Settings
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.recoveries import Recovery, arrangement_of, recovery_of
from smki.flows.activating import CEREMONY_LEAF, CEREMONY_NAMED
from smki.flows.deciding import recorded_decision
from smki.flows.office import FrontOffice
from smki.flows.officers import who_signed
from smki.flows.recorded import Recorded
from smki.flows.recovery_pieces import framed_at
from smki.flows.recovery_rows import exchange_rows, outcome_rows
from smki.governance import DecisionKind, parse_recorded
from smki.interfaces.recovery_members import turn_of
from smki.interfaces.rosters import kept_roster
from smki.merkle.leaf import LeafType, certificate_of, decode_leaf
from smki.ports.campaigns import Campaigns, Carried
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
from smki.recovery.evidence_bundles import exchanged, outcomes, read_inspection, rosters
from smki.recovery.evidence_rows import Exchanges, RosterRow
from smki.recovery.proving_authority import BY_KEY, REHEARSED, SYMMETRIC_KEY
from smki.recovery.proving_materials import told_by
from smki.repository import body_of
from smki.terms import EUI64, CertificateKind, Refused
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_AUTHORITIES = tuple(kind for kind in CertificateKind if kind.is_authority)
_AFTERWARDS = (Turn.HANDED_BACK, Turn.UPDATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Of which recovery.

    Attributes:
        recovery: where it is.
        campaigns: of it, oldest first; all are over.
        key_decisions: ids of the decisions by which keys were used.
    """

    recovery: Recovery
    campaigns: tuple[Carried, ...]
    key_decisions: tuple[str, ...]

    def names(self, turn: Turn) -> list[str]:
        """The campaigns of that turn."""
        return [one.name for one in self.campaigns if turn_of(one.name) is turn]

    def roster(self) -> Iterator[RosterRow]:
        """The devices as they were before."""
        return kept_roster(self.recovery, [one.name for one in self.campaigns])


def decision_name(identifier: str) -> str:
    """Under what name the decision is among the evidence."""
    return f"decision-{identifier}"


def documents(
    front: FrontOffice, settings: Settings, gathered: Gathered, notes: Notes
) -> Iterator[Item]:
    """What is kept whole.

    Raises:
        Refused: a decision is not in the record, or is of something else than the use of a key for
            this incident.

    Clause: sec:L10, sec:L10.9
    """
    plan = gathered.campaigns[0].plan
    for identifier in gathered.key_decisions:
        _must_be_of_its_use(_recorded(front, identifier), plan.incident)
    for identifier in dict.fromkeys(filter(None, (plan.decision, *gathered.key_decisions))):
        yield document(decision_name(identifier), _decision(front, identifier))
    for number, octets in enumerate(_ceremonies(front), 1):
        yield transcript(f"ceremony-{number:03}", octets)
    before = _before(gathered.roster())
    for turn in (Turn.COMMANDED, *_AFTERWARDS):
        if names := gathered.names(turn):
            yield document(f"placed-{turn.value}", _placed(front, settings, before, turn, names))
    yield document("notes", notes)


def bundles(
    campaigns: Campaigns, gathered: Gathered, inspections: Sequence[Sequence[Path]]
) -> Iterator[Item]:
    """What is kept device by device, one bundle after the other; memory stays flat.

    Raises:
        Malformed: an inspection is none.

    Clause: sec:L10
    """
    yield from rosters(gathered.roster())
    commanded = gathered.names(Turn.COMMANDED)
    yield from outcomes(outcome_rows(campaigns, commanded))
    yield from exchanged(EvidenceKind.EXCHANGES, exchange_rows(campaigns, commanded))
    if any(gathered.names(turn) for turn in _AFTERWARDS):
        yield from exchanged(EvidenceKind.UPDATES, _afterwards(campaigns, gathered))
    yield from inspected(inspections)


def inspected(inspections: Sequence[Sequence[Path]]) -> Iterator[Item]:
    """What inspectors handed in, bundle by bundle, each under a name of its own.

    Raises:
        Malformed: one is none.
        Unavailable: one cannot be read.

    Clause: sec:L10
    """
    kind = EvidenceKind.INSPECTIONS
    for inspector, some in enumerate(inspections, 1):
        for number, path in enumerate(some, 1):
            octets = read_octets(path)
            read_inspection(octets)
            yield Item(kind=kind, name=f"{kind.value}-{inspector:03}-{number:06}", octets=octets)


def key_decisions(front: FrontOffice, settings: Settings, gathered: Gathered) -> tuple[str, ...]:
    """The decisions about keys, that about the one that signs first.

    Raises:
        Refused: a key in custody was used, and no decision about its use is among them.

    Clause: sec:L10.9
    """
    about = {one: _recorded(front, one).decision.object for one in gathered.key_decisions}
    first = list(about)
    for key, names in _used(settings, gathered):
        found = next((one for one in about if about[one] in names), None)
        if found is None:
            raise _refused(f"commands {key} key, the decision about its use must be named")
        first.insert(0, found)
    return tuple(dict.fromkeys(first))


def _used(settings: Settings, gathered: Gathered) -> Iterator[tuple[str, frozenset[str]]]:
    """Keys in custody that commands needed, how, and how decisions may name each; who signs last."""
    for campaign in gathered.names(Turn.COMMANDED):
        arranged = arrangement_of(recovery_of(settings, campaign))
        if not arranged.in_custody:
            continue
        if arranged.wants_symmetric_key:
            names = frozenset({SYMMETRIC_KEY, REHEARSED + SYMMETRIC_KEY})
            yield f"need the {SYMMETRIC_KEY}", names
        key = BY_KEY[CredentialsReplacementMode(arranged.mode)]
        fingerprint = sha256(arranged.signing_key).hexdigest()
        yield f"are signed by the {key}", frozenset({key, REHEARSED + key, fingerprint})


def _afterwards(campaigns: Campaigns, gathered: Gathered) -> Iterator[Exchanges]:
    """How each device went on after its recovery; ascending, of each in the order of time."""
    streams = [
        exchange_rows(campaigns, names, turn)
        for turn in _AFTERWARDS
        if (names := gathered.names(turn))
    ]
    for device, rows in groupby(merge(*streams, key=_device), _device):
        found = (one for row in rows for one in row.exchanges)
        yield Exchanges(device=device, exchanges=tuple(sorted(found, key=lambda one: one.at)))


def _device(row: Exchanges) -> EUI64:
    return row.device


def _placed(
    front: FrontOffice,
    settings: Settings,
    before: frozenset[tuple[TrustAnchorCellIdentifier, Identified]],
    turn: Turn,
    names: Sequence[str],
) -> Placed:
    """What was placed in a turn, by all its campaigns: several commands, or more devices later."""
    arranged = [arrangement_of(recovery_of(settings, name)) for name in names]
    new = (
        InCell(cell=each.cell, certificate=each.certificate)
        for one in arranged
        for each in one.cells
        if each.certificate
    )
    known = dict(_organisations(front))
    return Placed(
        turn=turn,
        originators=tuple(dict.fromkeys(one.originator for one in arranged)),
        old=tuple(
            InCell(cell=cell, certificate=known[held])
            for cell, held in sorted(before, key=str)
            if held in known
        ),
        new=tuple(dict.fromkeys(new)),
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


def _recorded(front: FrontOffice, identifier: str) -> Recorded:
    recorded = recorded_decision(front, identifier)
    if recorded is None:
        raise _refused(f"decision {identifier!r}: not in the record, must be")
    return recorded


def _must_be_of_its_use(recorded: Recorded, incident: str) -> None:
    """Raises: Refused: it is none of the use of a key for this incident."""
    decision = recorded.decision
    if decision.kind is not DecisionKind.USE_KEY or not decision.scope.startswith(f"{incident}: "):
        raise _refused(
            f"decision {decision.id}: is {decision.kind.value} with the scope {decision.scope!r},"
            f" must be {DecisionKind.USE_KEY.value} with a scope that begins with '{incident}: '"
        )


def _decision(front: FrontOffice, identifier: str) -> DecisionKept:
    recorded = _recorded(front, identifier)
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
    """The transcripts of the record; what else stands beside them, bundles say, is not read."""
    for item in front.index.items(of=LeafType.TRANSCRIPT):
        if not item.name.startswith(CEREMONY_NAMED):
            continue
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
    return Refused(
        f"recovery: {what}", where="--key-decision", clause="sec:L10", rule="recovery.conclude"
    )
