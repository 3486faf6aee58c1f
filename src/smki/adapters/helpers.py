"""Helpers of the worker: they examine CSRs ahead of it, and sign beside it.

Proof of possession and signatures are most of the work of a batch. With one process, a thread
examines the chunks to come: the cryptography lets other threads run. With more, helper processes
examine, and sign with the keys they may open, while the worker decides, journals, lodges and
indexes. Whoever would wait does a part itself that no helper has begun. Order is kept. A helper
that dies is replaced, and its part done here.
"""

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from typing import Any, Final, Generic, TypeVar

from smki.ports import KeyAlgorithm, SigningKey
from smki.registration import PackedOutcome, examine_packed, unpack
from smki.steps import Examined, Refusal
from smki.terms import CertificateKind

PART: Final = 128  # items sent to a helper at once: some 6 ms of work, 50 kB
AHEAD: Final = 2  # chunks read ahead for each helper: bounds memory, hides the journey
_GARBAGE: Final = (100_000, 20, 100)  # values die by themselves: few cycles, looked for seldom

Chunk = tuple[tuple[str, ...], tuple[str, ...]]
Outcome = tuple[tuple[str, ...], list[Examined | Refusal]]
Keys = Mapping[CertificateKind, SigningKey]
KeyOpener = Callable[[], Keys]  # goes to other processes: a function of a module, or partial of one

_Done = TypeVar("_Done")
_keys: dict[CertificateKind, SigningKey] = {}  # of this helper process


def relax_garbage_collection() -> None:
    """This process looks for garbage in cycles seldom: a tenth of a batch's time otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


class Helpers:
    """Examines, and signs, with an executor's help; the helpers live until `close`."""

    def __init__(self, start: Callable[[], Executor], count: int) -> None:
        self._start = start
        self._count = count
        self._executor = start()
        self._ahead: list[_Part[PackedOutcome]] = []  # being examined, in order

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
        """For each chunk, in order, its items and their outcomes."""
        waiting: deque[tuple[tuple[str, ...], list[_Part[PackedOutcome]]]] = deque()
        try:
            while True:
                while len(waiting) <= AHEAD * self._count and (chunk := next(chunks, None)):
                    parts = self._send(examine_packed, examine_packed, chunk[1])
                    self._ahead.extend(parts)
                    waiting.append((chunk[0], parts))
                if not waiting:
                    return
                items, parts = waiting.popleft()
                examined = self._collect(parts)
                del self._ahead[: len(parts)]
                yield items, list(map(unpack, examined))
        finally:  # nobody asks for the others any more
            for part in self._ahead:
                part.cancel()
            self._ahead.clear()

    def delegate(self, kind: CertificateKind, key: SigningKey) -> "HelpedKey":
        """The key as it is, whose signatures can be made by helper processes that opened it too."""
        return HelpedKey(self, kind, key)

    def begin_signing(
        self, kind: CertificateKind, key: SigningKey, messages: Sequence[bytes]
    ) -> Callable[[], list[bytes]]:
        """The messages are on their way to be signed; what comes back waits for the signatures."""
        return partial(self._collect, self._send(partial(_sign, kind), key.sign, messages))

    def close(self) -> None:
        """The helpers are gone."""
        self._executor.shutdown(cancel_futures=True)

    def _send(
        self,
        there: Callable[[Sequence[Any]], list[_Done]],
        here: Callable[[Sequence[Any]], list[_Done]],
        items: Sequence[Any],
    ) -> "list[_Part[_Done]]":
        groups = (items[n : n + PART] for n in range(0, len(items), PART))
        return [_Part(self._submit(there, group), here, group) for group in groups]

    def _submit(
        self, there: Callable[[Sequence[Any]], list[_Done]], items: Sequence[Any]
    ) -> Future[list[_Done]] | None:
        try:
            return self._executor.submit(there, items)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._start()
            return None

    def _collect(self, parts: "list[_Part[_Done]]") -> list[_Done]:
        outcomes: list[_Done] = []
        spare: Iterator[_Part[Any]] = iter([*reversed(parts), *self._ahead])
        for part in parts:
            while not part.ready() and (other := next(spare, None)):
                other.take_over()
            outcomes += part.outcome()
        return outcomes


class _Part(Generic[_Done]):
    """A part of some work: with a helper, or done here."""

    __slots__ = ("_done", "_future", "_here", "_items")

    def __init__(
        self,
        future: Future[list[_Done]] | None,
        here: Callable[[Sequence[Any]], list[_Done]],
        items: Sequence[Any],
    ) -> None:
        self._future = future
        self._here = here
        self._items = items
        self._done: list[_Done] | None = None

    def ready(self) -> bool:
        """True if asking for the outcome will not wait for a helper."""
        if self._done is None and self._future is not None and self._future.done():
            return True
        self.take_over()
        return self._done is not None

    def take_over(self) -> None:
        """Done here, if no helper has begun with it."""
        if self._done is None and (self._future is None or self._future.cancel()):
            self._done = self._here(self._items)

    def cancel(self) -> None:
        """No helper begins with it any more."""
        if self._future is not None:
            self._future.cancel()

    def outcome(self) -> list[_Done]:
        """The outcome; waits for the helper that has begun with it."""
        if self._done is None and self._future is not None:
            try:
                self._done = self._future.result()
            except BrokenProcessPool:
                self._done = self._here(self._items)
        return [] if self._done is None else self._done


@dataclass(frozen=True, slots=True)
class HelpedKey:
    """`ports.keys.DelegatingKey`: a key of this process that helpers, who opened it too, can use."""

    helpers: Helpers
    kind: CertificateKind
    key: SigningKey

    @property
    def algorithm(self) -> KeyAlgorithm:
        """How it signs."""
        return self.key.algorithm

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self.key.public_key

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order, made here."""
        return self.key.sign(messages)

    def begin(self, messages: Sequence[bytes]) -> Callable[[], list[bytes]]:
        """The messages are on their way to be signed; what comes back waits for the signatures."""
        return self.helpers.begin_signing(self.kind, self.key, messages)


def helpers(processes: int, keys: KeyOpener) -> Helpers:
    """Helpers of so many processes in all, this one counted; with one, in a thread of it.

    `keys` gives the keys that may be used in other processes too.
    """
    if processes == 1:
        return Helpers(lambda: ThreadPoolExecutor(1, "examiner"), 1)
    count = processes - 1
    return Helpers(
        lambda: ProcessPoolExecutor(
            count, mp_context=get_context("spawn"), initializer=_begin, initargs=(keys,)
        ),
        count,
    )


def _begin(keys: KeyOpener) -> None:
    """This helper ends when the process that started it does, however that ends.

    It would wait for more work for ever otherwise: it holds both ends of the queue itself.
    """
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    _keys.update(keys())
    relax_garbage_collection()


def _sign(kind: CertificateKind, messages: Sequence[bytes]) -> list[bytes]:
    return _keys[kind].sign(messages)
