"""Takes the body of a request: bounded in octets, in time and in rate; a batch never whole.

Only time spent waiting for the client counts against it.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Final

from starlette.requests import Request
from starlette.types import Message

from smki.interfaces.web.limits import Limits
from smki.terms import Malformed, Unavailable

_CLAUSE: Final = "sec-app-m:2"


class Body:
    """The body of one request, part by part."""

    def __init__(self, request: Request, limits: Limits, *, seconds: float) -> None:
        self._receive = request.receive
        self._limits = limits
        self._seconds = seconds
        self._waited = 0.0
        self.octets = 0
        self.ended = False

    async def part(self) -> bytes:
        """The next part; empty at the end.

        Raises:
            Unavailable: `http.slow` or `http.gone`: it did not come, and nothing follows.
        """
        while not self.ended:
            message = await self._message()
            if message["type"] == "http.disconnect":
                self.ended = True
                raise Unavailable(
                    f"body: the connection ended after {self.octets} octets", rule="http.gone"
                )
            self.ended = not message.get("more_body", False)
            octets: bytes = message.get("body", b"")
            self.octets += len(octets)
            if octets:
                return octets
        return b""

    async def whole(self, limit: int) -> bytes:
        """All of it, at most `limit` octets.

        Raises:
            Malformed: `http.size`.
            Unavailable: see `part`.
        """
        held = bytearray()
        while part := await self.part():
            held += part
            if len(held) > limit:
                raise too_large(limit)
        return bytes(held)

    def parts(self, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
        """The parts, for a thread other than the loop's; it blocks until each is there.

        Raises:
            Unavailable: see `part`; also when the server stops.
        """
        while part := self._part_from(loop):
            yield part

    async def drain(self, limit: int) -> None:
        """What the client still sends is taken and forgotten, so that it comes to read the answer.

        Gives up after `limit` octets or when the client is too slow.
        """
        try:
            while self.octets < limit and await self.part():
                pass
        except Unavailable:
            self.ended = True

    def _part_from(self, loop: asyncio.AbstractEventLoop) -> bytes:
        try:
            return asyncio.run_coroutine_threadsafe(self.part(), loop).result()
        except CancelledError as error:
            raise Unavailable("body: the server stops", rule="http.gone") from error

    async def _message(self) -> Message:
        loop = asyncio.get_running_loop()
        began = loop.time()
        allowed = min(
            self._seconds, self._limits.grace_seconds + self.octets / self._limits.octets_per_second
        )
        try:
            async with asyncio.timeout(allowed - self._waited):
                return await self._receive()
        except TimeoutError as error:
            self.ended = True
            raise Unavailable(
                f"body: {self.octets} octets in {allowed:.0f} seconds, must come at"
                f" {self._limits.octets_per_second} octets a second or more"
                f" and be whole within {self._seconds:.0f} seconds",
                rule="http.slow",
            ) from error
        finally:
            self._waited += loop.time() - began


def check_head(request: Request, limit: int) -> None:
    """The headers promise XML in UTF-8 of at most `limit` octets.

    Raises:
        Malformed: `http.type` or `http.size`.

    Clause: sec-app-m:2.4
    """
    given = request.headers.get("content-type", "")
    kind, *parameters = (piece.strip().lower() for piece in given.split(";"))
    charsets = [piece[8:].strip('"') for piece in parameters if piece.startswith("charset=")]
    if kind != "application/xml" or any(charset != "utf-8" for charset in charsets):
        raise Malformed(
            f"content type: {given[:80]!r}, must be application/xml;charset=UTF-8",
            where="Content-Type",
            clause=_CLAUSE,
            rule="http.type",
        )
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Malformed:
    """What is said of a body of more than `limit` octets."""
    return Malformed(
        f"body: more than {limit} octets, the most that is taken", clause=_CLAUSE, rule="http.size"
    )
