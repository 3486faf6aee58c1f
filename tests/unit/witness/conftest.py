"""A log in a folder, a witness in another, and forks of that log under the same key."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.founding import quick_stores
from tests.support.log_keys import LogKey

from smki.adapters.record import FileRecord
from smki.bootstrap.witnesses import Follower, make_witness, open_witness
from smki.flows.witnessing import Witness
from smki.merkle.leaf import LeafType, encode_framed, encode_leaf
from smki.merkle.notes import VerifierKey
from smki.ports import KeyAlgorithm, SigningKey

ORIGIN = "example.com/smki"
SECRET = {"SMKI_PASSPHRASE": "open"}


@dataclass(frozen=True, kw_only=True)
class Log:
    """A log in a folder, that can be grown, and copied to be forked."""

    folder: Path

    @property
    def vkey(self) -> str:
        """Its public key."""
        return str(VerifierKey.from_spki(ORIGIN, LogKey().public_key))

    def grow(
        self, count: int, word: str = "leaf", beside: Sequence[SigningKey] = ()
    ) -> tuple[str, ...]:
        """So many more entries; the keys that sign them, the log's first one and those beside it."""
        instant = 1_700_000_000_000
        record = FileRecord(self.folder, ORIGIN, LogKey(), beside)
        start = record.checkpoint().size
        bodies = [encode_framed({}, f"{word} {start + n}".encode()) for n in range(count)]
        record.append([encode_leaf(LeafType.DOCUMENT, body, instant)[0] for body in bodies])
        record.close()
        return record.verifier_keys

    def put(self, other: "Log") -> None:
        """The files of another history stand where these stood."""
        shutil.rmtree(self.folder)
        shutil.copytree(other.folder, self.folder)

    def copy(self, name: str) -> "Log":
        """A copy of it, as it is now."""
        shutil.copytree(self.folder, self.folder.with_name(name))
        return Log(folder=self.folder.with_name(name))


@pytest.fixture(autouse=True, scope="package")
def _quick_stores() -> Iterator[None]:
    """Keys of witnesses that are made here cost nothing to open."""
    with quick_stores():
        yield


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log of 300 entries."""
    made = Log(folder=tmp_path / "log")
    made.grow(300)
    return made


@pytest.fixture
def witness_folder(tmp_path: Path, log: Log) -> Path:
    """A witness's folder, that knows the log and where it is."""
    folder = tmp_path / "witness"
    make_witness(
        folder,
        name="witness.example/1",
        log=log.vkey,
        place=str(log.folder),
        algorithm=KeyAlgorithm.ED25519,
        environment=SECRET,
    )
    return folder


@pytest.fixture
def opened(witness_folder: Path) -> Callable[[], object]:
    """Opens the witness; gives it and its follower of the log."""

    @contextmanager
    def begin() -> Iterator[tuple[Witness, Follower]]:
        with open_witness(witness_folder, SECRET) as (witness, logs):
            yield witness, Follower(witness_folder, witness, logs[0])

    return begin
