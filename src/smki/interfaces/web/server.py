"""Several listeners in one event loop, without signal handlers of their own."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvicorn
import uvloop
from starlette.types import ASGIApp

from smki.interfaces.web.limits import Limits
from smki.interfaces.web.protocol import ServiceProtocol
from smki.terms import Unavailable

_BACKLOG: Final = 256  # connections that wait to be accepted
_TLS_FAREWELL_SECONDS: Final = 2.0  # for the peer's close notification
SWITCH_SECONDS: Final = (
    0.0005  # a thread that computes, as what counts uses, holds up the loop no longer
)

new_event_loop: Final = uvloop.new_event_loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where an application is served.

    Attributes:
        app: the application.
        host: address to listen on.
        port: port to listen on; 0 for any.
        tls: the context; None for plain HTTP.
        limits: what one client may have.
    """

    app: ASGIApp
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)


@asynccontextmanager
async def serving(listeners: Iterable[Listener]) -> AsyncIterator[tuple[int, ...]]:
    """All listeners are up inside, and gone afterwards; gives the ports in their order.

    On leaving, what is under way may finish for `shutdown_seconds`.

    Raises:
        Unavailable: an address or port cannot be had; none is up then.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        async with AsyncExitStack() as stack:
            ports = [await stack.enter_async_context(_served(listener)) for listener in listeners]
            yield tuple(ports)
    finally:
        sys.setswitchinterval(before)


@asynccontextmanager
async def _served(listener: Listener) -> AsyncIterator[int]:
    server = _Server(listener)
    await server.listen()
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield server.port
    finally:
        server.should_exit = True
        await ticking
        await server.shutdown()
        await server.abort()


class _Server(uvicorn.Server):
    """uvicorn's server on one listener of ours, with a deadline for the TLS handshake."""

    def __init__(self, listener: Listener) -> None:
        config = uvicorn.Config(
            listener.app,
            http=ServiceProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=listener.limits.idle_seconds,
            timeout_graceful_shutdown=listener.limits.shutdown_seconds,
        )
        config.load()
        super().__init__(config)
        self.lifespan = config.lifespan_class(config)
        self._listener = listener
        self.port = listener.port

    async def listen(self) -> None:
        """The listener is up."""
        listener = self._listener
        secured = listener.tls is not None
        try:
            server = await asyncio.get_running_loop().create_server(
                self._protocol,
                listener.host,
                listener.port,
                ssl=listener.tls,
                ssl_handshake_timeout=listener.limits.handshake_seconds if secured else None,
                ssl_shutdown_timeout=_TLS_FAREWELL_SECONDS if secured else None,
                backlog=_BACKLOG,
            )
        except OSError as error:
            raise Unavailable(
                f"listener: {listener.host} port {listener.port} cannot be had"
                f" ({os.strerror(error.errno or 0)}); another can be set: SMKI_HTTPS_PORT,"
                " SMKI_LOCAL_PORT, 0 for any that is free"
            ) from error
        self.servers = [server]
        self.port = server.sockets[0].getsockname()[1]
        self.started = True

    async def abort(self) -> None:
        """What outlived the shutdown is cut off: a thread that waits for a body comes to its end."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_TLS_FAREWELL_SECONDS)

    def _protocol(self) -> ServiceProtocol:
        return ServiceProtocol(self.config, self.server_state, self._listener.limits)
