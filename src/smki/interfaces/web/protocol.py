"""HTTP on one connection: uvicorn's protocol, with the client's certificate and with patience's end.

The handshake's deadline is the listener's; the body's is the application's.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from smki.interfaces.web.limits import Limits
from smki.interfaces.web.peer import EXTENSION


class ServiceProtocol(HttpToolsProtocol):
    """Closes a connection that is one too many, slow or long in its headers, or not read from.

    Clause: sec-app-m:2.4
    """

    def __init__(self, config: Config, server_state: ServerState, limits: Limits) -> None:
        super().__init__(config=config, server_state=server_state, app_state={})
        self._limits = limits
        self._peer: dict[Any, Any] = {}
        self._header_deadline: asyncio.TimerHandle | None = None
        self._header_octets = 0
        self._stall_deadline: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # as the base class narrows it
        self, transport: asyncio.Transport
    ) -> None:
        """The peer is known, and has until the deadline to send its headers."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self._peer = {"certificate": tls.getpeercert(binary_form=True)}
        if len(self.connections) > self._limits.connections:
            transport.abort()
        else:
            self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """No timer is left behind."""
        self._headers_came()
        self._client_reads()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Octets outside a request are the beginning of headers: they have a deadline and a size."""
        between = self.cycle is None or self.cycle.response_complete
        if between and self._header_deadline is None:
            self._await_headers()
        super().data_received(data)
        if self._header_deadline is not None:
            self._header_octets += len(data)
            if self._header_octets > self._limits.header_octets:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins: its scope tells who sends it."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self._peer}

    def on_headers_complete(self) -> None:
        """The headers came in time."""
        self._headers_came()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client does not read: it has until the deadline to begin again."""
        super().pause_writing()
        self._client_reads()
        self._stall_deadline = self.loop.call_later(
            self._limits.stall_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        """The client reads."""
        self._client_reads()
        super().resume_writing()

    def _client_reads(self) -> None:
        if self._stall_deadline is not None:
            self._stall_deadline.cancel()
            self._stall_deadline = None

    def _await_headers(self) -> None:
        self._header_octets = 0
        self._header_deadline = self.loop.call_later(
            self._limits.headers_seconds, self.transport.abort
        )

    def _headers_came(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None
