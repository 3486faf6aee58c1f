"""Helpers of the worker: they examine CSRs ahead of it, and sign beside it.

Proof of possession and signatures are most of the work of a batch. With one process, a thread
examines the chunks to come: the cryptography lets other threads run. With more, helper processes
examine, and sign with the key they may open, while the worker decides, journals, lodges and
indexes. Work is cut into parts; a helper is given a few ahead, and who would wait for one does
another here. Order is kept. A helper that dies is replaced, and its parts are done here.
"""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, Protocol, TypeVar

from smki.ports import KeyAlgorithm, SigningKey
from smki.registration import PackedOutcome, examine_packed, unpack
from smki.steps import Examined, Refusal
from smki.terms import CertificateKind

PART: Final = 128  # items in a part: some 6 ms of work, 60 kB
CREDIT: Final = 12  # parts that a helper has at most: what it does while nobody looks after it
AHEAD: Final = 2  # chunks read ahead for each helper: bounds memory
_GARBAGE: Final = (100_000, 20, 100)  # values die by themselves: few cycles, looked for seldom

Chunk = tuple[tuple[str, ...], tuple[str, ...]]
Outcome = tuple[tuple[str, ...], list[Examined | Refusal]]
KeyOpener = Callable[[], Mapping[CertificateKind, SigningKey]]  # one that can be pickled
Task = CertificateKind | None  # sign with the key of that authority, or examine

_Done = TypeVar("_Done")


def relax_garbage_collection() -> None:
    """This process looks for garbage in cycles seldom: a tenth of a batch's time otherwise.

    It is looked for at the end of each batch, so memory does not grow with their number.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Within, garbage in cycles is looked for seldom; afterwards as before."""
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Helpers:
    """Examines, and signs, with helpers, which live until `close`. For one thread."""

    def __init__(self, start: "Callable[[], _Helper]", count: int) -> None:
        self._start = start
        self._helpers = [start() for _ in range(count)]
        self._parts: deque[_Part[Any]] = deque()  # that nobody has begun with, most urgent first

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
        """For each chunk, in order, its items and their outcomes."""
        waiting: deque[tuple[tuple[str, ...], list[_Part[PackedOutcome]]]] = deque()
        try:
            while True:
                while len(waiting) <= AHEAD * len(self._helpers) and (chunk := next(chunks, None)):
                    parts = _cut(None, examine_packed, chunk[1])
                    self._parts.extend(parts)
                    waiting.append((chunk[0], parts))
                if not waiting:
                    return
                items, parts = waiting.popleft()
                yield items, list(map(unpack, self._collect(parts)))
        finally:  # nobody asks for the others any more
            self._parts.clear()
            gc.collect()

    def delegate(self, kind: CertificateKind, key: SigningKey) -> "HelpedKey":
        """The key as it is, whose signatures can be made by helper processes that opened it too."""
        return HelpedKey(self, kind, key)

    def begin_signing(
        self, kind: CertificateKind, key: SigningKey, messages: Sequence[bytes]
    ) -> Callable[[], list[bytes]]:
        """The messages are on their way to be signed; what comes back waits for the signatures."""
        parts = _cut(kind, key.sign, messages)
        self._parts.extendleft(reversed(parts))
        self._look_after()
        return partial(self._collect, parts)

    def close(self) -> None:
        """The helpers are gone."""
        for helper in self._helpers:
            helper.close()

    def _collect(self, parts: "list[_Part[_Done]]") -> list[_Done]:
        for part in parts:
            while part.done is None:
                self._look_after()
                if part.done is None and not self._do_one_of(parts):
                    self._receive(part.helper, wait=True)
        return [outcome for part in parts for outcome in part.done or ()]

    def _do_one_of(self, parts: "list[_Part[_Done]]") -> bool:
        """Does a part here that nobody has begun with: of these the last, or one of others."""
        mine = next((part for part in reversed(parts) if part.is_free), None)
        if mine is None and not self._parts:
            return False
        chosen = mine or self._parts[-1]
        with suppress(ValueError):  # forgotten, when nobody asked for others of its chunk any more
            self._parts.remove(chosen)
        chosen.do_here()
        return True

    def _look_after(self) -> None:
        """What helpers have done is taken from them; each has as many parts as it may."""
        for place in range(len(self._helpers)):
            self._receive(place, wait=False)
            helper = self._helpers[place]  # another one now, if that one had died
            with suppress(OSError):  # it died: seen when its answer is asked for
                while self._parts and len(helper.parts) < CREDIT:
                    part = self._parts.popleft()
                    part.helper = place
                    helper.parts.append(part)
                    helper.send(part.task, part.items)

    def _receive(self, place: int, *, wait: bool) -> None:
        helper = self._helpers[place]
        try:
            helper.receive(wait=wait)
        except (OSError, EOFError):
            helper.close()
            self._helpers[place] = self._start()
            for part in helper.parts:
                part.do_here()


