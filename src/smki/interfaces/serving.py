"""The server: listeners, the worker beside them, and what others may know of it.

This process never opens a CA key. It has a worker beside it (`supervising`), and tells
`smki status` through a file and a lock: the lock is held for as long as the process lives, however
it ends, so that what the file says can be believed.
"""

import asyncio
import base64
import fcntl
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from smki.adapters.files import write_durably
from smki.bootstrap import Settings, open_front
from smki.flows.office import FrontOffice
from smki.flows.services import HouseServices
from smki.interfaces.link import LinkClient
from smki.interfaces.operations import SOCKET
from smki.interfaces.supervising import worker_beside
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
_WATCH_SECONDS: Final = 0.5
_LOCK_SECONDS: Final = 1.0  # whoever asks for status holds the lock for an instant

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
        open_front(settings) as front,
        _only_one(settings),
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
        front,
        _asking(link),
        _waking(link, loop),
        lambda: read_serving(settings),
        settings.ad_hoc_interval,
    )
    lists = [settings.path("tls", f"{kind.value}.crl.pem") for kind in _LISTS]
    seen = {path: _changed_at(path) for path in lists}  # first: what changes from now on is seen
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
    said = _Said(settings)
    async with (
        worker_beside(settings, environment, link, said.problem),
        serving(listeners) as ports,
    ):
        endpoints = _endpoints(settings, ports)
        said.endpoints(endpoints)
        following = asyncio.create_task(_follow(context, seen))
        try:
            if journey is not None:
                await _unless(stop, journey(endpoints))
            if not stop.is_set():
                said.ready()
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


async def _follow(context: Any, seen: dict[Path, int]) -> None:
    """Newer revocation lists go into the live context as they appear.

    One that cannot be read is tried again: without a current list nobody could connect.
    """
    while True:
        for path, known in tuple(seen.items()):
            changed = _changed_at(path)
            if changed != known:
                with suppress(Unavailable):
                    load_crl(context, path)
                    seen[path] = changed
        await asyncio.sleep(_WATCH_SECONDS)


def _changed_at(path: Path) -> int:
    """When the file was written, in ns since 1970; 0 if it is not there or cannot be asked."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


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


class _Said:
    """What the status file says: where, whether ready, and what is wrong."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.path(STATUS_FILE)
        self._endpoints: Ports = {}
        self._ready = False
        self._problem = ""

    def endpoints(self, endpoints: Ports) -> None:
        self._endpoints = endpoints
        self._write()

    def ready(self) -> None:
        self._ready = True
        self._write()

    def problem(self, problem: str) -> None:
        """Not ready while there is one; empty once it is over."""
        if problem != self._problem:
            self._problem = problem
            self._write()

    def _write(self) -> None:
        fields = {
            "ready": self._ready and not self._problem,
            "pid": os.getpid(),
            "endpoints": self._endpoints,
            "problem": self._problem,
        }
        with suppress(Unavailable):  # a full disk must not stop the serving
            write_durably(self._path, json.dumps(fields).encode())


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """The lock is held inside, and what an earlier server said of itself is gone."""
    with _lock_file(settings.path(LOCK_FILE)) as file:
        until = time.monotonic() + _LOCK_SECONDS
        while not _locked(file, fcntl.LOCK_EX):
            if time.monotonic() > until:
                raise Unavailable(
                    "another server runs in this state directory, only one can", where=file.name
                )
            time.sleep(0.02)
        settings.path(STATUS_FILE).unlink(missing_ok=True)
        yield


def _lock_file(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise Unavailable(f"lock: cannot be had ({error.strerror})", where=str(path)) from error


def _locked(file: IO[bytes], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def read_serving(settings: Settings) -> dict[str, Any]:
    """What the server that runs in the state directory says; empty if none runs."""
    with suppress(OSError), settings.path(LOCK_FILE).open("rb") as file:
        if not _locked(file, fcntl.LOCK_SH):  # shared: others who ask are not taken for a server
            said: dict[str, Any] = json.loads(settings.path(STATUS_FILE).read_text())
            return said
    return {}
