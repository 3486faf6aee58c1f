"""The one writer of the record: every append is all or nothing, at whatever line the power fails.

1. Bundles, tiles, blobs, `pending` and `checkpoint` are on the disk, under staging names; no tile
   that is there may change.
2. `pending` is durable: signed checkpoint, the new files' names. From here on it has happened.
3. Bundles, tiles and blobs are durable under their own names.
4. The new `checkpoint` is durable: readers see the leaves.
5. `pending` goes. If it comes back after a power cut, it says what is there already.

Each of 1 to 4 waits for the disk once, whatever the number of files.

On opening, and after any failure, a whole `pending` is carried out again, to the same octets.
"""

import fcntl
import os
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.files import make_folder
from smki.adapters.record.disk import Disk
from smki.adapters.record.pending import Pending
from smki.adapters.record.publishing import publishing
from smki.adapters.record.reader import CHECKPOINT, FileRecordReader, blob_path
from smki.merkle.checkpoints import TreeHead, sign_checkpoint
from smki.merkle.notes import VerifierKey
from smki.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Growth, TileName, TreeState, grow
from smki.ports.keys import SigningKey
from smki.ports.record import Checkpoint
from smki.terms import Inconsistent, Unavailable

LOCK: Final = "lock"
PENDING: Final = "pending"
LOCKED: Final = "record.locked"  # the rule of an error that ends when the other writer does


