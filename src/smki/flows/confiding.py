"""Confidential content: the record commits to it, the content is kept apart and can be removed by law.

    TRANSCRIPT  commitment = SHA-256(salt || framed body); salt and body are kept apart
    TOMBSTONE   {"act", "decision", "log", "refers": entry, "signature"}

1 the content is durable; 2 its commitment is lodged. To remove: 1 an officer asks in signed words,
under a decision that two officers of the authority signed; 2 the tombstone is lodged; 3 the content
goes. Who is cut off before 3 removes again. The log stays whole: it never held the content.

Clause: sec:L5
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smki.flows.configuring import bodies_at
from smki.flows.deciding import must_permit
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Officer
from smki.flows.statements import Fields, statement, text_of, who_said
from smki.governance import Act, Body
from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import (
    LeafForm,
    LeafType,
    commit,
    decode_framed,
    decode_leaf,
    encode_framed,
)
from smki.ports.confidential import Confidential
from smki.repository import catch_up, lodge_commitment, lodge_leaf, metadata_of
from smki.terms import EUI64, Inconsistent, Malformed, Refused

REMOVE = "remove-content"
SALT_OCTETS = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was removed, and under which decision.

    Attributes:
        entry: the entry whose content is gone.
        tombstone: the entry that says so.
        decision: id of the decision.
        officer: who carried it out.
    """

    entry: int
    tombstone: int
    decision: str
    officer: Officer


def confide(office: Office, kept: Confidential, name: str, content: bytes) -> int:
    """The content is kept, and the record commits to it and its name; the entry.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: sec:L5
    """
    return confide_framed(office, kept, {"name": name}, content)


def confide_framed(
    office: Office, kept: Confidential, metadata: Mapping[str, JSON], content: bytes
) -> int:
    """The content and its metadata are kept, and the record commits to both; the entry.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: sec:L5
    """
    front = office.front
    salt, body = front.entropy.octets(SALT_OCTETS), encode_framed(metadata, content)
    commitment = commit(salt, body)
    kept.keep(commitment, salt + body)
    entry = lodge_commitment(office.record, LeafType.TRANSCRIPT, commitment, front.clock.now())
    catch_up(front.reader, front.index, front.describe)
    return entry


def revealed(front: FrontOffice, kept: Confidential, entry: int) -> tuple[str, bytes]:
    """Name and content to which that entry commits.

    Raises:
        Refused: the entry commits to nothing, or its content was removed: under which decision.
        Inconsistent: the content is missing, or another.
    """
    metadata, content = opened(front, kept, entry)
    return text_of(metadata, "name"), content


def opened(front: FrontOffice, kept: Confidential, entry: int) -> tuple[Fields, bytes]:
    """Metadata and content to which that entry commits.

    Raises:
        Refused: as for `revealed`.
        Inconsistent: as for `revealed`.
    """
    commitment = _commitment(front, entry)
    removal = removal_of(front, entry)
    if removal is not None:
        raise Refused(
            f"entry {entry}: its content was removed under decision {removal.decision},"
            f" entry {removal.tombstone}",
            where="ENTRY",
            clause="sec:L5",
            rule="content.removed",
        )
    octets = kept.read(commitment)
    if octets is None or commit(octets[:SALT_OCTETS], octets[SALT_OCTETS:]) != commitment:
        found = "missing" if octets is None else "another"
        raise Inconsistent(f"entry {entry}: its content is {found}", clause="sec:L5")
    metadata, content = decode_framed(octets[SALT_OCTETS:])
    return metadata if isinstance(metadata, dict) else {}, content


def removal_statement(front: FrontOffice, entry: int, decision: str) -> Fields:
    """What an officer signs to have the content of that entry removed.

    Clause: sec:L5
    """
    return statement(front, REMOVE, {"refers": entry, "decision": decision})


