"""A key that is used by reference: one process has it, others ask over a Unix socket of its owner's.

Whoever has the key decides: each use is counted there, and refused when it is none that it is open
for (`key_commands`), the key is used up, its time is over or it was forgotten. Another user's process
is not heard. Bad octets get a refusal and the end of the connection; sizes, waits and connections
are bounded.
Which key it is, and by what authority it is open, is for whoever serves it.

Clause: sec:L10.9
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from smki.interfaces.key_frames import (
    FRAME_MOST,
    FRAME_SECONDS,
    LENGTH,
    Operation,
    check_user,
    joined,
    read_octets,
    refused,
    send_frame,
    split,
)
from smki.interfaces.key_over import KeyHeld, KeyOver, connected
from smki.interfaces.link import error_fields, socket_name
from smki.terms import Malformed, Refused, SmkiError, Unavailable

__all__ = ["KeyHeld", "KeyOver", "ServedKey", "Signs", "serve_key"]

_PAUSE_SECONDS: Final = 0.05  # before a connection is waited for again, where none could be taken
_ASKERS: Final = 64  # connections at once, more processes than a machine carries with; beyond, who
# has asked nothing for the longest time gives way: it connects again when it asks
_WAITING: Final = 128  # connections that are not heard yet


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
        permits: refuses messages that are not to be signed, before a use is counted; None if whoever
            serves the key is the only one who asks.
    """

    name: str
    public_key: bytes
    key: Signs
    until: datetime | None = None
    uses_left: Callable[[], int | None] = lambda: None
    symmetric: Callable[[], bytes] | None = None
    permits: Callable[[Sequence[bytes]], object] | None = None


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
        server.listen(_WAITING)
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
        self._idle: dict[socket.socket, None] = {}  # who asks nothing just now, the longest first
        self._giving_way = threading.Lock()
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
        """Each connection has a thread, until the key is not served any more.

        Whoever takes all descriptors of this process for a while does not end it.
        """
        while not self._ended:
            try:
                connection, _ = server.accept()
            except OSError:
                time.sleep(_PAUSE_SECONDS)
                continue
            if not self._has_room():
                connection.close()
                return
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _has_room(self) -> bool:
        """One more may ask: whoever asks nothing gives way; False once the key is not served."""
        there_is = self._askers.acquire(blocking=False)
        while not (there_is or self._ended):
            self._let_go()
            there_is = self._askers.acquire(timeout=_PAUSE_SECONDS)
        return there_is

    def _let_go(self) -> None:
        """Who has asked nothing for the longest time is not heard any more."""
        with self._giving_way:
            for idle in tuple(self._idle)[:1]:
                del self._idle[idle]
                with suppress(OSError):
                    idle.shutdown(socket.SHUT_RDWR)

    def _next(self, connection: socket.socket) -> bytes | None:
        """The next question; None at the end, or if the connection gave way meanwhile."""
        with self._giving_way:
            self._idle[connection] = None
        connection.settimeout(None)  # a carrier asks when it has something to be signed
        try:
            head = connection.recv(1)
        finally:
            with self._giving_way:
                gave_way = connection not in self._idle
                self._idle.pop(connection, None)
        return None if gave_way or not head else _question(connection, head)

    def _hear(self, connection: socket.socket) -> None:
        try:
            with self._kept(connection), suppress(OSError):
                try:
                    check_user(connection)
                except Refused as error:
                    send_frame(connection, _refusal(error))
                    return
                while (question := self._next(connection)) is not None:
                    answer = self._answer(question)
                    send_frame(connection, answer)
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
        asked, rest = question[:1], question[1:]
        match int.from_bytes(asked, "big") if asked else None:
            case Operation.WHAT if not rest:
                return self._what()
            case Operation.SIGN:
                messages = split(rest)
                if served.permits is not None:
                    served.permits(messages)
                with self._used():
                    return joined(served.key.sign(messages))
            case Operation.SYMMETRIC if not rest:
                if served.symmetric is None:
                    raise refused(f"{served.name}: no symmetric key is served with it")
                with self._used():
                    return served.symmetric()
        raise Malformed("key: a question of no known form", rule="recovery.key")

    @contextmanager
    def _used(self) -> Iterator[None]:
        with self._turn:
            if self._ended:
                raise ConnectionError("it is not served any more")  # as if nobody were there
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


def _reached(path: Path) -> bool:
    with suppress(OSError):
        connected(path).close()
        return True
    return False


def _question(connection: socket.socket, head: bytes) -> bytes:
    """The question that begins so. An empty one is none that can be read: the last."""
    connection.settimeout(FRAME_SECONDS)
    (length,) = LENGTH.unpack(head + read_octets(connection, LENGTH.size - 1))
    return read_octets(connection, length) if 0 < length <= FRAME_MOST else b""


def _refusal(error: SmkiError) -> bytes:
    return b"\1" + json.dumps(error_fields(error)).encode()
