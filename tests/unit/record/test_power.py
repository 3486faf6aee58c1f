"""What an append waits for, what is not known while the disk is away, and writers that are killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from smki.adapters.record import FileRecord, FileRecordReader, Problem, audit, disk
from smki.merkle import prove_consistency, verify_consistency
from smki.ports import Checkpoint
from smki.terms import Unavailable

Open = Callable[[Path], FileRecord]
Leaves = Callable[..., list[bytes]]


def check(folder: Path, key: str, seen: Checkpoint, record: FileRecord, leaves: list[bytes]) -> int:
    """The record is whole, extends what was seen, and holds a prefix of `leaves`; its size."""
    now = record.checkpoint()
    verify_consistency(
        seen.size,
        now.size,
        prove_consistency(seen.size, now.size, record.node),
        seen.root,
        now.root,
    )
    assert list(FileRecordReader(folder, key).leaves(0, now.size)) == leaves[: now.size]
    assert [found for found in audit(folder, key) if isinstance(found, Problem)] == []
    assert list((folder / "staging").iterdir()) == []
    return now.size


def test_unknown_until_opened_again(
    tmp_path: Path, open_record: Open, leaves_of: Leaves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk stays away the answer is that it is not known; later it is."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))

    def away(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", away)
        with pytest.raises(Unavailable, match="known when the record opens") as failure:
            record.append(leaves_of(2, 3))
    assert failure.value.rule == "record.unknown"
    assert record.append(leaves_of(2, 3)).size == 5


def test_an_append_waits_for_the_disk_four_times(
    tmp_path: Path, open_record: Open, leaves_of: Leaves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, then `pending`, then their names, then the checkpoint: each together, in that order."""
    record = open_record(tmp_path)
    record.append(leaves_of(512))  # the folders are there
    rounds: list[int] = []
    through = disk._sync_all

    def together(descriptors: Sequence[int]) -> None:
        rounds.append(len(descriptors))
        through(descriptors)

    monkeypatch.setattr(disk, "_sync_all", together)
    record.append(leaves_of(2_048, 512))
    files = 8 + 8 + 1 + 2  # bundles, tiles of two levels, `pending` and `checkpoint`
    assert rounds == [files, 1, 1, 3, 1]  # with `staging/` itself after its files


def test_a_torn_pending_never_happened(
    tmp_path: Path, open_record: Open, leaves_of: Leaves
) -> None:
    """A pending file that is not whole is dropped."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))
    record.close()
    (tmp_path / "pending").write_bytes(b"smki pending 1\n" + bytes(60))
    assert open_record(tmp_path).checkpoint().size == 3
    assert not (tmp_path / "pending").exists()


WRITER = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from conftest import ORIGIN, LogKey
    from smki.adapters.record import FileRecord
    record = FileRecord(Path(sys.argv[1]), ORIGIN, LogKey())
    head = bytes.fromhex("0101000000018bcfe568000300" + "00" * 40)
    print("ready", flush=True)
    while True:
        size = record.checkpoint().size
        record.append([head + b"\\x30" + n.to_bytes(4, "big") for n in range(size, size + 100)])
"""


def test_killed_writer(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A writer killed at any moment leaves a whole record, and nothing that was seen is lost."""
    program = textwrap.dedent(WRITER).format(tests=str(Path(__file__).parent))
    record = open_record(tmp_path)
    seen = record.append(leaves_of(100))
    record.close()
    for round_number in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.011 * (round_number + 1))
            writer.send_signal(signal.SIGKILL)
        published = FileRecordReader(tmp_path, record.verifier_key).checkpoint()
        record = open_record(tmp_path)
        size = check(tmp_path, record.verifier_key, seen, record, leaves_of(published.size + 100))
        assert size >= published.size >= seen.size
        seen = record.checkpoint()
        record.close()
    assert seen.size > 100
