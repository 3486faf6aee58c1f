"""A log's key, leaves to lodge, and a disk whose power can fail."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.record import FileRecord
from smki.ports import KeyAlgorithm

ORIGIN = "example.com/smki"


class LogKey:
    """An Ed25519 key in memory, behind the port."""

    algorithm = KeyAlgorithm.ED25519

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.public_key = self._key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message."""
        return [self._key.sign(message) for message in messages]


class PowerCutError(BaseException):
    """The power failed: no handler of the code under test may run on."""


@dataclass
class FailingDisk:
    """Stands before the operating system's file calls, and fails the one with number `at`.

    What was not synced when the power fails is undone, the latest first: octets of files, names
    in folders. With `keep` it survives instead, as it also may. `watched` is what a
    reader saw in the file `watch` at the last moment.
    """

    at: int = -1
    after: bool = False
    power: bool = False
    keep: bool = False
    watch: Path | None = None
    watched: bytes = b""
    calls: int = 0
    undo: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    opened: dict[int, Path] = field(default_factory=dict)
    is_off: bool = False
    turn: threading.RLock = field(default_factory=threading.RLock)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """The calls go through here from now on."""
        for name in ("write", "fsync", "replace", "mkdir", "unlink", "open"):
            patch.setattr(os, name, self._through(name, getattr(os, name)))

    def _through(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self.turn:
                return in_turn(arguments, options)

        def in_turn(arguments: Any, options: Any) -> Any:
            if self.is_off:
                raise PowerCutError
            if name == "open":
                return self._open(real, arguments, options)
            number, self.calls = self.calls, self.calls + 1
            if number == self.at and not self.after:
                self._fail()
            result = self._do(name, real, arguments, options)
            if number == self.at:
                self._fail()
            return result

        return call

    def _open(self, real: Callable[..., Any], arguments: Any, options: Any) -> Any:
        path = Path(arguments[0])
        is_new = not path.exists()
        descriptor = real(*arguments, **options)
        self.opened[descriptor] = path
        if is_new:
            self.undo.append((str(path.parent), lambda: _restore(path, None)))
        return descriptor

    def _do(self, name: str, real: Callable[..., Any], arguments: Any, options: Any) -> Any:
        if name == "fsync":
            settled = str(self.opened[arguments[0]])
            self.undo = [(on, undo) for on, undo in self.undo if on != settled]
        elif name == "write":
            path = self.opened[arguments[0]]
            self.undo.append((str(path), lambda: _restore(path, b"")))
        elif name == "replace":
            source, target = Path(arguments[0]), Path(arguments[1])
            octets, before = source.read_bytes(), _read(target)
            self._forget(str(source), str(target))
            self.undo.append((str(target.parent), lambda: _restore(target, before)))
            self.undo.append((str(target.parent), lambda: _restore(source, octets)))
        elif name == "unlink":
            path = Path(arguments[0])
            octets = path.read_bytes()
            self.undo.append((str(path.parent), lambda: _restore(path, octets)))
        elif name == "mkdir":
            path = Path(arguments[0])
            result = real(*arguments, **options)
            self.undo.append((str(path.parent), path.rmdir))
            return result
        return real(*arguments, **options)

    def _forget(self, source: str, target: str) -> None:
        """Octets that were not synced follow their file to its new name."""
        self.undo = [(target if on == source else on, undo) for on, undo in self.undo]

    def _fail(self) -> None:
        self.at = -1
        if not self.power:
            raise OSError(5, "Input/output error")
        if self.watch is not None:
            self.watched = self.watch.read_bytes()
        undo, self.undo = self.undo, []  # undoing goes through here as well
        for _, step in reversed([] if self.keep else undo):
            step()
        self.is_off = True
        raise PowerCutError


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _restore(path: Path, octets: bytes | None) -> None:
    if octets is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(octets)


@pytest.fixture
def log_key() -> LogKey:
    """The key that signs checkpoints."""
    return LogKey()


@pytest.fixture
def open_record(log_key: LogKey) -> Callable[[Path], FileRecord]:
    """Opens the record in a folder for writing."""
    return lambda folder: FileRecord(folder, ORIGIN, log_key)


@pytest.fixture
def failing_disk() -> type[FailingDisk]:
    """A disk whose power can fail."""
    return FailingDisk


@pytest.fixture
def power_cut() -> type[PowerCutError]:
    """What is raised when the power fails."""
    return PowerCutError


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
