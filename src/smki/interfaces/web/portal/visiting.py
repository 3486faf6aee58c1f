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
    """Who asks.

    Attributes:
        who: the party, by its credential.
        session: the user, if somebody is logged in.
        recovers: the pages of recoveries are there for them.
    """

    who: Requester
    session: LoggedIn | None = None
    recovers: bool = False

    @property
    def shown(self) -> dict[str, Any]:
        """What every page shows of them."""
        return {"who": self.who, "session": self.session, "recovers": self.recovers}


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
