"""What the register resolved about a document becomes the decision file that systems obey.

A version goes into the repository when it is in force and White: whoever has the record reads what
is lodged. The file says of the resolution what systems need, and nothing else of the meeting.

Clause: sec:L5.3
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.governance.decisions import (
    Body,
    Decision,
    DecisionKind,
    encode_decision,
    parse_decision,
)
from smki.governance.effects import version_effect
from smki.governance.entities import Known
from smki.governance.entities.bodies import BodyRole, Committee
from smki.governance.entities.documents import ControlledDocument, DocumentVersion
from smki.governance.entities.minutes import Resolution
from smki.governance.labels import Label
from smki.governance.looking import look
from smki.governance.progress import approvals
from smki.governance.reading import label_of
from smki.governance.routes import roles_of
from smki.terms import Finding, Refused

CLAUSE: Final = "sec:L5.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A version that may be lodged.

    Attributes:
        document: its document.
        version: itself.
        resolution: that approved it; None if that was before the register.
    """

    document: ControlledDocument
    version: DocumentVersion
    resolution: Resolution | None


def approved_version(ref: str, known: Known, at: datetime) -> Approved:
    """The version of that name, which is in force at `at` and may be lodged.

    Raises:
        Refused: it is not there, not in force, not White, or has no file; every reason.

    Clause: sec:L5.3, sec:L9
    """
    version = look(known, DocumentVersion, ref)
    document = look(known, ControlledDocument, version.document) if version else None
    if version is None or document is None:
        raise Refused(findings=(_finding(f"version {ref!r}: is not in the register, must be"),))
    findings = tuple(_against(version, known, at))
    if findings:
        raise Refused(findings=findings)
    by = approvals(version, known)[-1:]
    return Approved(document=document, version=version, resolution=by[0] if by else None)


def decision_of(
    approved: Approved, kind: DecisionKind, known: Known, *, start: datetime, expiry: datetime
) -> Decision:
    """The decision that carries out what approved the version; to be signed by officers.

    Its id is the one that the resolution names, or the resolution's own ref.

    Raises:
        Refused: no resolution of a body that signs decisions approved it.
        Malformed: title or number do not fit a decision file.

    Clause: sec:L5.3
    """
    by = approved.resolution
    if by is None:
        said = (
            "was approved before the register, must be resolved about to be lodged under a decision"
        )
        raise Refused(findings=(_finding(f"version {approved.version.ref}: {said}"),))
    decision = Decision(
        id=by.decision or by.ref,
        body=_body(approved, known),
        kind=kind,
        object=approved.document.name,
        scope=f"version {approved.version.number}",
        not_before=start,
        expiry=expiry,
        conditions=(),
    )
    return parse_decision(encode_decision(decision))


def _against(version: DocumentVersion, known: Known, at: datetime) -> Iterator[Finding]:
    effect = version_effect(version, known, at.date())
    if not effect.in_force:
        # Why is told to a reader, as far as they may know: `smki document standing`.
        yield _finding(f"version {version.ref}: is {effect.stand.value}, must be in force")
    if label_of(version, known) is not Label.WHITE:
        yield _finding(f"version {version.ref}: is not labelled white, the record is open to all")
    if version.file is None:
        yield _finding(f"version {version.ref}: has no file, must name it with its SHA-256")


def _body(approved: Approved, known: Known) -> Body:
    """Whose decision it is: of the authority that keeps the document, or that approved it itself.

    What another body approves, such as the panel, is the authority's to have lodged.
    """
    refs = (*(approved.resolution.bodies if approved.resolution else ()), approved.document.body)
    for body in (look(known, Committee, ref) for ref in refs):
        if body is not None and BodyRole.AUTHORITY in roles_of(body):
            return Body.SMKI_PMA
    raise Refused(
        findings=(_finding(f"{approved.document.ref}: is no document of the policy authority"),)
    )


def _finding(message: str) -> Finding:
    return Finding(rule="register.lodging", message=message, where="version", clause=CLAUSE)
