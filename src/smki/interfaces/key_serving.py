"""A key that is used by reference: one process has it, others ask over a Unix socket of its owner's.

    frame     length of the body (4 octets, big-endian), body
    question  operation (1 octet), then for
                what     nothing: which key it is, until when, how often it may still be used
                sign     each message: its length (4 octets), its octets; all signed, or none
                symmetric  nothing: the symmetric key for commands of mode 9; one use of it
    answer    0, then what was asked for, as in the question; or 1, then the error as JSON

Whoever has the key decides: each use is counted there, and refused when the key is used up, its
time is over or it was forgotten. Another user's process is not heard. Bad octets get a refusal and
the end of the connection; sizes and waits are bounded. Which key it is, and by what authority it is
open, is for whoever serves it.

Clause: sec:L10.9
"""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Final, Protocol

from smki.interfaces.link import error_fields, error_from, socket_name
from smki.ports import KeyAlgorithm
from smki.terms import Inconsistent, Malformed, Refused, SmkiError, Unavailable

FRAME_MOST: Final = 16 << 20  # a batch of 256 commands that fill every cell is some 2 MiB
TOGETHER: Final = 1_024  # messages in one question
_ASKERS: Final = 64  # connections at once: more processes than a machine carries with
_FRAME_SECONDS: Final = 10.0  # from the first octet of a frame to its last, and for an answer's way
_ANSWER_SECONDS: Final = 120.0  # a token signs a thousand in less
_PAUSE_SECONDS: Final = 0.1  # between two attempts to reach whoever has the key
_LENGTH: Final = struct.Struct(">I")
_PEER: Final = struct.Struct("3i")  # pid, uid, gid


class _Operation(IntEnum):
    WHAT = 0
    SIGN = 1
    SYMMETRIC = 2


class Signs(Protocol):
    """What can be served: `ceremonies.ActiveKey`, or any `ports.SigningKey`."""

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedKey:
    """A key as it is served.

    Attributes:
        name: as ceremonies name it.
        public_key: SubjectPublicKeyInfo (DER), of P-256.
        key: signs.
        until: it is not used from then on; None for no limit.
        uses_left: how often it may still be used; None for no limit.
        symmetric: the symmetric key for commands of mode 9, a use each time; None if there is none.
    """

    name: str
    public_key: bytes
    key: Signs
    until: datetime | None = None
    uses_left: Callable[[], int | None] = lambda: None
    symmetric: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeld:
    """What whoever has a key says of it.

    Attributes:
        name: as ceremonies name it.
        public_key: SubjectPublicKeyInfo (DER).
        until: it is not used from then on; None for no limit.
        uses_left: how often it may still be used; None for no limit.
        symmetric: whether there is a symmetric key with it.
    """

    name: str
    public_key: bytes
    until: datetime | None
    uses_left: int | None
    symmetric: bool


@contextmanager
def serve_key(path: Path, served: ServedKey) -> Iterator[None]:
    """The key is used by whoever of this user asks at `path`, as long as this stands.

    Raises:
        Refused: somebody else serves a key there.
        Unavailable: the socket cannot be made.

    Clause: sec:L10.9
    """
    if _reached(path):
        raise Refused(
            "a key is served there already, its holder must end first",
            where=os.fspath(path),
            clause="sec:L10.9",
            rule="recovery.key",
        )
    server = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)  # nobody else's from its first instant
        try:
            with socket_name(path) as name:
                server.bind(name)
        finally:
            os.umask(before)
        server.listen(_ASKERS)
    except OSError as error:
        server.close()
        raise Unavailable(
            f"socket {path.name}: cannot be made ({error.strerror})", where=os.fspath(path)
        ) from error
    holder = _Holder(served)
    threading.Thread(target=holder.accept, args=(server,), daemon=True).start()
    try:
        yield
    finally:
        holder.end(server)
        path.unlink(missing_ok=True)


