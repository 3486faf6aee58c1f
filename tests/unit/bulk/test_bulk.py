"""Bulk files: whole, bound to a checkpoint, and enough to make the log again."""

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.bulk import BulkFile, read_entries, read_manifest
from smki.adapters.bulk_mirror import mirror_bulk
from smki.adapters.record import AuditProgress, audit
from smki.interfaces.cli import main
from smki.merkle import VerifierKey
from smki.merkle.bulk import BulkManifest
from smki.repository.exporting import first_on
from smki.terms import Malformed, Refused, Unavailable


def nobody(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""
    assert done <= total


def edit(one: BulkFile, **fields: object) -> BulkFile:
    """The manifest says something else from now on."""
    said = json.loads(one.path.read_bytes()) | fields
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    one.path.write_text(text)
    return read_manifest(one.path)


@pytest.mark.clause("rfc6962:2.1")
def test_a_full_file_holds_every_entry_and_blob(log: Any) -> None:
    """What is read from a full file is what was lodged, in order, blobs included."""
    log.lodge(700, blobs=3)
    read = list(read_entries(log.export(), log.key))
    assert [leaf for leaf, _ in read] == list(log.record.leaves(0, 700))
    blobs = [blob for _, blob in read if blob is not None]
    assert len(blobs) == 3
    sized = ((leaf, blob) for leaf, blob in read[:3] if blob is not None)
    assert all(log.record.blob(leaf[11:43], len(blob)) == blob for leaf, blob in sized)


@pytest.mark.clause("rfc6962:2.1")
@pytest.mark.parametrize("start", [0, 1, 255, 256, 257, 699, 700])
def test_a_delta_proves_itself(log: Any, start: int) -> None:
    """A delta from any entry on, an empty one too, leads to the root of its checkpoint."""
    log.lodge(700, blobs=1)
    one = log.export(start)
    assert len(list(read_entries(one, log.key))) == 700 - start


@pytest.mark.clause("c2sp:tlog-tiles")
def test_a_mirror_of_full_file_and_deltas_is_the_log(log: Any, tmp_path: Path) -> None:
    """A full file and deltas, in any order and overlapping, give the log's root and whole audit."""
    log.lodge(300, blobs=2)
    files = [log.export()]
    for count, back in ((1, 0), (211, 40), (0, 0), (600, 512)):
        start = max(0, log.record.checkpoint().size - back)
        log.lodge(count, blobs=min(count, 1), salt="more")
        files.append(log.export(start))
    mirror = tmp_path / "mirror"
    checkpoint = mirror_bulk(files[::-1], mirror, log.key, nobody)
    assert checkpoint == log.record.checkpoint()
    found = list(audit(mirror, log.key))
    assert [one for one in found if not isinstance(one, AuditProgress)] == []


@pytest.mark.clause("c2sp:tlog-tiles")
def test_a_mirror_goes_on(log: Any, tmp_path: Path) -> None:
    """A mirror takes each day's delta when it comes; one that it has changes nothing."""
    mirror = tmp_path / "mirror"
    log.lodge(257)
    mirror_bulk([log.export()], mirror, log.key, nobody)
    for _ in range(3):
        start = log.record.checkpoint().size
        log.lodge(300, blobs=1)
        delta = log.export(start)
        for _ in range(2):
            assert mirror_bulk([delta], mirror, log.key, nobody) == log.record.checkpoint()


@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.parametrize("cut", [(), (300,), (1, 255, 256), (256, 512, 700)])
def test_a_mirror_of_bulk_files_is_the_mirror_of_the_log(
    log: Any, tmp_path: Path, cut: tuple[int, ...]
) -> None:
    """`smki mirror --bulk` of full file and deltas gives the files of `smki mirror` of the log.

    Either goes on where the other stopped.
    """
    sizes = [*cut, 1000]
    for start, size in zip([0, *cut], sizes, strict=True):
        log.lodge(size - start, blobs=2)
        log.export(start or None)
        assert mirrored(log.folder.folder, tmp_path / "bulk", log, "--bulk", "--verify") == size
        assert mirrored(tmp_path / "log", tmp_path / "near", log) == size
    whole = {path: octets for path, octets in files_in(tmp_path / "near").items() if path != "lock"}
    assert {**whole, "lock": b""} == files_in(tmp_path / "bulk")
    log.lodge(30)
    assert mirrored(tmp_path / "log", tmp_path / "bulk", log, "--verify") == 1030
    log.export(1000)
    assert mirrored(log.folder.folder, tmp_path / "near", log, "--bulk", "--verify") == 1030
    assert files_in(tmp_path / "bulk") == files_in(tmp_path / "near")


def test_a_folder_without_bulk_files_is_said(log: Any, tmp_path: Path) -> None:
    """Where there is nothing to make a mirror from, the command says so."""
    words = ["mirror", str(tmp_path), str(tmp_path / "copy"), "--key", log.key, "--bulk"]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "at least a full one" in done.stderr) == (1, True)


