"""The server: listeners, the processes beside them, and what others may know of it.

This process never opens a CA key. It has a worker and a keeper of the verifiable index beside it
(`supervising`), and tells `smki status` through a file and a lock (`said`).
"""

import asyncio
import base64
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from smki.bootstrap import Settings, open_front, update_database
from smki.bootstrap.access import portal_access
from smki.bootstrap.opening import open_identity_map
from smki.bootstrap.register import register_services
from smki.bootstrap.renewing import finish_renewals
from smki.flows.identity_proofs import IdentityProofs
from smki.flows.office import FrontOffice
from smki.flows.portal import RepositoryPortal
from smki.flows.services import HouseServices
from smki.interfaces.cosigning import ask_witnesses
from smki.interfaces.counting import counting_uses
from smki.interfaces.daily import follow_days
from smki.interfaces.link import SOCKET, LinkClient
from smki.interfaces.said import STATUS_FILE, Ports, Said, only_server, read_serving
from smki.interfaces.sftp_beside import sftp_beside
from smki.interfaces.supervising import keeper_beside, worker_beside
from smki.interfaces.waiting import GRACE_SECONDS
from smki.interfaces.web import (
    Limits,
    Listener,
    ServerTls,
    TlsFiles,
    local_app,
    new_event_loop,
    secured_app,
    serving,
)
from smki.interfaces.web.portal.recovery import WatchedRecoveries
from smki.interfaces.worker import AD_HOC, WAKE
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import AdHocStatus, CertificateKind, Unavailable

_LOG = logging.getLogger("smki.serving")

_LISTS: Final = (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA)
_WATCH_SECONDS: Final = 0.5

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
    update_database(settings)
    with (
        open_front(settings) as front,
        only_server(settings),
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
    link = LinkClient(settings.path(SOCKET), settings.checkpoint_seconds + GRACE_SECONDS)
    services = HouseServices(
        front,
        _asking(link),
        _waking(link, loop),
        lambda: read_serving(settings),
        settings.ad_hoc_interval,
    )
    finish_renewals(settings, front)
    tls = ServerTls(_tls_files(settings), front.clock.now)
    said = Said(settings.path(STATUS_FILE))
    async with (
        counting_uses(front),
        worker_beside(settings, environment, link, said.problem),
        serving(_listeners(settings, services, front, tls, link)) as ports,
        sftp_beside(settings, front) as sftp_port,
    ):
        endpoints = _endpoints(settings, ports, sftp_port)
        said.endpoints(endpoints)
        following = asyncio.create_task(_follow(tls.refresh))
        daily = asyncio.create_task(follow_days(settings, environment, front.clock))
        cosigning = asyncio.create_task(ask_witnesses(settings, front.reader))
        try:
            if journey is not None:
                await _unless(stop, journey(endpoints))
            if not stop.is_set():
                said.ready()
                ready(endpoints)
                async with keeper_beside(settings, environment, said.index_problem):
                    await stop.wait()
        finally:
            following.cancel()
            daily.cancel()
            with suppress(asyncio.CancelledError):
                await daily
            cosigning.cancel()
            said.nothing()
    await link.close()


def _tls_files(settings: Settings) -> TlsFiles:
    return TlsFiles(
        certificate=settings.path("tls", "server.pem"),
        key=settings.path("tls", "server.key"),
        trust=settings.path("tls", "ca.pem"),
        crls=tuple(settings.path("tls", f"{kind.value}.crl.pem") for kind in _LISTS),
    )


def _listeners(
    settings: Settings,
    services: HouseServices,
    front: FrontOffice,
    tls: ServerTls,
    link: LinkClient,
) -> tuple[Listener, ...]:
    record = settings.path("record")
    proofs = IdentityProofs(front=front, identity_map=open_identity_map(settings))
    register = register_services(settings, front)
    limits = Limits(uploads=settings.uploads, party_uploads=settings.party_uploads)
    secured = Listener(
        app=secured_app(
            services,
            build=front.build,
            record=record,
            limits=limits,
            proofs=proofs,
            portal=RepositoryPortal(front, portal_access(front), proofs, link.ask, register),
            recoveries=WatchedRecoveries(settings, front.clock.now, front),
        ),
        host=settings.host,
        port=settings.https_port,
        tls=tls.listening,
    )
    if settings.local_port < 0:
        return (secured,)
    local = Listener(
        app=local_app(services, record=record, proofs=proofs, register=register),
        host="127.0.0.1",
        port=settings.local_port,
    )
    return secured, local


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


async def _follow(refresh: Callable[[], object]) -> None:
    """Newer revocation lists, and a renewed certificate, are in force as they appear.

    What cannot be read is tried again: without a current list nobody could connect.
    """
    told = ""
    while True:
        try:
            refresh()
            told = ""
        except Unavailable as error:
            if str(error) != told:
                told = str(error)
                _LOG.warning("%s", told)
        await asyncio.sleep(_WATCH_SECONDS)


def _endpoints(
    settings: Settings, ports: tuple[int, ...], sftp_port: int | None
) -> dict[str, str | None]:
    secured = f"https://{settings.names[0]}:{ports[0]}"
    return {
        "portal": f"{secured}/portal",
        "adhoc": f"{secured}/1.0/PortalCSR/DeviceCertificateSigningRequest",
        "batch": f"{secured}/1.0/PortalCSRBatch",
        "repository": f"{secured}/services",
        "repository_local": f"http://127.0.0.1:{ports[1]}" if len(ports) > 1 else None,
        "sftp": None if sftp_port is None else f"sftp://{settings.names[0]}:{sftp_port}",
        "metrics": None,
    }
