"""Documents: versions lodged by officers who may, and what became of each, out of the record alone.

    DOCUMENT   framed: what was said (`statements`) and "refers" (entry of the decision or null), content
    STANDING   superseded: {"by": {"sha256", "title", "version"}, "decision", "refers": entry of the old
               version, "standing": "superseded"}, lodged right after the version that takes its place
               withdrawn: what was said

A version is current until a later one supersedes it or it is withdrawn. Everything is worked out
again each time, entry by entry: what was lodged past the rules changes nothing and is named.

Clause: sec:L5, sec:L9
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from smki.flows.configuring import bodies_at
from smki.flows.deciding import must_permit, recorded_decisions, spent
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Officer, Recorded
from smki.flows.registered_documents import must_accord
from smki.flows.statements import Fields, statement, text_of, who_said
from smki.governance import Act, Body, DecisionKind
from smki.merkle.canonical import encode_json
from smki.merkle.leaf import LeafType, decode_framed, decode_leaf, encode_framed
from smki.policy.documents import Lodger, acts_needed
from smki.ports import ItemRow
from smki.repository import body_of, catch_up, lodge_leaf, lodge_leaves, metadata_of
from smki.terms import EUI64, Malformed, Refused, SmkiError

DOCUMENT_MAX_OCTETS: Final = 64 << 20  # held in memory a few times over while it is lodged
LODGE, WITHDRAW = "lodge-document", "withdraw-document"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a document that was rightly lodged.

    Attributes:
        entry: index of its entry.
        title: of the document.
        version: its own name.
        file: name of the file that was lodged.
        sha256: of its content, in hexadecimal.
        length: octets of its content.
        at: when it was lodged.
        officer: who lodged it.
        decision: under which decision; empty if none was needed.
        refers: entry of that decision.
        standing: `current`, `superseded` or `withdrawn`.
        changed: entry by which it is not current any more.
    """

    entry: int
    title: str
    version: str
    file: str
    sha256: str
    length: int
    at: datetime
    officer: Officer
    decision: str
    refers: int | None
    standing: str = "current"
    changed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All versions of a document, oldest first, and what was lodged past the rules.

    Attributes:
        title: of the document.
        versions: those that count.
        breaches: entry and reason of each that does not.
    """

    title: str
    versions: tuple[Version, ...]
    breaches: tuple[tuple[int, str], ...]

    @property
    def current(self) -> Version | None:
        """The version in force, if there is one."""
        return next((one for one in self.versions if one.standing == "current"), None)


def document_statement(
    front: FrontOffice, content: bytes, *, title: str, version: str, file: str, decision: str
) -> Fields:
    """What an officer signs to lodge this version; the current one of the title is superseded.

    Clause: sec-app-p:1.3
    """
    current = history_of(front, title).current
    fields: Fields = {
        "title": title,
        "version": version,
        "file": file,
        "sha256": sha256(content).hexdigest(),
        "length": len(content),
        "decision": decision,
        "supersedes": None if current is None else current.entry,
    }
    return statement(front, LODGE, fields)


def lodge_document(office: Office, asked: Fields, content: bytes) -> Version:
    """The version is in the record, exactly as it is; what it supersedes is said in the same step.

    Raises:
        Malformed: the statement is not of its form, or not about this content.
        Refused: whoever asks may not, no decision permits it, or the register keeps the document
            and has not approved this.
        Unavailable: the disk or the database is away.

    Clause: sec:L5, sec:L5.3, sec:L9
    """
    front, at = office.front, office.front.clock.now()
    entry = front.reader.checkpoint().size
    title = text_of(asked, "title")
    found = _version(front, history_of(front, title), asked, content, at=at, entry=entry)
    must_accord(front.proceedings, title, found.version, found.sha256, at)
    bodies = [
        (LeafType.DOCUMENT, encode_framed({**asked, "refers": found.refers}, content)),
    ]
    if asked["supersedes"] is not None:
        note: Fields = {
            "refers": asked["supersedes"],
            "standing": "superseded",
            "decision": found.decision,
            "by": {"title": title, "version": found.version, "sha256": found.sha256},
        }
        bodies.append((LeafType.STANDING, encode_json(note)))
    entries = lodge_leaves(office.record, bodies, at)
    catch_up(front.reader, front.index, front.describe)
    return replace(found, entry=entries[0])


def withdrawal_statement(front: FrontOffice, title: str, decision: str) -> Fields:
    """What an officer signs to withdraw the current version of the document.

    Raises:
        Refused: it has none.

    Clause: sec:L5.3
    """
    current = _must_be_current(history_of(front, title), title)
    fields: Fields = {"refers": current.entry, "standing": "withdrawn", "decision": decision}
    return statement(front, WITHDRAW, {**fields, "title": title})


def withdraw_document(office: Office, asked: Fields) -> int:
    """The current version of the document is not in force any more, and still there; the entry.

    Raises:
        Malformed: the statement is not of its form.
        Refused: whoever asks may not, or no decision permits it.
        Unavailable: the disk or the database is away.

    Clause: sec:L5.3
    """
    front, at = office.front, office.front.clock.now()
    history = history_of(front, text_of(asked, "title"))
    _withdrawn(front, history, asked, at=at, entry=front.reader.checkpoint().size)
    entry = lodge_leaf(office.record, LeafType.STANDING, encode_json(asked), at)
    catch_up(front.reader, front.index, front.describe)
    return entry


def titles(front: FrontOffice) -> tuple[str, ...]:
    """The titles of all documents in the record, in the order of their first entries."""
    return tuple(dict.fromkeys(one.name for one in front.index.items(of=LeafType.DOCUMENT)))


def history_of(front: FrontOffice, title: str) -> History:
    """Everything that the record says of this document.

    Clause: sec:L9
    """
    history = History(title=title, versions=(), breaches=())
    for item in entries_of(front, title):
        try:
            history = _after(front, history, item)
        except SmkiError as error:
            breach = (item.entry, error.message)
            history = replace(history, breaches=(*history.breaches, breach))
    return history


def entries_of(front: FrontOffice, title: str) -> tuple[ItemRow, ...]:
    """The entries that the history rests on; with the same ones it is the same for ever.

    What it says depends on what is below the last of them, and on who is registered as the DCC.
    """
    lodged = front.index.items(of=LeafType.DOCUMENT, name=title)
    changes = (
        one
        for document in lodged
        for one in front.index.about(document.entry)
        if one.type == LeafType.STANDING
    )
    return tuple(sorted((*lodged, *changes), key=lambda one: one.entry))


def directions(front: FrontOffice) -> Iterator[tuple[Recorded, int | None]]:
    """The authority's directions to lodge, each with the entry that fulfilled it, if one did.

    Clause: sec:L5.3
    """
    size = front.index.size()
    for one in recorded_decisions(front, kind=DecisionKind.DIRECT_LODGING):
        yield one, spent(front, one, size)


def content_of(front: FrontOffice, version: Version) -> bytes:
    """The content of the version, octet for octet as it was lodged.

    Raises:
        Inconsistent: the record is damaged.
    """
    leaf = decode_leaf(front.reader.leaf(version.entry))
    return decode_framed(body_of(front.reader, leaf))[1]


def _after(front: FrontOffice, history: History, item: ItemRow) -> History:
    """The history with this entry taken into account."""
    leaf = decode_leaf(front.reader.leaf(item.entry))
    at = _EPOCH + timedelta(milliseconds=leaf.instant)
    if leaf.type is LeafType.DOCUMENT:
        metadata, content = decode_framed(body_of(front.reader, leaf))
        said = metadata if isinstance(metadata, Mapping) else {}
        asked: Fields = {name: value for name, value in said.items() if name != "refers"}
        found = _version(front, history, asked, content, at=at, entry=item.entry)
        earlier = _changed(history, "superseded", item.entry)
        return replace(history, versions=(*earlier, found))
    asked = metadata_of(front.reader, leaf)
    if asked.get("standing") == "superseded":
        if any(one.changed == item.entry - 1 for one in history.versions):
            return history
        raise _refused("standing: says superseded, but no version took its place")
    _withdrawn(front, history, asked, at=at, entry=item.entry)
    return replace(history, versions=_changed(history, "withdrawn", item.entry))


def _changed(history: History, standing: str, entry: int) -> tuple[Version, ...]:
    return tuple(
        replace(one, standing=standing, changed=entry) if one.standing == "current" else one
        for one in history.versions
    )


def _version(  # the one place where a lodging is decided, before it and whenever it is read
    front: FrontOffice,
    history: History,
    asked: Fields,
    content: bytes,
    *,
    at: datetime,
    entry: int,
) -> Version:
    officer = who_said(front, asked, LODGE, at=at, before=entry)
    title, name = text_of(asked, "title").strip(), text_of(asked, "version").strip()
    if not title or not name or title != asked["title"]:
        raise _malformed("title and version must be there, without blanks around them")
    digest = sha256(content).hexdigest()
    if (asked.get("sha256"), asked.get("length")) != (digest, len(content)):
        raise _malformed(f"is about other content than these {len(content)} octets")
    current = history.current
    expected = None if current is None else current.entry
    if asked.get("supersedes", -1) != expected:
        raise _refused(f"supersedes {asked.get('supersedes')}, the current version is {expected}")
    if any(one.version == name for one in history.versions):
        raise _refused(f"version {name!r} of {title!r} is there already, must be a new one")
    decision = text_of(asked, "decision")
    needed = acts_needed(_lodgers(front, officer.party, entry), supersedes=current is not None)
    refers = _permit(front, needed, decision, title, at=at, entry=entry)
    return Version(
        entry=entry,
        title=title,
        version=name,
        file=text_of(asked, "file"),
        sha256=digest,
        length=len(content),
        at=at,
        officer=officer,
        decision=decision,
        refers=refers,
    )


def _withdrawn(
    front: FrontOffice, history: History, asked: Fields, *, at: datetime, entry: int
) -> None:
    officer = who_said(front, asked, WITHDRAW, at=at, before=entry)
    title = text_of(asked, "title")
    current = _must_be_current(history, title)
    if (asked.get("refers"), asked.get("standing")) != (current.entry, "withdrawn"):
        raise _refused(f"withdraws entry {asked.get('refers')}, current is {current.entry}")
    if not _lodgers(front, officer.party, entry):
        raise _refused(f"{officer.name} may lodge for nobody")
    must_permit(front, text_of(asked, "decision"), Act.WITHDRAW, title, at=at, before=entry)


def _permit(
    front: FrontOffice,
    needed: frozenset[Act | None],
    decision: str,
    title: str,
    *,
    at: datetime,
    entry: int,
) -> int | None:
    """The entry of the decision that permits it; None if none is needed and none was named."""
    if not needed:
        raise _refused("whoever asks may lodge no document")
    if not decision and None in needed:
        return None
    if not decision:
        names = " or ".join(sorted(act.value for act in needed if act))
        raise _refused(f"needs a recorded decision to {names}")
    act = next((act for act in needed if act), Act.LODGE)
    return must_permit(front, decision, act, title, at=at, before=entry).entry


def _lodgers(front: FrontOffice, party: EUI64, before: int) -> frozenset[Lodger]:
    """What the party is to the repository."""
    operators = {
        identity
        for one in front.registry.parties()
        if one.operator
        for identity, _ in one.identities
    }
    bodies = bodies_at(front, before)
    held = {
        Lodger.SMKI_PMA: party in bodies.get(Body.SMKI_PMA, frozenset()),
        Lodger.CODE_ADMINISTRATOR: party in bodies.get(Body.CODE_ADMINISTRATOR, frozenset()),
        Lodger.OPERATOR: party in operators,
    }
    return frozenset(lodger for lodger, holds in held.items() if holds)


def _must_be_current(history: History, title: str) -> Version:
    if history.current is None:
        raise _refused(f"{title!r} has no current version")
    return history.current


def _malformed(what: str) -> Malformed:
    return Malformed(f"document: {what}", where="statement", rule="document.form")


def _refused(what: str) -> Refused:
    return Refused(
        f"document: {what}", where="document", clause="sec:L5.3", rule="document.lodging"
    )
