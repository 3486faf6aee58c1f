"""An approved version of the register goes into the repository, and the register knows where it lies.

1 decide    the decision file, from the resolution, where one is needed: signed and lodged as any other
2 state     what an officer signs, for exactly the file that was approved
3 tie       once lodged: the version names its entry, directions to lodge it are fulfilled, with proof

Lodging itself is `documents`': nothing here writes to the record.

Clause: sec:L5.3, sec:L9
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Final, Protocol

from smki.flows.documents import Version, directions, document_statement, history_of
from smki.flows.keeping import keep
from smki.flows.office import FrontOffice
from smki.flows.reading_register import Reading
from smki.flows.statements import Fields
from smki.governance.carrying_out import approved_version, decision_of
from smki.governance.decisions import Decision, DecisionKind
from smki.governance.entities import Entity, Kind
from smki.governance.entities.correspondence import Direction
from smki.governance.entities.documents import ControlledDocument, DocumentVersion
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.ports.register import Page, Wanted
from smki.terms import Refused

_PAGE: Final = 200  # directions at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """What the register knows now.

    Attributes:
        version: as it stands.
        fulfilled: refs of the directions that were fulfilled by it.
    """

    version: DocumentVersion
    fulfilled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directed:
    """A direction of the register, and what the record knows of it.

    Attributes:
        direction: as it stands.
        recorded: entry of the decision file that carries it; None if it is not in the record.
        fulfilled: entry that fulfilled it; None if none did.
        late: it is past its day and not fulfilled.
    """

    direction: Direction
    recorded: int | None
    fulfilled: int | None
    late: bool


def lodging_decision(
    front: FrontOffice, ref: str, *, directed: bool, start: datetime, expiry: datetime
) -> Decision:
    """The decision under which the version may be lodged: by the authority, or by direction the DCC.

    Raises:
        Refused: it may not be lodged, every reason.
        Malformed: title or number do not fit a decision file.

    Clause: sec:L5.3
    """
    known = front.proceedings
    kind = DecisionKind.DIRECT_LODGING if directed else DecisionKind.SUPERSEDE_DOCUMENT
    found = approved_version(ref, known, front.clock.now())
    return decision_of(found, kind, known, start=start, expiry=expiry)


def lodging_statement(
    front: FrontOffice, ref: str, content: bytes, *, file: str, decision: str
) -> Fields:
    """What an officer signs to lodge the version; `content` is its file, octet for octet.

    Raises:
        Refused: it may not be lodged, was lodged, or this is another file.

    Clause: sec:L5.3, sec-app-p:1.3
    """
    found = approved_version(ref, front.proceedings, front.clock.now())
    version = found.version
    if version.entry is not None:
        raise _refused(f"{ref} was lodged as entry {version.entry}")
    digest = sha256(content).hexdigest()
    if version.file is None or (version.file.sha256, version.file.octets) != (digest, len(content)):
        raise _refused(f"{ref}: another file was approved, this one has SHA-256 {digest}")
    return document_statement(
        front,
        content,
        title=found.document.name,
        version=version.number,
        file=file,
        decision=decision,
    )


def tie(front: FrontOffice, ref: str, *, by: str = "") -> Tied:
    """The version names the entry in which it lies, and directions to lodge it are fulfilled.

    Args:
        front: the house.
        ref: of the version.
        by: ref of the person who says so; empty for whoever runs the house.

    Raises:
        Refused: no entry of the record is this version with this file, or the register's rules
            forbid it.
        Unavailable: the database is away.

    Clause: sec:L5.3
    """
    known, at = front.proceedings, front.clock.now().replace(microsecond=0)
    version = look(known, DocumentVersion, ref)
    document = look(known, ControlledDocument, version.document) if version else None
    if version is None or document is None:
        raise _refused(f"{ref!r} is not in the register")
    lodged = _lodged(front, document, version)
    after = replace(version, entry=lodged.entry)
    done = tuple(_fulfilled(front, after, lodged.at.date()))
    entities: tuple[Entity, ...] = (*((after,) if after != version else ()), *done)
    if entities:
        said = f"{ref} is entry {lodged.entry} of the record"
        keep(known, Change(at=at, by=by, said=said, entities=entities))
    return Tied(version=after, fulfilled=tuple(one.ref for one in done))


def directions_to_lodge(front: FrontOffice, reading: Reading) -> Iterator[Directed]:
    """The register's directions to lodge that this reader knows, with what the record has of each.

    Clause: sec:L5.3
    """
    used = {recorded.decision.id: (recorded.entry, entry) for recorded, entry in directions(front)}
    for one in _to_lodge(reading):
        entry, fulfilled = used.get(one.decision, (None, None))
        late = one.fulfilled is None and one.due is not None and one.due < reading.today
        yield Directed(
            direction=one,
            recorded=entry,
            fulfilled=one.entry if one.entry is not None else fulfilled,
            late=late,
        )


def _lodged(front: FrontOffice, document: ControlledDocument, version: DocumentVersion) -> Version:
    digest = version.file.sha256 if version.file else ""
    for one in history_of(front, document.name).versions:
        if (one.version, one.sha256) == (version.number, digest):
            return one
    raise _refused(
        f"{version.ref}: no entry of {document.name!r} is version {version.number} with that file"
    )


def _fulfilled(front: FrontOffice, version: DocumentVersion, day: date) -> Iterator[Direction]:
    for one in _to_lodge(front.proceedings):
        if one.version == version.ref and one.fulfilled is None and version.entry is not None:
            on = max(day, one.dated)
            proof = f"entry {version.entry} of the record"
            yield replace(one, fulfilled=on, entry=version.entry, proof=one.proof or proof)


class _Found(Protocol):
    def find(self, wanted: Wanted, *, after: str = "", limit: int = 25) -> Page: ...


def _to_lodge(register: _Found) -> Iterator[Direction]:
    after = ""
    while True:
        wanted = Wanted(tokens=None, kinds=(Kind.DIRECTION,))
        page = register.find(wanted, after=after, limit=_PAGE)
        found = (one.entity for one in page.kept)
        yield from (one for one in found if isinstance(one, Direction) and one.version)
        after = page.more
        if not after:
            return


def _refused(what: str) -> Refused:
    return Refused(f"document: {what}", where="version", clause="sec:L5.3", rule="register.lodging")
