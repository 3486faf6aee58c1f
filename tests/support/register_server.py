"""The register's pages over TLS, with a clock that can be put forward: a secretary's month in a test."""

import asyncio
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette

from smki.adapters.requesters import request_for_system
from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, open_front, open_office
from smki.bootstrap.access import portal_access
from smki.bootstrap.register import register_services
from smki.flows.identity_proofs import IdentityProofs
from smki.flows.keeping import keep
from smki.flows.office import FrontOffice, Office
from smki.flows.portal import RepositoryPortal
from smki.flows.registering import credential_for
from smki.flows.services import who_asks
from smki.governance.entities import Entity
from smki.governance.entries import Change
from smki.interfaces.web import Listener, ServerTls, TlsFiles, new_event_loop, serving
from smki.interfaces.web.portal import PortalPages
from smki.interfaces.web.portal.register import PublicRegister
from smki.terms import Interface
from smki.wire.encodings import write_pem

PARTY: Final = "supplier"
PASSWORD: Final = "a sentence is good"
WAIT: Final = 60  # seconds


@dataclass
class Clock:
    """The present instant, put forward by a test."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The instant."""
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Officer:
    """An officer of the party, with a user.

    Attributes:
        name: of the officer and of the user.
        certificate: PEM with its chain.
        key: PEM.
        serial: of the certificate, as the register has it.
    """

    name: str
    certificate: Path
    key: Path
    serial: str


@dataclass
class RegisterServer:
    """What is served.

    Attributes:
        front: the house.
        clock: of the house.
        officers: by name.
        origin: of the pages for officers.
        public: of the pages for everybody.
    """

    front: FrontOffice
    clock: Clock
    officers: Mapping[str, Officer]
    origin: str = ""
    public: str = ""
    _ports: list[int] = field(default_factory=list)

    def put(self, *entities: Entity) -> None:
        """In the register, by whoever runs the house."""
        change = Change(at=self.clock.now(), by="", said="put by the test", entities=entities)
        keep(self.front.proceedings, change)


def issue_officers(
    settings: Settings, variables: Mapping[str, str], names: tuple[str, ...], folder: Path
) -> dict[str, Officer]:
    """Officers of the party, each with a credential for the pages."""
    with open_office(settings, variables) as office:
        return {name: _officer(office, name, folder) for name in names}


def _officer(office: Office, name: str, folder: Path) -> Officer:
    trading = next(one.name for one in office.front.registry.parties() if one.party == PARTY)
    made = request_for_system(trading, "02", name)
    published = credential_for(office, PARTY, Interface.PORTAL, made.request)
    chain = office.hierarchy.chain_of(Interface.PORTAL.credential)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    key.write_bytes(made.key)
    pem = (write_pem(one, "CERTIFICATE") for one in (published.certificate, chain[0]))
    certificate.write_bytes(b"".join(pem))
    serial = x509.load_der_x509_certificate(published.certificate).serial_number
    return Officer(name, certificate, key, f"{serial:040X}")


@contextmanager
def register_server(
    settings: Settings, officers: Mapping[str, Officer]
) -> Iterator[RegisterServer]:
    """The pages are served inside, in a thread of their own, and each officer has a user."""
    clock = Clock()
    with open_front(settings) as opened:
        front = dataclasses.replace(opened, clock=clock)
        access = portal_access(front)
        for name in officers:
            who = _requester(front, officers[name])
            access.change_password(who, name, access.add(PARTY, name), PASSWORD)
        services = register_services(settings, front)
        portal = RepositoryPortal(front, access, cast("IdentityProofs", _NoProofs()), _no, services)
        made = RegisterServer(front, clock, officers)
        with _served(settings, portal, services, made):
            yield made


def _requester(front: FrontOffice, officer: Officer) -> Any:
    pem = officer.certificate.read_bytes()
    der = x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)
    return who_asks(front, der, Interface.PORTAL)


class _NoProofs:
    """Nothing is proven here."""

    def complete(self, identity: object) -> Any:
        """Never asked for."""
        raise AssertionError(identity)


async def _no(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AssertionError(operation, arguments)


@contextmanager
def _served(
    settings: Settings, portal: RepositoryPortal, services: Any, made: RegisterServer
) -> Iterator[None]:
    tls = ServerTls(_tls_files(settings), SystemClock().now)
    pages = Starlette(routes=PortalPages(portal).routes())
    public = Starlette(routes=PublicRegister(services).routes())
    pages.router.redirect_slashes = public.router.redirect_slashes = False
    ready, loop, done = threading.Event(), new_event_loop(), asyncio.Event()

    async def serve() -> None:
        listeners = (
            Listener(app=pages, host="127.0.0.1", port=0, tls=tls.listening),
            Listener(app=public, host="127.0.0.1", port=0),
        )
        async with serving(listeners) as ports:
            made.origin = f"https://localhost:{ports[0]}"
            made.public = f"http://127.0.0.1:{ports[1]}/register"
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(WAIT)
        yield
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(WAIT)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _tls_files(settings: Settings) -> TlsFiles:
    return TlsFiles(
        certificate=settings.path("tls", "server.pem"),
        key=settings.path("tls", "server.key"),
        trust=settings.path("tls", "ca.pem"),
        crls=tuple(settings.path("tls", f"{kind}.crl.pem") for kind in ("root-ica", "issuing-ica")),
    )
