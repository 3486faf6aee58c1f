"""Several processes do the same work beside each other, each on its own part; answers keep their order.

Each opens by itself what it works with, and only reads that. A few parts are under way for each
process, so memory is flat. Knows nothing of what is right.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from smki.adapters.helpers import relax_garbage_collection
from smki.terms import Unavailable

AHEAD: Final = 4  # parts under way for each process: none waits for the slowest

_Opened = TypeVar("_Opened")
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")

_open: Final = ExitStack()  # in a process of ours: what it opened, until it ends
_opened: Final[list[Any]] = []


class Auditors(Generic[_Opened]):
    """`ports.Each` by so many processes, which live until it is left."""

    def __init__(
        self, opener: Callable[[], AbstractContextManager[_Opened]], processes: int
    ) -> None:
        """`opener`, which can be pickled, opens in each process what it works with."""
        self._processes = processes
        self._pool = ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=_begin, initargs=(opener,)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(
        self, work: Callable[[_Opened, _Asked], _Answer], asked: Iterable[_Asked]
    ) -> Iterator[_Answer]:
        """What `work`, a function that can be pickled, gives for each part, in order.

        Raises:
            Unavailable: a process has ended; and whatever `work` raises.
        """
        waiting: deque[Future[_Answer]] = deque()
        try:
            for one in asked:
                waiting.append(self._pool.submit(_work, work, one))
                if len(waiting) > AHEAD * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise Unavailable(
                "audit: a process that reads beside has ended before its work; run it again",
                rule="audit.process",
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _begin(opener: Callable[[], AbstractContextManager[Any]]) -> None:
    relax_garbage_collection()
    _opened.append(_open.enter_context(opener()))


def _work(work: Callable[[Any, _Asked], _Answer], one: _Asked) -> _Answer:
    return work(_opened[0], one)
