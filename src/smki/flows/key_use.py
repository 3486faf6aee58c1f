"""Use of a key that only a decision permits: asked before the key is touched, and both answers lodged.

    STATUS NOTE   {"act": "use-key", "decision", "incident", "key", "log", "name", "outcome", "purpose",
                  "reasons", "refers"}

    decision   id of the decision that permits it; empty if none does
    key        SHA-256 of its SubjectPublicKeyInfo, in hexadecimal
    name       what the house calls it
    outcome    permitted or refused
    reasons    sentences, why it is refused; empty if it is permitted
    refers     entry of the decision; null if none permits it

A decision permits it that names this key, with the scope `incident: purpose`. Neither note nor decision
holds anything confidential: they say that a key was, or was to be, used.

Clause: sec:L10.9
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.flows.deciding import candidates, disbelieved, why_not
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Recorded
from smki.governance import Act, DecisionKind, Question
from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import LeafType
from smki.repository import catch_up, lodge_leaf
from smki.terms import Finding, Refused

USE_KEY: Final = "use-key"
REASONS_MAX: Final = 16  # a note is an entry of some kilobytes at most


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """What a key is to be used for.

    Attributes:
        name: what the house calls the key, as `root-oca`.
        digest: SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
        incident: what it is used in: the reference of an incident, or `maintenance`.
        purpose: what for: a method of recovery, or `revocation-list`.
    """

    name: str
    digest: str
    incident: str
    purpose: str

    @property
    def names(self) -> frozenset[str]:
        """What a decision may name the key by."""
        return frozenset({self.name, self.digest})

    @property
    def scope(self) -> str:
        """What the scope of the decision must be."""
        return f"{self.incident}: {self.purpose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermittedUse:
    """A use that a decision permits, and that is on record before the key is touched. Made here alone.

    Attributes:
        use: of which key for what.
        decision: the decision that permits it.
        entry: of the note that says so.
    """

    use: KeyUse
    decision: Recorded
    entry: int


def must_permit_key_use(office: Office, use: KeyUse) -> PermittedUse:
    """The key may be used for this, now, and the record says so; called before it is opened.

    Raises:
        Refused: no decision permits it, with every reason; that is on record too.
        Unavailable: the disk or the database is away: nothing may be used.

    Clause: sec:L10.9
    """
    front, at = office.front, office.front.clock.now()
    try:
        found = permit_key_use(front, use, at=at, before=front.reader.checkpoint().size)
    except Refused as error:
        _lodge(office, use, at, None, tuple(one.message for one in error.findings))
        raise
    return PermittedUse(use=use, decision=found, entry=_lodge(office, use, at, found, ()))


def permit_key_use(front: FrontOffice, use: KeyUse, *, at: datetime, before: int) -> Recorded:
    """The decision, recorded below the entry `before`, that permits this use of the key at `at`.

    Reads only.

    Raises:
        Refused: none does, with every reason.

    Clause: sec:L10.9
    """
    asked = Question(act=Act.USE_KEY, about=use.names, at=at, scope=use.scope)
    findings = [
        Finding(
            rule="key.use",
            message=f"key {use.name}: no decision permits its use for {use.scope!r}",
            where="key",
            clause="sec:L10.9",
            advice="a use-key decision about the key, with this scope, must be recorded first",
        )
    ]
    for one in candidates(front, Act.USE_KEY, before):
        if one.decision.object in use.names or one.decision.scope == use.scope:
            found = why_not(front, one, asked, before)
            if not found:
                return one
            findings += found
    findings += _forged(front, use)
    raise Refused(findings=tuple(findings))


def _forged(front: FrontOffice, use: KeyUse) -> Iterator[Finding]:
    """What was lodged past the rules about this key, and why it counts for nothing."""
    for said, reason in disbelieved(front, DecisionKind.USE_KEY):
        if said.object in use.names:
            yield Finding(
                rule="key.use",
                message=f"decision {said.id} counts for nothing: {reason}",
                where="decision",
                clause="sec-app-q:B",
            )


def _lodge(
    office: Office, use: KeyUse, at: datetime, found: Recorded | None, reasons: tuple[str, ...]
) -> int:
    front = office.front
    note: dict[str, JSON] = {
        "act": USE_KEY,
        "decision": found.decision.id if found else "",
        "incident": use.incident,
        "key": use.digest,
        "log": front.reader.origin,
        "name": use.name,
        "outcome": "permitted" if found else "refused",
        "purpose": use.purpose,
        "reasons": list(reasons[:REASONS_MAX]),
        "refers": found.entry if found else None,
    }
    entry = lodge_leaf(office.record, LeafType.STATUS_NOTE, encode_json(note), at)
    catch_up(front.reader, front.index, front.describe)
    return entry
