"""Inspections: who looked, and that it was somebody else than who commands and who decided.

Clause: sec:L10
"""

from smki.recovery.evidence import Vouched
from smki.recovery.evidence_bundles import Inspection, read_inspection
from smki.recovery.evidence_rows import FoundRow
from smki.recovery.proving_authority import (
    Authorities,
    Tell,
    must_have_signed,
    organisation_of,
    subject_of,
)
from smki.recovery.report import Subject
from smki.terms import CertificateKind, Malformed, Refused


class Inspectors:
    """6: who looked, and that it was somebody else than who commands and who decided."""

    def __init__(
        self, subject: Subject, authorities: Authorities, others: set[str], tell: Tell
    ) -> None:
        self._subject, self._authorities, self._tell = subject, authorities, tell
        self._others = others | {subject.commander}
        self.names: dict[str, None] = {}
        self.signers: dict[bytes, None] = {}

    def rows(self, name: str, octets: bytes) -> tuple[FoundRow, ...]:
        """What was found, if who looked is to be believed; what is not is told.

        Raises:
            Malformed: no inspection.
        """
        found = read_inspection(octets)
        wrong = self._wrong_with(found)
        if wrong:
            self._tell("inspection", f"{name}: {wrong}")
            return ()
        return found.rows

    def _wrong_with(self, found: Inspection) -> str:
        self._authorities.add(Vouched(certificate=one, entry=None) for one in found.authorities)
        certificate = found.signed.certificate
        try:
            kind = CertificateKind.IKI_FILE_SIGNING
            must_have_signed(found.looked, found.signed, self._authorities, found.at, kind)
        except (Malformed, Refused) as error:
            return error.message
        self.names[subject_of(certificate)] = None
        self.signers[certificate] = None
        if organisation_of(certificate) in self._others:
            return (
                f"{subject_of(certificate)} looked and commands or decided, must be somebody else"
            )
        if found.recovery != self._subject.name:
            return f"is of {found.recovery[:60]!r}, must be of {self._subject.name!r}"
        return ""
