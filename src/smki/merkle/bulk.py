"""Bulk files: a stretch of the log in one file, and the manifest that binds it to a checkpoint.

    bulk file = "smki-bulk 1" LF || from u64 || size u64 || item x (size - from)
    item      = length u16 || leaf || blob      the entry; its blob, if the leaf holds only a digest

    manifest  = canonical JSON: format "smki-bulk 1", kind ("full" or "delta"), date, made, file,
                octets, sha256, from, size, root, before, checkpoint

The stretch is the entries `[from, size)`; `size` and `root` are those of the signed `checkpoint`, so
that every file ends where a checkpoint stands. `before` are the hashes of the full subtrees over
`[0, from)`, from left to right: with them the entries lead to the root, so each file proves itself
with the log's public key alone. A full file begins at 0 and needs none. A blob's length stands in
its leaf. Integers are big-endian; hashes and digests in the manifest are hexadecimal; `made` is an
instant in milliseconds since 1970. No file is opened here.

Clause: rfc6962:2.1, c2sp:tlog-checkpoint
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from struct import Struct
from typing import Final

from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.checkpoints import TreeHead, verify_checkpoint
from smki.merkle.gathered import GatheredVerifier
from smki.merkle.leaf import HEADER_OCTETS, LeafForm
from smki.merkle.notes import NOTE_MAX_OCTETS, VerifierKey
from smki.merkle.proofs import cover
from smki.merkle.tiles import encode_entry
from smki.terms import Malformed, Refused

FORMAT: Final = "smki-bulk 1"
MANIFEST_MAX_OCTETS: Final = 2 * NOTE_MAX_OCTETS + 16_384  # the note with its escapes, 64 hashes
_TITLE: Final = FORMAT.encode() + b"\n"
_RANGE: Final = Struct(">QQ")
_DIGEST: Final = bytes((LeafForm.DIGEST,))  # the form, at offset 2 of a leaf
_CHUNK_OCTETS: Final = 1 << 18  # read and written at once
_LENGTH_AT: Final = HEADER_OCTETS + 32  # of the blob's length in a leaf of form 1
_CLAUSE: Final = "rfc6962:2.1"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Read = Callable[[int], bytes]


class BulkKind(Enum):
    """What a bulk file is for."""

    FULL = "full"
    DELTA = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkManifest:
    """What a bulk file holds, and under which checkpoint.

    Attributes:
        kind: full, from the first entry; delta, from some entry on.
        date: the day it is for, `2026-11-21`, in UTC.
        made: when it was made, milliseconds since 1970.
        file: the name of the bulk file, beside the manifest.
        octets: its length.
        sha256: its digest, 32 octets.
        start: its first entry.
        size: the checkpoint's size: one more than its last entry.
        root: the checkpoint's root.
        before: the hashes of the full subtrees over the entries before it, 32 octets each.
        checkpoint: the signed note.
    """

    kind: BulkKind
    date: str
    made: int
    file: str
    octets: int
    sha256: bytes
    start: int
    size: int
    root: bytes
    before: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """The manifest as it is kept.

        Clause: c2sp:tlog-checkpoint
        """
        return encode_json(
            {
                "format": FORMAT,
                "kind": self.kind.value,
                "date": self.date,
                "made": self.made,
                "file": self.file,
                "octets": self.octets,
                "sha256": self.sha256.hex(),
                "from": self.start,
                "size": self.size,
                "root": self.root.hex(),
                "before": [one.hex() for one in self.before],
                "checkpoint": self.checkpoint.decode(),
            }
        )

    @classmethod
    def parse(cls, octets: bytes) -> "BulkManifest":
        """The manifest in `octets`; nothing in it is believed yet.

        Raises:
            Malformed: no manifest, or not in its only form.
        """
        if len(octets) > MANIFEST_MAX_OCTETS:
            raise _malformed(f"{len(octets)} octets, must be at most {MANIFEST_MAX_OCTETS}")
        fields = _Fields(parse_json(octets, "manifest"))
        manifest = cls(
            kind=BulkKind(fields.text("kind", re.compile("full|delta"))),
            date=fields.day("date"),
            made=fields.number("made"),
            file=fields.text("file", _NAME),
            octets=fields.number("octets"),
            sha256=bytes.fromhex(fields.text("sha256", _HEX)),
            start=fields.number("from"),
            size=fields.number("size"),
            root=bytes.fromhex(fields.text("root", _HEX)),
            before=fields.hashes("before"),
            checkpoint=fields.text("checkpoint", re.compile(r".*", re.DOTALL)).encode(),
        )
        if manifest.encode() != octets:
            raise _malformed(f"other fields than those of {FORMAT!r}, must be these alone")
        return manifest

    def verify(self, verifier_key: str) -> TreeHead:
        """Its size and root are those of a checkpoint that this key signed.

        Whether the bulk file is what was lodged, `read_bulk` says.

        Raises:
            Malformed: no checkpoint, no verifier key, or a stretch that cannot be.
            Refused: not signed by that key, or for another size or root.

        Clause: c2sp:tlog-checkpoint
        """
        head = verify_checkpoint(self.checkpoint, [VerifierKey.parse(verifier_key)])
        if (head.size, head.root) != (self.size, self.root):
            raise Refused(
                f"manifest: size {self.size} and root {self.root.hex()}, must be those of its"
                f" checkpoint, {head.size} and {head.root.hex()}",
                clause="c2sp:tlog-checkpoint",
                rule="bulk.checkpoint",
            )
        if self.start > self.size or (self.start and self.kind is BulkKind.FULL):
            raise _malformed(
                f"a {self.kind.value} file from {self.start} to {self.size}, must go forward and be"
                " from 0 if full"
            )
        return head


def before(start: int, node: Callable[[int, int], bytes]) -> tuple[bytes, ...]:
    """The hashes of the full subtrees over the entries before `start`."""
    return tuple(node(level, index) for level, index in cover(0, start))


def write_bulk(
    start: int, size: int, leaves: Iterable[bytes], blob: Callable[[bytes, int], bytes]
) -> Iterator[bytes]:
    """The octets of the bulk file of these leaves, in pieces; one blob in memory at a time.

    `blob` gives the content with a digest and a length.

    Clause: c2sp:tlog-tiles
    """
    buffer = bytearray(_TITLE + _RANGE.pack(start, size))
    for leaf in leaves:
        buffer += encode_entry(leaf)
        if leaf[2:3] == _DIGEST:
            buffer += blob(leaf[HEADER_OCTETS:_LENGTH_AT], _length(leaf))
        if len(buffer) >= _CHUNK_OCTETS:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def read_bulk(manifest: BulkManifest, read: Read) -> Iterator[tuple[bytes, bytes | None]]:
    """Each leaf of the bulk file and its blob, if it has one; memory is flat.

    `read(n)` gives up to n octets, none at the end. Nothing is proven before the iteration has come
    to its end; then every leaf is the entry that it is said to be, under `manifest`'s checkpoint,
    which `BulkManifest.verify` has shown to be the log's.

    Raises:
        Malformed: not a bulk file, or cut off.
        Refused: other content than the manifest's, or not what leads to the root.

    Clause: rfc6962:2.1
    """
    source = _Source(read, manifest.octets)
    _check_title(manifest, source)
    verifier = GatheredVerifier(manifest.size)
    verifier.fill(manifest.start, manifest.before)
    if len(manifest.before) != manifest.start.bit_count():
        raise _malformed(
            f"{len(manifest.before)} hashes before, must be one for each bit of 'from'"
        )
    for number in range(manifest.start, manifest.size):
        leaf = source.take(int.from_bytes(source.take(2, number), "big"), number)
        verifier.add(leaf)
        content = None
        if leaf[2:3] == _DIGEST:
            content = _blob(source, leaf, number)
        yield leaf, content
    digest = source.finish()
    if digest != manifest.sha256:
        raise Refused(
            f"bulk file: SHA-256 {digest.hex()}, must be {manifest.sha256.hex()}",
            where=manifest.file,
            clause=_CLAUSE,
            rule="bulk.digest",
        )
    verifier.finish(manifest.root)


def _check_title(manifest: BulkManifest, source: "_Source") -> None:
    title = source.take(len(_TITLE), manifest.start)
    start, size = _RANGE.unpack(source.take(_RANGE.size, manifest.start))
    if (title, start, size) != (_TITLE, manifest.start, manifest.size):
        raise Malformed(
            f"bulk file: begins {title!r}, from {start} to {size}; must be {FORMAT!r}, from"
            f" {manifest.start} to {manifest.size}",
            where=manifest.file,
            rule="bulk.form",
        )


def _length(leaf: bytes) -> int:
    """Of the blob of a leaf of form 1, in octets."""
    return int.from_bytes(leaf[_LENGTH_AT:], "big")


def _blob(source: "_Source", leaf: bytes, number: int) -> bytes:
    content = source.take(_length(leaf), number)
    if sha256(content).digest() != leaf[HEADER_OCTETS:_LENGTH_AT]:
        raise Refused(
            "bulk file: the blob is not the one that was lodged",
            where=f"entry {number}",
            clause=_CLAUSE,
            rule="bulk.blob",
        )
    return content


class _Source:
    """Octets from `read`, counted against what there may be, and digested."""

    __slots__ = ("_at", "_buffer", "_digest", "_left", "_read")

    def __init__(self, read: Read, octets: int) -> None:
        self._read, self._left = read, octets
        self._digest = sha256()
        self._buffer, self._at = b"", 0

    def take(self, count: int, number: int) -> bytes:
        """The next `count` octets, of the entry `number`."""
        end = self._at + count
        if end > len(self._buffer):
            self._fill(end, number)
            end = self._at + count
        taken = self._buffer[self._at : end]
        self._at = end
        return taken

    def finish(self) -> bytes:
        """The digest of all that was read; nothing is left.

        Raises:
            Malformed: something is.
        """
        if self._left or self._at != len(self._buffer) or self._read(1):
            raise Malformed(
                "bulk file: more than its entries, must be these alone", rule="bulk.form"
            )
        return self._digest.digest()

    def _fill(self, end: int, number: int) -> None:
        parts = [self._buffer[self._at :]]
        missing = end - len(self._buffer)
        if missing > self._left:
            raise self._cut(number)
        while missing > 0:
            piece = self._read(min(max(missing, _CHUNK_OCTETS), self._left))
            if not piece:
                raise self._cut(number)
            self._digest.update(piece)
            self._left -= len(piece)
            missing -= len(piece)
            parts.append(piece)
        self._buffer, self._at = b"".join(parts), 0

    @staticmethod
    def _cut(number: int) -> Malformed:
        return Malformed(
            "bulk file: ends within an entry, must be whole",
            where=f"entry {number}",
            rule="bulk.form",
        )


class _Fields:
    """The fields of a manifest, each of the form it must have."""

    def __init__(self, value: JSON) -> None:
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise _malformed(f"no object of format {FORMAT!r}, must be")
        self._value: dict[str, JSON] = value

    def text(self, name: str, form: re.Pattern[str]) -> str:
        value = self._value.get(name)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise _malformed(f"{name} {str(value)[:60]!r}, must be text of the form {form.pattern}")
        return value

    def day(self, name: str) -> str:
        text = self.text(name, _DATE)
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise _malformed(f"{name} {text!r}, must be a day that there is") from error
        return text

    def number(self, name: str) -> int:
        value = self._value.get(name)
        if type(value) is not int or not 0 <= value < 1 << 63:
            raise _malformed(f"{name} {str(value)[:60]!r}, must be a number below 2^63")
        return value

    def hashes(self, name: str) -> tuple[bytes, ...]:
        value = self._value.get(name)
        if not isinstance(value, list) or not all(
            isinstance(one, str) and _HEX.fullmatch(one) for one in value
        ):
            raise _malformed(f"{name}: must be a list of hashes, 64 hexadecimal digits each")
        return tuple(bytes.fromhex(str(one)) for one in value)


def _malformed(message: str) -> Malformed:
    return Malformed(f"manifest: {message}", rule="bulk.manifest")
