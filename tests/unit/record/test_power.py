"""The power fails at every file operation of an append, before and after it; writers are killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from smki.adapters.record import FileRecord, FileRecordReader, Problem, audit, disk
from smki.merkle import prove_consistency, verify_consistency
from smki.merkle.leaf import LeafType, encode_leaf
from smki.ports import Checkpoint
from smki.terms import Unavailable

Open = Callable[[Path], FileRecord]
Leaves = Callable[..., list[bytes]]
BODY = b"\x30" + bytes(40_000)
FIRST = 300
SECOND = 230  # completes a bundle and starts another


def second(leaves_of: Leaves) -> tuple[list[bytes], list[bytes]]:
    """The leaves and blobs of the append under test."""
    leaf, blob = encode_leaf(LeafType.CRL, BODY, 0)
    return [*leaves_of(SECOND - 1, FIRST), leaf], [blob or b""]


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


def operations(folder: Path, open_record: Open, leaves_of: Leaves, disk: Any) -> int:
    """How many file operations the append under test takes."""
    record = open_record(folder)
    record.append(leaves_of(FIRST))
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        record.append(*second(leaves_of))
    record.close()
    return int(disk.calls)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_power_fails_at_every_operation(
    tmp_path: Path,
    open_record: Open,
    leaves_of: Leaves,
    failing_disk: Any,
    power_cut: type[BaseException],
    after: bool,  # noqa: FBT001 - a parameter of the table above
    keep: bool,  # noqa: FBT001 - the same
) -> None:
    """Opened again, the record is as before or as after; what was seen stays; work goes on."""
    total = operations(tmp_path / "count", open_record, leaves_of, failing_disk())
    assert total > 30
    leaves, blobs = second(leaves_of)
    sizes, readers = set(), set()
    for at in range(total):
        folder = tmp_path / str(at)
        record = open_record(folder)
        seen = record.append(leaves_of(FIRST))
        with pytest.MonkeyPatch.context() as patch:
            disk = failing_disk(at=at, after=after, power=True, keep=keep)
            disk.watch = folder / "checkpoint"
            disk.install(patch)
            with pytest.raises(power_cut):
                record.append(leaves, blobs)
        published = int(disk.watched.split(b"\n")[1])
        record.close()
        again = open_record(folder)
        expected = [*leaves_of(FIRST), *leaves]
        size = check(folder, record.verifier_key, seen, again, expected)
        assert size in {FIRST, FIRST + SECOND}
        assert size >= published, at
        sizes.add(size)
        readers.add(published)
        if size == FIRST:
            again.append(leaves, blobs)
        assert check(folder, record.verifier_key, seen, again, expected) == FIRST + SECOND
        again.close()
    assert sizes == readers == {FIRST, FIRST + SECOND}


@pytest.mark.parametrize("after", [False, True])
def test_disk_fails_at_every_operation(
    tmp_path: Path,
    open_record: Open,
    leaves_of: Leaves,
    failing_disk: Any,
    after: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    """An error of the disk, lost or done: either it was added and said so, or it was not."""
    total = operations(tmp_path / "count", open_record, leaves_of, failing_disk())
    leaves, blobs = second(leaves_of)
    expected = [*leaves_of(FIRST), *leaves]
    answers = set()
    for at in range(total):
        folder = tmp_path / str(at)
        record = open_record(folder)
        seen = record.append(leaves_of(FIRST))
        with pytest.MonkeyPatch.context() as patch:
            failing_disk(at=at, after=after).install(patch)
            try:
                answer = record.append(leaves, blobs).size
            except Unavailable:
                answer = FIRST
        assert check(folder, record.verifier_key, seen, record, expected) == answer, at
        if answer == FIRST:
            record.append(leaves, blobs)
        answers.add(answer)
        record.close()
        again = open_record(folder)
        assert check(folder, record.verifier_key, seen, again, expected) == FIRST + SECOND
        again.close()
    assert answers == {FIRST, FIRST + SECOND}


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


def test_names_that_a_killed_writer_gave_are_made_durable(
    tmp_path: Path,
    open_record: Open,
    leaves_of: Leaves,
    failing_disk: Any,
    power_cut: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed between renaming and syncing: the next writer syncs the folders before it publishes."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))

    def killed(_: FileRecord, __: object) -> None:
        raise power_cut

    with monkeypatch.context() as patch:
        patch.setattr(FileRecord, "_publish", killed)
        with pytest.raises(power_cut):
            record.append(leaves_of(2, 3))
    record.close()
    synced: list[str] = []
    with monkeypatch.context() as patch:
        disk = failing_disk()
        disk.install(patch)
        through, placed = os.fsync, os.replace

        def sync(descriptor: int) -> None:
            synced.append(str(disk.opened[descriptor].relative_to(tmp_path)))
            through(descriptor)

        def place(source: Any, target: Any) -> None:
            synced.append(f"-> {Path(target).relative_to(tmp_path)}")
            placed(source, target)

        patch.setattr(os, "fsync", sync)
        patch.setattr(os, "replace", place)
        assert open_record(tmp_path).checkpoint().size == 5
    published = synced.index("-> checkpoint")
    assert {"tile/entries/000.p", "tile/0/000.p"} <= set(synced[:published])


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
