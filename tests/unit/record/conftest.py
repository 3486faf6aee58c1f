"""A log's key, leaves to lodge, and a file system whose every effect can fail."""

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from tests.support.log_keys import LogKey, PostQuantumKey

from smki.adapters.keys import offers
from smki.adapters.record import FileRecord
from smki.ports import KeyAlgorithm
from smki.terms import Unavailable

ORIGIN = "example.com/smki"


class PowerCutError(BaseException):
    """The process is no more: no handler of the code under test may run on."""


class Survives(Enum):
    """What a power cut leaves of what was not synced; which, of each thing by itself."""

    NOTHING = "nothing"
    ALL = "all"  # also what a process leaves that is killed
    LATEST = "latest"  # of the names, the one that was given or taken last
    SOME = "some"
    OTHERS = "others"


FOLDER = -1  # a folder, where files have numbers


@dataclass
class Effects:
    """Stands before the operating system and the log's key; the effect with number `at` fails.

    An effect makes, writes, syncs, renames or removes something, or signs. One that fails is lost,
    or `after` it was done its answer is. With `dies` nothing runs on after it; otherwise whoever
    asked is told of an error. `done` tells them as they come, so that a new one needs no change
    here; `agrees` finds one that went past.

    Keeps what a power cut would leave: the octets of a file that were synced, and the names that
    were when their folder was synced, each for itself. A rename is done or not. The disk itself is
    never waited for. `watched` is what a reader saw in the file `watch` at the last moment.
    """

    root: Path
    at: int = -1
    after: bool = False
    dies: bool = True
    done: list[str] = field(default_factory=list)
    watch: Path | None = None
    watched: bytes = b""
    names: dict[str, int] = field(default_factory=dict)
    durable: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, int | None]] = field(default_factory=list)
    synced: dict[int, bytes] = field(default_factory=dict)
    last: dict[int, bytes] = field(default_factory=dict)
    opened: dict[int, tuple[int, str]] = field(default_factory=dict)
    is_off: bool = False
    turn: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """What is there now is on the disk."""
        for path in sorted(self.root.rglob("*")) if self.root.exists() else ():
            self._add(self._name(path), is_folder=path.is_dir())
        self.durable, self.changes = dict(self.names), []
        self.synced = {
            number: self._read(name) for name, number in self.names.items() if number >= 0
        }

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """The calls go through here from now on."""
        patch.setattr(os, "open", self._opening(os.open))
        patch.setattr(os, "fsync", self._through("fsync", lambda *_: None, self._sync))
        patch.setattr(os, "write", self._through("write", os.write, self._nothing))
        patch.setattr(os, "mkdir", self._through("mkdir", os.mkdir, self._make_folder))
        patch.setattr(os, "unlink", self._through("unlink", os.unlink, self._remove))
        for name in ("replace", "rename"):
            patch.setattr(os, name, self._through(name, getattr(os, name), self._rename))
        patch.setattr(LogKey, "sign", self._through("sign", LogKey.sign, self._nothing))

    def go_on(self) -> None:
        """Another process comes after the one that was killed; what was not synced still is not."""
        self.at, self.is_off = -1, False

    def agrees(self) -> bool:
        """Whether every name on the disk came about by an effect that was seen."""
        return {self._name(path) for path in self.root.rglob("*")} == set(self.names)

    def left(self, survives: Survives) -> dict[str, bytes | None]:
        """What is on the disk after a power cut: files with their octets, and folders."""
        chance = random.Random(f"{self.at} {survives}")  # noqa: S311 - repeatable, no secret

        def stays() -> bool:
            if survives in (Survives.SOME, Survives.OTHERS):
                return chance.random() < 0.5
            return survives is Survives.ALL

        names = dict(self.durable)
        for number, change in enumerate(self.changes, 1):
            if stays() or (survives is Survives.LATEST and number == len(self.changes)):
                names = _changed(names, change)
        folders = {name for name, number in names.items() if number == FOLDER} | {"."}
        return {
            name: None if number == FOLDER else self._octets(number, stays)
            for name, number in sorted(names.items())
            if _above(name) <= folders
        }

    def _octets(self, number: int, stays: Callable[[], bool]) -> bytes:
        octets = self._current(number)
        if stays():
            return octets
        return self.synced.get(number, octets[: len(octets) // 2] if stays() else b"")

    def _current(self, number: int) -> bytes:
        names = (name for name, one in self.names.items() if one == number)
        return next(map(self._read, names), self.last[number])

    def _through(
        self, kind: str, real: Callable[..., Any], note: Callable[..., None]
    ) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self.turn:
                if self.is_off:
                    raise PowerCutError
                number = len(self.done)
                self.done.append(f"{kind} {self._told(arguments)}")
                if number == self.at and not self.after:
                    self._fail(kind)
                note(*arguments)
                try:
                    return real(*arguments, **options)
                finally:
                    if number == self.at:
                        self._fail(kind)

        return call

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        creating = self._through("create", real, lambda path, *_: self._add(self._name(path)))

        def call(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            with self.turn:
                is_new = flags & os.O_CREAT and not Path(path).exists()
                descriptor = (creating if is_new else real)(path, flags, *arguments, **options)
                name = self._name(path)
                self.opened[descriptor] = self.names.get(name, FOLDER), name
                return descriptor

        return call

    def _fail(self, kind: str) -> None:
        if not self.dies:
            if kind == "sign":
                raise Unavailable("key: away")
            raise OSError(5, "Input/output error")
        if self.watch is not None and self.watch.exists():
            self.watched = self.watch.read_bytes()
        self.is_off = True
        raise PowerCutError

    def _add(self, name: str, *, is_folder: bool = False) -> None:
        self._change({name: FOLDER if is_folder else len(self.last)})
        if not is_folder:
            self.last[len(self.last)] = b""

    def _make_folder(self, path: Any, *_: Any) -> None:
        if not Path(path).exists():
            self._add(self._name(path), is_folder=True)

    def _remove(self, path: Any) -> None:
        if Path(path).exists():
            self._keep(self._name(path))
            self._change({self._name(path): None})

    def _rename(self, source: Any, target: Any) -> None:
        before, after = self._name(source), self._name(target)
        if after in self.names:
            self._keep(after)
        self._change({before: None, after: self.names[before]})

    def _sync(self, descriptor: int) -> None:
        number, name = self.opened[descriptor]
        if number != FOLDER:
            self.synced[number] = self._current(number)
            return
        left: list[dict[str, int | None]] = []
        for change in self.changes:
            if any(_folder(one) == name for one in change):
                self.durable = _changed(self.durable, change)
            else:
                left.append(change)
        self.changes = left

    def _change(self, change: dict[str, int | None]) -> None:
        self.changes.append(change)
        self.names = _changed(self.names, change)

    def _keep(self, name: str) -> None:
        self.last[self.names[name]] = self._read(name)

    def _read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def _told(self, arguments: Any) -> str:
        """What an effect is on: the last of its paths."""
        paths = [one for one in arguments if isinstance(one, str | Path)]
        return self._name(paths[-1]) if paths else ""

    def _name(self, path: Any) -> str:
        return str(Path(path).relative_to(self.root))

    def _nothing(self, *_: Any) -> None:
        """No name changes, and nothing is on the disk that was not."""


def _folder(name: str) -> str:
    return str(Path(name).parent)


def _above(name: str) -> set[str]:
    return {str(folder) for folder in Path(name).parents}


def _changed(names: dict[str, int], change: dict[str, int | None]) -> dict[str, int]:
    kept = {name: number for name, number in names.items() if name not in change}
    return kept | {name: number for name, number in change.items() if number is not None}


@pytest.fixture
def log_key() -> LogKey:
    """The key that signs checkpoints."""
    return LogKey()


@pytest.fixture
def open_record(log_key: LogKey) -> Callable[[Path], FileRecord]:
    """Opens the record in a folder for writing."""
    return lambda folder: FileRecord(folder, ORIGIN, log_key)


@pytest.fixture
def second_key() -> PostQuantumKey:
    """The key that signs checkpoints beside it."""
    if not offers(KeyAlgorithm.ML_DSA_44):
        pytest.skip("ML-DSA-44 is not known to the installed cryptography library")
    return PostQuantumKey()


@pytest.fixture
def open_with_both(log_key: LogKey, second_key: PostQuantumKey) -> Callable[[Path], FileRecord]:
    """Opens the record in a folder for writing, under both signatures."""
    return lambda folder: FileRecord(folder, ORIGIN, log_key, [second_key])


@pytest.fixture
def effects() -> type[Effects]:
    """A file system whose every effect can fail."""
    return Effects


@pytest.fixture
def survivals() -> type[Survives]:
    """What may be left of what was not synced."""
    return Survives


@pytest.fixture
def leaves_of() -> Callable[..., list[bytes]]:
    """Makes as many certificate leaves, each another."""

    def make(count: int, start: int = 0) -> list[bytes]:
        head = "0101000000018bcfe568000300" + "00" * 40
        return [
            bytes.fromhex(head) + b"\x30" + number.to_bytes(4, "big")
            for number in range(start, start + count)
        ]

    return make
