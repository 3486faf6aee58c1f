"""The record commits to the register of the policy authority as it grows.

    TRANSCRIPT  commitment to {"name": "register", "entry": number} and the digest of that entry

The digest reaches all entries before it. Salt and digest are kept apart (`confiding`): the record
says that something was committed to, not how much was said or by whom. Whoever rewrites an entry, or
loses it, contradicts a leaf of the log that others have seen.

1 the head is read; 2 what commits to it is kept, and lodged; 3 it is noted. Whoever is cut off
begins again: a head that is lodged twice says the same twice. Nothing here writes to the register.

Clause: sec:L1
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smki.flows.confiding import confide_framed, opened, removal_of
from smki.flows.office import FrontOffice, Office
from smki.governance.encoding import parse_entity
from smki.governance.entities import Key, Kind
from smki.governance.entities.minutes import Minutes
from smki.governance.entries import parse_entry
from smki.merkle.canonical import JSON
from smki.merkle.leaf import LeafForm, LeafType, decode_leaf
from smki.ports.confidential import Confidential
from smki.ports.register import Register
from smki.terms import Inconsistent, Malformed

EVERY_SECONDS: Final = 60  # while it grows
NAME: Final = "register"
_NOTED: Final = (
    "register.head"  # in the workbook: entry to which the record commits, and since when
)
_AT_ONCE: Final = frozenset(
    {Kind.OUTPUT, Kind.RESOLUTION, Kind.VERSION, Kind.CONVENING, Kind.INCIDENT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LodgedHead:
    """A head of the register to which the record commits.

    Attributes:
        leaf: the entry of the record.
        at: when it was lodged, milliseconds since 1970.
        number: the entry of the register.
        digest: of that entry, 32 octets.
    """

    leaf: int
    at: int
    number: int
    digest: bytes


def commit_head_if_due(office: Office, kept: Confidential) -> int | None:
    """The record commits to the newest entry; the leaf, None if that can wait or is so already.

    It waits a minute, but not for what was given out, resolved or approved.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: sec:L1
    """
    front = office.front
    head, (number, since) = front.proceedings.head(), _noted(front)
    now = int(front.clock.now().timestamp())
    waits = 0 <= now - since < EVERY_SECONDS
    if head.number == number or (waits and not _presses(front.proceedings, number)):
        return None
    metadata: dict[str, JSON] = {"name": NAME, "entry": head.number}
    leaf = confide_framed(office, kept, metadata, head.digest)
    front.workbook.note(_NOTED, f"{head.number} {now}")
    return leaf


def lodged_heads(front: FrontOffice, kept: Confidential) -> Iterator[LodgedHead | str]:
    """The heads to which the record commits, in its order; a sentence for what cannot be opened.

    What was removed under a decision is passed over.

    Clause: sec:L1
    """
    for item in front.index.items(of=LeafType.TRANSCRIPT):
        leaf = decode_leaf(front.reader.leaf(item.entry))
        if leaf.form is not LeafForm.COMMITMENT or removal_of(front, item.entry) is not None:
            continue
        try:
            metadata, digest = opened(front, kept, item.entry)
        except (Inconsistent, Malformed) as error:
            yield f"record: {error.message}, whether it was a head of the register cannot be told"
            continue
        number = metadata.get("entry")
        if metadata.get("name") == NAME and isinstance(number, int):
            yield LodgedHead(leaf=item.entry, at=leaf.instant, number=number, digest=digest)


def _noted(front: FrontOffice) -> tuple[int, int]:
    number, _, since = (front.workbook.noted(_NOTED) or "0 0").partition(" ")
    return int(number), int(since)


def _presses(register: Register, after: int) -> bool:
    """Whether something was approved or given out since that entry, or cannot be read."""
    try:
        return any(
            _is_pressing(key, octets)
            for entry in register.entries(after)
            for key, octets in parse_entry(entry).states
        )
    except Malformed:
        return True  # a verification names it; that it is so is better on record at once


def _is_pressing(key: Key, octets: bytes) -> bool:
    if key.kind is not Kind.MINUTES:
        return key.kind in _AT_ONCE
    minutes = parse_entity(key, octets)
    return isinstance(minutes, Minutes) and minutes.state.is_approved
