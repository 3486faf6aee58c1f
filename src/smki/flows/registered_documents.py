"""Before a document is lodged the register is asked: what it keeps is lodged as it was approved, or not.

Only White documents are asked for: of others their very names are withheld, and they do not go into
the record under their names. What the register does not know is lodged by the record's rules alone.
Asked when something is lodged; what the record says of it later rests on the record alone.

Clause: sec:L9
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from smki.governance.effects import version_effect
from smki.governance.entities import Kind
from smki.governance.entities.documents import ControlledDocument, DocumentVersion
from smki.governance.labels import Label
from smki.governance.looking import look
from smki.governance.reading import label_of
from smki.ports.register import Register, Wanted
from smki.terms import Finding, Refused

_PAGE: Final = 50  # documents with the words of a title


def must_accord(register: Register, title: str, number: str, sha256: str, at: datetime) -> None:
    """The register does not keep the document, or this version of it is in force with this file.

    Args:
        register: what is asked.
        title: under which it is to be lodged.
        number: of the version.
        sha256: of the file, in hexadecimal.
        at: the instant.

    Raises:
        Refused: it keeps the document, and has not approved this; every reason.
        Unavailable: the database is away.

    Clause: sec:L9
    """
    for document in _called(register, title):
        findings = tuple(_against(register, document, number, sha256, at))
        if findings:
            raise Refused(findings=findings)


def _called(register: Register, title: str) -> Iterator[ControlledDocument]:
    after = ""
    while True:
        wanted = Wanted(tokens=None, kinds=(Kind.DOCUMENT,), words=title)
        page = register.find(wanted, after=after, limit=_PAGE)
        found = (kept.entity for kept in page.kept)
        named = (one for one in found if isinstance(one, ControlledDocument) and one.name == title)
        yield from (one for one in named if label_of(one, register) is Label.WHITE)
        after = page.more
        if not after:
            return


def _against(
    register: Register, document: ControlledDocument, number: str, sha256: str, at: datetime
) -> Iterator[Finding]:
    version = look(register, DocumentVersion, f"{document.ref}/{number}")
    if version is None:
        yield _finding(document, f"version {number} is not in it, must be approved there first")
        return
    effect = version_effect(version, register, at.date())
    if not effect.in_force:
        yield _finding(document, f"version {number} is {effect.stand.value} in it")
    if version.file is None or version.file.sha256 != sha256:
        yield _finding(document, f"another file was approved as version {number}")


def _finding(document: ControlledDocument, what: str) -> Finding:
    return Finding(
        rule="register.lodging",
        message=f"document: the register keeps {document.name!r} ({document.ref}): {what}",
        where="document",
        clause="sec:L9",
        advice=f"'smki document standing {document.ref}/M.m' says how far a version is",
    )