def mirrored(place: Path, folder: Path, log: Any, *more: str) -> int:
    """How many entries the mirror has that the command made without a problem."""
    words = ["mirror", str(place), str(folder), "--key", log.key, "--json", *more]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return int(json.loads(done.stdout)["entries"])


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file, by its path."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_gap_is_refused(log: Any, tmp_path: Path) -> None:
    """A delta that begins beyond what the mirror has is refused, and the mirror stands."""
    log.lodge(10)
    full = log.export()
    log.lodge(10)
    missing = log.record.checkpoint().size
    log.lodge(10)
    mirror_bulk([full], tmp_path / "mirror", log.key, nobody)
    with pytest.raises(Refused, match="must begin there or before") as caught:
        mirror_bulk([log.export(missing)], tmp_path / "mirror", log.key, nobody)
    assert caught.value.rule == "bulk.gap"


@pytest.mark.clause("rfc6962:2.1.2")
@pytest.mark.parametrize("start", [0, 150, 300])
def test_a_rewritten_log_is_refused(
    new_log: Callable[[str], Any], tmp_path: Path, start: int
) -> None:
    """A file of a log that the same key signed with another history does not go into the mirror."""
    honest, forked = new_log("honest"), new_log("forked")
    honest.lodge(300)
    mirror_bulk([honest.export()], tmp_path / "mirror", honest.key, nobody)
    before = {
        path: path.read_bytes() for path in (tmp_path / "mirror").rglob("*") if path.is_file()
    }
    forked.lodge(300, salt="other")
    forked.lodge(300, salt="other")
    with pytest.raises(Refused, match="rewritten") as caught:
        mirror_bulk([forked.export(start)], tmp_path / "mirror", honest.key, nobody)
    assert caught.value.rule == "merkle.forked"
    after = {path: path.read_bytes() for path in (tmp_path / "mirror").rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_another_logs_key_is_not_believed(log: Any) -> None:
    """A file is checked with the key of the log that one believes, not with the one it names."""
    log.lodge(5)
    spki = (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(Refused, match="key"):
        list(read_entries(log.export(), str(VerifierKey.from_spki(log.record.origin, spki))))


@pytest.mark.clause("rfc6962:2.1")
@pytest.mark.parametrize("at", [0, 3, 14, 28, 30, 60, 5_000, 41_000, -1])
def test_a_flipped_bit_is_found(log: Any, at: int) -> None:
    """No octet of a bulk file can be changed unnoticed: title, range, lengths, leaves, blobs."""
    log.lodge(40, blobs=1)
    one = log.export()
    octets = bytearray(one.data.read_bytes())
    octets[at] ^= 1
    one.data.write_bytes(octets)
    with pytest.raises((Malformed, Refused)):
        list(read_entries(one, log.key))


@pytest.mark.parametrize("cut", [0, 5, 27, 28, 100, 1_000])
def test_a_file_that_is_cut_or_longer_is_malformed(log: Any, cut: int) -> None:
    """Half a file, and one with more behind it, is not taken for the whole."""
    log.lodge(40)
    one = log.export()
    octets = one.data.read_bytes()
    for wrong in (octets[:cut], octets + bytes(1)):
        one.data.write_bytes(wrong)
        with pytest.raises(Malformed, match=r"ends within|more than"):
            list(read_entries(one, log.key))


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_a_manifest_cannot_claim_what_was_not_signed(log: Any) -> None:
    """Another size, root, start, digest or hash before than the log's is refused."""
    log.lodge(300)
    wrong: tuple[dict[str, object], ...] = (
        {"size": 299},
        {"root": "00" * 32},
        {"from": 200},
        {"from": 301},
        {"sha256": "00" * 32},
        {"octets": 7},
        {"before": []},
        {"before": ["00" * 32] * 8},
        {"kind": "full"},
    )
    for fields in wrong:
        one = edit(log.export(255), **fields)
        with pytest.raises((Malformed, Refused)):
            list(read_entries(one, log.key))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"format":"smki-bulk 2"}',
        b'{"format":"smki-bulk 1"}',
        b"[" * 99,
    ],
)
def test_what_is_no_manifest_is_malformed(octets: bytes) -> None:
    """Any octets that are no manifest are Malformed, and nothing else."""
    with pytest.raises(Malformed):
        BulkManifest.parse(octets)


