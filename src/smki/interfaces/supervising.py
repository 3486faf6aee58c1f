"""The worker beside the server: started, started again when it dies, and its trouble made known.

A worker that was killed is started again at once: whatever it was at is settled then. One that
ends by itself, again and again, is started with longer and longer pauses. One that says the house
disagrees with itself (exit code 4) is not started again. One that lives is asked again and again
whether something it needs is away. Each is told to whoever asks for status.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from smki.bootstrap import Settings
from smki.interfaces.link import LinkClient
from smki.interfaces.worker import INCONSISTENT_EXIT, PROBLEM_FILE, STATE
from smki.terms import Inconsistent, Unavailable

_RESTART_SECONDS: Final = 0.5
_PAUSE_MAX_SECONDS: Final = 15.0  # a token or database that is back is noticed within this
_TOLERATED: Final = 2  # ends in a row, before an operator is told: a restart may mend it
_LONG_LIVED_SECONDS: Final = 60.0  # a worker that lived so long was well: counting begins anew
_START_SECONDS: Final = 60.0  # settling and catching up may take long after a crash
_ASK_SECONDS: Final = 1.0  # between two questions whether all is well
_SILENCE_SECONDS: Final = 10.0  # it answers at once, whatever it is at
_END_SECONDS: Final = 30.0  # then it is killed, which it bears

Told = Callable[[str], None]


@asynccontextmanager
async def worker_beside(
    settings: Settings, environment: Mapping[str, str], link: LinkClient, tell: Told
) -> AsyncIterator[None]:
    """A worker runs inside, started again when it dies; gone afterwards.

    `tell` is given what is wrong with it, and an empty text when it is well again.

    Raises:
        Unavailable: it did not begin to answer.
        Inconsistent: it found that the house disagrees with itself; raised on leaving if it came
            to that inside.
    """
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # noqa: FBT003 - the function's own signature
    keeping = asyncio.create_task(_keep(settings, environment, link, reading, tell))
    try:
        await asyncio.wait_for(_answering(link, keeping), _START_SECONDS)
        yield
    except TimeoutError:
        raise Unavailable(
            f"the worker did not start in {_START_SECONDS:.0f} s: see what it wrote to"
            " standard error"
        ) from None
    finally:
        os.close(writing)
        keeping.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await keeping
        finally:
            os.close(reading)


async def _keep(
    settings: Settings,
    environment: Mapping[str, str],
    link: LinkClient,
    lifeline: int,
    tell: Told,
) -> None:
    failures = 0
    while True:
        started = time.monotonic()
        code = await _run(settings, environment, link, lifeline, tell)
        if code == INCONSISTENT_EXIT:
            problem = _problem(settings, "the house disagrees with itself")
            tell(f"the worker stopped and is not started again: {problem}")
            raise Inconsistent(f"worker: {problem}", rule="worker.stopped")
        if time.monotonic() - started > _LONG_LIVED_SECONDS:
            failures = 0
        failures += code > 0  # by itself, not by a signal
        if failures > _TOLERATED:
            problem = _problem(settings, f"exit code {code}, see what it wrote to standard error")
            tell(f"the worker ended {failures} times in a row, it is tried again: {problem}")
        await asyncio.sleep(min(_RESTART_SECONDS * 2**failures, _PAUSE_MAX_SECONDS))


async def _run(
    settings: Settings, environment: Mapping[str, str], link: LinkClient, lifeline: int, tell: Told
) -> int:
    """One worker from its start to its end; its exit code, negative if a signal ended it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "smki", "worker", "--lifeline", str(lifeline)),
        env={**os.environ, **environment, "SMKI_STATE": str(settings.state.absolute())},
        pass_fds=(lifeline,),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt at the terminal is for the server to pass on
    )
    asking = asyncio.create_task(_ask(link, tell))
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        asking.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its lifeline is cut: it ends by itself, or is killed."""
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _END_SECONDS)
        return
    process.kill()
    await process.wait()


async def _ask(link: LinkClient, tell: Told) -> None:
    """What the worker says is wrong is told, for as long as it lives; nothing, once all is well."""
    await _answering(link)
    while True:
        try:
            state = await asyncio.wait_for(link.ask(STATE, {}), _SILENCE_SECONDS)
            tell(state["problem"])
        except TimeoutError:
            tell(f"the worker has said nothing for {_SILENCE_SECONDS:.0f} s")
        except Unavailable:
            pass  # it ended: whoever starts it again tells of that
        await asyncio.sleep(_ASK_SECONDS)


async def _answering(link: LinkClient, keeping: "asyncio.Task[None] | None" = None) -> None:
    """Returns when the worker answers; raises what ended its keeping."""
    while keeping is None or not keeping.done():
        with suppress(Unavailable):
            await link.ask("ping", {})
            return
        await asyncio.sleep(0.05)
    keeping.result()


def _problem(settings: Settings, otherwise: str) -> str:
    """What the worker said when it ended."""
    with suppress(OSError):
        return settings.path(PROBLEM_FILE).read_text(encoding="utf-8")
    return otherwise
