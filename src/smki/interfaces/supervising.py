"""The processes beside the server: started, started again when they die, their trouble made known.

One that was killed is started again at once: whatever it was at is settled then. One that ends by
itself, again and again, is started with longer and longer pauses. One that says the house disagrees
with itself (exit code 4) is not started again. The worker, as long as it lives, is asked again and
again whether something it needs is away. Each is told to whoever asks for status.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

from smki.bootstrap import Settings
from smki.interfaces.keeper import KEEPER_PROBLEM_FILE
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
_LOOK_SECONDS: Final = 5.0  # between two looks at what the keeper of the index wrote

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A process that runs beside the server.

    Attributes:
        command: of `smki`, which it runs.
        name: as operators are told.
        problem_file: where it says why it ended, or what it waits for.
        end_seconds: it is killed, which it bears, if it has not ended by itself in so many.
    """

    command: str
    name: str
    problem_file: str
    end_seconds: float


_WORKER: Final = _Kind(
    command="worker", name="the worker", problem_file=PROBLEM_FILE, end_seconds=30.0
)
_KEEPER: Final = _Kind(
    command="keeper",
    name="the keeper of the verifiable index",
    problem_file=KEEPER_PROBLEM_FILE,
    end_seconds=1.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """A process of that kind, for one house; it ends when the `lifeline` is cut."""

    kind: _Kind
    settings: Settings
    environment: Mapping[str, str]
    lifeline: int
    tell: Told

    @property
    def problem(self) -> str:
        """What it said when it ended; empty if nothing."""
        with suppress(OSError):
            return self.settings.path(self.kind.problem_file).read_text(encoding="utf-8")
        return ""


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
    with _lifeline() as (reading, writing):
        beside = _Beside(
            kind=_WORKER, settings=settings, environment=environment, lifeline=reading, tell=tell
        )
        keeping = asyncio.create_task(_keep(beside, lambda: _ask(link, tell)))
        try:
            await asyncio.wait_for(_answering(link, keeping), _START_SECONDS)
            yield
        except TimeoutError:
            raise Unavailable(
                f"the worker did not start in {_START_SECONDS:.0f} s: see what it wrote to"
                " standard error"
            ) from None
        finally:
            writing.close()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


@asynccontextmanager
async def keeper_beside(
    settings: Settings, environment: Mapping[str, str], tell: Told
) -> AsyncIterator[None]:
    """The verifiable index is kept inside, by a process that is started again when it dies.

    Nobody waits for it, and the house is served without it. `tell` is given what is wrong with it, and
    an empty text when it is well again.
    """
    with _lifeline() as (reading, writing):
        beside = _Beside(
            kind=_KEEPER, settings=settings, environment=environment, lifeline=reading, tell=tell
        )
        keeping = asyncio.create_task(_keep(beside, lambda: _look(beside)))
        try:
            yield
        finally:
            writing.close()
            keeping.cancel()
            with suppress(asyncio.CancelledError, Inconsistent):  # that was told
                await keeping


@contextmanager
def _lifeline() -> Iterator[tuple[int, IO[bytes]]]:
    """What a process is given to look at, and what is closed to end it."""
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # noqa: FBT003 - the function's own signature
    try:
        with os.fdopen(writing, "wb") as end:
            yield reading, end
    finally:
        os.close(reading)


async def _keep(beside: _Beside, watch: Callable[[], Coroutine[None, None, None]]) -> None:
    """It runs, and is started again, for as long as this does; each is watched while it runs."""
    failures, name = 0, beside.kind.name
    while True:
        started = time.monotonic()
        code = await _run(beside, watch)
        if code == INCONSISTENT_EXIT:
            problem = beside.problem or "the house disagrees with itself"
            beside.tell(f"{name} stopped and is not started again: {problem}")
            raise Inconsistent(
                f"{beside.kind.command}: {problem}", rule=f"{beside.kind.command}.stopped"
            )
        if time.monotonic() - started > _LONG_LIVED_SECONDS:
            failures = 0
        failures += code > 0  # by itself, not by a signal
        if failures > _TOLERATED:
            problem = beside.problem or f"exit code {code}, see what it wrote to standard error"
            beside.tell(f"{name} ended {failures} times in a row, it is tried again: {problem}")
        await asyncio.sleep(min(_RESTART_SECONDS * 2**failures, _PAUSE_MAX_SECONDS))


async def _run(beside: _Beside, watch: Callable[[], Coroutine[None, None, None]]) -> int:
    """One process from its start to its end; its exit code, negative if a signal ended it."""
    state = str(beside.settings.state.absolute())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "smki", beside.kind.command, "--lifeline", str(beside.lifeline)),
        env={**os.environ, **beside.environment, "SMKI_STATE": state},
        pass_fds=(beside.lifeline,),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt at the terminal is for the server to pass on
    )
    watching = asyncio.create_task(watch())
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process, beside.kind.end_seconds)
        raise
    finally:
        watching.cancel()


async def _look(keeper: _Beside) -> None:
    """What the keeper writes that it waits for is told, for as long as it lives; nothing, else."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        keeper.tell(keeper.problem)


async def _end(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Its lifeline is cut: it ends by itself, or is killed."""
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
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
