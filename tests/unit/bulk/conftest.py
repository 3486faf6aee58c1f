"""A log that grows, with blobs, and the folder its bulk files are made in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.log_keys import LogKey

from smki.adapters.bulk import BulkFile, BulkFolder
from smki.adapters.record import FileRecord
from smki.merkle.bulk import BulkKind
from smki.merkle.leaf import LeafType, encode_framed, encode_leaf

DAY = date(2026, 11, 20)
_BLOB_OCTETS = 40_000  # over what a leaf holds


@dataclass(frozen=True, kw_only=True)
class Log:
    """A record and the folder of its bulk files."""

    record: FileRecord
    folder: BulkFolder

    @property
    def key(self) -> str:
        """The log's public key."""
        return self.record.verifier_key

    def lodge(self, count: int, *, days: int = 0, blobs: int = 0, salt: str = "") -> None:
        """So many entries are lodged at noon of the day so many after `DAY`, `blobs` with a blob."""
        noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC) + timedelta(days=days)
        instant, start = int(noon.timestamp()) * 1000, self.record.checkpoint().size
        leaves, contents = [], []
        for number in range(count):
            seed = hashlib.sha256(f"{start + number}{salt}".encode()).digest()
            body = seed * (_BLOB_OCTETS // 32) if number < blobs else seed
            leaf, blob = encode_leaf(LeafType.DOCUMENT, encode_framed({"n": number}, body), instant)
            leaves.append(leaf)
            contents += [] if blob is None else [blob]
        self.record.append(leaves, contents)

    def export(self, start: int | None = None) -> BulkFile:
        """A full file, or a delta from `start` on."""
        return self.folder.export(
            self.record,
            kind=BulkKind.FULL if start is None else BulkKind.DELTA,
            start=start or 0,
            day=DAY,
            made=1,
        )


@pytest.fixture
def new_log(tmp_path: Path) -> Callable[[str], Log]:
    """Makes logs of the same name and key, each in a folder of its own."""

    def make(name: str) -> Log:
        return Log(
            record=FileRecord(tmp_path / name, "example.com/bulk", LogKey()),
            folder=BulkFolder(tmp_path / f"{name}-files"),
        )

    return make


@pytest.fixture
def log(new_log: Callable[[str], Log]) -> Log:
    """A log with nothing in it."""
    return new_log("log")
