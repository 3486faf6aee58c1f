"""The record in files: appends, readers, locks, and what a reader refuses."""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from smki.adapters.record import AuditProgress, FileRecord, FileRecordReader, Problem, audit
from smki.adapters.record.disk import Disk
from smki.merkle import (
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from smki.merkle.leaf import LeafType, encode_leaf
from smki.terms import Inconsistent, Malformed, Unavailable

Open = Callable[[Path], FileRecord]
Leaves = Callable[..., list[bytes]]


def problems(folder: Path, key: str) -> list[Problem]:
    """What an audit finds."""
    return [found for found in audit(folder, key) if isinstance(found, Problem)]


def test_a_new_record_is_empty(tmp_path: Path, open_record: Open) -> None:
    """A new record has a signed checkpoint of size 0, which any reader believes."""
    record = open_record(tmp_path)
    assert record.checkpoint().size == 0
    assert record.checkpoint().root == sha256(b"").digest()
    assert FileRecordReader(tmp_path, record.verifier_key).checkpoint() == record.checkpoint()
    assert problems(tmp_path, record.verifier_key) == []


def test_no_record(tmp_path: Path, open_record: Open) -> None:
    """Where there is no record a reader says so."""
    key = open_record(tmp_path / "log").verifier_key
    with pytest.raises(Unavailable, match="no checkpoint"):
        FileRecordReader(tmp_path / "other", key).checkpoint()


@pytest.mark.clause("c2sp:tlog-tiles")
def test_appends_and_proofs(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """What was appended is read back, proven, and each checkpoint extends the one before."""
    record, leaves = open_record(tmp_path), leaves_of(1500)
    reader = FileRecordReader(tmp_path, record.verifier_key)
    before, at = record.checkpoint(), 0
    for step in (1, 254, 1, 1, 0, 700, 255, 256):
        now = record.append(leaves[at : at + step])
        at += step
        assert reader.checkpoint() == now
        assert now.size == at
        if before.size:
            proof = prove_consistency(before.size, at, reader.node)
            verify_consistency(before.size, at, proof, before.root, now.root)
        before = now
    assert list(reader.leaves(0, at)) == leaves[:at]
    assert list(reader.leaves(250, 530)) == leaves[250:530]
    for index in (0, 255, 256, 1000, at - 1):
        assert reader.leaf(index) == leaves[index]
        proof = prove_inclusion(index, at, reader.node)
        verify_inclusion(leaf_hash(leaves[index]), index, at, proof, before.root)
    assert problems(tmp_path, record.verifier_key) == []
    record.close()
    again = open_record(tmp_path)
    assert again.append(leaves[at:]).size == 1500
    assert list(reader.leaves(0, 1500)) == leaves


def test_beyond_the_record(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """Leaves and subtrees that are not there yet are refused."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))
    for ask in (
        lambda: record.leaf(3),
        lambda: record.leaf(-1),
        lambda: record.node(2, 0),
        lambda: list(record.leaves(2, 4)),
    ):
        with pytest.raises(Malformed, match="the record has 3"):
            ask()


def test_blobs(tmp_path: Path, open_record: Open) -> None:
    """A body over 32 KiB is kept beside its leaf, and only what has its digest is given out."""
    record, body = open_record(tmp_path), b"\x30" + bytes(40_000)
    leaf, blob = encode_leaf(LeafType.CRL, body, 0)
    assert blob is not None
    record.append([leaf], [blob])
    digest = sha256(body).digest()
    assert record.blob(digest, len(body)) == body
    assert problems(tmp_path, record.verifier_key) == []
    path = tmp_path / "blob" / digest.hex()
    path.write_bytes(body[:-1])
    with pytest.raises(Inconsistent, match="other content"):
        record.blob(digest, len(body))
    path.write_bytes(body + bytes(8 << 20))
    assert Disk(tmp_path).read(f"blob/{digest.hex()}", len(body)) == body + bytes(1)
    for most in (1 << 40, (1 << 64) - 1):  # as an entry of a stranger's record may say
        whole = Disk(tmp_path).read(f"blob/{digest.hex()}", most)
        assert whole == body + bytes(8 << 20)
    with pytest.raises(Inconsistent, match="other content"):
        record.blob(digest, len(body))
    assert [found.message for found in problems(tmp_path, record.verifier_key)] == [
        "not what entry 0 says"
    ]
    path.unlink()
    with pytest.raises(Inconsistent, match="missing"):
        record.blob(digest, len(body))
    copy = FileRecordReader(tmp_path, record.verifier_key, copied=True)
    with pytest.raises(Unavailable, match=f"this copy lacks blob/{digest.hex()}, must have it"):
        copy.blob(digest, len(body))


def test_one_writer(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A second writer is turned away, told which lock; after the first closed it may come."""
    first = open_record(tmp_path)
    with pytest.raises(Unavailable, match="another writer") as refused:
        open_record(tmp_path)
    assert refused.value.where == str(tmp_path / "lock")
    first.close()
    with pytest.raises(Unavailable, match="closed"):
        first.append(leaves_of(1))
    assert open_record(tmp_path).append(leaves_of(1)).size == 1


def test_too_long(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A leaf that no bundle can hold is refused, and nothing is added."""
    record = open_record(tmp_path)
    with pytest.raises(Malformed, match="65536 octets"):
        record.append([*leaves_of(1), bytes(65_536)])
    assert record.append(leaves_of(2)).size == 2


def test_another_key(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A checkpoint that the log's key did not sign is believed by nobody."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))
    record.close()
    note = tmp_path / "checkpoint"
    note.write_bytes(note.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(Inconsistent, match="does not hold"):
        FileRecordReader(tmp_path, record.verifier_key).checkpoint()
    with pytest.raises(Inconsistent, match="does not hold"):
        open_record(tmp_path)
    assert [found.file for found in problems(tmp_path, record.verifier_key)] == ["checkpoint"]


def test_an_old_checkpoint(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A reader that has seen a later checkpoint does not go back with the log."""
    record = open_record(tmp_path)
    record.append(leaves_of(3))
    old = (tmp_path / "checkpoint").read_bytes()
    record.append(leaves_of(3))
    (tmp_path / "checkpoint").write_bytes(old)
    with pytest.raises(Inconsistent, match="size 3 after 6"):
        record.checkpoint()


def test_tiles_never_change(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """A tile that is there with other content stops the writer, and stays as it is."""
    record = open_record(tmp_path)
    stranger = tmp_path / "tile" / "entries" / "000.p" / "2"
    record.append(leaves_of(1))
    stranger.write_bytes(b"other")
    with pytest.raises(Inconsistent, match="no tile ever changes"):
        record.append(leaves_of(1, 1))
    assert stranger.read_bytes() == b"other"


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("tile/entries/000", "entry 255 was changed: it hashes to .{64}, must to .{64}"),
        ("tile/entries/002.p/88", "entry 599 was changed: .* tile/0/002.p/88 says and was signed"),
        ("tile/entries/000.p/10", "not the beginning"),
        ("tile/entries/001.p/54", "not the beginning"),
        ("tile/0/000", "hash of entry 255 was changed: it is .{64}, must be .{64}"),
        ("tile/0/000.p/10", "not the beginning"),
        ("tile/0/002.p/88", "hash of entry 599 was changed: .* as the entry is and was signed"),
        ("tile/1/000.p/2", "not the hashes of the tiles below"),
        ("checkpoint", "hold|base64|known|line"),
    ],
)
def test_audit_names_a_flipped_bit(
    tmp_path: Path, open_record: Open, leaves_of: Leaves, file: str, says: str
) -> None:
    """One flipped bit in any file is found: that file is named, which entry, and nothing else."""
    record = open_record(tmp_path)
    for count in (10, 300, 290):
        record.append(leaves_of(count))
    assert problems(tmp_path, record.verifier_key) == []
    path = tmp_path / file
    octets = bytearray(path.read_bytes())
    octets[-5] ^= 1
    path.write_bytes(octets)
    (found,) = problems(tmp_path, record.verifier_key)
    assert found.file == file
    assert re.search(says, found.message), found


@pytest.mark.clause("c2sp:tlog-tiles")
def test_audit_goes_on_after_a_bundle_that_is_none(
    tmp_path: Path, open_record: Open, leaves_of: Leaves
) -> None:
    """A length that was changed, or a bundle that is gone, hides nothing of what comes after it."""
    record = open_record(tmp_path)
    record.append(leaves_of(600))
    file, later = tmp_path / "tile/entries/000", tmp_path / "tile/entries/001"
    whole, octets = file.read_bytes(), bytearray(later.read_bytes())
    octets[-5] ^= 1
    later.write_bytes(octets)
    for bad, says in ((b"\xff" + whole[1:], "entry bundle"), (None, "missing")):
        file.unlink()
        if bad is not None:
            file.write_bytes(bad)
        first, second = problems(tmp_path, record.verifier_key)
        assert (first.file, says in first.message) == ("tile/entries/000", True)
        assert second.file == "tile/entries/001"
    (tmp_path / "tile/0/000").unlink()
    assert [one.message for one in problems(tmp_path, record.verifier_key)] == ["missing"] * 2


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_audit_names_an_old_or_another_history(
    tmp_path: Path, open_record: Open, leaves_of: Leaves
) -> None:
    """A checkpoint older than what was cosigned is named; so are entries under another's root."""
    record = open_record(tmp_path / "log")
    old = record.append(leaves_of(300)).note
    new = record.append(leaves_of(10)).note
    (tmp_path / "log/cosigned").write_bytes(old)
    assert problems(tmp_path / "log", record.verifier_key) == []
    other = open_record(tmp_path / "other").append(leaves_of(310, 99))
    for file in ("checkpoint", "cosigned"):
        (tmp_path / "log" / file).write_bytes(other.note)
        (found,) = problems(tmp_path / "log", record.verifier_key)
        assert (found.file, "another history" in found.message) == (file, True)
        assert other.root.hex() in found.message
        (tmp_path / "log" / file).write_bytes(new)
    (tmp_path / "log/checkpoint").write_bytes(old)
    found = problems(tmp_path / "log", record.verifier_key)[0]
    assert found.file == "checkpoint"
    assert "says 300 entries, the log signed 310 in cosigned" in found.message


def test_audit_names_what_is_missing_or_unknown(
    tmp_path: Path, open_record: Open, leaves_of: Leaves
) -> None:
    """Missing tiles, strangers among the tiles and tiles beyond the log are each named."""
    record = open_record(tmp_path)
    record.append(leaves_of(600))
    (tmp_path / "tile/0/000").rename(tmp_path / "tile/0/007")
    (tmp_path / "tile/notes.txt").write_text("hello")
    (tmp_path / "blob").mkdir()
    (tmp_path / "blob/00").write_text("hello")
    found = {problem.file: problem.message for problem in problems(tmp_path, record.verifier_key)}
    assert found == {
        "tile/0/000": "missing",
        "tile/0/007": "beyond the log's 600 entries",
        "tile/notes.txt": "unknown file among the tiles",
        "blob/00": "unknown file: no entry names it",
    }


def test_audit_reports_progress(tmp_path: Path, open_record: Open, leaves_of: Leaves) -> None:
    """Progress counts entries and ends with all of them."""
    record = open_record(tmp_path)
    record.append(leaves_of(2_400))
    assert list(audit(tmp_path, record.verifier_key)) == [
        AuditProgress(done=done, total=2_400) for done in (2_048, 2_304, 2_400)
    ]


@pytest.mark.parametrize("file", ["tile/entries/000.p/7", "tile/0/000.p/7"])
def test_a_reader_gives_out_no_damaged_leaf(
    tmp_path: Path, open_record: Open, leaves_of: Leaves, file: str
) -> None:
    """A leaf that is not the one that was lodged is Inconsistent, one by one and in a row."""
    record = open_record(tmp_path)
    record.append(leaves_of(7))
    octets = bytearray((tmp_path / file).read_bytes())
    octets[-1] ^= 1
    (tmp_path / file).write_bytes(octets)
    reader = FileRecordReader(tmp_path, record.verifier_key)
    with pytest.raises(Inconsistent):
        reader.leaf(6)
    with pytest.raises(Inconsistent):
        list(reader.leaves(0, 7))
    record.close()
    if "entries" not in file:
        with pytest.raises(Inconsistent, match="tiles lead to"):
            open_record(tmp_path)
