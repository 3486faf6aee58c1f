"""Parts of a campaign in processes of this machine: one that dies is started again in its place.

Clause: sec:L10
"""

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Final

from smki.interfaces.recovery_part import Part, PartDone, done_said, said_of
from smki.terms import Unavailable

PROCESSES_MOST: Final = 64
_LOOK_SECONDS: Final = 0.5  # between two looks at how far it has come
_DEATHS_MOST: Final = 8  # in a row, while no device comes to an end

Look = Callable[[], int]
"""Tells how far the campaign has come, and says how many devices came to an end."""


def carry_in_processes(parts: Sequence[Part], look: Look) -> tuple[Sequence[PartDone], int]:
    """What each did, and how many processes died and were started again.

    Raises:
        SmkiError: as `carry_part`, when one says so; the others are ended.
        Unavailable: they die again and again.

    Clause: sec:L10
    """
    return _Processes(parts, look).run()


class _Processes:
    """Those that run, and those that died."""

    def __init__(self, parts: Sequence[Part], look: Look) -> None:
        self._parts = parts
        self._look = look
        self._made = get_context("forkserver")  # from a process without threads, loaded once
        self._made.set_forkserver_preload([said_of.__module__])
        self._running: dict[Connection, tuple[ForkServerProcess, Part]] = {}
        self._done: list[PartDone] = []
        self._deaths = 0
        self._in_a_row = 0
        self._ended = 0

    def run(self) -> tuple[Sequence[PartDone], int]:
        """What each did, and how many died."""
        try:
            for part in self._parts:
                self._start(part)
            while self._running:
                for connection in wait(list(self._running), timeout=_LOOK_SECONDS):
                    if isinstance(connection, Connection):
                        self._hear(connection)
                self._progress()
        finally:
            for process, _ in self._running.values():
                process.terminate()
            for connection, (process, _) in self._running.items():
                process.join()
                connection.close()
        return self._done, self._deaths

    def _start(self, part: Part) -> None:
        here, there = self._made.Pipe(duplex=False)
        process = self._made.Process(target=_in_process, args=(part, there), daemon=True)
        process.start()
        there.close()
        self._running[here] = (process, part)

    def _hear(self, connection: Connection) -> None:
        process, part = self._running.pop(connection)
        try:
            said = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            said = None
        connection.close()
        process.join()
        if said is None:
            self._died(part)
        else:
            self._done.append(done_said(said))

    def _died(self, part: Part) -> None:
        self._deaths += 1
        self._in_a_row += 1
        if self._in_a_row > _DEATHS_MOST:
            raise Unavailable(
                f"campaign {part.campaign}: {self._in_a_row} carriers died while no device came to"
                " an end; see the machine's log, then carry on",
                rule="campaign.carriers",
            )
        self._start(part)

    def _progress(self) -> None:
        ended = self._look()
        if ended > self._ended:
            self._ended, self._in_a_row = ended, 0


def _in_process(part: Part, connection: Connection) -> None:
    """The part in a process of its own, which ends with the one that started it."""
    _end_with_parent()
    try:
        said = said_of(part)
    except KeyboardInterrupt:
        os._exit(1)  # whoever started us was interrupted too, and tells it
    with suppress(OSError):  # whoever started us may be gone: what was done is kept
        connection.send_bytes(json.dumps(said).encode())


def _end_with_parent() -> None:
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
