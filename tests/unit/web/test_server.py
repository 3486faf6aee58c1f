import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from smki.adapters.world import SystemClock
from smki.interfaces.web import Limits, Listener, ServerTls, TlsFiles, server_context, serving
from smki.terms import Unavailable

UPLOAD = (
    b"POST /1.0/PortalCSRBatch/SubmitCSRBatch HTTP/1.1\r\nhost: localhost\r\n"
    b'content-type: application/xml\r\ncontent-length: 1000\r\n\r\n<SubmitCSRBatch ID="b">'
)


def test_a_server_stops_although_a_batch_is_coming_in(
    serve_within: Callable[[Limits, Callable[[Any], None]], None],
) -> None:
    """Half a batch has come and an idle connection is open: both are closed, nothing is kept.

    Neither body nor client would run out of time of themselves before the test does.
    """
    opened: list[ssl.SSLSocket] = []
    houses: list[Any] = []

    def use(served: Any) -> None:
        houses.append(served.house)
        for sent in (UPLOAD, b"GET /log/checkpoint HTTP/1.1\r\nhost: localhost\r\n\r\n"):
            raw = socket.create_connection(("localhost", served.secured), 10)
            context = served.iki.client_context("batch")
            opened.append(context.wrap_socket(raw, server_hostname="localhost"))
            opened[-1].sendall(sent)
        assert opened[1].recv(15) == b"HTTP/1.1 200 OK"
        opened.append(opened[1])

    serve_within(Limits(shutdown_seconds=1, grace_seconds=600), use)
    for connection in opened:
        connection.close()
    assert houses[0].batches == {}


def test_a_taken_port_is_unavailable() -> None:
    """A port that another listens on is Unavailable, which may be tried again; none is left up."""

    async def twice() -> None:
        free = Listener(app=Starlette(), host="127.0.0.1", port=0)
        async with serving([free]) as (port,):
            taken = Listener(app=Starlette(), host="127.0.0.1", port=port)
            async with serving([free, taken]):
                pass

    with pytest.raises(Unavailable, match=r"had \(Address already in use\); .*SMKI_HTTPS_PORT"):
        asyncio.run(twice())


@pytest.mark.clause("sec-app-m:G")
def test_unreadable_tls_files_are_unavailable(iki: Any, tmp_path: Path) -> None:
    """A certificate or revocation list that is not there, or is none, is Unavailable."""
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    with pytest.raises(Unavailable, match="cannot be used"):
        server_context(TlsFiles(certificate=tmp_path / "none", key=junk, trust=junk, crls=()))
    files = replace(iki.server_files(), crls=(junk,))
    with pytest.raises(Unavailable, match="revocation list"):
        server_context(files)
    with pytest.raises(Unavailable, match="revocation list"):
        ServerTls(files, SystemClock().now)


@pytest.mark.clause("sec-app-m:G")
def test_without_revocation_lists_nobody_is_let_in(iki: Any) -> None:
    """A context without lists refuses a good client: a list is never taken for empty by absence."""
    context = ServerTls(replace(iki.server_files(), crls=()), SystemClock().now).listening

    async def heard() -> bytes:
        listener = Listener(app=Starlette(), host="127.0.0.1", port=0, tls=context)
        async with serving([listener]) as (port,):
            client = iki.client_context("adhoc")
            try:
                reader, writer = await asyncio.open_connection("localhost", port, ssl=client)
                writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                return await reader.read(1)
            except (ssl.SSLError, ConnectionError):
                return b""

    assert asyncio.run(heard()) == b""
