"""A recovery proven from its evidence: everything is made again, and compared with the report.

Numbered looks: 1 the evidence is there, by its digests; 2 each transcript replays; 3 certificates
are by authorities that are believed; 4 it was decided first; 5 each device, what went to it and
came back; 6 what somebody else found, and who that is; 7 all are marked as what they are, and a
rehearsal never as real; 8 figures, residue and criteria are those of the report.

Needs the evidence, and who replays transcripts; no secret, no database. What only people can know
is not proven, and the report says so.

Clause: sec:L10
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.crypto import spki_p256
from smki.profiles.reading import policies, public_key_octets
from smki.recovery.evidence import (
    Attack,
    DecisionKept,
    Defect,
    Document,
    EvidenceKind,
    InCell,
    Placed,
    Turn,
)
from smki.recovery.evidence_bundles import read_exchanges, read_outcomes, read_roster
from smki.recovery.evidence_rows import Exchanges
from smki.recovery.exercises import ListDigest, list_named
from smki.recovery.procedures import Method
from smki.recovery.proving_authority import (
    NO_ONE,
    Authorities,
    Decisions,
    subject_of,
)
from smki.recovery.proving_devices import Devices
from smki.recovery.proving_figures import (
    Result,
    Tally,
    compare_checks,
    compare_figures,
    figures,
)
from smki.recovery.proving_inspections import Inspectors
from smki.recovery.proving_materials import Materials, told_by
from smki.recovery.proving_reading import (
    HeldCeremony,
    Library,
    Shelf,
    Told,
)
from smki.recovery.replacing import RECOVERY_CELL
from smki.recovery.report import (
    Check,
    Criterion,
    Figures,
    Listed,
    Report,
    RunKind,
    Subject,
)
from smki.terms import Finding, Malformed
from smki.wire.certificate import parse_certificate

_K: Final = EvidenceKind
FIRST: Final = (1, 0)  # version of the first report
QUESTIONS: Final[Mapping[Criterion, str]] = {
    Criterion.AUTHORITY: "Was it decided, for this incident, key and method, before anything was commanded?",
    Criterion.MARKED: "Does every certificate say whether it is a rehearsal's?",
    Criterion.APEX: "Does the key wrapped in the root open to the one that signed the commands?",
    Criterion.SIGNED: "Is every command signed by the key that its device believed?",
    Criterion.COMMANDS: "Does every command fill every cell of its device that is to be replaced?",
    Criterion.RESPONSES: "Is every response signed by its device, and to its command?",
    Criterion.INSPECTION: "Does an independent inspection find in every cell what the device says?",
    Criterion.READ_BACK: "Do devices that are asked say what was placed?",
    Criterion.FURTHER: "Does one more ordinary update succeed under the new anchors?",
    Criterion.OUTDATED: "Is a command under the old anchors without effect?",
    Criterion.ATTACKER: "Is nothing left of whoever had the stolen key?",
}
"""What each criterion asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the evidence comes to, whatever a report says.

    Attributes:
        findings: what is wrong with it, the first thousand.
        wrong: how many things are.
        figures: counted anew.
        results: of each criterion that there is evidence for.
        remarks: of single devices, that are no fault of the evidence; the first hundred.
        inspectors: who signed what was found, organisation and name.
        defects: refs of those that the evidence has, each once, in order.
        officers: who signed decisions that are believed, organisation and name.
        roots: certificates (DER) of the roots that it all rests on: whoever reads must know them.
    """

    findings: tuple[Finding, ...]
    wrong: int
    figures: Figures
    results: Mapping[Criterion, Result]
    remarks: tuple[str, ...]
    inspectors: tuple[str, ...]
    defects: tuple[str, ...]
    officers: tuple[str, ...]
    roots: tuple[bytes, ...]


def examine(
    subject: Subject,
    evidence: Iterable[Listed],
    library: Library,
    rehearsed: frozenset[bytes],
    told: Callable[[int], object] = lambda _: None,
) -> Examined:
    """What the evidence comes to.

    Args:
        subject: what it is about.
        evidence: all of it.
        library: where it is.
        rehearsed: content octets of the policy OIDs of all rehearsals.
        told: is told how many devices more were looked at.

    Raises:
        Unavailable, Inconsistent: as the library does.

    Clause: sec:L10
    """
    tell = Told()
    shelf = Shelf(evidence, library, tell)
    documents = tuple(shelf.documents())
    ceremonies = tuple(shelf.ceremonies())
    placed = _readable([one for _, one in documents if isinstance(one, Placed)], tell)
    attacks = tuple(one for _, one in documents if isinstance(one, Attack))
    authorities = Authorities(
        (each for one in ceremonies for each in one.certificates), library.certificate
    )
    for one in placed:
        for unknown in authorities.add(one.authorities):
            tell("authority", f"{subject_of(unknown)}: {NO_ONE}")
    decisions = Decisions(_decided(documents), authorities, tell)
    materials = Materials(placed, _planted(attacks, tell))
    everything = subject.method is Method.BY_CONTINGENCY
    devices = Devices(materials, authorities, tell, everything=everything)
    inspectors = Inspectors(subject, authorities, decisions.organisations, tell)
    concerned = _look_at_devices(shelf, devices, inspectors, told)
    tally = devices.tally
    if tally.first and tally.last:  # where nothing was commanded, nothing needed permission
        first, last = tally.first, tally.last
        _placed_by_believed(placed, authorities, first, last, tell)
        wrong = decisions.wrong_with(subject, _keys(placed, devices), devices.modes, first, last)
        _decided_first(wrong, tally, tell)
    _bounded(subject, concerned, tally, tell)
    _approved(documents, decisions, tell)
    _marked(
        subject,
        ceremonies,
        devices.policies
        + _policies(_placed_certificates(placed))
        + _policies((*decisions.signers, *inspectors.signers)),
        rehearsed,
        tally,
        tell,
    )
    _outlasted(attacks, tally)
    return Examined(
        findings=tuple(tell.findings),
        wrong=tell.wrong,
        figures=figures(tally),
        results={
            one: Result(held=tally.held[one], of=tally.of[one])
            for one in Criterion
            if tally.of[one]
        },
        remarks=tuple(tally.remarks),
        inspectors=tuple(inspectors.names),
        defects=tuple(sorted({one.ref for _, one in documents if isinstance(one, Defect)})),
        officers=tuple(dict.fromkeys(map(subject_of, decisions.signers))),
        roots=tuple(authorities.roots),
    )


def prove(
    report: Report,
    library: Library,
    rehearsed: frozenset[bytes],
    told: Callable[[int], object] = lambda _: None,
) -> Examined:
    """What the evidence comes to, and among the findings what the report says otherwise.

    Arguments as for `examine`.

    Clause: sec:L10
    """
    tell = Told()
    examined = examine(report.subject, report.evidence, library, rehearsed, told)
    compare_figures(report.figures, examined.figures, tell)
    compare_checks(report.checks, examined.results, tell)
    if tuple(sorted(report.defects)) != examined.defects:
        ours, theirs = (", ".join(one) or "none" for one in (examined.defects, report.defects))
        tell("report", f"defects: {theirs[:200]}, the evidence has {ours[:200]}")
    before = report.supersedes
    if before is not None and before.number >= report.number:
        tell("report", f"version {report.version} supersedes {before.version}, later")
    if before is None and report.number != FIRST:
        tell("report", f"version {report.version} supersedes none, must supersede the one before")
    return replace(
        examined,
        findings=(*examined.findings, *tell.findings),
        wrong=examined.wrong + tell.wrong,
    )


def checks(examined: Examined) -> tuple[Check, ...]:
    """The criteria that the evidence decides, as a report has them."""
    return tuple(
        Check(
            name=criterion.value,
            question=QUESTIONS[criterion],
            binary=True,
            passed=result.passed,
            held=result.held,
            of=result.of,
            evidence=(),
        )
        for criterion, result in examined.results.items()
    )


def _look_at_devices(
    shelf: Shelf, devices: Devices, inspectors: Inspectors, told: Callable[[int], object]
) -> str:
    """5: each device, with all that there is of it; the digest of their list."""
    listed = ListDigest()
    outcomes = shelf.rows(_K.OUTCOMES, lambda _, octets: read_outcomes(octets))
    found = shelf.rows(_K.INSPECTIONS, inspectors.rows)
    spoken = [shelf.rows(kind, _reader(kind)) for kind in (_K.EXCHANGES, _K.READ_BACKS, _K.UPDATES)]
    for row in shelf.rows(_K.ROSTER, lambda _, octets: read_roster(octets)):
        exchanges = tuple(filter(None, (rows.take(row.device) for rows in spoken)))
        devices.look(row, outcomes.take(row.device), exchanges, found.take(row.device))
        listed.add(row.device)
        told(1)
    outcomes.rest()
    found.rest()
    for rows in spoken:
        rows.rest()
    return listed.digits()


def _reader(kind: EvidenceKind) -> Callable[[str, bytes], tuple[Exchanges, ...]]:
    return lambda _, octets: read_exchanges(kind, octets)


def _decided(
    documents: Iterable[tuple[str, Document]],
) -> Iterator[tuple[str, DecisionKept]]:
    for name, one in documents:
        if isinstance(one, DecisionKept):
            yield name, one


def _readable(placed: list[Placed], tell: Told) -> tuple[Placed, ...]:
    """What was placed, if it is said once for each turn, in certificates that can be read."""
    turns = Counter(one.turn for one in placed)
    if turns[Turn.COMMANDED] != 1 or max(turns.values()) > 1:
        tell("placed", "what was placed must be said once for each turn, and of the recovery")
        return ()
    try:
        Materials(placed, ())
    except Malformed as error:
        tell("placed", error.message)
        return ()
    return tuple(placed)


def _planted(attacks: Iterable[Attack], tell: Told) -> Iterator[bytes]:
    for certificate in (each for one in attacks for each in one.planted):
        try:
            told_by(certificate)
        except Malformed as error:
            tell("attack", f"planted: {error.message}")
            continue
        yield certificate


def _placed_by_believed(
    placed: Iterable[Placed], authorities: Authorities, first: datetime, last: datetime, tell: Told
) -> None:
    """3: what was in cells, and what came, was issued by authorities that are believed."""
    for one in placed:
        for at, when, certificates in ((first, "old", one.old), (last, "new", one.new)):
            for each in certificates:
                wrong = authorities.wrong_with(each.certificate, at)
                if wrong:
                    who = subject_of(each.certificate)
                    tell("placed", f"{when} certificate of {who} ({one.turn.value}): {wrong}")


def _keys(placed: Iterable[Placed], devices: Devices) -> frozenset[str]:
    """By what fingerprints the key that signs may be named in a decision about its use."""
    points = set(devices.opened)
    for one in placed:
        if one.turn is Turn.COMMANDED:
            points |= {_point(each) for each in one.old if each.cell == RECOVERY_CELL}
    return frozenset(sha256(spki_p256(point)).hexdigest() for point in points)


def _point(one: InCell) -> bytes:
    return public_key_octets(parse_certificate(one.certificate).tbs)


def _decided_first(wrong: Iterable[tuple[str, ...]], tally: Tally, tell: Told) -> None:
    """4: each decision that there must be permits what was done."""
    for reasons in wrong:
        tally.judge(Criterion.AUTHORITY, holds=not reasons)
        for reason in reasons:
            tell("decision", reason)


def _bounded(subject: Subject, concerned: str, tally: Tally, tell: Told) -> None:
    """4: decisions of a live exercise name the list of its devices, and no others do."""
    named = list_named(subject.incident)
    exercise = subject.kind is RunKind.LIVE_EXERCISE
    if not (exercise or named):
        return
    if not tally.judge(Criterion.AUTHORITY, holds=exercise and named == concerned):
        tell(
            "exercise",
            f"{subject.kind.value} of devices with the digest {concerned}, decisions are about"
            f" {subject.incident!r}: must be a live exercise of the list that they name",
        )


def _approved(documents: Iterable[tuple[str, Document]], decisions: Decisions, tell: Told) -> None:
    """4: workarounds were approved by decisions that are among the evidence."""
    for name, one in documents:
        if isinstance(one, Defect) and one.approved_by and one.approved_by not in decisions:
            tell("defect", f"{name}: decision {one.approved_by!r} is not among the evidence")


def _marked(
    subject: Subject,
    ceremonies: Iterable[HeldCeremony],
    found: Counter[bytes],
    rehearsed: frozenset[bytes],
    tally: Tally,
    tell: Told,
) -> None:
    """7: a rehearsal's certificates all say so, and no others do."""
    rehearsal = subject.kind is RunKind.REHEARSAL
    for ceremony in ceremonies:
        if not tally.judge(Criterion.MARKED, holds=ceremony.rehearsal is rehearsal):
            tell("marked", f"ceremony {ceremony.script}: must be of the run's own kind")
    for policy, count in found.items():
        holds = (policy in rehearsed) is rehearsal
        tally.of[Criterion.MARKED] += count
        tally.held[Criterion.MARKED] += count * holds
        if not holds:
            wanted = "one of rehearsals" if rehearsal else "none of rehearsals"
            tell("marked", f"{count} certificates under policy {policy.hex()}, must be {wanted}")


def _placed_certificates(placed: Iterable[Placed]) -> Iterator[bytes]:
    for one in placed:
        yield from (each.certificate for each in (*one.old, *one.new))


def _policies(certificates: Iterable[bytes]) -> Counter[bytes]:
    """Under which policies these certificates (DER) are, and how many are."""
    return Counter(
        policy for one in certificates for policy in policies(parse_certificate(one).tbs)
    )


def _outlasted(attacks: Iterable[Attack], tally: Tally) -> None:
    """6: of what somebody with the stolen key achieved, all is undone."""
    for tried in (each for one in attacks for each in one.tried):
        tally.of[Criterion.ATTACKER] += tried.obeyed
        tally.held[Criterion.ATTACKER] += min(tried.undone, tried.obeyed)
        if tried.undone < tried.obeyed:
            left = tried.obeyed - tried.undone
            tally.remark(f"{tried.what}: lasts on {left} of {tried.obeyed} devices that obeyed")