class FileRecord(FileRecordReader):
    """`ports.record.Record` over a folder. Holds the folder's lock until it is closed.

    One thread appends at a time. The folder is made, with a checkpoint of size 0, if it is not
    there. Checkpoints are signed with `key`, by which the log is believed here, and with each key
    `beside` it.

    Raises:
        Unavailable: another writer holds the lock, or the disk fails.
        Inconsistent: what is there is not a log that this key signed.

    Clause: c2sp:tlog-tiles
    """

    def __init__(
        self, directory: Path, origin: str, key: SigningKey, beside: Sequence[SigningKey] = ()
    ) -> None:
        self._disk = Disk(directory)
        super().__init__(self._disk, str(VerifierKey.from_spki(origin, key.public_key)))
        self._signers = [
            (VerifierKey.from_spki(origin, one.public_key), partial(_sign_one, one))
            for one in (key, *beside)
        ]
        self._lock: int | None = _lock(directory)
        self._state: TreeState | None = None
        try:
            self._settle()
        except BaseException:
            self.close()
            raise

    @property
    def verifier_keys(self) -> tuple[str, ...]:
        """Of the keys that sign its checkpoints, the log's first one first."""
        return tuple(str(key) for key, _ in self._signers)

    def close(self) -> None:
        """The lock is free; nothing can be appended any more."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def append(self, leaves: Sequence[bytes], blobs: Sequence[bytes] = ()) -> Checkpoint:
        """The leaves are durable, in order, at the end, under the returned checkpoint.

        Raises:
            Malformed: a leaf over 65,535 octets; nothing was added.
            Unavailable: nothing was added; or, with rule `record.unknown`, that is known only
                when the record can be opened again.
            Inconsistent: a file is there with other content.
        """
        self._require_open()
        state = self._state or self._settle()
        if not leaves:
            return self.checkpoint()
        growth = grow(state, leaves)
        files = [(name.path, octets) for name, octets in growth.files]
        self._refuse_changes(files)
        files += {blob_path(sha256(blob).digest()): blob for blob in blobs}.items()
        pending = Pending(
            base=state.size,
            size=growth.state.size,
            note=self._sign(growth),
            paths=tuple(path for path, _ in files),
        )
        self._state = None  # until it is settled, only the files know
        try:
            self._disk.stage([*files, (PENDING, pending.encode()), (CHECKPOINT, pending.note)])
            self._disk.settle([PENDING])
            self._disk.settle(pending.paths)
            self._publish(growth.state)
        except Unavailable as error:
            self._settle_after(error, growth)
        return self.checkpoint()

    def settle(self) -> Checkpoint:
        """What a failed append left unknown is decided: nothing is added after the checkpoint.

        Raises:
            Unavailable: it is still unknown, or the record is closed.
            Inconsistent: what is there is not a log that this key signed.
        """
        self._require_open()
        if self._state is None:
            self._settle()
        return self.checkpoint()

    def _require_open(self) -> None:
        if self._lock is None:
            raise Unavailable("record: closed, must be opened again", where=LOCK)

    def _settle_after(self, failure: Unavailable, growth: Growth) -> None:
        try:
            state = self._settle()
        except Unavailable as error:
            raise Unavailable(
                f"{failure.message}; whether it was added is known when the record opens again",
                where=failure.where,
                rule="record.unknown",
            ) from error
        if state.size != growth.state.size:
            raise failure

    def _settle(self) -> TreeState:
        """The right edge of the log, after carrying out what was pending; as on opening."""
        note = self._disk.read(CHECKPOINT)
        if note is None:
            self._begin()
        state = self._load()
        octets = self._disk.read(PENDING)
        pending = Pending.decode(octets) if octets else None
        if pending is not None and pending.size != state.size:
            state = self._replay(pending, state)
        self._disk.remove(PENDING)
        self._disk.clear_staging()
        self._state = state
        return state

    def _begin(self) -> None:
        if next(self._disk.walk("tile"), None) is not None:
            raise Inconsistent("record: tiles without a checkpoint", where=CHECKPOINT)
        state = TreeState()
        self._disk.place(
            [(CHECKPOINT, self._sign(Growth(state=state, root=state.root(), files=())))]
        )

    def _load(self) -> TreeState:
        self._disk.sync(".")  # `checkpoint` and `pending` must not go back once believed
        checkpoint = self.checkpoint()
        size = checkpoint.size
        rows: list[bytes] = []
        while count := size >> (TILE_HEIGHT * len(rows)):
            rows.append(self._edge(TileName(level=len(rows), index=count // TILE_WIDTH), size))
        bundle = self._edge(TileName(level=None, index=size // TILE_WIDTH), size)
        state = TreeState(size=size, bundle=bundle, rows=tuple(rows))
        if state.root() != checkpoint.root:
            raise Inconsistent(
                f"record: tiles lead to {state.root().hex()}, the checkpoint says"
                f" {checkpoint.root.hex()}",
                where=CHECKPOINT,
                clause="c2sp:tlog-tiles",
            )
        return state

    def _edge(self, name: TileName, size: int) -> bytes:
        width = name.width_at(size)
        if not width:
            return b""
        path = TileName(level=name.level, index=name.index, width=width).path
        octets = self._disk.read(path)
        if octets is None:
            raise Inconsistent("record: missing", where=path, clause="c2sp:tlog-tiles")
        return octets

    def _replay(self, pending: Pending, state: TreeState) -> TreeState:
        if pending.base != state.size:
            raise Inconsistent(
                f"record: an append to size {pending.base} waits, the log has {state.size}",
                where=PENDING,
            )
        self._disk.settle(pending.paths, again=True)
        growth = grow(state, self._leaves_of(pending))
        head = self._believe(pending.note)
        if (head.size, head.root) != (growth.state.size, growth.root):
            raise Inconsistent(
                "record: what was appended does not lead to the checkpoint that was signed",
                where=PENDING,
                clause="c2sp:tlog-tiles",
            )
        self._refuse_changes([(name.path, octets) for name, octets in growth.files])
        self._disk.stage([(CHECKPOINT, pending.note)])
        self._publish(growth.state)
        return growth.state

    def _leaves_of(self, pending: Pending) -> list[bytes]:
        leaves: list[bytes] = []
        for number in range(pending.base // TILE_WIDTH, -(-pending.size // TILE_WIDTH)):
            name = TileName(level=None, index=number)
            width = name.width_at(pending.size)
            leaves += self._read_bundle(number, width)
        return leaves[pending.base % TILE_WIDTH :]

    def _publish(self, state: TreeState) -> None:
        with publishing(self._disk.root):
            self._disk.settle([CHECKPOINT])
        self._disk.remove(PENDING)
        self._state = state

    def _refuse_changes(self, files: Sequence[tuple[str, bytes]]) -> None:
        for path, octets in files:
            found = self._disk.read(path)
            if found is not None and found != octets:
                raise Inconsistent(
                    "record: there with other content, no tile ever changes",
                    where=path,
                    clause="c2sp:tlog-tiles",
                )

    def _sign(self, growth: Growth) -> bytes:
        head = TreeHead(origin=self.origin, size=growth.state.size, root=growth.root)
        return sign_checkpoint(head, self._signers)


def _sign_one(key: SigningKey, message: bytes) -> bytes:
    return key.sign([message])[0]


def is_locked(directory: Path) -> bool:
    """Whether a writer holds the record in this folder now; who opens it this instant tries again."""
    try:
        with (directory / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # whoever opens it is told what is wrong
    return False


def _lock(directory: Path) -> int:
    descriptor = -1
    try:
        make_folder(directory)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        held = isinstance(error, BlockingIOError)
        what = (
            "another writer holds the lock, only one can: stop the server first"
            if held
            else f"cannot lock ({error.strerror})"
        )
        rule = LOCKED if held else "record.disk"
        raise Unavailable(f"record: {what}", where=str(directory / LOCK), rule=rule) from error
    return descriptor
