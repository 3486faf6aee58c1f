"""The link between processes of one house: a Unix socket in the state directory.

    message = one line of JSON: {"id": n, "operation": name, "arguments": {...}}
    answer  = one line of JSON: {"id": n, "result": {...}} or {"id": n, "error": {...}}

The folder and the socket are the owner's alone; whoever reaches them is the operator. Answers come
in any order. No rule, no key here.
"""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from smki.terms import (
    Inconsistent,
    Malformed,
    Refused,
    SmkiError,
    Unavailable,
)

Answer = Callable[[Mapping[str, Any]], None]
Received = Callable[[str, Mapping[str, Any], Answer], None]

SOCKET: Final = "worker.sock"  # in the state directory
LINE_MAX_OCTETS: Final = 1 << 20  # an ad hoc CSR is at most 128 KiB of XML
_SUN_PATH: Final = 100  # a Unix socket's path ends at 108 octets: longer ones go by /proc
_FAMILIES: Final[dict[str, type[SmkiError]]] = {
    error.family: error for error in (Malformed, Refused, Unavailable, Inconsistent)
}


def error_fields(error: SmkiError) -> dict[str, str]:
    """The error as JSON fields: family, message, clause, where, rule."""
    return {
        "family": error.family,
        "message": error.message,
        "clause": error.clause,
        "where": error.where,
        "rule": error.rule,
    }


def error_from(fields: Mapping[str, str]) -> SmkiError:
    """The error that `error_fields` wrote."""
    kind = _FAMILIES.get(fields["family"], Inconsistent)
    return kind(
        fields["message"],
        clause=fields["clause"],
        where=fields["where"],
        rule=fields["rule"],
    )


class LinkServer:
    """Listens until closed; hands every message to `received`, from a thread per connection."""

    def __init__(self, path: Path, received: Received) -> None:
        self._received = received
        self._socket = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        with socket_name(path) as name:
            self._socket.bind(name)
        path.chmod(0o600)
        self._socket.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Nobody can connect any more."""
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        lock = threading.Lock()
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            while line := lines.readline(LINE_MAX_OCTETS):
                message = json.loads(line)
                number = message["id"]

                def answer(fields: Mapping[str, Any], number: int = number) -> None:
                    octets = json.dumps({"id": number, **fields}).encode() + b"\n"
                    with lock, suppress(OSError):
                        connection.sendall(octets)

                self._received(message["operation"], message["arguments"], answer)


def ask(
    path: Path, operation: str, arguments: Mapping[str, Any], seconds: float
) -> dict[str, Any] | None:
    """The result of the operation; None if nobody listens.

    Raises:
        SmkiError: what the other side raised.
        Unavailable: it went away before it answered, or has not answered for so many seconds.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            with socket_name(path) as name:
                connection.connect(name)
        except OSError:
            return None
        message = {"id": 0, "operation": operation, "arguments": dict(arguments)}
        connection.settimeout(seconds)
        try:
            connection.sendall(json.dumps(message).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline(LINE_MAX_OCTETS)
        except TimeoutError as error:
            raise _silent(seconds) from error
        except OSError as error:  # it died with our words unread
            raise _away() from error
    return _result(line)


class LinkClient:
    """Asks from an event loop; any number of questions at once over one connection.

    An answer is waited for so many seconds.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._number = 0

    async def ask(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the operation.

        Raises:
            SmkiError: what the other side raised.
            Unavailable: it does not listen, went away before it answered, or has not answered in time.
        """
        async with self._connecting:
            writer = self._writer or await self._connect()
        self._number += 1
        number = self._number
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        message = {"id": number, "operation": operation, "arguments": dict(arguments)}
        try:
            writer.write(json.dumps(message).encode() + b"\n")
            await writer.drain()
            return await asyncio.wait_for(future, self._seconds)
        except TimeoutError as error:
            raise _silent(self._seconds) from error
        except OSError as error:
            raise _away() from error
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """The connection is gone."""
        if self._reading:
            self._reading.cancel()
        if self._writer:
            self._writer.close()

    async def _connect(self) -> asyncio.StreamWriter:
        try:
            with socket_name(self._path) as name:
                reader, writer = await asyncio.open_unix_connection(name, limit=LINE_MAX_OCTETS)
        except OSError as error:
            raise _away() from error
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader))
        return writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                future = self._waiting.get(json.loads(line)["id"])
                if future is None or future.done():
                    continue
                try:
                    future.set_result(_result(line))
                except SmkiError as error:
                    future.set_exception(error)
        finally:
            self._writer = None
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(_away())


class socket_name:  # noqa: N801 - used as a function
    """A name for the socket that fits, whatever the path's length."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: int | None = None

    def __enter__(self) -> str:
        name = os.fspath(self._path)
        if len(os.fsencode(name)) <= _SUN_PATH:
            return name
        self._folder = os.open(self._path.parent, os.O_RDONLY)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            os.close(self._folder)


def _result(line: bytes) -> dict[str, Any]:
    if not line:
        raise _away()
    message = json.loads(line)
    if "error" in message:
        raise error_from(message["error"])
    result: dict[str, Any] = message["result"]
    return result


def _silent(seconds: float) -> Unavailable:
    return Unavailable(
        f"the worker that holds the keys has not answered for {seconds:g} s; whether it did what it"
        " was asked is not known: look before you ask again",
        rule="lodging.unknown",
    )


def _away() -> Unavailable:
    return Unavailable(
        "the worker that holds the keys does not answer, it is being started again:"
        " try again in a few seconds",
        rule="authority.away",
    )
