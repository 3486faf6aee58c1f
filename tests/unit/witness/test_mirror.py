"""A mirror has everything and proves it, goes on where it was, and names what is wrong."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from smki.adapters.record import FileRecordReader
from smki.adapters.record.publishing import publish_cosigned
from smki.bootstrap.witnesses import Follower, open_witness
from smki.interfaces.cli import main

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

pytestmark = pytest.mark.clause("c2sp:tlog-tiles")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, as any web server would, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


@pytest.fixture
def address(log: Log) -> Iterator[str]:
    """Where any web server serves the log's files."""
    handler = functools.partial(Quiet, directory=str(log.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def mirrored(place: object, folder: Path, log: Log, *more: str) -> tuple[int, Any]:
    """Exit code and document of the command."""
    words = ["mirror", str(place), str(folder), "--key", log.vkey, "--json", *more]
    done = CliRunner().invoke(main, words)
    return done.exit_code, json.loads(done.stdout)


def test_it_has_everything(log: Log, address: str, tmp_path: Path) -> None:
    """From an address or a folder, at once or in steps, a mirror has the log's root and passes audit."""
    for place, name in ((address, "far"), (log.folder, "near")):
        for count in (0, 1, 300):
            log.grow(count)
            code, told = mirrored(place, tmp_path / name, log, "--verify")
            assert (code, told["problems"]) == (0, [])
            ours = FileRecordReader(tmp_path / name, log.vkey)
            assert ours.checkpoint() == FileRecordReader(log.folder, log.vkey).checkpoint()
            assert told["entries"] == ours.checkpoint().size


@pytest.mark.clause("c2sp:tlog-cosignature")
def test_it_has_the_cosignatures(log: Log, witness_folder: Path, tmp_path: Path) -> None:
    """The newest cosigned checkpoint is copied as it is; one of another history is named instead."""
    with open_witness(witness_folder, {"SMKI_PASSPHRASE": "open"}) as (witness, logs):
        _, path = Follower(witness_folder, witness, logs[0]).follow()
    publish_cosigned(log.folder, path.read_bytes())
    fork = log.copy("fork")
    log.grow(30)
    assert mirrored(log.folder, tmp_path / "copy", log, "--verify")[0] == 0
    copied = tmp_path / "copy" / "cosigned"
    before = copied.read_bytes()
    assert before == (log.folder / "cosigned").read_bytes() == path.read_bytes()
    fork.grow(10, "forged")
    (log.folder / "cosigned").write_bytes((fork.folder / "checkpoint").read_bytes())
    code, told = mirrored(log.folder, tmp_path / "copy", log)
    (problem,) = told["problems"]
    assert (code, problem.split(":")[0]) == (1, "cosigned")
    assert "another history was signed" in problem
    (log.folder / "cosigned").write_bytes(before.replace(b"\n300\n", b"\n299\n"))
    code, told = mirrored(log.folder, tmp_path / "copy", log)
    assert (code, told["problems"][0].split(":")[0]) == (1, "cosigned")
    assert copied.read_bytes() == before


def test_a_mirror_of_a_mirror(log: Log, tmp_path: Path) -> None:
    """A mirror is a log like any other: it can be mirrored."""
    assert mirrored(log.folder, tmp_path / "one", log)[0] == 0
    assert mirrored(tmp_path / "one", tmp_path / "two", log, "--verify")[0] == 0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("tile/entries/001", "no bundle of 256 whole entries, as tile/0/001 says"),
        ("tile/0/000", "entry 0 hashes to "),
        ("tile/1/000.p/2", "not the hashes"),
        ("tile/entries/002.p/88", "no bundle of 88 whole entries, as tile/0/002.p/88 says"),
    ],
)
def test_what_is_wrong_is_named(log: Log, tmp_path: Path, path: str, message: str) -> None:
    """A flipped bit in any file, or a missing file, is named; mended, the same mirror goes on."""
    log.grow(300)
    file = log.folder / path
    good = file.read_bytes()
    named = path if "entries" in path or "tile/1" in path else "tile/entries/000"
    for bad in (bytes([good[0], good[1] ^ 1]) + good[2:], None):
        if bad is None:
            file.unlink()
        else:
            file.write_bytes(bad)
        code, told = mirrored(log.folder, tmp_path / "copy", log)
        assert code == 1
        (problem,) = told["problems"]
        assert problem.startswith(named if bad is not None else path)
        assert (message if bad is not None else "missing") in problem
        assert not (tmp_path / "copy" / "checkpoint").exists()
    file.write_bytes(good)
    assert mirrored(log.folder, tmp_path / "copy", log, "--verify")[0] == 0


def test_a_rewritten_log_is_named(log: Log, tmp_path: Path) -> None:
    """A log that went back, or does not begin with what is mirrored, is named; the mirror stays."""
    fork, old = log.copy("fork"), log.copy("old")
    log.grow(30)
    fork.grow(400, "forged")
    assert mirrored(log.folder, tmp_path / "copy", log)[0] == 0
    before = (tmp_path / "copy" / "checkpoint").read_bytes()
    evidence = tmp_path / "evidence"
    for more in ((), ("--evidence", str(evidence))):
        code, told = mirrored(fork.folder, tmp_path / "copy", log, *more)
        assert (code, "log was rewritten" in told["error"]["message"]) == (1, True)
    words = ["repository", "verify", str(evidence), "--key", log.vkey, "--json"]
    shown = json.loads(CliRunner().invoke(main, words).stdout)
    assert (shown["earlier"]["size"], shown["later"]["size"]) == (330, 700)
    code, told = mirrored(old.folder, tmp_path / "copy", log)
    assert (code, "went back" in told["error"]["message"]) == (1, True)
    assert (tmp_path / "copy" / "checkpoint").read_bytes() == before
    assert mirrored(log.folder, tmp_path / "copy", log, "--verify")[0] == 0


def test_another_key_is_not_believed(log: Log, tmp_path: Path) -> None:
    """A log that this key did not sign is not copied."""
    other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    words = ["mirror", str(log.folder), str(tmp_path / "copy"), "--key", other]
    assert CliRunner().invoke(main, words).exit_code == 4
    assert not (tmp_path / "copy" / "checkpoint").exists()
