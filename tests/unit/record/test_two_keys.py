"""A log that signs its checkpoints with two keys, and what its entries say of them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from smki.adapters.mirror import mirror
from smki.adapters.record import FileRecord, FileRecordReader, Problem, audit
from smki.adapters.record.disk import Disk
from smki.merkle import SignedNote, VerifierKey, verify_checkpoint
from smki.merkle.leaf import LeafType, encode_leaf
from smki.merkle.log_keys import LogKeyNote
from smki.merkle.signatures import Algorithm
from smki.merkle.trust import Policy
from smki.terms import Refused

Open = Callable[[Path], FileRecord]
Leaves = Callable[..., list[bytes]]


def noted(record: FileRecord, key: str, *, signs: bool) -> list[bytes]:
    """The key, and a note that it signs or signs no more."""
    note = LogKeyNote(key=key, refers=record.checkpoint().size, signs=signs)
    bodies = ((LeafType.LOG_KEY, key.encode()), (LeafType.STATUS_NOTE, note.encode()))
    return [encode_leaf(kind, body, 0)[0] for kind, body in bodies]


def problems(folder: Path, key: str) -> list[str]:
    """What an audit finds."""
    return [one.message for one in audit(folder, key) if isinstance(one, Problem)]


@pytest.mark.clause("c2sp:tlog-checkpoint", "c2sp:tlog-cosignature")
def test_either_key_is_enough(
    tmp_path: Path, open_record: Open, open_with_both: Open, leaves_of: Leaves
) -> None:
    """Who knows one of the keys goes on as before when the other one comes, and when it goes."""
    folder = tmp_path / "log"
    with closing(open_record(folder)) as record:
        first = record.verifier_key
        record.append([*noted(record, first, signs=True), *leaves_of(298)])
    with closing(open_with_both(folder)) as record:
        assert record.verifier_keys[0] == first
        second = record.verifier_keys[1]
        checkpoint = record.append(noted(record, second, signs=True))
    head = verify_checkpoint(checkpoint.note, [VerifierKey.parse(first)])
    assert head == verify_checkpoint(checkpoint.note, [VerifierKey.parse(second)])
    lines = SignedNote.parse(checkpoint.note).signatures
    assert [line.name for line in lines] == [head.origin, head.origin]
    assert VerifierKey.parse(second).algorithm is Algorithm.ML_DSA_44
    assert VerifierKey.parse(second).time(lines[1]) == 0  # it says nothing of the time
    for key in (first, second):
        assert FileRecordReader(folder, key).checkpoint().size == 302
        assert Policy.of_log(key).believe(checkpoint.note).head == head
        copied = [*mirror(Disk(folder), tmp_path / key[-8:].replace("/", "_"), key)]
        assert not [one for one in copied if isinstance(one, Problem)]
        assert problems(folder, key) == []
    with closing(open_record(folder)) as record:
        checkpoint = record.append(noted(record, second, signs=False))
    assert problems(folder, first) == []
    with pytest.raises(Refused, match="must be signed by one of the known keys"):
        verify_checkpoint(checkpoint.note, [VerifierKey.parse(second)])


@pytest.mark.clause("c2sp:tlog-checkpoint", "c2sp:signed-note")
def test_audit_names_a_line_that_is_wrong(
    tmp_path: Path, open_record: Open, open_with_both: Open, leaves_of: Leaves
) -> None:
    """A line that is missing, spoilt, or by a key that is no entry is named; then all is well again."""
    with closing(open_with_both(tmp_path)) as record:
        first, second = record.verifier_keys
        record.append(leaves_of(2))
        assert "which is no entry of it" in problems(tmp_path, first)[0]
        record.append(noted(record, second, signs=True))
    path = tmp_path / "checkpoint"
    note = path.read_bytes()
    lines = note.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    name = f"key {VerifierKey.parse(second).key_id.hex()} (ML_DSA_44)"
    assert problems(tmp_path, first) == [f"not signed with {name}, as entry 3 says it is"]
    spoilt = note[:-40] + (b"A" if note[-40:-39] != b"A" else b"B") + note[-39:]
    path.write_bytes(spoilt)
    assert "does not hold" in problems(tmp_path, first)[0]
    with closing(open_record(tmp_path)) as record:  # the first key's word is enough to go on
        record.append(leaves_of(1))
    assert "not signed with" in problems(tmp_path, first)[0]
    with closing(open_with_both(tmp_path)) as record:
        record.append(leaves_of(1))
    assert problems(tmp_path, first) == []


def test_a_note_about_another_entry_says_nothing(
    tmp_path: Path, open_record: Open, leaves_of: Leaves
) -> None:
    """Only a note that refers to the key's own entry makes it one that must sign."""
    with closing(open_record(tmp_path)) as record:
        key = record.verifier_key
        record.append(leaves_of(1))
        leaves = noted(record, key, signs=True)
        record.append([leaves[1], leaves[0]])
    assert problems(tmp_path, key) == []
