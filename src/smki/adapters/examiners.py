"""Examines chunks of CSRs in this process and, if wanted, in others beside it.

Proof of possession is most of the work of a batch. With helpers, chunks are sent ahead in parts;
while the next part is not back, this process examines one itself instead of waiting. Order is
kept. A helper that dies is replaced by doing its part here.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Final

from smki.registration import examine_devices
from smki.steps import Examined, Refusal

PART: Final = 128  # items sent to a helper at once: some 6 ms of work, 50 kB
AHEAD: Final = 2  # chunks read ahead for each helper: bounds memory, hides the journey

Chunk = tuple[tuple[str, ...], tuple[str, ...]]
Outcome = tuple[tuple[str, ...], list[Examined | Refusal]]


class HereExaminer:
    """Examines in this process, one chunk after the other."""

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
        """For each chunk, in order, its items and their outcomes."""
        for items, texts in chunks:
            yield items, examine_devices(texts)

    def close(self) -> None:
        """Nothing is left behind."""


class PoolExaminer:
    """Examines in this process and in `helpers` others, which live until `close`."""

    def __init__(self, helpers: int) -> None:
        self._helpers = helpers
        self._pool = self._start()

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
        """For each chunk, in order, its items and their outcomes."""
        waiting: deque[tuple[tuple[str, ...], deque[_Part]]] = deque()
        while True:
            while len(waiting) <= AHEAD * self._helpers and (chunk := next(chunks, None)):
                waiting.append((chunk[0], self._send(chunk[1])))
            if not waiting:
                return
            items, parts = waiting.popleft()
            yield items, self._collect(parts, [part for _, ahead in waiting for part in ahead])

    def close(self) -> None:
        """The helpers are gone."""
        self._pool.shutdown(cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._helpers, mp_context=get_context("spawn"))

    def _send(self, texts: tuple[str, ...]) -> "deque[_Part]":
        return deque(
            _Part(self._submit(part), part)
            for part in (texts[n : n + PART] for n in range(0, len(texts), PART))
        )

    def _submit(self, texts: tuple[str, ...]) -> Future[list[Examined | Refusal]] | None:
        try:
            return self._pool.submit(examine_devices, texts)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = self._start()
            return None

    def _collect(self, parts: "deque[_Part]", ahead: "list[_Part]") -> list[Examined | Refusal]:
        outcomes: list[Examined | Refusal] = []
        spare = iter([*reversed(parts), *ahead])
        for part in parts:
            while not part.ready() and (other := next(spare, None)):
                other.take_over()
            outcomes += part.outcome()
        return outcomes


class _Part:
    """A part of a chunk: with a helper, or done here."""

    __slots__ = ("_done", "_future", "_texts")

    def __init__(
        self, future: Future[list[Examined | Refusal]] | None, texts: tuple[str, ...]
    ) -> None:
        self._future = future
        self._texts = texts
        self._done: list[Examined | Refusal] | None = None

    def ready(self) -> bool:
        """True if asking for the outcome will not wait for a helper."""
        if self._done is not None:
            return True
        if self._future is None or self._future.cancel():
            self._done = examine_devices(self._texts)
            return True
        return self._future.done()

    def take_over(self) -> None:
        """Done here, if no helper has begun with it."""
        if self._done is None and self._future is not None and self._future.cancel():
            self._done = examine_devices(self._texts)

    def outcome(self) -> list[Examined | Refusal]:
        """The outcome; waits for the helper that has begun with it."""
        if self._done is None and self._future is not None:
            try:
                return self._future.result()
            except BrokenProcessPool:
                self._done = examine_devices(self._texts)
        return self._done if self._done is not None else examine_devices(self._texts)


def examiner(processes: int) -> HereExaminer | PoolExaminer:
    """Examines with so many processes in all, this one counted."""
    return HereExaminer() if processes <= 1 else PoolExaminer(processes - 1)
