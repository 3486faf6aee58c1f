"""Who is looking at a page, what every page shows of them, and the page that says what is wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.rendering import page
from smki.steps import LoggedIn, Requester

PORTAL_PATH: Final = "/portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: the party by its credential, and the user, if somebody is logged in."""

    who: Requester
    session: LoggedIn | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What every page shows of them."""
        return {"who": self.who, "session": self.session}


Handler = Callable[[Request, Visitor], Awaitable[Response]]


def fault(visitor: Visitor | None, status: int, heading: str, text: str) -> Response:
    """The page that says what is wrong, and what to do."""
    shown = {"who": None, "session": None} if visitor is None else visitor.shown
    return page("fault.html", status=status, **shown, heading=heading, text=text, title=heading)


async def nothing(request: Request, visitor: Visitor) -> Response:
    """There is no such page."""
    del request  # what was asked for is not repeated
    return fault(
        visitor, 404, "No such page", "Nothing is under this address. Begin with a search."
    )