def remove_content(office: Office, kept: Confidential, asked: Fields) -> Removal:
    """The tombstone is in the record and the content is gone; again changes nothing.

    Raises:
        Malformed: the statement is not of its form.
        Refused: the entry commits to nothing, or no decision permits it.
        Unavailable: the disk or the database is away: tried again, it is finished.

    Clause: sec:L5
    """
    front, at = office.front, office.front.clock.now()
    entry = _entry(asked)
    commitment, removal = _commitment(front, entry), removal_of(front, entry)
    if removal is None:
        size = front.reader.checkpoint().size
        found = _permitted(front, asked, at, size)
        tombstone = lodge_leaf(office.record, LeafType.TOMBSTONE, encode_json(asked), at)
        catch_up(front.reader, front.index, front.describe)
        removal = Removal(
            entry=entry, tombstone=tombstone, decision=text_of(asked, "decision"), officer=found
        )
    kept.remove(commitment)
    return removal


def removal_of(front: FrontOffice, entry: int) -> Removal | None:
    """How the content of that entry was rightly removed; None if it was not.

    Clause: sec:L5
    """
    for item in front.index.about(entry):
        if item.type != LeafType.TOMBSTONE:
            continue
        leaf = decode_leaf(front.reader.leaf(item.entry))
        asked = metadata_of(front.reader, leaf)
        at = _EPOCH + timedelta(milliseconds=leaf.instant)
        try:
            officer = _permitted(front, asked, at, item.entry)
        except (Malformed, Refused):
            continue  # lodged past us: it removes nothing, and what is missing is told
        decision = text_of(asked, "decision")
        return Removal(entry=entry, tombstone=item.entry, decision=decision, officer=officer)
    return None


def audit_confidential(front: FrontOffice, kept: Confidential) -> Iterator[str | Removal]:
    """A sentence for each content that is not as the record says, and each rightful removal.

    Clause: sec:L5
    """
    for item in front.index.items(of=LeafType.TRANSCRIPT):
        if decode_leaf(front.reader.leaf(item.entry)).form is not LeafForm.COMMITMENT:
            continue
        removal = removal_of(front, item.entry)
        if removal is not None:
            yield removal
            if kept.read(_commitment(front, item.entry)) is not None:
                yield f"confidential: entry {item.entry}: removed, but its content is still there"
            continue
        try:
            revealed(front, kept, item.entry)
        except (Inconsistent, Malformed) as error:
            yield f"confidential: {error.message}, and no decision removed it"


def _permitted(front: FrontOffice, asked: Fields, at: datetime, before: int) -> Officer:
    officer = who_said(front, asked, REMOVE, at=at, before=before)
    if not _may_carry_out(front, officer.party, before):
        raise _refused(f"{officer.name} is an officer of neither the authority nor the DCC")
    about = str(_entry(asked))
    decision = text_of(asked, "decision")
    must_permit(front, decision, Act.REMOVE, about, at=at, before=before)
    return officer


def _may_carry_out(front: FrontOffice, party: EUI64, before: int) -> bool:
    authority = bodies_at(front, before).get(Body.SMKI_PMA, frozenset())
    return party in authority or any(
        one.operator and any(party == identity for identity, _ in one.identities)
        for one in front.registry.parties()
    )


def _entry(asked: Fields) -> int:
    entry = asked.get("refers")
    if type(entry) is not int or entry < 0:
        raise Malformed("statement: refers: must be the number of an entry", rule="statement.form")
    return entry


def _commitment(front: FrontOffice, entry: int) -> bytes:
    size = front.reader.checkpoint().size
    leaf = decode_leaf(front.reader.leaf(entry)) if entry < size else None
    if leaf is None or leaf.form is not LeafForm.COMMITMENT:
        raise _refused(f"entry {entry} holds no commitment: what is open is never removed")
    return leaf.body


def _refused(what: str) -> Refused:
    return Refused(f"removal: {what}", where="ENTRY", clause="sec:L5", rule="content.removal")
