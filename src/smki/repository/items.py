"""Entries that are neither certificate nor list, as the index names them; and any entry's body.

What an entry says of itself is taken as it stands: whether a document was rightly lodged, or a
decision rightly signed, is decided when it is read, never remembered here.
"""

from collections.abc import Mapping
from typing import Final

from smki.merkle.canonical import JSON, parse_json
from smki.merkle.leaf import Leaf, LeafForm, LeafType, decode_framed, decode_leaf, number_of
from smki.ports import ItemRow, RecordReader
from smki.terms import Malformed

NAME_MAX: Final = 200  # characters; a longer name finds nothing

_T = LeafType
_JSON: Final = frozenset({_T.STANDING, _T.DECISION, _T.STATUS_NOTE, _T.TOMBSTONE})
_FRAMED: Final = frozenset({_T.DOCUMENT, _T.TRANSCRIPT, _T.CONFIGURATION})
_KEPT: Final = frozenset(int(one) for one in _JSON | _FRAMED)
_NAMES: Final = {
    _T.DOCUMENT: "title",
    _T.STATUS_NOTE: "serial",
    _T.TRANSCRIPT: "name",
    _T.STANDING: "decision",
    _T.TOMBSTONE: "decision",
}
_ENTRY_MAX: Final = (1 << 63) - 1  # the index keeps it in 64 bits


def item_of(entry: int, reader: RecordReader, leaf: bytes) -> ItemRow | None:
    """The row of the document, decision, note, removal or configuration in this leaf.

    None if it holds something else.

    Raises:
        Malformed: not a leaf.
        Inconsistent: its blob is missing or damaged.

    Clause: sec:L5
    """
    if number_of(leaf) not in _KEPT:
        return None
    whole = decode_leaf(leaf)
    said, kind = metadata_of(reader, whole), whole.type
    if kind is LeafType.DECISION:
        said = _object(said.get("decision"))
    name, refers = said.get(_NAMES.get(kind, "id"), ""), said.get("refers")
    return ItemRow(
        entry=entry,
        type=int(kind),
        name=name if isinstance(name, str) and len(name) <= NAME_MAX else "",
        refers=refers if type(refers) is int and 0 <= refers <= _ENTRY_MAX else None,
    )


def metadata_of(reader: RecordReader, leaf: Leaf) -> Mapping[str, JSON]:
    """What the leaf says in JSON: its body, or what stands before its content; empty if nothing.

    Raises:
        Malformed: the body in the blob is not one of its type.
        Inconsistent: the blob is missing or damaged.
    """
    if leaf.form is LeafForm.COMMITMENT:
        return {}
    body = body_of(reader, leaf)
    return _object(decode_framed(body)[0] if leaf.type in _FRAMED else parse_json(body, "leaf"))


def body_of(reader: RecordReader, leaf: Leaf) -> bytes:
    """The body of the leaf, from its blob if it is not inline.

    Raises:
        Inconsistent: the blob is missing or damaged.
        Malformed: only a commitment to the body is in the record.
    """
    if leaf.form is LeafForm.COMMITMENT:
        raise Malformed("leaf: only a commitment, the body is not in the record")
    return leaf.body if leaf.form is LeafForm.INLINE else reader.blob(leaf.body, leaf.length)


def _object(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, Mapping) else {}
