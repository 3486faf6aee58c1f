"""Nobody waits longer than configured: late requests are not begun, silence comes to an end."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from smki.interfaces.link import LinkClient, LinkServer, ask
from smki.interfaces.waiting import Message
from smki.terms import Unavailable


def test_what_waited_too_long_is_not_begun() -> None:
    """In time at the last moment; a moment later it is answered that nothing was done."""
    answers: list[Mapping[str, Any]] = []
    message = Message("refresh", {}, answers.append, since=1_000.0)
    assert message.in_time(60, now=1_060.0)
    assert answers == []
    assert not message.in_time(60, now=1_061.0)
    (answer,) = answers
    assert answer["error"]["rule"] == "lodging.late"
    assert "nothing was done: try again" in answer["error"]["message"]


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    """A worker that takes every question and answers none."""
    path = tmp_path / "worker.sock"
    server = LinkServer(path, lambda *_: None)
    yield path
    server.close()


def test_silence_comes_to_an_end(silent: Path) -> None:
    """Command and server are told that it is not known, after the time they were given."""
    with pytest.raises(Unavailable, match="not known") as told:
        ask(silent, "refresh", {}, 0.05)
    assert told.value.rule == "lodging.unknown"

    async def from_a_server() -> None:
        link = LinkClient(silent, 0.05)
        try:
            await link.ask("refresh", {})
        finally:
            await link.close()

    with pytest.raises(Unavailable, match="not known"):
        asyncio.run(from_a_server())


@pytest.mark.parametrize("reads", [0, 1], ids=["unread", "read"])
def test_a_worker_that_dies_with_the_question(tmp_path: Path, reads: int) -> None:
    """Whoever asked is told that it is away, read or unread, and not by an error of the socket."""
    path = tmp_path / "worker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def die() -> None:
            connection, _ = listening.accept()
            connection.recv(reads)
            connection.close()

        dying = threading.Thread(target=die)
        dying.start()
        with pytest.raises(Unavailable, match="does not answer") as told:
            ask(path, "refresh", {"much": "x" * 300_000}, 5)
        dying.join()
    assert told.value.rule == "authority.away"
    assert ask(path, "refresh", {}, 5) is None  # and then nobody listens
