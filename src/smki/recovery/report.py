"""The report of a recovery: what was done to whom, what came of it, and where the evidence is.

    report   canonical JSON of `Report` (`evidence_fields`)
    version  M.m; a later one names the one that it supersedes, by SHA-256 and entry
    entry    TRANSCRIPT leaf, framed: {"kind": "recovery-report", "name"} before the report

Its figures can all be made again from the evidence: `proving` does, and says which are wrong. What
it says in words (causes, lessons, owners) is what people say.

Clause: sec:L10
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from smki.recovery.campaign import Fate
from smki.recovery.evidence import EvidenceKind
from smki.recovery.evidence_fields import encode_value, malformed, parse_value
from smki.recovery.procedures import Compromised, Method

REPORT_MAX: Final = 16 * 1024 * 1024  # octets; of fifty million devices, most of it the list
REPORT_KIND: Final = "recovery-report"
FORMAT: Final = "smki-recovery-report-1"
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})", re.ASCII)


class RunKind(Enum):
    """What kind of run it was; the value is how reports name it."""

    REHEARSAL = "rehearsal"
    LIVE_EXERCISE = "live-exercise"
    INCIDENT = "incident"


class Criterion(Enum):
    """What can be made again from the evidence alone; the value is how reports name it."""

    AUTHORITY = "decided-first"
    MARKED = "marked-as-what-it-is"
    APEX = "apex-key"
    SIGNED = "commands-signed"
    COMMANDS = "every-cell-commanded"
    RESPONSES = "responses-hold"
    INSPECTION = "inspection-agrees"
    READ_BACK = "read-back-agrees"
    FURTHER = "further-update"
    OUTDATED = "old-anchors-refused"
    ATTACKER = "nothing-of-the-attacker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many devices of a kind, a make or a region, and so many of them recovered."""

    name: str
    devices: int
    recovered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many devices of which something is so."""

    name: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A criterion, and what came of it.

    Attributes:
        name: of a `Criterion`, or of one that people judge.
        question: in a sentence.
        binary: it holds of everything or it fails; else it is counted.
        passed: whether it does.
        held: of how many things it holds.
        of: how many there are.
        evidence: names of evidence on which it rests.
    """

    name: str
    question: str
    binary: bool
    passed: bool
    held: int
    of: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Something that is left, and whose it is."""

    what: str
    owner: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A piece of evidence.

    Attributes:
        kind: what it is.
        name: its own among those of its kind.
        sha256: of its octets, 64 hexadecimal digits.
        entry: where the record has it.
    """

    kind: EvidenceKind
    name: str
    sha256: str
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The version of the report before this one.

    Attributes:
        version: its number.
        sha256: of its octets, 64 hexadecimal digits.
        entry: where the record has it.
    """

    version: str
    sha256: str
    entry: int

    @property
    def number(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(map(int, self.version.split(".")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What can be counted from the evidence alone.

    Attributes:
        devices: how many there are.
        recovered: of these, recovered.
        answered: of the recovered, those whose signed answer says so.
        read_back: of the recovered, those whose answer was lost, and who said so when asked.
        by_kind: by kind of device, in alphabetical order; so the next two.
        by_region: by region of the wide area network.
        by_make: by make.
        fates: devices by what became of them.
        residue: devices that were not recovered, by fate and why.
        commands: of the recovery, repetitions among them; questions are not counted.
        first: when the first command came to its end.
        last: when the last one did.
        foreign: devices that held what nobody entitled had placed, when they were commanded.
    """

    devices: int
    recovered: int
    answered: int
    read_back: int
    by_kind: tuple[Share, ...]
    by_region: tuple[Share, ...]
    by_make: tuple[Share, ...]
    fates: tuple[Count, ...]
    residue: tuple[Count, ...]
    commands: int
    first: datetime
    last: datetime
    foreign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the report is about, as people say it.

    Attributes:
        name: of the recovery.
        scenario: that was rehearsed; empty for an incident.
        kind: of run.
        incident: its ref.
        compromised: which key was lost.
        method: how it was recovered from.
        decision: id of the decision for the method; empty where its subscriber alone decides.
        key_decision: id of the decision by which the key that signs was used; empty for a party's
            own key.
        further_decisions: ids of those by which other keys were used; in reports since they name them.
        approach: the version of the approach that was followed; empty if none was.
        commander: the organisation that commands, as certificates name it; another one inspects.
    """

    name: str
    scenario: str
    kind: RunKind
    incident: str
    compromised: Compromised
    method: Method
    decision: str
    key_decision: str
    further_decisions: tuple[str, ...] = ()
    approach: str
    commander: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report.

    Attributes:
        format: `FORMAT`.
        version: M.m, 1.0 the first.
        supersedes: the version before; none in the first.
        at: when it was written.
        subject: what it is about.
        figures: that can be made again.
        wall_seconds: that the whole run took, by the clock of who carried it.
        checks: criteria, and what came of them.
        defects: refs of the defects, which are evidence.
        not_assured: what the report does not assure.
        lessons: what was learnt.
        residuals: what is left, and whose it is.
        evidence: all of it, in the order of kinds and names.
    """

    format: str = FORMAT
    version: str
    supersedes: Earlier | None
    at: datetime
    subject: Subject
    figures: Figures
    wall_seconds: int
    checks: tuple[Check, ...]
    defects: tuple[str, ...]
    not_assured: tuple[str, ...]
    lessons: tuple[str, ...]
    residuals: tuple[Residual, ...]
    evidence: tuple[Listed, ...]

    @property
    def number(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(map(int, self.version.split(".")))

    @property
    def passed(self) -> bool:
        """Whether every binary criterion is met; those that are counted are read by people."""
        return all(check.passed for check in self.checks if check.binary)

    @property
    def residue(self) -> int:
        """Devices that were not recovered."""
        return self.figures.devices - self.figures.recovered


def left_over(figures: Figures, owner: str) -> tuple[Residual, ...]:
    """The devices that were not recovered, by reason, and whose they are now.

    Clause: sec:L10
    """
    return tuple(
        Residual(
            what=f"{one.name}: these are to be visited, or commanded when they are reached",
            owner=owner,
            devices=one.devices,
        )
        for one in figures.residue
    )


def encode_report(report: Report) -> bytes:
    """The octets of the report; what is lodged."""
    return encode_value(report)


def parse_report(octets: bytes) -> Report:
    """The report of these octets; nothing of it is believed.

    Raises:
        Malformed: not its form, or with evidence out of order or twice.

    Clause: sec:L10
    """
    report = parse_value(Report, octets, "report", REPORT_MAX)
    if report.format != FORMAT:
        raise malformed("report", f"format {report.format[:60]!r}, must be {FORMAT}", "format")
    versions = {"version": report.version}
    if report.supersedes is not None:
        versions["supersedes.version"] = report.supersedes.version
    for where, version in versions.items():
        if not _VERSION.fullmatch(version):
            raise malformed("report", f"{where}: {version[:20]!r}, must be as 1.0", where)
    named = [(_PLACE[one.kind], one.name) for one in report.evidence]
    if named != sorted(set(named)):
        raise malformed("report", "evidence: must be by kind and name, none twice", "evidence")
    return report


_PLACE: Final = {kind: place for place, kind in enumerate(EvidenceKind)}


def in_order(evidence: list[Listed]) -> tuple[Listed, ...]:
    """The evidence as a report lists it: by kind and name."""
    return tuple(sorted(evidence, key=lambda one: (_PLACE[one.kind], one.name)))


def not_recovered(fate: Fate, why: str) -> str:
    """By what name the residue counts a device."""
    return f"{fate.value}: {why}" if why else fate.value
