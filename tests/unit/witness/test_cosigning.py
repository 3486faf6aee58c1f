"""The house asks its witnesses, and publishes what they sign; nobody else's word gets in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smki.adapters.addresses import Address
from smki.adapters.record import FileRecordReader
from smki.adapters.record.publishing import publish_cosigned
from smki.bootstrap.cosigning import Cosigning
from smki.bootstrap.witnesses import Follower
from smki.flows.cosigning import AskedWitness, Collected, collect
from smki.flows.witnessing import Outdated, Witness, answer
from smki.merkle.travelling import AddCheckpoint
from smki.merkle.trust import Policy
from smki.ports.witness import Answer
from smki.repository import prove, verify_proof
from smki.repository.travelling import prove_one, verify_file
from smki.terms import Malformed, Refused, Unavailable

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

    Opened = Callable[[], AbstractContextManager[tuple[Witness, Follower]]]

pytestmark = pytest.mark.clause("c2sp:tlog-cosignature", "c2sp:tlog-witness")


@dataclass
class Direct:
    """A link that asks a witness in this process, or says one thing."""

    witness: Witness
    says: Answer | None = None
    asked: list[int] = field(default_factory=list)

    def add_checkpoint(self, request: bytes) -> Answer:
        """What the witness answers."""
        parsed = AddCheckpoint.parse(request)
        self.asked.append(parsed.old)
        if self.says is not None:
            return self.says
        done = answer(self.witness, parsed)
        if isinstance(done, Outdated):
            return Answer(status=409, body=b"%d\n" % done.size)
        return Answer(status=200, body=str(done.line).encode())


def round_of(log: Log, link: Direct) -> tuple[Collected, FileRecordReader]:
    """One round of asking, and the record's reader afterwards."""
    reader = FileRecordReader(log.folder, log.vkey)
    asked = AskedWitness(name="one", key=link.witness.key, link=link)
    found = collect(reader, [asked], lambda note: publish_cosigned(log.folder, note))
    return found, reader


def policy_of(log: Log, witness: Witness) -> Policy:
    """Believes the log if this witness signed."""
    return Policy.parse(f"log {log.vkey}\nwitness one {witness.key}\nquorum one\n".encode())


def lines_of(reader: FileRecordReader, entries: list[int]) -> list[bytes]:
    """The lines of a proof file of these entries."""
    return b"".join(prove(reader, entries)).splitlines(keepends=True)


def test_cosignatures_are_published_and_travel(log: Log, opened: Opened) -> None:
    """The checkpoint has the witness's line, and so have proofs; from then on one question is enough."""
    with opened() as (witness, _):
        link = Direct(witness)
        found, reader = round_of(log, link)
        assert found == Collected(size=300, cosigners=("one",), problems=())
        policy = policy_of(log, witness)
        assert policy.believe(reader.checkpoint().note).head.size == 300
        log.grow(20)
        round_of(log, link)
        log.grow(20)
        round_of(log, link)
        assert link.asked == [0, 300, 320]
        proven = verify_proof(lines_of(reader, [7, 299]), policy)
        assert (proven.head.size, proven.cosigners[0][0]) == (340, "one")


def test_the_writer_goes_on(log: Log, opened: Opened) -> None:
    """A newer checkpoint stands without lines until it is cosigned; proofs stay under the cosigned one."""
    with opened() as (witness, _):
        policy = policy_of(log, witness)
        _, reader = round_of(log, Direct(witness))
        log.grow(1)
        with pytest.raises(Refused, match="must be by one"):
            policy.believe(reader.checkpoint().note)
        under = reader.cosigned()
        assert under is not None
        assert under.size == 300
        assert verify_proof(lines_of(reader, [12]), policy).head.size == 300
        assert verify_proof(lines_of(reader, [300]), log.vkey).head.size == 301
        with pytest.raises(Refused, match="cosigned by none"):
            verify_proof(lines_of(reader, [300]), policy)


