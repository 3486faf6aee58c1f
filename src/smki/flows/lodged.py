"""Any entry of the record as people see it: what it says, who signed it, what later ones say of it.

Of a commitment nothing is shown but the commitment, and how its content was removed. Reads only.

Clause: sec:L5
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from smki.flows.confiding import Removal, removal_of
from smki.flows.office import FrontOffice
from smki.flows.statements import Fields, parted
from smki.governance import parse_recorded
from smki.merkle.leaf import (
    Leaf,
    LeafForm,
    LeafType,
    certificate_of,
    decode_framed,
    decode_leaf,
)
from smki.ports import ItemRow
from smki.repository import body_of, metadata_of
from smki.terms import Malformed, SerialNumber

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_T: Final = LeafType
_SIGNED: Final = frozenset({_T.DOCUMENT, _T.STANDING, _T.STATUS_NOTE, _T.TOMBSTONE})
_REFERS_OURS: Final = frozenset({_T.DOCUMENT, _T.STATUS_NOTE})  # added where it is lodged
_FRAMED: Final = frozenset({_T.DOCUMENT, _T.CONFIGURATION, _T.TRANSCRIPT})
_TEXTUAL: Final = frozenset({*_SIGNED, _T.DECISION, _T.INDEX_ROOT, _T.CONFIGURATION, _T.TRANSCRIPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class LodgedEntry:
    """An entry of the record.

    Attributes:
        entry: its index.
        type: what it holds.
        at: when it was lodged.
        body: the body of its leaf; None if the record holds a commitment only.
        commitment: the commitment; None if the body is there.
        said: what it says in JSON; empty if it says nothing so.
        statement: the octets that were signed; None if nothing was.
        signatures: detached CMS signatures (DER) over them.
        about: later entries that refer to this one.
        removal: how its content was removed; None if it was not.
        serial: serial number of the certificate that it holds; None if it holds none.
    """

    entry: int
    type: LeafType
    at: datetime
    body: bytes | None
    commitment: bytes | None
    said: Fields
    statement: bytes | None
    signatures: tuple[bytes, ...]
    about: tuple[ItemRow, ...]
    removal: Removal | None
    serial: SerialNumber | None

    @property
    def content(self) -> bytes:
        """The content that stands behind the metadata; the whole body where there is none."""
        body = self.body or b""
        return decode_framed(body)[1] if body and self.type in _FRAMED else body


def lodged_entry(front: FrontOffice, entry: int) -> LodgedEntry | None:
    """What that entry holds; None if the record is not so long.

    Raises:
        Inconsistent: the record is damaged.

    Clause: sec:L5
    """
    if not 0 <= entry < front.reader.checkpoint().size:
        return None
    octets = front.reader.leaf(entry)
    leaf = decode_leaf(octets)
    committed = leaf.form is LeafForm.COMMITMENT
    body = None if committed else body_of(front.reader, leaf)
    said = metadata_of(front.reader, leaf) if leaf.type in _TEXTUAL else {}
    statement, signatures = _signed(leaf, said, body)
    return LodgedEntry(
        entry=entry,
        type=leaf.type,
        at=_EPOCH + timedelta(milliseconds=leaf.instant),
        body=body,
        commitment=leaf.body if committed else None,
        said=said,
        statement=statement,
        signatures=signatures,
        about=front.index.about(entry),
        removal=removal_of(front, entry) if committed else None,
        serial=front.describe(certificate_of(octets)).serial
        if leaf.type is _T.CERTIFICATE
        else None,
    )


def committed_entries(
    front: FrontOffice, *, limit: int, before: int | None
) -> tuple[LodgedEntry, ...]:
    """The newest entries below `before` that commit to content kept apart, newest first.

    Clause: sec:L5
    """
    found = (
        lodged_entry(front, one.entry)
        for one in newest(front.index.items(of=LeafType.TRANSCRIPT), limit=limit, before=before)
    )
    return tuple(one for one in found if one is not None and one.commitment is not None)


def newest(rows: Sequence[ItemRow], *, limit: int, before: int | None) -> tuple[ItemRow, ...]:
    """The last of the rows whose entry is below `before`, newest first."""
    below = [one for one in rows if before is None or one.entry < before]
    return tuple(reversed(below[-limit:]))


def _signed(leaf: Leaf, said: Fields, body: bytes | None) -> tuple[bytes | None, tuple[bytes, ...]]:
    """The octets that were signed, and the signatures; nothing of what cannot be read so."""
    try:
        if leaf.type is LeafType.DECISION and body is not None:
            return parse_recorded(body)[1:]
        if leaf.type in _SIGNED and "signature" in said:
            ours = {"refers"} if leaf.type in _REFERS_OURS else set()
            octets, signature = parted(
                {name: one for name, one in said.items() if name not in ours}
            )
            return octets, (signature,)
    except Malformed:
        pass  # lodged past us: whoever asks for its standing is told why it counts for nothing
    return None, ()