class _Holder:
    """Answers for one key; one question at a time uses it."""

    def __init__(self, served: ServedKey) -> None:
        self._served = served
        self._turn = threading.Lock()
        self._askers = threading.BoundedSemaphore(_ASKERS)
        self._connections: set[socket.socket] = set()
        self._ended = False

    def end(self, server: socket.socket) -> None:
        """Nobody uses the key any more: what is being signed is waited for, nothing begins."""
        with self._turn:
            self._ended = True
            for each in (server, *self._connections):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        server.close()

    def accept(self, server: socket.socket) -> None:
        """Each connection has a thread, until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                if not self._askers.acquire(blocking=False):
                    connection.close()
                    continue
                threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        try:
            with self._kept(connection), suppress(OSError):
                try:
                    _check_user(connection)
                except Refused as error:
                    _send(connection, _refusal(error))
                    return
                while (question := _question(connection)) is not None:
                    answer = self._answer(question)
                    _send(connection, answer)
                    if answer[0] and not question:
                        return
        finally:
            self._askers.release()

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        """Whoever ends it all knows the connection."""
        with connection:
            with self._turn:
                self._connections.add(connection)
                if self._ended:
                    connection.close()
            try:
                yield
            finally:
                with self._turn:
                    self._connections.discard(connection)

    def _answer(self, question: bytes) -> bytes:
        try:
            return b"\0" + self._asked(question)
        except SmkiError as error:
            return _refusal(error)

    def _asked(self, question: bytes) -> bytes:
        served = self._served
        match question[:1]:
            case b"\0" if len(question) == 1:
                return self._what()
            case b"\1":
                messages = _split(question[1:])
                with self._used():
                    return _joined(served.key.sign(messages))
            case b"\2" if len(question) == 1:
                if served.symmetric is None:
                    raise _refused(f"{served.name}: no symmetric key is served with it")
                with self._used():
                    return served.symmetric()
        raise Malformed("key: a question of no known form", rule="recovery.key")

    @contextmanager
    def _used(self) -> Iterator[None]:
        with self._turn:
            if self._ended:
                raise _refused(f"{self._served.name}: is not served any more")
            yield

    def _what(self) -> bytes:
        served = self._served
        fields = {
            "name": served.name,
            "public_key": served.public_key.hex(),
            "until": served.until.isoformat() if served.until else None,
            "uses_left": served.uses_left(),
            "symmetric": served.symmetric is not None,
        }
        return json.dumps(fields).encode()


class KeyOver:
    """`ports.SigningKey` that another process has, reached at `path`.

    Whoever has it may be gone for a while, and come back: that is waited for. A question whose
    answer was lost is asked again; it may count as two uses.

    Args:
        path: of the socket.
        patience: for how many seconds it may be gone.
    """

    algorithm: Final = KeyAlgorithm.P256

    def __init__(self, path: Path, *, patience: float = 0.0) -> None:
        self._path = path
        self._patience = patience
        self._connection: socket.socket | None = None
        self._turn = threading.Lock()
        self._public_key = b""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER.

        Raises:
            Unavailable: nobody has the key open.
        """
        self._public_key = self._public_key or self.held().public_key
        return self._public_key

    def held(self) -> KeyHeld:
        """What whoever has the key says of it now.

        Raises:
            Unavailable: nobody has it open.
        """
        octets = self._ask(_Operation.WHAT, b"")
        try:
            said = json.loads(octets)
            until = said["until"]
            return KeyHeld(
                name=str(said["name"]),
                public_key=bytes.fromhex(said["public_key"]),
                until=datetime.fromisoformat(until) if until else None,
                uses_left=said["uses_left"],
                symmetric=bool(said["symmetric"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise _not_understood() from error

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order; so many as go together are one question.

        Raises:
            Refused: used up, over its time, or forgotten.
            Unavailable: nobody has the key open.

        Clause: sec:L10.9
        """
        signatures: list[bytes] = []
        for batch in _batches(messages):
            made = _split(self._ask(_Operation.SIGN, _joined(batch)))
            if len(made) != len(batch):
                raise _not_understood()
            signatures += made
        return signatures

    def symmetric(self) -> bytes:
        """The symmetric key for commands of mode 9; one use of it.

        Raises:
            Refused: there is none, or it may not be used any more.
            Unavailable: nobody has it open.

        Clause: gbcs:CS02b
        """
        return self._ask(_Operation.SYMMETRIC, b"")

    def close(self) -> None:
        """The connection is gone; another question makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, operation: _Operation, body: bytes) -> bytes:
        question = bytes((operation,)) + body
        until = time.monotonic() + self._patience
        with self._turn:
            while True:
                again = self._connection is not None  # it may be another who has the key now
                try:
                    answer = self._answered(question)
                    break
                except OSError as error:
                    self.close()
                    if not again and time.monotonic() >= until:
                        raise _nobody(self._path) from error
                if not again:
                    time.sleep(_PAUSE_SECONDS)
        if answer[:1] == b"\0":
            return answer[1:]
        raise _error_of(answer)

    def _answered(self, question: bytes) -> bytes:
        if self._connection is None:
            self._connection = _connected(self._path)
        _send(self._connection, question)
        self._connection.settimeout(_ANSWER_SECONDS)
        head = _read(self._connection, _LENGTH.size)
        (length,) = _LENGTH.unpack(head)
        if not 0 < length <= FRAME_MOST:
            raise ConnectionError("an answer of impossible length")
        self._connection.settimeout(_FRAME_SECONDS)
        return _read(self._connection, length)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_FRAME_SECONDS)
        with socket_name(path) as name:
            connection.connect(name)
        _check_user(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _reached(path: Path) -> bool:
    with suppress(OSError):
        _connected(path).close()
        return True
    return False


def _check_user(connection: socket.socket) -> None:
    octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    if _PEER.unpack(octets)[1] != os.getuid():
        raise _refused("key: the process at the other end is another user's, must be the same's")


def _question(connection: socket.socket) -> bytes | None:
    """The next question; None at the end. An empty one is none that can be read: the last."""
    connection.settimeout(None)  # a carrier asks when it has something to be signed
    head = connection.recv(1)
    if not head:
        return None
    connection.settimeout(_FRAME_SECONDS)
    (length,) = _LENGTH.unpack(head + _read(connection, _LENGTH.size - 1))
    return _read(connection, length) if 0 < length <= FRAME_MOST else b""


def _send(connection: socket.socket, body: bytes) -> None:
    connection.settimeout(_FRAME_SECONDS)
    connection.sendall(_LENGTH.pack(len(body)) + body)


def _read(connection: socket.socket, length: int) -> bytes:
    octets = bytearray()
    while len(octets) < length:
        part = connection.recv(min(length - len(octets), 1 << 18))
        if not part:
            raise ConnectionError("it ended in the middle")
        octets += part
    return bytes(octets)


def _joined(messages: Sequence[bytes]) -> bytes:
    return b"".join(_LENGTH.pack(len(one)) + one for one in messages)


def _split(octets: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(octets):
        start = at + _LENGTH.size
        end = start + int.from_bytes(octets[at:start], "big")
        if end > len(octets) or len(found) == TOGETHER:
            raise Malformed(
                f"key: {len(octets)} octets of messages, must be at most {TOGETHER} whole ones",
                rule="recovery.key",
            )
        found.append(octets[start:end])
        at = end
    return found


def _batches(messages: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """So many as go into one frame; one question at least: it shows that the key is there."""
    start = octets = 0
    for at, message in enumerate(messages):
        size = len(message) + _LENGTH.size
        if at > start and (at - start == TOGETHER or octets + size >= FRAME_MOST):
            yield messages[start:at]
            start, octets = at, 0
        octets += size
    yield messages[start:]


def _refusal(error: SmkiError) -> bytes:
    return b"\1" + json.dumps(error_fields(error)).encode()


def _error_of(answer: bytes) -> SmkiError:
    try:
        return error_from(json.loads(answer[1:]))
    except (ValueError, TypeError, KeyError):
        return _not_understood()


def _refused(what: str) -> Refused:
    return Refused(what, where="key", clause="sec:L10.9", rule="recovery.key")


def _nobody(path: Path) -> Unavailable:
    return Unavailable(
        "nobody has the key open: its custodians open it with 'smki recovery activate', then carry"
        " on",
        where=os.fspath(path),
        clause="sec:L10.9",
        rule="recovery.key",
    )


def _not_understood() -> Inconsistent:
    return Inconsistent("key: an answer of no known form, see who serves it", rule="recovery.key")
