"""Where a question is put: at once, on the event loop, or in a thread.

The way to a thread and back takes many times as long as a lookup in a file on this machine, and on a
machine that is busy it is where the slowest of a hundred answers wait. On the loop, though, nobody
else is served meanwhile. So a question is put there for `BOUND_SECONDS` at the most, only if the index
says that it can be hurried, and only as long as the last ones were quick. What gives up is put once
more, in a thread. No rule of the repository is here.
"""

import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from smki.interfaces.web.service import Services
from smki.terms import Unavailable

BOUND_SECONDS: Final = 0.02  # hundreds of lookups; what others wait for one at the most
CONVINCING: Final = (
    32  # quick answers in threads, one after the other, until the loop is used again
)

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class Asking:
    """Puts questions to the services. For one event loop.

    A disk that stalls in the middle of a read cannot be given up on: the loop waits for that read, and
    for none after it until so many in threads were quick.
    """

    __slots__ = ("_quick", "_services")

    def __init__(self, services: Services) -> None:
        self._services = services
        self._quick = 0  # answers in a row: nothing is trusted before it has shown that it is quick

    async def __call__(
        self, work: Callable[_Given, _Answer], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Answer:
        """What `work` returns or raises, which asks the services and may be done twice."""

        def timed() -> _Answer:
            started = time.monotonic()
            try:
                return work(*args, **kwargs)
            finally:
                slow = time.monotonic() - started > BOUND_SECONDS
                self._quick = 0 if slow else self._quick + 1

        hurried = self._services.hurried(BOUND_SECONDS) if self._quick >= CONVINCING else None
        if hurried is not None:
            try:
                with hurried:
                    return timed()
            except Unavailable:  # in time, that is: who has time is told what it is
                self._quick = 0
        return await run_in_threadpool(timed)
