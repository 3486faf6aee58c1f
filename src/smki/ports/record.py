"""The record: an append-only log of leaves in plain files, under signed checkpoints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of the log's size and root.

    Attributes:
        origin: the log's name.
        size: number of entries.
        root: RFC 6962 root hash, 32 octets.
        note: the signed note as it is published, C2SP tlog-checkpoint text.

    Clause: c2sp:tlog-checkpoint
    """

    origin: str
    size: int
    root: bytes
    note: bytes


class RecordReader(Protocol):
    """Reads the record from its files alone. Any number of processes at once, beside the writer.

    Everything below the size of the published checkpoint is there for good.
    """

    @property
    def origin(self) -> str:
        """The log's name, first line of each checkpoint."""
        ...

    @property
    def verifier_key(self) -> str:
        """The log's public key as a signed-note verifier key, `origin+hash+base64`."""
        ...

    def checkpoint(self) -> Checkpoint:
        """The newest published checkpoint, read anew."""
        ...

    def cosigned(self) -> Checkpoint | None:
        """The newest checkpoint that witnesses signed, which the log may have outgrown; or None."""
        ...

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`, which must be below the checkpoint's size.

        Raises:
            Inconsistent: the bundle is missing or damaged.
        """
        ...

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves from `start` up to `stop`, in order, a bundle in memory at a time."""
        ...

    def node(self, level: int, index: int) -> bytes:
        """Hash of the full subtree over leaves `[index << level, (index + 1) << level)`.

        Raises:
            Inconsistent: a tile is missing or damaged, or the subtree is not full.
        """
        ...

    def blob(self, digest: bytes, length: int) -> bytes:
        """The content of the leaf whose body is only this SHA-256 and length; checked on reading.

        No more than `length` octets are read, whatever is there.
        """
        ...


class Record(RecordReader, Protocol):
    """The one writer. Holds the record's lock for as long as it lives.

    A call to `append` is all or nothing: if the power fails inside, the record is afterwards as
    it was before or as it would have been on return, and what was once seen by a reader stays.
    """

    def append(self, leaves: Sequence[bytes], blobs: Sequence[bytes] = ()) -> Checkpoint:
        """The leaves are durable, in order, at the end, under the returned checkpoint.

        `blobs` are the contents of those leaves whose bodies are only digests; durable first.

        Raises:
            Unavailable: nothing was added; with rule `record.unknown`, whether it was added is
                known only when the record is settled, opens, or is appended to, again.
        """
        ...

    def settle(self) -> Checkpoint:
        """What a failed append left unknown is decided: nothing is added after the checkpoint.

        Raises:
            Unavailable: it is still unknown.
        """
        ...
