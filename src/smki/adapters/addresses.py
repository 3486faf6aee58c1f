"""A log and a witness at an address, by plain HTTP or HTTPS. Reads files, posts requests.

Whether what comes is to be believed is for whoever asked. One connection, kept open; one thread.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from smki.adapters.record.disk import Disk
from smki.merkle.notes import NOTE_MAX_OCTETS
from smki.ports.witness import Answer
from smki.terms import Malformed, Unavailable

FILE_MAX_OCTETS: Final = 1 << 28  # a blob may be a long document; a bundle has at most 16 MiB
_TIMEOUT_SECONDS: Final = 20
_OCTETS_PER_SECOND: Final = 1 << 16  # the least, of the longest answer: who drips holds nobody up
_PART: Final = 1 << 16
_PAGE_MAX: Final = 1 << 20  # octets of what a server says instead of a file


class Address:
    """A web server's address and the folder below it.

    Raises:
        Malformed: not an address of http or https.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError as error:
            raise _malformed(url, str(error)) from error
        if parts.scheme not in ("http", "https") or not self._host or parts.query:
            raise _malformed(url)
        if not parts.path.isascii():
            raise _malformed(url, "other characters stand in it as %XX")
        self._secured = parts.scheme == "https"
        self._folder = parts.path.rstrip("/")
        self._connection: http.client.HTTPConnection | None = None

    def exchange(
        self, method: str, path: str, body: bytes | None = None, most: int = FILE_MAX_OCTETS
    ) -> Answer:
        """What the server answers.

        Raises:
            Unavailable: it cannot be reached, broke off, sends more than `most` octets, or is slow.
        """
        try:
            return self._exchange(method, path, body, most)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()  # it was kept open too long: once more, anew
        except (OSError, http.client.HTTPException) as error:
            raise self._unavailable(path, error) from error
        try:
            return self._exchange(method, path, body, most)
        except (OSError, http.client.HTTPException) as error:
            raise self._unavailable(path, error) from error

    def close(self) -> None:
        """The connection is gone; the next question makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, method: str, path: str, body: bytes | None, most: int) -> Answer:
        connection = self._connection = self._connection or self._connect()
        if connection.sock is None:
            connection.connect()
        with _within(connection.sock, _TIMEOUT_SECONDS + most / _OCTETS_PER_SECOND):
            connection.request(method, f"{self._folder}/{path}", body)
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                most = max(most, _PAGE_MAX)
            octets = bytearray()
            while part := response.read(_PART):
                octets += part
                if len(octets) > most:
                    self.close()
                    raise Unavailable(
                        f"{path}: over {most} octets, must be at most that", where=self.url
                    )
            if response.length:  # what is still to come: read by parts, nobody says that it is not
                raise http.client.IncompleteRead(bytes(octets), response.length)
            return Answer(status=response.status, body=bytes(octets))

    def _connect(self) -> http.client.HTTPConnection:
        if not self._secured:
            return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(
            self._host,
            self._port,
            timeout=_TIMEOUT_SECONDS,
            context=ssl.create_default_context(),
        )

    def _unavailable(self, path: str, error: Exception) -> Unavailable:
        self.close()
        return Unavailable(f"{path}: cannot be had ({error})", where=self.url, rule="address.away")


@contextmanager
def _within(link: socket.socket, seconds: float) -> Iterator[None]:
    """What is said inside is over after so many seconds: the timeout of a link is for each octet.

    Raises:
        TimeoutError: it was cut off.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):  # it is closed already
            socket.socket.shutdown(link, socket.SHUT_RDWR)  # of the link itself, below TLS

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError(f"not whole after {seconds:.0f} s") from error
        raise
    finally:
        watch.cancel()


def _malformed(url: str, why: str = "") -> Malformed:
    more = f" ({why})" if why else ""
    return Malformed(
        f"address {url[:200]!r}, must be http://... or https://...{more}", rule="address.form"
    )


class AddressFiles:
    """The files of a log at an address."""

    def __init__(self, url: str) -> None:
        self._address = Address(url)
        self.root = url

    def read(self, path: str, most: int | None = None) -> bytes | None:
        """The octets of the file; None if there is none.

        Raises:
            Unavailable: the server is away, answers something else, or sends more than `most`.
        """
        limit = FILE_MAX_OCTETS if most is None else min(most, FILE_MAX_OCTETS)
        answer = self._address.exchange("GET", path, most=limit)
        if answer.status in (404, 410):  # gone, or never there
            return None
        if answer.status != 200:
            raise Unavailable(f"{path}: HTTP {answer.status}, must be 200", where=self.root)
        return answer.body

    def close(self) -> None:
        """The connection is gone; reading makes another."""
        self._address.close()


class AddressWitness:
    """`ports.witness.WitnessLink` to a witness's submission prefix."""

    def __init__(self, url: str) -> None:
        self._address = Address(url)

    def add_checkpoint(self, request: bytes) -> Answer:
        """What the witness answers to this request.

        Raises:
            Unavailable: it cannot be reached, or broke off.

        Clause: c2sp:tlog-witness
        """
        try:
            return self._address.exchange("POST", "add-checkpoint", request, NOTE_MAX_OCTETS)
        finally:
            self._address.close()


@contextmanager
def files_at(place: str) -> Iterator[AddressFiles | Disk]:
    """The files of the log at an address, or in a folder; no connection is left open.

    Raises:
        Malformed: an address of another kind.
    """
    if "://" not in place:
        yield Disk(Path(place))
        return
    files = AddressFiles(place)
    try:
        yield files
    finally:
        files.close()
