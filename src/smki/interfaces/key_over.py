"""A key that another process has, used as if it were here: `ports.SigningKey` over its socket.

Clause: sec:L10.9
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from smki.interfaces.key_frames import (
    FRAME_MOST,
    FRAME_SECONDS,
    LENGTH,
    TOGETHER,
    Operation,
    check_user,
    joined,
    read_octets,
    send_frame,
    split,
)
from smki.interfaces.link import error_from, socket_name
from smki.ports import KeyAlgorithm
from smki.terms import Inconsistent, SmkiError, Unavailable

_ANSWER_SECONDS: Final = 120.0  # a token signs a thousand in less
_PAUSE_SECONDS: Final = 0.1  # between two attempts to reach whoever has the key


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
        octets = self._ask(Operation.WHAT, b"")
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
            made = split(self._ask(Operation.SIGN, joined(batch)))
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
        return self._ask(Operation.SYMMETRIC, b"")

    def close(self) -> None:
        """The connection is gone; another question makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, operation: Operation, body: bytes) -> bytes:
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
            self._connection = connected(self._path)
        send_frame(self._connection, question)
        self._connection.settimeout(_ANSWER_SECONDS)
        head = read_octets(self._connection, LENGTH.size)
        (length,) = LENGTH.unpack(head)
        if not 0 < length <= FRAME_MOST:
            raise ConnectionError("an answer of impossible length")
        self._connection.settimeout(FRAME_SECONDS)
        return read_octets(self._connection, length)


def connected(path: Path) -> socket.socket:
    """A connection to whoever has the key.

    Raises:
        OSError: nobody has.
        Refused: it is another user's process.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(FRAME_SECONDS)
        with socket_name(path) as name:
            connection.connect(name)
        check_user(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _batches(messages: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """So many as go into one frame; one question at least: it shows that the key is there."""
    start = octets = 0
    for at, message in enumerate(messages):
        size = len(message) + LENGTH.size
        if at > start and (at - start == TOGETHER or octets + size >= FRAME_MOST):
            yield messages[start:at]
            start, octets = at, 0
        octets += size
    yield messages[start:]


def _error_of(answer: bytes) -> SmkiError:
    try:
        return error_from(json.loads(answer[1:]))
    except (ValueError, TypeError, KeyError):
        return _not_understood()


def _nobody(path: Path) -> Unavailable:
    return Unavailable(
        "nobody has the key open: its custodians open it with 'smki recovery activate', then the same"
        " command again",
        where=os.fspath(path),
        clause="sec:L10.9",
        rule="recovery.key",
    )


def _not_understood() -> Inconsistent:
    return Inconsistent("key: an answer of no known form, see who serves it", rule="recovery.key")
