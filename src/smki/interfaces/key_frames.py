"""The frames in which a key is asked for, and answers: bounded in size and time, from one user alone.

frame     length of the body (4 octets, big-endian), body
question  operation (1 octet), then for
what       nothing: which key it is, until when, how often it may still be used
sign       each message: its length (4 octets), its octets; all signed, or none
symmetric  nothing: the symmetric key for commands of mode 9; one use of it
answer    0, then what was asked for, as in the question; or 1, then the error as JSON
"""

import os
import socket
import struct
import time
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from smki.terms import Malformed, Refused

FRAME_MOST: Final = 16 << 20  # a thousand commands that fill every cell are some 8 MiB
TOGETHER: Final = 1_024  # messages in one question
FRAME_SECONDS: Final = 10.0  # from the first octet of a frame to its last, and for an answer's way
LENGTH: Final = struct.Struct(">I")
_PEER: Final = struct.Struct("3i")  # pid, uid, gid


class Operation(IntEnum):
    """What is asked."""

    WHAT = 0
    SIGN = 1
    SYMMETRIC = 2


def check_user(connection: socket.socket) -> None:
    """Refuses who is another user's process.

    Raises:
        Refused: the process at the other end is.
    """
    octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    if _PEER.unpack(octets)[1] != os.getuid():
        raise refused("key: the process at the other end is another user's, must be the same's")


def send_frame(connection: socket.socket, body: bytes) -> None:
    """The body is on its way, in a frame.

    Raises:
        OSError: it is not taken in time.
    """
    connection.settimeout(FRAME_SECONDS)
    connection.sendall(LENGTH.pack(len(body)) + body)


def read_octets(connection: socket.socket, length: int) -> bytes:
    """So many octets, all of them within the timeout that the connection has; what is left of it stays.

    Who sends them one by one is waited for no longer than who sends none.

    Raises:
        OSError: they do not come in time, or it ended.
    """
    octets = bytearray()
    until = time.monotonic() + (connection.gettimeout() or 0.0)
    while len(octets) < length:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("not all of it came in time")
        connection.settimeout(left)
        part = connection.recv(min(length - len(octets), 1 << 18))
        if not part:
            raise ConnectionError("it ended in the middle")
        octets += part
    return bytes(octets)


def joined(messages: Sequence[bytes]) -> bytes:
    """The messages as one body."""
    return b"".join(LENGTH.pack(len(one)) + one for one in messages)


def split(octets: bytes) -> list[bytes]:
    """The messages of a body.

    Raises:
        Malformed: it is not whole messages, or too many.
    """
    found: list[bytes] = []
    at = 0
    while at < len(octets):
        start = at + LENGTH.size
        end = start + int.from_bytes(octets[at:start], "big")
        if end > len(octets) or len(found) == TOGETHER:
            raise Malformed(
                f"key: {len(octets)} octets of messages, must be at most {TOGETHER} whole ones",
                rule="recovery.key",
            )
        found.append(octets[start:end])
        at = end
    return found


def refused(what: str) -> Refused:
    """What to raise for a use that is not permitted."""
    return Refused(what, where="key", clause="sec:L10.9", rule="recovery.key")
