"""Signatures of a decision collected, one officer after the other, each from a desk of their own.

    waiting   under the SHA-256 of the decision's octets: what its leaf's body would be (`recorded_body`)

1 who signed is an officer in force of its body; 2 what came before and still holds is laid beside;
3 if whoever presided and the secretary signed, the decision is lodged and waits no more; else 4 it
is kept. The record holds nothing of it until it is whole. What is over is forgotten.

Clause: sec:L5.3
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.flows.configuring import bodies_at
from smki.flows.deciding import believed, lodge_decision, must_be_lodgeable
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Recorded
from smki.governance import Decision, parse_recorded, recorded_body
from smki.terms import EUI64, Malformed, Refused, Unavailable

SIGN_DECISION: Final = "sign-decision"  # the operation of whoever holds the record
WAITING_MAX: Final = (
    200  # of a body, which has a handful: more is somebody's fault, or fills the disk
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A decision as far as it is signed.

    Attributes:
        digest: SHA-256 of its octets, in hexadecimal: what it waits under.
        file: the octets of the decision file, which are signed.
        found: the decision and who signed it; its entry is that of the record, or where it would be.
        lodged: it is in the record.
    """

    digest: str
    file: bytes
    found: Recorded
    lodged: bool


def collect_signatures(office: Office, decision: bytes, signatures: Sequence[bytes]) -> Collected:
    """The decision is lodged if two different officers signed it as they must; else it waits.

    Signatures that came before count as long as their signers are officers in force.

    Raises:
        Malformed: the file or a signature is not of its form.
        Refused: a signer is no officer of its body in force, it would never permit anything, its
            time is over, or too many wait.
        Unavailable: the disk or the database is away.

    Clause: sec:L5.3
    """
    front, at = office.front, office.front.clock.now()
    entry, digest = front.reader.checkpoint().size, sha256(decision).hexdigest()
    asked = believed(front, recorded_body(decision, signatures), at, entry=entry)
    must_be_lodgeable(front, asked.decision, signatures)
    if asked.decision.expiry <= at:
        raise _refused(asked, f"is over since {asked.decision.expiry:%F %T} UTC")
    forget_over(front, at)
    every = (*signatures, *_earlier(front, digest, at, entry))
    body = recorded_body(decision, every)
    found = believed(front, body, at, entry=entry)
    if found.signed.missing:
        _keep(front, digest, body, found)
        return Collected(digest=digest, file=decision, found=found, lodged=False)
    lodged = lodge_decision(office, decision, parse_recorded(body)[2])
    front.waiting.remove(digest)
    return Collected(digest=digest, file=decision, found=lodged, lodged=True)


def waiting_decisions(front: FrontOffice, parties: AbstractSet[EUI64]) -> tuple[Collected, ...]:
    """The decisions that wait, of those bodies whose officers these parties' are.

    What is not decided yet is nobody else's to see.

    Clause: sec:L5.3
    """
    size, now = front.index.size(), front.clock.now()
    bodies = {body for body, held in bodies_at(front, size).items() if held & parties}
    return tuple(
        one
        for one in _all(front, now, size)
        if one.found.decision.body in bodies and now < one.found.decision.expiry
    )


def forget_over(front: FrontOffice, at: datetime) -> None:
    """Nothing waits whose time is over, or whose signers are all gone."""
    kept = {
        one.digest for one in _all(front, at, front.index.size()) if at < one.found.decision.expiry
    }
    for name in front.waiting.names():
        if name not in kept:
            front.waiting.remove(name)


def _all(front: FrontOffice, at: datetime, entry: int) -> Iterator[Collected]:
    for name in front.waiting.names():
        body = front.waiting.read(name)
        with suppress(Malformed, Refused):  # its signers are officers no more: it is forgotten
            if body is not None:
                _, file, _ = parse_recorded(body)
                signatures = _holding(front, file, parse_recorded(body)[2], at, entry)
                found = believed(front, recorded_body(file, signatures), at, entry=entry)
                yield Collected(digest=name, file=file, found=found, lodged=False)


def _earlier(front: FrontOffice, digest: str, at: datetime, entry: int) -> tuple[bytes, ...]:
    """The signatures that wait and still hold."""
    body = front.waiting.read(digest)
    if body is None:
        return ()
    _, file, signatures = parse_recorded(body)
    return tuple(_holding(front, file, signatures, at, entry))


def _holding(
    front: FrontOffice, file: bytes, signatures: Iterable[bytes], at: datetime, entry: int
) -> list[bytes]:
    """Those whose signers are officers in force of its body now."""
    found = []
    for one in signatures:
        with suppress(Malformed, Refused):
            believed(front, recorded_body(file, [one]), at, entry=entry)
            found.append(one)
    return found


def _keep(front: FrontOffice, digest: str, body: bytes, found: Recorded) -> None:
    """It waits; no other of its body with its id does. Other bodies' are neither told of nor counted."""
    others = [one for one in _others(front, digest) if one.body is found.decision.body]
    if len(others) >= WAITING_MAX:
        raise Unavailable(
            f"waiting decisions: {len(others)} wait, must be fewer than {WAITING_MAX}: have some"
            " signed, or let their time be over",
            rule="decision.waiting",
        )
    if any(one.id == found.decision.id for one in others):
        raise _refused(found, "waits already with other words, must have an id of its own")
    front.waiting.keep(digest, body)


def _others(front: FrontOffice, digest: str) -> Iterator[Decision]:
    for name in front.waiting.names():
        body = front.waiting.read(name)
        if name != digest and body is not None:
            yield parse_recorded(body)[0]


def _refused(found: Recorded, what: str) -> Refused:
    return Refused(
        f"decision {found.decision.id}: {what}",
        where="decision",
        clause="sec:L5.3",
        rule="decision.waiting",
    )
