"""A witness signs what only grows: not a fork, not a step back, not after its memory was put back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.adapters.record import FileRecordReader
from smki.bootstrap.witnesses import Follower, make_witness, open_witness
from smki.flows.witnessing import Cosigned, Outdated, Witness, answer
from smki.merkle.contradicting import Contradiction
from smki.merkle.notes import VerifierKey
from smki.merkle.proofs import prove_consistency
from smki.merkle.travelling import AddCheckpoint
from smki.merkle.trust import Policy
from smki.ports import KeyAlgorithm
from smki.terms import Inconsistent, Malformed, Refused, Unavailable

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

    Opened = Callable[[], AbstractContextManager[tuple[Witness, Follower]]]

pytestmark = pytest.mark.clause("c2sp:tlog-witness")
SECRET = {"SMKI_PASSPHRASE": "open"}


def asked(log: Log, old: int) -> AddCheckpoint:
    """What the log asks of a witness that remembers size `old`."""
    reader = FileRecordReader(log.folder, log.vkey)
    checkpoint = reader.checkpoint()
    proof = prove_consistency(old, checkpoint.size, reader.node) if old else ()
    return AddCheckpoint(old=old, proof=proof, checkpoint=checkpoint.note)


def test_it_follows_a_log_that_grows(log: Log, opened: Opened) -> None:
    """Each newer checkpoint is cosigned, and believed by who asks for this witness."""
    with opened() as (witness, follower):
        text = f"log {log.vkey}\nwitness one {witness.key}\nquorum one\n"
        policy = Policy.parse(text.encode())
        for count in (0, 1, 255, 256, 700):
            log.grow(count)
            size, path = follower.follow()
            believed = policy.believe(path.read_bytes())
            assert (
                believed.head.size
                == size
                == FileRecordReader(log.folder, log.vkey).checkpoint().size
            )
            assert believed.cosigners[0][1] > 1_700_000_000


def test_it_answers_who_asks(log: Log, opened: Opened) -> None:
    """From nothing, from where it stands, and from elsewhere: signed, signed, told where it stands."""
    with opened() as (witness, _):
        first = answer(witness, asked(log, 0))
        assert isinstance(first, Cosigned)
        log.grow(50)
        assert answer(witness, asked(log, 0)) == Outdated(size=300)
        assert answer(witness, asked(log, 299)) == Outdated(size=300)
        second = answer(witness, asked(log, 300))
        assert isinstance(second, Cosigned)
        assert second.head.size == 350
        assert isinstance(answer(witness, asked(log, 350)), Cosigned)


@pytest.mark.clause("rfc6962:2.1.2")
@pytest.mark.parametrize("more", [0, 40, 700])
@pytest.mark.parametrize("count", [30, 212])  # to a size that is no full subtree, and to one
def test_a_fork_is_refused_and_kept(
    log: Log, opened: Opened, witness_folder: Path, count: int, more: int
) -> None:
    """Another history of the same size, or longer, is not signed; one file shows it to anyone."""
    fork = log.copy("fork")
    log.grow(count)
    fork.grow(count + more, "forged")
    with opened() as (_, follower):
        follower.follow()
        honest = (log.folder / "checkpoint").read_bytes()
        log.put(fork)
        for _ in range(2):
            with pytest.raises(Refused, match="evidence") as caught:
                follower.follow()
        assert caught.value.rule == ("witness.consistency" if more else "witness.forked")
    (kept,) = (witness_folder / "evidence").iterdir()
    assert caught.value.where == str(kept)
    evidence = Contradiction.parse(kept.read_bytes())
    assert (evidence.earlier, evidence.later) == (honest, (log.folder / "checkpoint").read_bytes())
    shown = evidence.verify([VerifierKey.parse(log.vkey)])
    assert (shown.earlier.size, shown.later.size) == (300 + count, 300 + count + more)
    assert shown.root != shown.earlier.root


def test_a_log_that_goes_back_is_refused(log: Log, opened: Opened) -> None:
    """A log that shows an older checkpoint than was cosigned is named, and nothing is signed."""
    old = log.copy("old")
    log.grow(5)
    with opened() as (_, follower):
        follower.follow()
        log.put(old)
    with opened() as (_, follower), pytest.raises(Refused, match="must be at least the 305"):
        follower.follow()


def test_a_tile_that_lies_is_found(log: Log, opened: Opened, witness_folder: Path) -> None:
    """A tile that was changed leads to no root that was signed: not signed, and no evidence."""
    with opened() as (_, follower):
        follower.follow()
        log.grow(300)
        tile = log.folder / "tile" / "0" / "001"
        octets = bytearray(tile.read_bytes())
        octets[40 * 32] ^= 1  # of an entry beyond the partial tile that the old size read
        octets[50 * 32] ^= 1
        tile.write_bytes(bytes(octets))
        with pytest.raises(Inconsistent, match="damaged, or still being copied"):
            follower.follow()
    assert not (witness_folder / "evidence").exists()


def test_a_copy_of_the_folder_never_signs(
    log: Log, opened: Opened, witness_folder: Path, tmp_path: Path
) -> None:
    """A memory that was put back from a copy may have forgotten a signature: it is not opened."""
    saved = tmp_path / "saved"
    with opened() as (_, follower):
        follower.follow()
    shutil.copytree(witness_folder, saved)
    log.grow(10)
    with opened() as (_, follower):
        follower.follow()
    shutil.rmtree(witness_folder)
    shutil.copytree(saved, witness_folder)
    with pytest.raises(Inconsistent, match="put back from a copy"), opened():
        pytest.fail("a copy was opened")


def test_a_later_signature_of_its_own_is_believed(
    log: Log, opened: Opened, witness_folder: Path
) -> None:
    """Shown a signature of its own over more than it remembers, it knows that it forgot."""
    seen = witness_folder / "seen"
    with opened() as (witness, follower):
        follower.follow()
        (file,) = seen.iterdir()
        older = file.read_bytes()
        log.grow(10)
        request = asked(log, 300)
        later = answer(witness, request)
        assert isinstance(later, Cosigned)
        file.write_bytes(older)  # as after a snapshot of the whole disk
        again = AddCheckpoint(old=300, proof=request.proof, checkpoint=later.checkpoint)
        with pytest.raises(Inconsistent, match="older copy"):
            answer(witness, again)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_cut_off_at_each_write(
    log: Log, opened: Opened, monkeypatch: pytest.MonkeyPatch, number: int, *, done: bool
) -> None:
    """Whichever write fails, lost or done, it signs the same history afterwards, and no other."""
    fork = log.copy("fork")
    with opened() as (witness, follower):
        follower.follow()
    log.grow(30)
    fork.grow(30, "forged")
    calls = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal calls
            calls, mine = calls + 1, calls
            if mine == number and not done:
                raise OSError(5, "Input/output error")
            result = real(*arguments)
            if mine == number:
                raise OSError(5, "Input/output error")
            return result

        return call

    signed: list[bytes] = []
    with monkeypatch.context() as patch, opened() as (witness, _):
        patch.setattr(os, "fsync", failing(os.fsync))
        patch.setattr(Path, "replace", failing(Path.replace))
        try:
            result = answer(witness, asked(log, 300))
        except Unavailable:
            result = None
        if isinstance(result, Cosigned):
            signed.append(result.head.root)
    with opened() as (witness, _):
        last = witness.memory.last("example.com/smki")
        assert last is not None
        size = last.size
        if signed:
            assert (last.size, last.root) == (330, signed[0])
        if size == 330:  # remembered, so only this one is ever signed
            with pytest.raises(Refused, match="two roots of size 330"):
                answer(witness, asked(fork, 330))
        assert isinstance(answer(witness, asked(log, size)), Cosigned)
        with pytest.raises(Refused, match="two roots of size 330"):
            answer(witness, asked(fork, 330))
    assert signed or number < 3, "the write that was to fail is never reached"


def test_two_processes_cannot_have_one_memory(witness_folder: Path, opened: Opened) -> None:
    """While it runs, a second opening is told so."""
    with opened(), pytest.raises(Unavailable, match="runs already"), opened():
        pytest.fail("it was opened twice")


def test_ml_dsa_witness(log: Log, tmp_path: Path) -> None:
    """A witness whose key is ML-DSA-44 cosigns as well, and is believed."""
    folder = tmp_path / "other"
    key = make_witness(
        folder,
        name="witness.example/2",
        log=log.vkey,
        place=str(log.folder),
        algorithm=KeyAlgorithm.ML_DSA_44,
        environment=SECRET,
    )
    with open_witness(folder, SECRET) as (witness, logs):
        _, path = Follower(folder, witness, logs[0]).follow()
    policy = f"log {log.vkey}\nwitness two {key}\nquorum two\n"
    assert Policy.parse(policy.encode()).believe(path.read_bytes()).head.size == 300


def test_it_is_made_once_and_whole(log: Log, witness_folder: Path, tmp_path: Path) -> None:
    """A folder that holds something is not used; a log or a place that is none is said."""
    make: dict[str, Any] = {"name": "w", "log": log.vkey, "algorithm": KeyAlgorithm.ED25519}
    with pytest.raises(Refused, match="not empty"):
        make_witness(witness_folder, **make, place="", environment=SECRET)
    with pytest.raises(Malformed):
        make_witness(tmp_path / "new", **make, place="two words", environment=SECRET)
    with pytest.raises(Malformed, match="blanks"):
        make_witness(tmp_path / "new", **{**make, "name": "a b"}, place="", environment=SECRET)
    with pytest.raises(Unavailable, match="none here"), open_witness(tmp_path / "new", SECRET):
        pytest.fail("there is none")
