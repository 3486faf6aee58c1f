"""The few effects the record has on files, each durable or undone when the power fails.

A file gets its name only when its octets are on the disk: written in `staging/`, synced, renamed,
and the folder synced. So a file under its own name is always whole. What is found in `staging/`
when a writer starts was never anyone's, and goes.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path, PurePosixPath
from typing import Final

from smki.terms import Unavailable

STAGING: Final = "staging"
_TOGETHER: Final = 160  # files written before the first is synced: all of 16,384 entries; bounds
# open descriptors
_HANDS: Final = ThreadPoolExecutor(8, "disk")  # that wait at once: a file system commits for many


class Disk:
    """A folder; all paths are relative to it, with `/`. One writer, any number of readers.

    Every failure of the operating system is `Unavailable`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: set[str] = set()

    def read(self, path: str, most: int | None = None) -> bytes | None:
        """The octets of the file, of more than `most` one more than that; None if there is none."""
        try:
            with (self.root / path).open("rb") as file:
                if most is None:
                    return file.read()
                size = os.fstat(file.fileno()).st_size  # room is made for what is asked for
                return file.read(min(most, size) + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unavailable("read", path, error) from error

    def walk(self, folder: str) -> Iterator[str]:
        """The paths of all files in the folder and below, in order, a folder in memory at a time.

        A folder that is empty is given too, with a `/` at its end.
        """
        try:
            with os.scandir(self.root / folder) as found:
                entries = sorted((entry.name, entry.is_dir()) for entry in found)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unavailable("list", folder, error) from error
        if not entries:
            yield f"{folder}/"
        for name, is_folder in entries:
            path = f"{folder}/{name}"
            if is_folder:
                yield from self.walk(path)
            else:
                yield path

    def place(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Each file is durable under its path; one that was there is replaced whole."""
        self.stage(files)
        self.settle([path for path, _ in files])

    def stage(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Each file is durable in staging, but not yet under its name."""
        self._make_folder(STAGING)
        for at in range(0, len(files), _TOGETHER):
            self._write(files[at : at + _TOGETHER])
        self.sync(STAGING)

    def settle(self, paths: Sequence[str], *, again: bool = False) -> None:
        """Each staged file is durable under its own name; some have theirs already if `again`."""
        folders = sorted({str(PurePosixPath(path).parent) for path in paths})
        for folder in folders:
            self._make_folder(folder)
        for path in paths:
            if not again or self.is_staged(path):
                self._rename(path)
        self.sync(*folders)  # also of names given before: whoever gave them may not have come to it

    def is_staged(self, path: str) -> bool:
        """Whether octets wait in staging for this name."""
        return (self.root / _staged(path)).exists()

    def sync(self, *folders: str) -> None:
        """The names in the folders are on the disk."""
        descriptors: list[int] = []
        try:
            while len(descriptors) < len(folders):
                descriptors.append(os.open(self.root / folders[len(descriptors)], os.O_RDONLY))
            _sync_all(descriptors)
        except OSError as error:
            place = folders[min(len(descriptors), len(folders) - 1)]
            raise _unavailable("sync", place, error) from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def remove(self, path: str) -> None:
        """The file is gone; after a power cut it may be back."""
        try:
            (self.root / path).unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unavailable("remove", path, error) from error

    def clear_staging(self) -> None:
        """Nothing is left in staging."""
        for path in list(self.walk(STAGING)):
            if not path.endswith("/"):
                self.remove(path)

    def _write(self, files: Sequence[tuple[str, bytes]]) -> None:
        # All are written before the first is synced, and synced at once: one commit of the file
        # system serves many.
        descriptors: list[int] = []
        try:
            for path, octets in files:
                descriptors.append(os.open(self.root / _staged(path), _NEW, 0o644))
                _write_all(descriptors[-1], octets)
            _sync_all(descriptors)
        except OSError as error:
            place = files[min(len(descriptors), len(files)) - 1][0]
            raise _unavailable("write", place, error) from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _rename(self, path: str) -> None:
        try:
            (self.root / _staged(path)).replace(self.root / path)
        except OSError as error:
            raise _unavailable("rename", path, error) from error

    def _make_folder(self, folder: str) -> None:
        if folder in self._folders or folder == ".":
            return
        parent = str(PurePosixPath(folder).parent)
        self._make_folder(parent)
        try:
            (self.root / folder).mkdir()
        except FileExistsError:
            pass
        except OSError as error:
            raise _unavailable("make folder", folder, error) from error
        self.sync(parent)  # also if it was there: whoever made it may not have come to this
        self._folders.add(folder)


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _write_all(descriptor: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_all(descriptors: Sequence[int]) -> None:
    waiting = [_HANDS.submit(os.fsync, descriptor) for descriptor in descriptors[1:]]
    try:
        for first in descriptors[:1]:
            os.fsync(first)
    finally:
        wait(waiting)  # nothing is closed before that
    for one in waiting:
        one.result()


def _staged(path: str) -> str:
    return f"{STAGING}/{path.replace('/', '+')}"


def _unavailable(what: str, path: str, error: OSError) -> Unavailable:
    return Unavailable(f"record: cannot {what} ({error.strerror})", where=path, rule="record.disk")
