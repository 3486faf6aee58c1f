"""A piece of work in a process of its own, killed at one of its effects: before it, or after it."""

import os
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

Through = Callable[[Callable[..., Any]], Callable[..., Any]]
Act = Callable[[Through], None]


def kills(prepare: Callable[[], None], act: Act, *, after: bool) -> Iterator[int]:
    """Once for each effect of `act`, which is prepared anew and killed there; then not killed.

    `act` is given what makes an effect of a callable. It runs in a fork: no thread of ours runs
    there.
    """
    at, killed = 0, True
    while killed:
        prepare()
        killed = was_killed(act, at, after=after)
        yield at
        at += 1


def was_killed(act: Act, at: int, *, after: bool) -> bool:
    """Whether `act` had an effect of that number, counted from 0, and was killed there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of later Pythons, for threads
        child = os.fork()
    if child == 0:
        _run(act, at, after=after)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"exit code {code} at effect {at}"
    return code != 0


def _run(act: Act, at: int, *, after: bool) -> None:
    calls, mine = 0, os.getpid()

    def through(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            if os.getpid() != mine:  # a process that this one made
                return real(*arguments, **options)
            number, calls = calls, calls + 1
            if number == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*arguments, **options)
            finally:
                if number == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    code = 1
    try:
        act(through)
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of this process may go on
        traceback.print_exc()
    finally:
        os._exit(code)
