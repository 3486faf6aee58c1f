"""Examines chunks of CSRs ahead of the work that uses them: in a thread, or in other processes.

Proof of possession is most of the work of a batch, and the cryptography behind it lets other
threads run. So a thread examines the chunks to come while this one decides, signs and lodges; with
more processes, they do. While the next part is not ready, whoever waits examines one itself. Order
is kept. A helper process that dies is replaced by doing its part here.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Final

from smki.registration import PackedOutcome, examine_packed, unpack
from smki.steps import Examined, Refusal

PART: Final = 128  # items sent to a helper at once: some 6 ms of work, 50 kB
AHEAD: Final = 2  # chunks read ahead for each helper: bounds memory, hides the journey

Chunk = tuple[tuple[str, ...], tuple[str, ...]]
Outcome = tuple[tuple[str, ...], list[Examined | Refusal]]


class Examiner:
    """Examines with helpers that an executor gives; they live until `close`."""

    def __init__(self, start: Callable[[], Executor], helpers: int) -> None:
        self._start = start
        self._helpers = helpers
        self._executor = start()

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
        """For each chunk, in order, its items and their outcomes."""
        waiting: deque[tuple[tuple[str, ...], list[_Part]]] = deque()
        while True:
            while len(waiting) <= AHEAD * self._helpers and (chunk := next(chunks, None)):
                waiting.append((chunk[0], self._send(chunk[1])))
            if not waiting:
                return
            items, parts = waiting.popleft()
            yield items, _collect(parts, [part for _, ahead in waiting for part in ahead])

    def close(self) -> None:
        """The helpers are gone."""
        self._executor.shutdown(cancel_futures=True)

    def _send(self, texts: tuple[str, ...]) -> "list[_Part]":
        parts = (texts[n : n + PART] for n in range(0, len(texts), PART))
        return [_Part(self._submit(part), part) for part in parts]

    def _submit(self, texts: tuple[str, ...]) -> Future[list[PackedOutcome]] | None:
        try:
            return self._executor.submit(examine_packed, texts)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._start()
            return None


def _collect(parts: "list[_Part]", ahead: "list[_Part]") -> list[Examined | Refusal]:
    outcomes: list[Examined | Refusal] = []
    spare = iter([*reversed(parts), *ahead])
    for part in parts:
        while not part.ready() and (other := next(spare, None)):
            other.take_over()
        outcomes += map(unpack, part.outcome())
    return outcomes


class _Part:
    """A part of a chunk: with a helper, or done here."""

    __slots__ = ("_done", "_future", "_texts")

    def __init__(self, future: Future[list[PackedOutcome]] | None, texts: tuple[str, ...]) -> None:
        self._future = future
        self._texts = texts
        self._done: list[PackedOutcome] | None = None

    def ready(self) -> bool:
        """True if asking for the outcome will not wait for a helper."""
        if self._done is None and self._future is not None and self._future.done():
            return True
        self.take_over()
        return self._done is not None

    def take_over(self) -> None:
        """Done here, if no helper has begun with it."""
        if self._done is None and (self._future is None or self._future.cancel()):
            self._done = examine_packed(self._texts)

    def outcome(self) -> list[PackedOutcome]:
        """The outcome; waits for the helper that has begun with it."""
        if self._done is None and self._future is not None:
            try:
                return self._future.result()
            except BrokenProcessPool:
                self._done = examine_packed(self._texts)
        return [] if self._done is None else self._done


def examiner(processes: int) -> Examiner:
    """Examines with so many processes in all, this one counted; with one, in a thread of it."""
    if processes == 1:
        return Examiner(lambda: ThreadPoolExecutor(1, "examiner"), 1)
    helpers = processes - 1
    return Examiner(
        lambda: ProcessPoolExecutor(
            helpers, mp_context=get_context("spawn"), initializer=_end_with_parent
        ),
        helpers,
    )


def _end_with_parent() -> None:
    """This helper ends when the process that started it does, however that ends.

    It would wait for more work for ever otherwise: it holds both ends of the queue itself.
    """
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
