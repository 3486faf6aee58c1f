"""The defects of a report: a report names them, its evidence in the record says what they are.

Nothing is believed here but what the record's proofs show; `smki recovery verify` does the rest.

Clause: sec:L10
"""

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
