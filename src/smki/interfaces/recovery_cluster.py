"""Parts of a campaign on a cluster of Dask: on as many machines as it has.

Tasks are names of parts and nothing else; a task that dies with its worker is started again on
another one, in the same place. What Dask knows is lost with its scheduler, what is kept of the
campaign is not: whoever carries it again goes on there. Each machine needs what this one has: the
same state directory, a database that all reach, and the key open at the recovery's socket.

Clause: sec:L10
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from smki.interfaces.recovery_part import Part, PartDone, done_said, said_of
from smki.interfaces.recovery_processes import Look
from smki.terms import Unavailable

_RETRIES: Final = 3  # of a part whose worker died
_CONNECT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.5  # between two looks at how far it has come


@contextmanager
def cluster(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """What tasks are given to, and how many workers there are.

    `scheduler` is its address, as tcp://host:8786; for tls:// the certificates are those of Dask's
    own configuration.

    Raises:
        Unavailable: `distributed` is not installed, the scheduler does not answer, or has no worker.
    """
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise Unavailable(
            "cluster: distributed is not installed; install smki[cluster]", rule="campaign.cluster"
        ) from error
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise _away(scheduler, str(error)) from error
    try:
        workers = len(client.nthreads())
        if not workers:
            raise _away(scheduler, "it has no worker")
        with client.get_executor(retries=_RETRIES, pure=False) as executor:
            yield executor, workers
    finally:
        client.close()


def carry_on_cluster(
    executor: Executor, parts: Sequence[Part], look: Look
) -> tuple[Sequence[PartDone], int]:
    """What each part did; how many died is not known here.

    Raises:
        SmkiError: as `carry_part`, when one says so.
        Unavailable: the scheduler went away, or workers died too often.

    Clause: sec:L10
    """
    tasks = {executor.submit(said_of, part) for part in parts}
    done: list[PartDone] = []
    try:
        while tasks:
            ended, tasks = _ended(tasks)
            done += [_heard(task.result) for task in ended]
            look()
    finally:
        for task in tasks:
            task.cancel()
    return done, 0


def _ended(tasks: set[Future[Any]]) -> tuple[set[Future[Any]], set[Future[Any]]]:
    found = wait(tasks, timeout=_LOOK_SECONDS)
    return found.done, found.not_done


def _heard(result: Callable[[], Any]) -> PartDone:
    """What the part did."""
    try:
        said = result()
    except Exception as error:  # the cluster's own errors are of kinds that are not loaded here
        raise Unavailable(
            f"cluster: a part was lost with its workers or the scheduler ({error!r}); what was done is"
            " kept, carry on",
            rule="campaign.cluster",
        ) from error
    return done_said(said)


def _away(scheduler: str, why: str) -> Unavailable:
    return Unavailable(
        f"cluster: {scheduler} cannot be used ({why}), must be a scheduler of Dask with workers",
        where="--dask",
        rule="campaign.cluster",
    )
