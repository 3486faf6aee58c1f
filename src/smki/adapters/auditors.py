"""Several processes look through an index and its record beside each other; answers keep their order.

Each opens record and index by itself and reads only. A few stretches are under way for each process, so
memory is flat. Knows nothing of what is right.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context
from types import TracebackType
from typing import Final, Self, TypeVar

from smki.adapters.helpers import relax_garbage_collection
from smki.ports import CertificateIndex, DeviceRange
from smki.repository import Looked, Looker
from smki.terms import EUI64, Unavailable

AHEAD: Final = 4  # stretches under way for each process: none waits for the slowest
RANGES: Final = 8  # of devices for each process: alike in number, not in time

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")
Opener = Callable[[], AbstractContextManager[Looker]]  # one that can be pickled

_open: Final = ExitStack()  # in a process of ours: what it opened, until it ends
_looker: Final[list[Looker]] = []


class Auditors:
    """`repository.LooksThrough` by so many processes, which live until it is left."""

    def __init__(self, opener: Opener, index: CertificateIndex, processes: int) -> None:
        """`opener` opens, in each process, what `index` is the index of."""
        self._index = index
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

    def entries(self, stretches: Iterable[range]) -> Iterator[Looked]:
        """What is seen of each stretch of entries, in order.

        Raises:
            Unavailable: a process has ended, or cannot reach the database.
        """
        return self._each(_look, stretches)

    def devices(self) -> Iterator[EUI64]:
        """Devices whose certificates' statuses need a careful look, as the index orders them.

        Raises:
            Unavailable: as for `entries`.
        """
        for found in self._each(_doubtful, self._index.device_ranges(self._processes * RANGES)):
            yield from found

    def _each(
        self, work: Callable[[_Asked], _Answer], asked: Iterable[_Asked]
    ) -> Iterator[_Answer]:
        waiting: deque[Future[_Answer]] = deque()
        try:
            for one in asked:
                waiting.append(self._pool.submit(work, one))
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


def _begin(opener: Opener) -> None:
    relax_garbage_collection()
    _looker.append(_open.enter_context(opener()))


def _look(stretch: range) -> Looked:
    return _looker[0].look(stretch)


def _doubtful(among: DeviceRange) -> tuple[EUI64, ...]:
    return _looker[0].doubtful(among)
