"""The server: listeners, the worker beside them, and what others may know of it.

This process never opens a CA key. It starts the worker, starts it again when it dies, and tells
`smki status` through a file and a lock: the lock is held for as long as the process lives, however
it ends, so that what the file says can be believed.
"""

import asyncio
import base64
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from smki.adapters.files import write_durably
from smki.bootstrap import Settings, open_front
from smki.flows.office import FrontOffice
from smki.flows.services import HouseServices
from smki.interfaces.link import LinkClient
from smki.interfaces.operations import SOCKET
from smki.interfaces.web import (
    Listener,
    load_crl,
    local_app,
    new_event_loop,
    secured_app,
    server_context,
    serving,
)
from smki.interfaces.worker import AD_HOC, WAKE
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import AdHocStatus, CertificateKind, Unavailable

STATUS_FILE: Final = "serving.json"
LOCK_FILE: Final = "serving.lock"
_LISTS: Final = (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA)
_RESTART_SECONDS: Final = 0.5
_WATCH_SECONDS: Final = 0.5
_WORKER_START_SECONDS: Final = 60.0  # settling and catching up may take long after a crash

Ports = Mapping[str, str | None]
Journey = Callable[[Ports], Awaitable[None]]


def serve(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    ready: Callable[[Ports], None],
    journey: Journey | None = None,
) -> None:
    """Serves in the foreground until interrupted; `ready` is told the endpoints.

    `journey` runs once the listeners are up; only when it has finished is the house ready.

    Raises:
        Unavailable: another server runs in this state directory, or a port cannot be had.
    """
    with (
        _only_one(settings.path(LOCK_FILE)),
        open_front(settings) as front,
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(_serve(settings, environment, front, ready, journey))


async def _serve(
    settings: Settings,
    environment: Mapping[str, str],
    front: FrontOffice,
    ready: Callable[[Ports], None],
    journey: Journey | None,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    link = LinkClient(settings.path(SOCKET))
    services = HouseServices(
        front, _asking(link), _waking(link, loop), lambda: read_serving(settings)
    )
    lists = [settings.path("tls", f"{kind.value}.crl.pem") for kind in _LISTS]
    context = server_context(
        certificate=settings.path("tls", "server.pem"),
        key=settings.path("tls", "server.key"),
        trust=settings.path("tls", "ca.pem"),
        crls=lists,
    )
    record = settings.path("record")
    listeners = [
        Listener(
            app=secured_app(services, build=front.build, record=record),
            host=settings.host,
            port=settings.https_port,
            tls=context,
        )
    ]
    if settings.local_port >= 0:
        local = local_app(services, record=record)
        listeners.append(Listener(app=local, host="127.0.0.1", port=settings.local_port))
    async with _worker(settings, environment, link), serving(listeners) as ports:
        endpoints = _endpoints(settings, ports)
        _tell(settings, endpoints, ready=False)
        following = asyncio.create_task(_follow(context, lists))
        try:
            if journey is not None:
                await _unless(stop, journey(endpoints))
            if not stop.is_set():
                _tell(settings, endpoints, ready=True)
                ready(endpoints)
            await stop.wait()
        finally:
            following.cancel()
            settings.path(STATUS_FILE).unlink(missing_ok=True)
    await link.close()


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Waits for the work, or for the interruption that makes it moot."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
    else:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _asking(link: LinkClient) -> Callable[[Requester, str], Awaitable[AdHocAnswer]]:
    async def ask(requester: Requester, csr_text: str) -> AdHocAnswer:
        result = await link.ask(
            AD_HOC,
            {
                "party": requester.party,
                "credential": str(requester.credential or ""),
                "csr": csr_text,
            },
        )
        certificate = result["certificate"]
        return AdHocAnswer(
            transaction_id=result["transaction_id"],
            status=AdHocStatus(result["status"]),
            certificate=None if certificate is None else base64.b64decode(certificate),
            code=result["code"],
            text=result["text"],
        )

    return ask


def _waking(link: LinkClient, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    async def nudge() -> None:
        with suppress(Unavailable, TimeoutError):  # it looks into the workbook by itself too
            await asyncio.wait_for(link.ask(WAKE, {}), 1)

    def wake() -> None:
        asyncio.run_coroutine_threadsafe(nudge(), loop)

    return wake


@asynccontextmanager
async def _worker(
    settings: Settings, environment: Mapping[str, str], link: LinkClient
) -> AsyncIterator[None]:
    """A worker runs inside, started again whenever it dies; gone afterwards."""
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # noqa: FBT003 - the function's own signature
    keeping = asyncio.create_task(_keep(settings, environment, reading))
    try:
        await asyncio.wait_for(_answering(link, keeping), _WORKER_START_SECONDS)
        yield
    except TimeoutError:
        raise Unavailable(
            f"the worker did not start in {_WORKER_START_SECONDS:.0f} s: see what it wrote"
            " to standard error"
        ) from None
    finally:
        os.close(writing)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        os.close(reading)


async def _keep(settings: Settings, environment: Mapping[str, str], lifeline: int) -> None:
    """Starts the worker, and again whenever it ends; when cancelled, waits for its end."""
    command = [sys.executable, "-m", "smki", "worker", "--lifeline", str(lifeline)]
    inherited = {**os.environ, **environment, "SMKI_STATE": str(settings.state.absolute())}
    while True:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=inherited,
            pass_fds=(lifeline,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt at the terminal is for the server to pass on
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            await process.wait()
            raise
        await asyncio.sleep(_RESTART_SECONDS)


async def _answering(link: LinkClient, keeping: "asyncio.Task[None]") -> None:
    """Returns when the worker answers."""
    while not keeping.done():
        with suppress(Unavailable):
            await link.ask("ping", {})
            return
        await asyncio.sleep(0.05)
    keeping.result()


async def _follow(context: Any, lists: list[Path]) -> None:
    """Newer revocation lists go into the live context as they appear."""
    seen = {path: path.stat().st_mtime_ns for path in lists}
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        for path in lists:
            changed = path.stat().st_mtime_ns
            if changed != seen[path]:
                seen[path] = changed
                load_crl(context, path)


def _endpoints(settings: Settings, ports: tuple[int, ...]) -> dict[str, str | None]:
    secured = f"https://{settings.names[0]}:{ports[0]}"
    return {
        "portal": None,
        "adhoc": f"{secured}/1.0/PortalCSR/DeviceCertificateSigningRequest",
        "batch": f"{secured}/1.0/PortalCSRBatch",
        "repository": f"{secured}/services",
        "repository_local": f"http://127.0.0.1:{ports[1]}" if len(ports) > 1 else None,
        "sftp": None,
        "metrics": None,
    }


def _tell(settings: Settings, endpoints: Ports, *, ready: bool) -> None:
    said = {"ready": ready, "pid": os.getpid(), "endpoints": endpoints}
    write_durably(settings.path(STATUS_FILE), json.dumps(said).encode())


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(
                "another server runs in this state directory, only one can", where=str(path)
            ) from None
        yield


def read_serving(settings: Settings) -> dict[str, Any]:
    """What the server that runs in the state directory says; empty if none runs."""
    with suppress(OSError), settings.path(LOCK_FILE).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            said: dict[str, Any] = json.loads(settings.path(STATUS_FILE).read_text())
            return said
    return {}
