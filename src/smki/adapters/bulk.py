"""Bulk files in a folder: made whole or not at all, checked, and read into a mirror.

A file gets its name when its octets are on the disk, and its manifest comes after it: whoever
finds a manifest finds the whole file. What a run that was cut off left has a name with a dot before
it, and goes with the next run. One run at a time, by a lock. What the files hold: `merkle.bulk`.

Clause: sec-app-p:1, c2sp:tlog-tiles
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.files import write_durably
from smki.merkle.bulk import MANIFEST_MAX_OCTETS, BulkKind, BulkManifest, read_bulk
from smki.ports import RecordReader
from smki.repository.exporting import bulk_octets, stretch_from
from smki.terms import Malformed, Unavailable

FILE_SUFFIX: Final = ".bulk"
MANIFEST_SUFFIX: Final = ".json"
_PART: Final = ".part"
_LOCK: Final = ".lock"
_STEP: Final = 4_096  # entries between two words of progress

Told = Callable[[int, int], None]


def _nobody(done: int, total: int) -> None:
    """Nobody wants to know."""
    del done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFile:
    """A bulk file in a folder.

    Attributes:
        manifest: what it holds.
        path: where the manifest is; the file is beside it.
    """

    manifest: BulkManifest
    path: Path

    @property
    def data(self) -> Path:
        """Where the bulk file is."""
        return self.path.parent / self.manifest.file


class BulkFolder:
    """A folder of bulk files. Any number of readers; one that makes files at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> tuple[BulkFile, ...]:
        """Every bulk file whose manifest is there, by size of the log; others' files are left out."""
        found: list[BulkFile] = []
        for path in sorted(self.folder.glob(f"*{MANIFEST_SUFFIX}")):
            try:
                found.append(read_manifest(path))
            except (Malformed, Unavailable):
                continue  # not one of ours, or just taken away
        return tuple(sorted(found, key=lambda one: (one.manifest.size, one.manifest.date)))

    def export(
        self,
        reader: RecordReader,
        *,
        kind: BulkKind,
        start: int,
        day: date,
        made: int,
        tell: Told = _nobody,
    ) -> BulkFile:
        """The entries from `start` to the newest checkpoint are in a file here, durable.

        `made` is the present instant in milliseconds. A file of that name is replaced by the same
        octets.

        Raises:
            Malformed: the record does not go as far as `start`.
            Unavailable: the folder cannot be written to, or another run is at it.
            Inconsistent: the record is damaged.

        Clause: sec-app-p:1
        """
        with self._alone():
            stretch = stretch_from(reader, start)
            checkpoint = stretch.checkpoint
            first = f"{start}-" if kind is BulkKind.DELTA else ""
            name = f"{kind.value}-{day.isoformat()}-{first}{checkpoint.size}"
            file = f"{name}{FILE_SUFFIX}"
            octets, digest = self._write(file, bulk_octets(reader, stretch, tell))
            manifest = BulkManifest(
                kind=kind,
                date=day.isoformat(),
                made=made,
                file=file,
                octets=octets,
                sha256=digest,
                start=start,
                size=checkpoint.size,
                root=checkpoint.root,
                before=stretch.before,
                checkpoint=checkpoint.note,
            )
            path = self.folder / f"{name}{MANIFEST_SUFFIX}"
            write_durably(path, manifest.encode())
        return BulkFile(manifest=manifest, path=path)

    def drop(self, files: Iterable[BulkFile]) -> None:
        """These files are gone, each manifest before its file; readers that have one open keep it.

        Raises:
            Unavailable: one cannot be removed.
        """
        try:
            for one in files:
                one.path.unlink(missing_ok=True)
                one.data.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable("removed", self.folder, error) from error

    def sweep(self) -> None:
        """Bulk files without a manifest are gone: what runs left that were cut off making or dropping.

        For a folder that holds what is made here, and nothing else.

        Raises:
            Unavailable: one cannot be removed, or another run makes files.
        """
        with self._alone():
            told = {one.manifest.file for one in self.files()}
            half = self.folder.glob(f".*{MANIFEST_SUFFIX}.*")  # a manifest that has no name yet
            for path in (*half, *self.folder.glob(f"*{FILE_SUFFIX}")):
                if path.name not in told:
                    path.unlink(missing_ok=True)

    def _write(self, name: str, pieces: Iterator[bytes]) -> tuple[int, bytes]:
        part, digest, octets = self.folder / f".{name}{_PART}", sha256(), 0
        try:
            with part.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                    digest.update(piece)
                    octets += len(piece)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / name)
        except OSError as error:
            raise _unavailable("written", self.folder / name, error) from error
        finally:
            part.unlink(missing_ok=True)
        return octets, digest.digest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else makes files here inside; what a run that was cut off left is gone."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / _LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for left in self.folder.glob(f".*{_PART}"):
                    left.unlink(missing_ok=True)
                yield
        except BlockingIOError as error:
            raise Unavailable(
                "bulk files: another run makes some in this folder, must be the only one",
                where=str(self.folder),
                rule="bulk.locked",
            ) from error
        except OSError as error:
            raise _unavailable("written", self.folder, error) from error


def read_manifest(path: Path) -> BulkFile:
    """The bulk file that the manifest at `path` is of; nothing in it is believed yet.

    Raises:
        Malformed: no manifest.
        Unavailable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(MANIFEST_MAX_OCTETS + 1)
    except OSError as error:
        raise _unavailable("read", path, error) from error
    return BulkFile(manifest=BulkManifest.parse(octets), path=path)


def read_entries(
    one: BulkFile, verifier_key: str, tell: Told = _nobody
) -> Iterator[tuple[bytes, bytes | None]]:
    """Each leaf of the file with its blob; proven when the iteration has come to its end.

    Raises:
        Malformed: not a bulk file, or cut off.
        Refused: not under a checkpoint that this key signed, or other content.
        Unavailable: it cannot be read.

    Clause: rfc6962:2.1
    """
    manifest = one.manifest
    manifest.verify(verifier_key)
    total = manifest.size - manifest.start
    try:
        with one.data.open("rb", buffering=0) as file:
            for number, entry in enumerate(read_bulk(manifest, file.read), 1):
                yield entry
                if number % _STEP == 0:
                    tell(number, total)
    except OSError as error:
        raise _unavailable("read", one.data, error) from error


def _unavailable(what: str, path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"bulk files: cannot be {what} ({error.strerror})", where=str(path), rule="bulk.disk"
    )
