"""A key that one process has and others use, over a socket that may go away."""

import os
import socket
import stat
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from smki.adapters.keys import SoftwareAgreementKey
from smki.interfaces import key_over, key_serving
from smki.interfaces.key_frames import FRAME_MOST, TOGETHER
from smki.interfaces.key_serving import KeyOver, ServedKey, serve_key
from smki.ports import SigningKey
from smki.terms import Malformed, Refused, Unavailable

PRIVATE: Final = generate_private_key(SECP256R1())
KEY: Final = SoftwareAgreementKey(PRIVATE, deterministic=True)
UNTIL: Final = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


class Counted:
    """A key with so many uses."""

    def __init__(self, uses: int) -> None:
        self.left = uses
        self.asked: list[int] = []

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """Signatures, if there are as many uses left."""
        if len(messages) > self.left:
            raise Refused(f"activation: {self.left} uses left", clause="sec:L10.9", rule="used")
        self.left -= len(messages)
        self.asked.append(len(messages))
        return KEY.sign(messages)


def _served(key: Counted, symmetric: Callable[[], bytes] | None = None) -> ServedKey:
    return ServedKey(
        name="contingency",
        public_key=KEY.public_key,
        key=key,
        until=UNTIL,
        uses_left=lambda: key.left,
        symmetric=symmetric,
    )


@pytest.fixture
def over(tmp_path: Path) -> Iterator[KeyOver]:
    """Whoever asks for the key at `key.sock`."""
    with closing(KeyOver(tmp_path / "key.sock")) as client:
        yield client


@pytest.mark.clause("sec:L10.9")
def test_a_batch_is_signed_in_one_round_trip(tmp_path: Path, over: KeyOver) -> None:
    """Each message has its signature, in order, and the holder was asked once."""
    key = Counted(1_000)
    with serve_key(tmp_path / "key.sock", _served(key)):
        by: SigningKey = over
        messages = [bytes([number]) * (number * 100) for number in range(200)]
        signatures = by.sign(messages)
        assert over.public_key == KEY.public_key
    for message, signature in zip(messages, signatures, strict=True):
        PRIVATE.public_key().verify(signature, message, ECDSA(SHA256()))
    assert key.asked == [200]


