"""The defects of a report in words: a report names them, its evidence in the record says what they are.

Nothing is believed here but what the record's proofs show; `smki recovery verify` does the rest.

Clause: sec:L10
"""

from collections.abc import Iterator

from smki.flows.recovery_evidence import RecordLibrary
from smki.ports import RecordReader
from smki.recovery.evidence import Defect, EvidenceKind, parse_document
from smki.recovery.report import Report


def defects_of(report: Report, record: RecordReader) -> tuple[Defect, ...]:
    """The defects that the evidence of the report has, by their entries in the record.

    Raises:
        Malformed, Refused: an entry is something else.
        Unavailable: there is no record.
        Inconsistent: the record is damaged, or not signed by the log's key.

    Clause: sec:L10, c2sp:tlog-checkpoint
    """
    library = RecordLibrary(record, report.subject.name)
    listed = [one for one in report.evidence if one.kind is EvidenceKind.DEFECT]
    found = (parse_document(one.kind, library.octets(one)) for one in listed)
    return tuple(one for one in found if isinstance(one, Defect))


def defect_lines(one: Defect) -> Iterator[str]:
    """What did not work, where, why, and what was done."""
    yield f"{one.ref}: {one.title} ({one.severity}, {one.state})"
    yield f"  has it: {', '.join(one.affected)}"
    yield f"  has it not: {', '.join(one.not_affected) or 'nobody who was looked at'}"
    yield f"  cause: {one.cause}"
    yield f"  done: {one.workaround}, {one.recovered:,} of {one.failed:,} devices recovered by it"
    yield f"  owner: {one.owner}"