def _cut(
    task: Task, here: Callable[[Sequence[Any]], list[_Done]], items: Sequence[Any]
) -> "list[_Part[_Done]]":
    return [_Part(task, here, items[n : n + PART]) for n in range(0, len(items), PART)]


class _Part(Generic[_Done]):
    """A part of some work: free, with a helper, or done."""

    __slots__ = ("_here", "done", "helper", "items", "task")

    def __init__(
        self, task: Task, here: Callable[[Sequence[Any]], list[_Done]], items: Sequence[Any]
    ) -> None:
        self.task = task
        self.items = items
        self.helper = -1
        self.done: list[_Done] | None = None
        self._here = here

    @property
    def is_free(self) -> bool:
        return self.done is None and self.helper < 0

    def do_here(self) -> None:
        self.done = self._here(self.items)


class _Helper(Protocol):
    """Does parts in the order it is given them; `parts` are those it was given, oldest first."""

    parts: deque[_Part[Any]]

    def send(self, task: Task, items: Sequence[Any]) -> None: ...

    def receive(self, *, wait: bool) -> None:
        """What is done is in its parts, and they are gone from `parts`; one at least if `wait`."""
        ...

    def close(self) -> None: ...


class _ThreadHelper:
    """A thread of this process; it only examines."""

    def __init__(self) -> None:
        self.parts: deque[_Part[Any]] = deque()
        self._tasks: SimpleQueue[Sequence[str] | None] = SimpleQueue()
        self._answers: SimpleQueue[list[PackedOutcome]] = SimpleQueue()
        threading.Thread(target=self._examine, name="examiner", daemon=True).start()

    def send(self, _task: Task, items: Sequence[str]) -> None:
        self._tasks.put(items)

    def receive(self, *, wait: bool) -> None:
        with suppress(Empty):
            while self.parts:
                done = self._answers.get(block=wait)
                self.parts.popleft().done = done
                wait = False

    def close(self) -> None:
        self._tasks.put(None)

    def _examine(self) -> None:
        while (items := self._tasks.get()) is not None:
            self._answers.put(examine_packed(items))


class _ProcessHelper:
    """A process that ends when this one does, however that ends: its pipe is closed then."""

    def __init__(self, keys: KeyOpener) -> None:
        self.parts: deque[_Part[Any]] = deque()
        context = get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_help, args=(there, keys), daemon=True)
        self._process.start()
        there.close()

    def send(self, task: Task, items: Sequence[Any]) -> None:
        self._pipe.send((task, items))

    def receive(self, *, wait: bool) -> None:
        while self.parts and (wait or self._pipe.poll()):
            done = self._pipe.recv()
            self.parts.popleft().done = done
            wait = False

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def _help(pipe: Connection, keys: KeyOpener) -> None:
    """The life of a helper process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker heeds it, and closes the pipe
    opened = keys()
    relax_garbage_collection()
    tasks: SimpleQueue[tuple[Task, Any]] = SimpleQueue()
    answers: SimpleQueue[list[Any]] = SimpleQueue()

    def work() -> None:
        while True:
            kind, items = tasks.get()
            answers.put(opened[kind].sign(items) if kind else examine_packed(items))

    def answer() -> None:
        while True:
            pipe.send(answers.get())

    for target in (work, answer):
        threading.Thread(target=_or_end, args=(target,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            tasks.put(pipe.recv())
    os._exit(0)


def _or_end(target: Callable[[], None]) -> None:
    """A helper that cannot go on ends: its parts are done by the worker, which says what is wrong."""
    try:
        target()
    finally:
        os._exit(1)


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
        return Helpers(_ThreadHelper, 1)
    return Helpers(partial(_ProcessHelper, keys), processes - 1)
