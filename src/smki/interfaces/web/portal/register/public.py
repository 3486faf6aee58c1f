"""What the committees published, for everybody: plain pages on the listener of loopback, without log-in.

Only White that was published is ever here. Nothing can be changed by these pages, and nobody is noted.
"""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from smki.flows.register_services import RegisterServices
from smki.interfaces.web.portal.register.pages import RegisterReadings, Shown
from smki.interfaces.web.portal.register.scene import PUBLIC_PATH, Scene
from smki.interfaces.web.portal.rendering import HEADERS

_STATIC: Final = {"portal.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


class PublicRegister:
    """The pages as everybody gets them.

    Clause: sec:M4.13
    """

    def __init__(self, services: RegisterServices) -> None:
        self._services = services
        self._readings = RegisterReadings(services)

    def routes(self) -> tuple[Route, ...]:
        """The paths of these pages."""
        return (
            Route(f"{PUBLIC_PATH}/static/{{name}}", _static, methods=["GET"]),
            *(
                Route(PUBLIC_PATH + path, self._shown(one), methods=["GET"])
                for path, one in self._readings.pages()
            ),
        )

    def _shown(self, one: Shown) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            scene = Scene(reading=self._services.readers.anybody())
            found = await run_in_threadpool(one, request, scene)
            return _nothing() if found is None else found

        return answer


def _nothing() -> Response:
    return PlainTextResponse(
        "Nothing is published under this address.\n", status_code=404, headers=dict(HEADERS)
    )


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return _nothing()
    content = files("smki.interfaces.web.portal").joinpath("static", name).read_bytes()
    return Response(content, media_type=_STATIC[name], headers=dict(HEADERS))
