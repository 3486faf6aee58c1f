"""Steps 8 and 9: everything into the record, the verdict by criterion, and the report.

    evidence   what was kept, what campaigns kept, what was placed: lodged in the record of the SMKI
               beside which it was rehearsed
    verdict    worked out from that evidence, read back out of the record, and from nothing else
    report     version 1.0: lodged, and a file; the same to be read is beside it

Binary criteria are met or not, whatever defects are open elsewhere; others are counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from smki.adapters.files import write_durably
from smki.bootstrap import open_front
from smki.bootstrap.recoveries import open_kept
from smki.bootstrap.samples import SAMPLES
from smki.flows.recovering import Leg
from smki.flows.recovery_evidence import RecordLibrary, rehearsal_policies
from smki.flows.recovery_rows import exchange_rows, outcome_rows
from smki.governance import DecisionKind, parse_decision
from smki.interfaces.recovery_defects import defects_of
from smki.interfaces.recovery_lodging import lodge_evidence, lodge_report
from smki.interfaces.rehearsal.authorising import (
    KEYS,
    incident_of,
    key_decision,
    method_decision,
)
from smki.interfaces.rehearsal.campaigning import after, before, legs
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_all, keep_items, kept_items, kept_of
from smki.interfaces.rehearsal.preparing import APPROACH, DCC
from smki.interfaces.rehearsal.remedying import hand_back_leg, remedies_said
from smki.interfaces.rehearsal.running import campaigns_of
from smki.interfaces.rehearsal.updating import own_legs, updated
from smki.merkle.canonical import JSON
from smki.recovery import Method
from smki.recovery.evidence import (
    DecisionKept,
    EvidenceKind,
    InCell,
    Item,
    Notes,
    Placed,
    Turn,
    document,
    parse_document,
)
from smki.recovery.evidence_bundles import exchanged, outcomes
from smki.recovery.proving import Examined, checks, examine
from smki.recovery.report import (
    Check,
    Listed,
    Report,
    Residual,
    RunKind,
    Subject,
    encode_report,
    left_over,
)
from smki.recovery.report_text import markdown
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier

REPORT: Final = "report.json"
PAGE: Final = "report.md"
SHARE_PER_THOUSAND: Final = 970
NOT_ASSURED: Final = (
    "that real devices behave as simulated ones do",
    "that real networks lose, delay and repeat as the simulated one does",
    "how long people take to meet, to decide and to come together for a ceremony",
    "that keys and shares of real custodians are where they should be",
)
LEFT_WITH: Final = "the operator, with the supplier responsible for each"
LESSONS: Final = (
    "commands of more blocks than one make of hubs passes on are known by the canaries of that make",
)


def evidence(run: Run) -> Made:
    """All evidence is in the record of the SMKI beside which it was rehearsed.

    Clause: sec:L10, sec:L5
    """
    with open_kept(run.house) as kept:
        names = campaigns_of(run)
        keep_all(run, outcomes(outcome_rows(kept.campaigns, names)))
        keep_all(run, exchanged(EvidenceKind.EXCHANGES, exchange_rows(kept.campaigns, names)))
    keep_items(
        run,
        document("recovery", _recovered(run)),
        document("further-update", _updated(run)),
        *_handed_back(run),
        document("notes", Notes(deviations=tuple(_deviations(run)), lessons=tuple(_lessons(run)))),
    )
    pieces = sum(1 for _ in kept_items(run))
    done = 0
    with run.progress("evidence lodged") as told:

        def count(more: int) -> None:
            nonlocal done
            done += more
            told(done, pieces)

        listed = lodge_evidence(
            run.operator, run.environment, run.asked.name, kept_items(run), count
        )
    run.tell(f"  {len(listed)} pieces of evidence are in the record")
    return {"listed": [_listed_said(one) for one in listed]}


def verdict(run: Run) -> Made:
    """The report is written and lodged: figures and criteria as the evidence gives them.

    Clause: sec:L10
    """
    subject, listed = _subject(run), _listed(run)
    with open_front(run.operator) as front, run.progress("devices proven") as told:
        seen = 0

        def count(more: int) -> None:
            nonlocal seen
            seen += more
            told(seen, run.asked.devices)

        examined = examine(
            subject, listed, RecordLibrary(front.reader), rehearsal_policies(), count
        )
    begun = datetime.fromisoformat(run.text("preconditions", "at"))
    at = datetime.fromisoformat(run.once("reported", now().isoformat()))
    report = Report(
        version="1.0",
        supersedes=None,
        at=at,
        subject=subject,
        figures=examined.figures,
        wall_seconds=int((at - begun).total_seconds()),
        checks=(*checks(examined), _share(examined)),
        defects=_texts(run, "first-run", "defects"),
        not_assured=NOT_ASSURED,
        lessons=tuple(_lessons(run)),
        residuals=tuple(_residuals(run, examined)),
        evidence=listed,
    )
    write_durably(run.path(REPORT), encode_report(report))
    with open_front(run.operator) as front:
        page = markdown(report, defects_of(report, front.reader))
    write_durably(run.path(PAGE), page.encode())
    entry = lodge_report(run.operator, run.environment, report)
    for one in report.checks:
        result = "passed" if one.passed else "FAILED" if one.binary else "not reached"
        run.tell(f"  {result}: {one.question} {one.held:,} of {one.of:,}")
    for finding in examined.findings:
        run.tell(f"  wrong: {finding.message}")
    run.tell(f"  report 1.0 is entry {entry} of the record")
    figures = examined.figures
    return {
        "commands": figures.commands,
        "devices": figures.devices,
        "entry": entry,
        "findings": [one.message for one in examined.findings],
        "passed": report.passed,
        "recovered": figures.recovered,
        "residue": {one.name: one.devices for one in figures.residue},
    }


def _subject(run: Run) -> Subject:
    (commander,) = (one.party.name for one in SAMPLES if one.party.party == DCC)
    keys = KEYS.get(run.scenario.method, ())
    signing = key_decision(run, keys[0]) if keys else ""
    return Subject(
        name=run.asked.name,
        scenario=run.scenario.name,
        kind=RunKind.REHEARSAL,
        incident=incident_of(run),
        compromised=run.scenario.compromised,
        method=run.scenario.method,
        decision=method_decision(run),
        key_decision=signing,
        further_decisions=tuple(one for one in _key_decisions(run) if one != signing),
        approach=APPROACH,
        commander=commander,
    )


def _key_decisions(run: Run) -> Iterator[str]:
    """The decisions by which keys were used, by their ids."""
    for item in kept_of(run, EvidenceKind.DECISION):
        kept = parse_document(item.kind, item.octets)
        decision = parse_decision(kept.decision) if isinstance(kept, DecisionKept) else None
        if decision is not None and decision.kind is DecisionKind.USE_KEY:
            yield decision.id


def _recovered(run: Run) -> Placed:
    """What the recovery placed."""
    every = legs(run)
    then = _placed_by(every)
    return Placed(
        turn=Turn.COMMANDED,
        originators=tuple(sorted({leg.originator for leg in every})),
        old=_in_cells(before(run).certificates),
        new=_in_cells({cell: then[cell] for cell in sorted(then, key=str)}),
        authorities=(),
    )


def _updated(run: Run) -> Placed:
    """What the further update placed."""
    own = tuple(own_legs(run, after(run), updated(run)).values())
    return Placed(
        turn=Turn.UPDATED,
        originators=tuple(leg.originator for leg in own),
        old=_in_cells(after(run).certificates),
        new=_in_cells(_placed_by(own)),
        authorities=(),
    )


def _handed_back(run: Run) -> Iterator[Item]:
    """What the hand-back placed, where the method has one."""
    if run.scenario.method is Method.TWO:
        leg = hand_back_leg(run)
        placed = Placed(
            turn=Turn.HANDED_BACK,
            originators=(leg.originator,),
            old=(),
            new=_in_cells(leg.materials.certificates),
            authorities=(),
        )
        yield document("hand-back", placed)


def _placed_by(every: Iterable[Leg]) -> dict[TrustAnchorCellIdentifier, bytes]:
    """By cell, what these legs place."""
    return {
        cell: certificate
        for leg in every
        for cell, certificate in leg.materials.certificates.items()
    }


def _in_cells(certificates: Mapping[TrustAnchorCellIdentifier, bytes]) -> tuple[InCell, ...]:
    return tuple(InCell(cell=cell, certificate=one) for cell, one in certificates.items())


def _deviations(run: Run) -> Iterator[str]:
    if run.scenario.attacked:
        yield from remedies_said(run)
    yield "everything was done by the rehearsal itself, and nobody was present"
    for ref in _texts(run, "first-run", "defects"):
        yield f"defect {ref}: the devices behind those hubs were commanded in a second run"


def _lessons(run: Run) -> Iterator[str]:
    """What was learnt; of a thief, what was achieved, and on how many devices it is undone."""
    if not run.scenario.attacked or _texts(run, "first-run", "defects"):
        yield from LESSONS
    if run.scenario.attacked:
        yield from _texts(run, "left", "achieved")


def _share(examined: Examined) -> Check:
    figures = examined.figures
    return Check(
        name="share-recovered",
        question=f"Are at least {SHARE_PER_THOUSAND} of a thousand devices recovered?",
        binary=False,
        passed=figures.recovered * 1_000 >= SHARE_PER_THOUSAND * figures.devices,
        held=figures.recovered,
        of=figures.devices,
        evidence=(),
    )


def _residuals(run: Run, examined: Examined) -> Iterator[Residual]:
    yield from left_over(examined.figures, LEFT_WITH)
    for ref in _texts(run, "first-run", "defects"):
        yield Residual(
            what=f"defect {ref}: the workaround stays until its fix is deployed",
            owner="the operator, with the maker of the hubs",
            devices=0,
        )
    yield Residual(
        what="the same for other makes and versions than those of this estate",
        owner="who is responsible for their product assurance certificates",
        devices=0,
    )


def _listed_said(one: Listed) -> JSON:
    return {"entry": one.entry, "kind": one.kind.value, "name": one.name, "sha256": one.sha256}


def _listed(run: Run) -> tuple[Listed, ...]:
    said = run.made("evidence")["listed"]
    return tuple(
        Listed(
            kind=EvidenceKind(str(one["kind"])),
            name=str(one["name"]),
            sha256=str(one["sha256"]),
            entry=int(str(one["entry"])),
        )
        for one in (said if isinstance(said, list) else [])
        if isinstance(one, Mapping)
    )


def _texts(run: Run, step: str, key: str) -> tuple[str, ...]:
    found = run.made(step)[key]
    return tuple(map(str, found)) if isinstance(found, list) else ()
