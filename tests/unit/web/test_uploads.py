"""Batches that come in at once: so many of all, and so many of one party."""

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from smki.interfaces.web import Limits
from smki.wire.xml import write_batch_request

SUBMIT = "/1.0/PortalCSRBatch/SubmitCSRBatch"
BATCH = b"".join(write_batch_request("b", [("i", "AAAA")]))
Serve = Callable[[Limits, Callable[[Any], None]], None]


GO_ON = b"HTTP/1.1 100 "


class Upload:
    """A batch on a connection of its own, of which half was sent where it may come in.

    It asks first whether it may send the body (RFC 9110, 10.1.1): the server says so when it has
    given the upload a place, and so the places are taken in the order of these objects.
    """

    def __init__(self, served: Any, common: str, stack: ExitStack) -> None:
        self.connection = stack.enter_context(_connected(served, common))
        head = f"POST {SUBMIT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(BATCH)}\r\n"
        head += "expect: 100-continue\r\ncontent-type: application/xml\r\n\r\n"
        self.connection.sendall(head.encode())
        self.told = self.connection.recv(4096)
        if self.told.startswith(GO_ON):
            self.connection.sendall(BATCH[:20])

    def refused(self) -> bytes:
        """The answer, which came before the body."""
        return _answer(self.connection, self.told)

    def finish(self) -> bytes:
        """The answer to the whole body, or to the head where that was refused."""
        if not self.told.startswith(GO_ON):
            return self.refused()
        self.connection.sendall(BATCH[20:])
        return _answer(self.connection)


def _connected(served: Any, common: str) -> ssl.SSLSocket:
    connection = served.connection(common)
    connection.connect()
    tls: ssl.SSLSocket = connection.sock
    return tls


def _answer(connection: ssl.SSLSocket, held: bytes = b"") -> bytes:
    while b"</SubmitCSRBatchStatus>" not in held and (part := connection.recv(4096)):
        held += part
    return held


@pytest.mark.clause("sec-app-m:2")
def test_a_party_that_uploads_slowly_leaves_room_for_others(serve_within: Serve) -> None:
    """Two of a party come in: its third is refused with the limit; another party's goes in."""

    def use(served: Any) -> None:
        with ExitStack() as stack:
            slow = [Upload(served, "batch", stack) for _ in range(2)]
            refused = Upload(served, "batch", stack).refused()
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"2 batches of this party are coming in, at most 2 at once" in refused
            assert Upload(served, "batch-other", stack).finish().startswith(b"HTTP/1.1 200 ")
            assert slow[0].finish().startswith(b"HTTP/1.1 200 ")
            assert Upload(served, "batch", stack).finish().startswith(b"HTTP/1.1 200 ")
            assert slow[1].finish().startswith(b"HTTP/1.1 200 ")

    serve_within(Limits(), use)


@pytest.mark.clause("sec-app-m:2")
def test_all_parties_together_have_a_limit_too(serve_within: Serve) -> None:
    """One comes in where one may: another party's is refused, and goes in when there is room."""

    def use(served: Any) -> None:
        with ExitStack() as stack:
            first = Upload(served, "batch", stack)
            refused = Upload(served, "batch-other", stack).refused()
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"1 batches of all parties are coming in, at most 1 at once" in refused
            assert first.finish().startswith(b"HTTP/1.1 200 ")
            assert Upload(served, "batch-other", stack).finish().startswith(b"HTTP/1.1 200 ")

    serve_within(Limits(uploads=1), use)


@pytest.mark.clause("sec-app-m:2")
def test_an_upload_that_breaks_off_gives_its_place_back(serve_within: Serve) -> None:
    """The connection ends in the middle of a batch: the party may send another."""

    def use(served: Any) -> None:
        with ExitStack() as gone:
            Upload(served, "batch", gone)
        with ExitStack() as stack:
            answer = Upload(served, "batch", stack).finish()
            while answer.startswith(b"HTTP/1.1 503 "):  # until the server noticed that it ended
                answer = Upload(served, "batch", stack).finish()
            assert answer.startswith(b"HTTP/1.1 200 ")

    serve_within(Limits(party_uploads=1), use)
