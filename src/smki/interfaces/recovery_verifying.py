"""A report of a recovery verified against the record alone: a folder or an address, and the log's key.

Numbered steps: 1 the report is an entry of the record; 2 that entry, and each piece of evidence, is
proven to be under the signed checkpoint; 3 the version before it too, and what that said is kept;
other reports of the same recovery are named; 4 everything is made again from the evidence, and
compared (`recovery.proving`). No database, no SMKI.

Clause: sec:L10, c2sp:tlog-checkpoint
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from smki.flows.recovery_evidence import RecordLibrary, rehearsal_policies
from smki.flows.recovery_pieces import REPORT, other_reports, report_entry
from smki.ports import RecordReader
from smki.recovery.correcting import not_kept
from smki.recovery.proving import Examined, prove
from smki.recovery.report import Report, parse_report
from smki.terms import Malformed, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of it.

    Attributes:
        report: as its octets have it.
        digest: SHA-256 of its octets.
        entry: where the record has it; None if it does not.
        size: entries of the record under the checkpoint.
        examined: what its evidence comes to, with what is wrong.
        problems: a sentence for everything that is wrong, the first thousand.
        wrong: how many things are.
        others: reports of the same recovery that the record has since its first evidence, beside this
            one and the one it supersedes: version, and entry.
    """

    report: Report
    digest: str
    entry: int | None
    size: int
    examined: Examined
    problems: tuple[str, ...]
    wrong: int
    others: tuple[tuple[str, int], ...]


def verify_report(
    octets: bytes, record: RecordReader, told: Callable[[int], object] = lambda _: None
) -> Verified:
    """What the record says of this report.

    Args:
        octets: of the report.
        record: the record, or a copy of it, under its log's key.
        told: is told how many devices more were looked at.

    Raises:
        Malformed: not a report.
        Unavailable: there is no record, or this copy of it lacks a file.
        Inconsistent: the record is damaged, or not signed by the log's key.

    Clause: sec:L10, c2sp:tlog-checkpoint
    """
    report = parse_report(octets)
    library = RecordLibrary(record, report.subject.name)
    checkpoint = record.checkpoint()
    library.expect(one.entry for one in report.evidence)
    digest = sha256(octets).hexdigest()
    problems: list[str] = []
    entry = report_entry(record, octets)
    if entry is None:
        problems.append(f"report {report.version}: is not in the record, must be lodged")
    else:
        library.content(entry, REPORT, f"{REPORT} {report.version}", digest)
    before = report.supersedes
    if before is not None:
        try:
            said = library.content(
                before.entry, REPORT, f"{REPORT} {before.version}", before.sha256
            )
            problems += (
                f"supersedes {before.version}, and says otherwise: {one}"
                for one in not_kept(parse_report(said), report)
            )
        except (Malformed, Refused) as error:
            problems.append(f"supersedes: {error.message}")
    examined = prove(report, library, rehearsal_policies(), told)
    return Verified(
        report=report,
        digest=digest,
        entry=entry,
        size=checkpoint.size,
        examined=examined,
        problems=(*problems, *(one.message for one in examined.findings)),
        wrong=examined.wrong + len(problems),
        others=tuple(other_reports(record, report, entry)),
    )
