"""A question is put on the event loop while the answers are quick, in a thread otherwise."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from smki.interfaces.web import asking
from smki.interfaces.web.asking import BOUND_SECONDS, CONVINCING, Asking
from smki.terms import Refused, Unavailable

LOOP = "MainThread"


class Clock:
    """Goes on only when it is told to: on a busy machine a quick answer is a quick one, too."""

    now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """By which answers are timed."""
    clock = Clock()
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def house(served: Any) -> Any:
    """Services whose answers can be hurried."""
    return served.house


def where() -> str:
    """Where the question is put."""
    return threading.current_thread().name


async def convinced(house: Any) -> Asking:
    """Somebody who has seen so many quick answers, each of them in a thread."""
    ask = Asking(house)
    for _ in range(CONVINCING):
        assert await ask(where) != LOOP
    return ask


def test_quick_answers_are_given_on_the_loop(house: Any) -> None:
    """After so many quick answers in threads; what a question raises comes out as it is."""

    def refuses() -> str:
        raise Refused(where())

    async def journey() -> None:
        ask = await convinced(house)
        assert await ask(where) == LOOP
        with pytest.raises(Refused, match=LOOP):
            await ask(refuses)
        assert await ask(where) == LOOP

    asyncio.run(journey())


def test_a_store_that_stalls_is_asked_in_threads(house: Any, clock: Clock) -> None:
    """What stalls is waited for once on the loop, then in threads, until it is quick again."""
    others = threading.Event()

    def stalls() -> str:
        assert where() == LOOP or others.wait(60)
        clock.now += BOUND_SECONDS * 2
        return where()

    async def journey() -> None:
        ask = await convinced(house)
        assert await ask(stalls) == LOOP
        for _ in range(3):
            asked = asyncio.create_task(ask(stalls))
            await asyncio.sleep(0)  # others go on while it stalls
            others.set()
            assert await asked != LOOP
            others.clear()
        for _ in range(CONVINCING):
            assert await ask(where) != LOOP
        assert await ask(where) == LOOP

    asyncio.run(journey())


def test_what_gives_up_is_asked_once_more(house: Any) -> None:
    """A hurried question that gives up is put in a thread; what that says is the answer."""

    def impatient() -> str:
        if where() == LOOP:
            raise Unavailable("database: locked")
        return where()

    def unavailable() -> str:
        raise Unavailable(f"database: away, in {'the loop' if where() == LOOP else 'a thread'}")

    async def journey() -> None:
        ask = await convinced(house)
        assert await ask(impatient) != LOOP
        assert await ask(where) != LOOP
        ask = await convinced(house)
        with pytest.raises(Unavailable, match="in a thread"):
            await ask(unavailable)

    asyncio.run(journey())


def test_what_is_far_away_is_always_asked_in_threads(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that cannot be hurried is never asked on the loop."""

    def far(seconds: float) -> None:
        del seconds

    monkeypatch.setattr(house, "hurried", far)

    async def journey() -> None:
        ask = await convinced(house)
        assert await ask(where) != LOOP

    asyncio.run(journey())
