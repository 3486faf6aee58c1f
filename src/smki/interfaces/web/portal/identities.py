"""The page of an identity: all its entries as at a size, and the proof file that none is hidden."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.identities import proof_file
from smki.interfaces.web.portal.rendering import HEADERS, page
from smki.interfaces.web.portal.service import Identities
from smki.interfaces.web.portal.visiting import Visitor, nothing
from smki.terms import EUI64, Malformed

SHOWN_MOST: Final = 500  # entries on the page; all are in the proof file
_FILE: Final = ".proof"


class IdentityPages:
    """Reads which identity, asks the house, shows the answer.

    Clause: sec:L5
    """

    def __init__(self, services: Identities) -> None:
        self._services = services

    async def identity(self, request: Request, visitor: Visitor) -> Response:
        """All entries of one identity, or the file that proves it."""
        name = request.path_params["name"]
        try:
            identity = EUI64.parse(name.removesuffix(_FILE))
        except Malformed:
            return await nothing(request, visitor)
        made = await run_in_threadpool(self._services.complete, identity)
        if name.endswith(_FILE):
            disposition = f'attachment; filename="{identity}{_FILE}"'
            return proof_file(made, headers={**HEADERS, "content-disposition": disposition})
        return page(
            "identity.html",
            **visitor.shown,
            identity=identity,
            proof=made,
            shown_most=SHOWN_MOST,
            verifier_key=self._services.verifier_key,
            title=f"All entries of {identity}",
        )
