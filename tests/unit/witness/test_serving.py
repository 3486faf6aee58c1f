"""A witness as a program of its own: its answers on a real socket, and killed at any moment."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.support.founding import quick_stores

from smki.adapters.record import FileRecordReader
from smki.interfaces.cli import main
from smki.merkle.notes import VerifierKey
from smki.merkle.proofs import prove_consistency
from smki.merkle.travelling import AddCheckpoint, parse_cosignatures
from smki.merkle.trust import Policy

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

pytestmark = pytest.mark.clause("c2sp:tlog-witness")
SECRET = {"SMKI_PASSPHRASE": "open"}


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The program, and the port that it answers on."""
    words = [sys.executable, "-m", "smki", "witness", "serve", str(folder), "--port", "0", *more]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, **SECRET}
    ) as program:
        assert program.stdout is not None
        try:
            ready = program.stdout.readline()
            yield program, int(ready.rpartition(":")[2])
        finally:
            program.kill()


def post(port: int, body: bytes) -> tuple[int, str, bytes]:
    """Status, content type and body of the answer to an add-checkpoint request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/add-checkpoint", body)
    answer = connection.getresponse()
    found = answer.status, answer.headers.get_content_type(), answer.read()
    connection.close()
    return found


def asked(log: Log, old: int) -> AddCheckpoint:
    """What the log asks of a witness that remembers size `old`."""
    reader = FileRecordReader(log.folder, log.vkey)
    checkpoint = reader.checkpoint()
    proof = prove_consistency(old, checkpoint.size, reader.node) if old else ()
    return AddCheckpoint(old=old, proof=proof, checkpoint=checkpoint.note)


@pytest.fixture
def answering(log: Log, tmp_path: Path) -> Path:
    """A witness that knows the log and follows nothing, made by the command."""
    folder = tmp_path / "answering"
    words = ["witness", "init", str(folder), "--name", "w.example", "--log", log.vkey, "--json"]
    with quick_stores():
        done = CliRunner().invoke(main, words, env=SECRET)
    assert done.exit_code == 0, done.output
    assert VerifierKey.parse(json.loads(done.stdout)["vkey"]).name == "w.example"
    return folder


def test_each_answer_of_the_document(log: Log, answering: Path) -> None:
    """Each status that the document names is the answer to what it names it for."""
    vkey = (answering / "vkey").read_text().strip()
    fork = log.copy("fork")
    fork.grow(1, "forged")
    with served(answering) as (_, port):
        first = asked(log, 0)
        status, kind, body = post(port, first.encode())
        assert (status, kind) == (200, "text/plain")
        (line,) = parse_cosignatures(body)
        policy = Policy.parse(f"log {log.vkey}\nwitness w {vkey}\nquorum w\n".encode())
        assert policy.believe(first.checkpoint + body).head.size == 300
        assert line.name == "w.example"
        log.grow(1)
        assert post(port, asked(log, 0).encode()) == (409, "text/x.tlog.size", b"300\n")
        assert post(port, asked(log, 300).encode())[0] == 200
        assert post(port, asked(fork, 301).encode())[0] == 409
        log.grow(1)
        unproven = AddCheckpoint(old=301, proof=(), checkpoint=asked(log, 0).checkpoint)
        assert post(port, unproven.encode())[0] == 422
        unsigned = unproven.checkpoint.replace(b"\n302\n", b"\n303\n")
        assert post(port, AddCheckpoint(old=301, proof=(), checkpoint=unsigned).encode())[0] == 403
        other = unproven.checkpoint.replace(b"example.com", b"example.org")
        assert post(port, AddCheckpoint(old=301, proof=(), checkpoint=other).encode())[0] == 404
        beyond = AddCheckpoint(old=900, proof=(), checkpoint=unproven.checkpoint)
        assert post(port, beyond.encode())[0] == 400
        assert post(port, b"nonsense")[0] == 400
        assert post(port, bytes(400_000))[0] == 413


def test_killed_it_never_signs_a_fork(log: Log, answering: Path) -> None:
    """Killed while it answers, again and again, it goes on where it stood and signs no fork."""
    for turn in range(3):
        fork = log.copy(f"fork-{turn}")
        log.grow(3)
        fork.grow(3, "forged")
        with served(answering) as (program, port):
            _, _, size = post(port, asked(log, 0).encode())
            old = int(size) if size[:1].isdigit() else 0
            if turn % 2:  # killed before it can have answered, perhaps in the middle
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("POST", "/add-checkpoint", asked(log, old).encode())
                program.send_signal(signal.SIGKILL)
                connection.close()
            elif old:
                status, _, _ = post(port, asked(log, old).encode())
                assert status == 200
        with served(answering) as (_, port):
            for _ in range(2):
                _, _, size = post(port, asked(log, 0).encode())
                if size[:1].isdigit():
                    assert post(port, asked(log, int(size)).encode())[0] == 200
            newest = FileRecordReader(log.folder, log.vkey).checkpoint().size
            assert post(port, asked(fork, newest).encode())[0] == 409


def test_following_by_command(log: Log, witness_folder: Path) -> None:
    """`follow` cosigns what the log shows, and ends with code 1 when it forked, 3 when it is away."""

    def follow() -> tuple[int, Any]:
        words = ["witness", "follow", str(witness_folder), "--json"]
        done = CliRunner().invoke(main, words, env=SECRET)
        return done.exit_code, json.loads(done.stdout)

    fork = log.copy("fork")
    log.grow(9)
    fork.grow(9, "forged")
    code, shown = follow()
    assert (code, shown["logs"][0]["size"]) == (0, 309)
    log.put(fork)
    code, shown = follow()
    assert (code, shown["error"]["family"]) == (1, "refused")
    log.folder.rename(log.folder.with_name("away"))
    assert follow()[0] == 3
