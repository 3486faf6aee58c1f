"""The keeper: the process that keeps the verifiable index beside the worker, off the issuing path.

It reads the record's public files as they grow, and asks the worker to lodge each root, as the one who
writes. It holds no key. It may be killed anywhere, and goes on from what is durable. It gives way to
the worker and the server where they want the processor. It ends when the process that started it
does (`lifeline`). What is away is waited for, and said in a file meanwhile.
"""

import logging
import os
import signal
import threading
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final

from smki.adapters.files import write_durably
from smki.adapters.helpers import relax_garbage_collection
from smki.bootstrap import Settings, open_front
from smki.bootstrap.opening import open_map_keeper
from smki.flows.index_roots import INDEX_ROOT
from smki.interfaces.link import SOCKET, ask
from smki.interfaces.waiting import GRACE_SECONDS
from smki.repository import MapKeeper
from smki.terms import SmkiError, Unavailable

_LOG = logging.getLogger("smki.keeper")

KEEPER_PROBLEM_FILE: Final = "keeper.problem"  # what it waits for, or why it ended
_LOOK_SECONDS: Final = 1.0  # between two looks at the record, once all is read
_PATIENCE_SECONDS: Final = 5.0  # after something was away
_NICENESS: Final = 10


def keep(settings: Settings, lifeline: int | None) -> None:
    """The index is kept until told to stop, or until the other end of `lifeline` is closed.

    Raises:
        Unavailable: there is no SMKI, or its database is away.
        Inconsistent: the record is damaged, or the index has not what a list refers to.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if lifeline is not None:
        threading.Thread(target=_watch, args=(lifeline, stop), daemon=True).start()
    os.nice(_NICENESS)
    relax_garbage_collection()
    said = _Said(settings)
    try:
        with open_front(settings) as front:
            keeper = open_map_keeper(settings, front, partial(_lodge, settings))
            while not stop.is_set():
                stop.wait(_step(keeper, front.clock.now(), said))
    except SmkiError as error:
        said.problem(f"{error.family}: {error}")
        raise


def _step(keeper: MapKeeper, now: datetime, said: "_Said") -> float:
    """One portion further; how many seconds there is nothing to do then."""
    try:
        more = keeper.keep(now)
    except Unavailable as error:
        said.problem(f"cannot be kept now, it is tried again: {error}")
        return _PATIENCE_SECONDS
    said.problem("")
    return 0.0 if more else _LOOK_SECONDS


class _Said:
    """What it waits for, in a file that is there while there is something."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.path(KEEPER_PROBLEM_FILE)
        self._path.unlink(missing_ok=True)
        self._said = ""

    def problem(self, problem: str) -> None:
        """This is wrong from now on; nothing, if empty."""
        if problem == self._said:
            return
        self._said = problem
        if problem:
            _LOG.warning("%s", problem)
            with suppress(Unavailable):  # a full disk: the lag shows it too
                write_durably(self._path, problem.encode())
        else:
            self._path.unlink(missing_ok=True)


def _lodge(settings: Settings, body: bytes) -> int:
    """The worker has lodged the index root; its entry's index."""
    seconds = settings.checkpoint_seconds + GRACE_SECONDS
    said = ask(settings.path(SOCKET), INDEX_ROOT, {"body": body.decode()}, seconds)
    if said is None:
        raise Unavailable("index root: no worker runs, which lodges it", rule="authority.away")
    entry: int = said["entry"]
    return entry


def _watch(lifeline: int, stop: threading.Event) -> None:
    with suppress(OSError):
        os.read(lifeline, 1)
    stop.set()
