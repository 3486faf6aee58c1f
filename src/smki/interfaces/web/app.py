"""Puts the services under their paths. Two applications: behind mutual TLS, and on loopback."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from smki.flows.register_services import RegisterServices
from smki.interfaces.web.adhoc import AdHocService
from smki.interfaces.web.answers import plain_error
from smki.interfaces.web.batch import BatchService
from smki.interfaces.web.identities import IdentityService, Proofs
from smki.interfaces.web.limits import Limits
from smki.interfaces.web.portal import PortalPages, PortalServices
from smki.interfaces.web.portal.recovery import Recoveries
from smki.interfaces.web.portal.register import PublicRegister
from smki.interfaces.web.record import RecordFiles
from smki.interfaces.web.repository import RepositoryService
from smki.interfaces.web.service import Services
from smki.terms import SmkiError


def secured_app(
    services: Services,
    *,
    build: str,
    record: Path,
    limits: Limits | None = None,
    proofs: Proofs | None = None,
    portal: PortalServices | None = None,
    recoveries: Recoveries | None = None,
) -> Starlette:
    """All services, for the listener behind mutual TLS; with `portal`, the pages for people too.

    With `proofs` it is proven, too, that nothing of an identity is hidden; with `recoveries` pages
    show campaigns.

    Clause: sec-app-m:2
    """
    limits = limits or Limits()
    return _application(
        *AdHocService(services, build=build, limits=limits).routes(),
        *BatchService(services, build=build, limits=limits).routes(),
        *RepositoryService(services, limits=limits).routes(),
        *RecordFiles(record).routes(),
        *_proving(services, proofs),
        *(() if portal is None else PortalPages(portal, recoveries).routes()),
    )


def local_app(
    services: Services,
    *,
    record: Path,
    limits: Limits | None = None,
    proofs: Proofs | None = None,
    register: RegisterServices | None = None,
) -> Starlette:
    """Repository, record and status, for the plain listener on loopback.

    With `register` also what the committees published.

    Clause: sec-app-o:web-service
    """

    async def status(_: Request) -> Response:
        return JSONResponse(dict(await run_in_threadpool(services.status)))

    return _application(
        *RepositoryService(services, limits=limits or Limits()).routes(),
        *RecordFiles(record).routes(),
        *_proving(services, proofs),
        Route("/status", status, methods=["GET"]),
        *(() if register is None else PublicRegister(register).routes()),
    )


def _proving(services: Services, proofs: Proofs | None) -> tuple[Route, ...]:
    return () if proofs is None else IdentityService(services, proofs).routes()


def _application(*routes: Route) -> Starlette:
    application = Starlette(routes=routes, exception_handlers={SmkiError: plain_error})
    application.router.redirect_slashes = False
    return application
