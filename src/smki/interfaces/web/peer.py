"""Who is at the other end of the connection."""

from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from smki.steps import Requester
from smki.terms import Interface, Refused

EXTENSION: Final = "smki.tls"  # our own name in the scope: a server's later extension cannot clash


class Doorkeeper(Protocol):
    """Whoever knows credentials."""

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks; see `service.Services`."""
        ...


async def authenticated(request: Request, services: Doorkeeper, interface: Interface) -> Requester:
    """The requester that the connection's certificate names, asked anew for each request.

    Raises:
        Refused: no certificate, or it does not open this interface.

    Clause: sec-app-m:2
    """
    certificate = request.scope.get("extensions", {}).get(EXTENSION, {}).get("certificate")
    if not certificate:
        raise Refused(
            "connection: no client certificate, this interface needs one",
            clause="sec-app-m:2",
            rule="credential.none",
        )
    return await run_in_threadpool(services.authenticate, certificate, interface)