@pytest.mark.clause("sec:L10.9")
def test_idle_connections_give_way(
    tmp_path: Path, over: KeyOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as are heard ask nothing: who asks is answered, and so is who gave way and asks again."""
    monkeypatch.setattr(key_serving, "_ASKERS", 4)
    key, path = Counted(10), tmp_path / "key.sock"
    with serve_key(path, _served(key)), ExitStack() as stack:
        over.sign([b"the first"])
        for _ in range(12):
            idle = stack.enter_context(socket.socket(socket.AF_UNIX))
            idle.connect(str(path))
        newest = stack.enter_context(closing(KeyOver(path)))
        assert len(newest.sign([b"who came late"])) == 1
        assert len(over.sign([b"who gave way"])) == 1
    assert key.asked == [1, 1, 1]


def test_more_than_a_frame_takes_is_several_questions(tmp_path: Path, over: KeyOver) -> None:
    """Too many messages, or too large ones together, are asked for in parts; order stays."""
    key = Counted(5_000)
    with serve_key(tmp_path / "key.sock", _served(key)):
        assert len(over.sign([b"x"] * (TOGETHER + 1))) == TOGETHER + 1
        large = bytes(FRAME_MOST // 2)
        assert over.sign([large, large, b"y"])[2] == KEY.sign([b"y"])[0]
        assert over.sign(()) == []
    assert key.asked == [TOGETHER, 1, 1, 2, 0]


@pytest.mark.clause("sec:L10.9")
def test_what_the_holder_refuses_is_refused_here(tmp_path: Path, over: KeyOver) -> None:
    """A key that is used up signs nothing; what it says of itself follows its uses."""
    key = Counted(3)
    with serve_key(tmp_path / "key.sock", _served(key)):
        over.sign([b"a", b"b"])
        held = over.held()
        assert (held.name, held.uses_left, held.until) == ("contingency", 1, UNTIL)
        with pytest.raises(Refused, match="1 uses left") as refused:
            over.sign([b"a", b"b"])
        assert refused.value.clause == "sec:L10.9"
        with pytest.raises(Refused, match="no symmetric key"):
            over.symmetric()
        assert over.sign([b"c"]) == KEY.sign([b"c"])


@pytest.mark.clause("gbcs:CS02b")
def test_the_symmetric_key_is_given_as_a_use(tmp_path: Path, over: KeyOver) -> None:
    """Whoever asks for it gets it, and the holder counts that."""
    uses = iter(range(2))

    def symmetric() -> bytes:
        next(uses)
        return bytes(16)

    with serve_key(tmp_path / "key.sock", _served(Counted(1), symmetric)):
        assert over.held().symmetric
        assert over.symmetric() == over.symmetric() == bytes(16)
    assert next(uses, None) is None


def test_a_connection_that_cannot_be_taken_ends_nothing(
    tmp_path: Path, over: KeyOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Descriptors are used up for a while: whoever asks afterwards is heard."""
    taken = socket.socket.accept
    failures = iter((OSError(24, "Too many open files"),) * 2)

    def accept(self: socket.socket) -> tuple[socket.socket, object]:
        for failure in failures:
            raise failure
        return taken(self)

    monkeypatch.setattr(socket.socket, "accept", accept)
    with serve_key(tmp_path / "key.sock", _served(Counted(1))):
        assert over.sign([b"a"]) == KEY.sign([b"a"])
    assert next(failures, None) is None


def test_whoever_comes_back_is_waited_for(tmp_path: Path, over: KeyOver) -> None:
    """A client goes on with the next holder of the key; without one it says what to do."""
    path = tmp_path / "key.sock"
    with pytest.raises(Unavailable, match="smki recovery activate"):
        over.sign([b"a"])
    with serve_key(path, _served(Counted(1))):
        over.sign([b"a"])
    with serve_key(path, _served(Counted(1))):  # the connection of before is broken
        over.sign([b"b"])
    signed: list[list[bytes]] = []
    with closing(KeyOver(path, patience=60)) as patient:
        waiting = threading.Thread(target=lambda: signed.append(patient.sign([b"c"])))
        waiting.start()
        with serve_key(path, _served(Counted(1))):
            waiting.join(60)
    assert signed == [KEY.sign([b"c"])]


def test_the_socket_is_the_owners_and_one_holders(
    tmp_path: Path, over: KeyOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else reads it, a second holder is refused, and what one left behind is taken over."""
    path = tmp_path / "key.sock"
    with serve_key(path, _served(Counted(1))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with (
            pytest.raises(Refused, match="served there already"),
            serve_key(path, _served(Counted(1))),
        ):
            pass
        mine = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
        with pytest.raises(Refused, match="another user's"):
            over.sign([b"a"])
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(60)
            stranger.connect(str(path))
            assert b"another user's" in stranger.recv(1 << 16)
        monkeypatch.undo()
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serve_key(path, _served(Counted(1))):
        over.sign([b"a"])


@pytest.mark.parametrize(
    "body",
    [b"", b"\x07", b"\x00\x00", b"\x01\x00\x00", b"\x01\xff\xff\xff\xff", b"\x01" + bytes(5_000)],
)
def test_bad_octets_get_a_refusal(tmp_path: Path, over: KeyOver, body: bytes) -> None:
    """Whatever is no question is refused, and the holder goes on."""
    key = Counted(1)
    with serve_key(tmp_path / "key.sock", _served(key)):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(60)
            stranger.connect(str(tmp_path / "key.sock"))
            stranger.sendall(struct.pack(">I", len(body)) + body)
            answer = stranger.recv(1 << 16)
        assert answer[4] == 1
        with pytest.raises(Malformed):
            raise key_over._error_of(answer[4:])
        assert over.sign([b"a"]) == KEY.sign([b"a"])


def test_an_endless_question_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who announces more than a frame holds is refused at once; who stops half-way is left."""
    monkeypatch.setattr(key_serving, "FRAME_SECONDS", 0.2)
    with serve_key(tmp_path / "key.sock", _served(Counted(1))):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(60)
            stranger.connect(str(tmp_path / "key.sock"))
            stranger.sendall(struct.pack(">I", FRAME_MOST + 1))
            assert stranger.recv(1 << 16)[4] == 1
            assert stranger.recv(1) == b""
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(60)
            stranger.connect(str(tmp_path / "key.sock"))
            stranger.sendall(struct.pack(">I", 100) + b"half")
            assert stranger.recv(1) == b""


def test_who_drips_a_question_is_waited_for_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An octet now and then holds no place: the whole frame has its time, else carriers would wait."""
    monkeypatch.setattr(key_serving, "FRAME_SECONDS", 0.2)
    with (
        serve_key(tmp_path / "key.sock", _served(Counted(1))),
        socket.socket(socket.AF_UNIX) as stranger,
    ):
        stranger.connect(str(tmp_path / "key.sock"))
        stranger.sendall(struct.pack(">I", 100))
        stranger.settimeout(0.05)
        for _ in range(1_000):
            with suppress(TimeoutError):
                assert stranger.recv(1) == b""
                break
            with suppress(BrokenPipeError):  # it is over, and heard next
                stranger.sendall(b"x")
        else:
            pytest.fail("it was waited for much longer than a frame has")