def test_an_older_round_never_takes_the_checkpoint_back(log: Log, opened: Opened) -> None:
    """Lines that come late, for a checkpoint that was outgrown, leave the newest one as it is."""
    with opened() as (witness, follower):
        _, path = follower.follow()
        late = path.read_bytes()
        log.grow(5)
        _, reader = round_of(log, Direct(witness))
        newest = (log.folder / "checkpoint").read_bytes()
        publish_cosigned(log.folder, late)
        assert (log.folder / "checkpoint").read_bytes() == newest
        cosigned = reader.cosigned()
        assert cosigned is not None
        assert cosigned.size == 305


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        (Answer(status=500, body=b"broken"), "HTTP 500: broken"),
        (Answer(status=409, body=b"two roots"), "HTTP 409: two roots"),
        (Answer(status=409, body=b"900\n"), "the record went back"),
        (Answer(status=409, body=b"4\n"), "asked by others"),
        (Answer(status=200, body=b"no line"), "must be signature lines"),
        (Answer(status=200, body="\u2014 witness.example/1 AAAAAAAA\n".encode()), "of its own"),
    ],
)
def test_what_a_witness_may_say(log: Log, opened: Opened, says: Answer, problem: str) -> None:
    """Whatever comes back but its signature over this checkpoint is a problem, told, not published."""
    before = (log.folder / "checkpoint").read_bytes()
    with opened() as (witness, _):
        found, reader = round_of(log, Direct(witness, says=says))
    assert found.cosigners == ()
    assert problem in found.problems[0]
    assert (log.folder / "checkpoint").read_bytes() == before
    assert reader.cosigned() is None


def test_a_checkpoint_from_a_file(log: Log, opened: Opened, tmp_path: Path) -> None:
    """Cosignatures that a witness wrote into a file are taken; a stranger's, or another log's, not."""
    with opened() as (witness, follower):
        _, path = follower.follow()
        reader = FileRecordReader(log.folder, log.vkey)
        cosigning = Cosigning(log.folder, policy_of(log, witness), reader)
        assert cosigning.collect().problems == ()  # it has no address: nobody is asked
        assert cosigning.add(path.read_bytes()).cosigners == ("one",)
        assert policy_of(log, witness).believe(reader.checkpoint().note).head.size == 300
        with pytest.raises(Refused, match="by no witness"):
            Cosigning(log.folder, Policy(), reader).add(path.read_bytes())
        forged = path.read_bytes().replace(b"\n300\n", b"\n301\n")
        with pytest.raises(Refused, match="does not hold"):
            cosigning.add(forged)


def test_tlog_proof_of_the_record(log: Log, opened: Opened) -> None:
    """One entry's proof in C2SP's form holds by itself, cosignatures and all; spoilt it does not."""
    with opened() as (witness, _):
        _, reader = round_of(log, Direct(witness))
        policy = policy_of(log, witness)
    proof = prove_one(reader, 299, reader.checkpoint()).encode()
    proven = verify_file(proof.splitlines(keepends=True), policy)
    assert proven.entries == ((299, reader.leaf(299)),)
    assert [name for name, _ in proven.cosigners] == ["one"]
    own = list(prove(reader, [1]))
    assert verify_file(b"".join(own).splitlines(keepends=True), policy).head == proven.head
    other = proof.replace(b"index 299", b"index 298")
    with pytest.raises(Refused):
        verify_file(other.splitlines(keepends=True), policy)
    lines = proof.splitlines(keepends=True)
    with pytest.raises(Malformed, match="holds no entry"):
        verify_file([lines[0], *lines[2:]], policy)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "http://",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://[::1",
        "http://example.com/l\u00f6g",
        "http://example.com/?log",
    ],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    """Whatever is typed, or stands in a policy: what is wrong is said, and nothing else raised."""
    with pytest.raises(Malformed, match="must be http"):
        Address(url)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"])
def test_who_drips_holds_nobody_up(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An octet now and then, of head or body, keeps no connection open longer than agreed."""
    monkeypatch.setattr("smki.adapters.addresses._TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:

        def drip() -> None:
            link, _ = server.accept()
            with link, suppress(OSError):
                link.sendall(said)
                for _ in range(600):
                    link.sendall(b"H")
                    time.sleep(0.1)

        dripping = pool.submit(drip)
        address = Address(f"http://127.0.0.1:{server.getsockname()[1]}/")
        began = time.monotonic()
        with pytest.raises(Unavailable, match="not whole after 0 s"):
            address.exchange("GET", "checkpoint", most=1_000)
        assert time.monotonic() - began < 30
        dripping.result(60)


def test_half_an_answer_is_none() -> None:
    """A server that breaks off is away; what came is not taken for the whole."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:

        def break_off() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1_000)
                link.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf")

        breaking = pool.submit(break_off)
        address = Address(f"http://127.0.0.1:{server.getsockname()[1]}/")
        with pytest.raises(Unavailable, match=r"IncompleteRead\(4 bytes read, 95 more expected\)"):
            address.exchange("GET", "checkpoint")
        breaking.result(10)


def test_an_address_where_nobody_is() -> None:
    """Where nobody answers is Unavailable, to be tried again."""
    with pytest.raises(Unavailable, match="cannot be had"):
        Address("http://127.0.0.1:9/").exchange("GET", "checkpoint")