@pytest.mark.parametrize(
    "fields",
    [
        {"file": "../../etc/passwd"},
        {"file": "/etc/passwd"},
        {"file": "a/b"},
        {"file": ".hidden"},
        {"file": "a\x00b"},
        {"file": 7},
        {"kind": "some"},
        {"date": "2026-02-31"},
        {"date": "2026-1-1"},
        {"from": -1},
        {"size": 1 << 63},
        {"size": True},
        {"root": "zz"},
        {"before": "00"},
        {"extra": 1},
        {"checkpoint": "\ud800"},
    ],
)
def test_a_manifest_names_nothing_outside_its_folder(log: Any, fields: dict[str, object]) -> None:
    """A manifest with a path for a name, or a field of another form, is not read."""
    log.lodge(3)
    said = json.loads(log.export().path.read_bytes()) | fields
    with pytest.raises(Malformed):
        BulkManifest.parse(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())


def test_the_day_begins_at_midnight(log: Any) -> None:
    """A day's first entry is found, of a day without any the next one, of the future the end."""
    log.lodge(300, days=0)
    log.lodge(20, days=1)
    log.lodge(7, days=3)
    day = BulkManifest.parse(log.export().path.read_bytes()).date
    assert day == "2026-11-20"
    first = [first_on(log.record, _day(day, days)) for days in range(-1, 5)]
    assert first == [0, 0, 300, 320, 320, 327]


def _day(text: str, days: int) -> Any:

    return date.fromisoformat(text) + timedelta(days=days)


def test_what_was_cut_off_goes_and_nobody_saw_it(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that fails leaves no name; what one that was killed left goes with the next run."""
    log.lodge(10)
    log.folder.folder.mkdir()
    left = log.folder.folder / ".full-2026-11-20-9.bulk.part"
    left.write_bytes(b"half")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(Unavailable, match="No space left"):
            log.export()
    assert {path.name for path in log.folder.folder.iterdir()} <= {".lock"}
    assert log.folder.files() == ()
    made = log.export()
    assert log.folder.files() == (made,)
    log.folder.drop([made])
    assert {path.name for path in log.folder.folder.iterdir()} == {".lock"}


def test_one_run_at_a_time(log: Any) -> None:
    """While files are made in a folder nobody else makes some there."""
    log.lodge(9_000)

    def again(done: int, total: int) -> None:
        assert done <= total
        with pytest.raises(Unavailable, match="another run"):
            log.export()

    log.folder.export(
        log.record,
        kind=log.export().manifest.kind,
        start=0,
        day=_day("2026-11-20", 0),
        made=1,
        tell=again,
    )
