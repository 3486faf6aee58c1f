"""All entries of an identity, and none hidden: the proof file, by GET of the repository service.

    GET /services/identityproof?apikey=KEY&eui64=00-DB-12-34-56-78-90-A0

200 with the file, which `smki repository verify` checks offline; 401 for a key or an identifier that
is none, 503 as long as no root of the verifiable index was lodged. Ours: no document names it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from smki.interfaces.web.repository import Asked
from smki.interfaces.web.service import Services
from smki.repository import CompleteProof
from smki.terms import EUI64, Malformed, Refused, RequestType

PROOF_PATH: Final = "/services/identityproof"
PROOF_TYPE: Final = "text/plain; charset=us-ascii"
_PART_OCTETS: Final = 1 << 16  # sent at once: a proof has a line for each of up to 100,000 entries
_FOUND: Final = 200
_INVALID: Final = 401


class Proofs(Protocol):
    """What this service asks of the house. May block: each call is made in a thread."""

    def complete(self, identity: EUI64) -> CompleteProof:
        """The proof that these are all entries of the identity."""
        ...

    def asked(self, apikey: str, identity: EUI64) -> CompleteProof:
        """The same, for who has an API key.

        Raises:
            Refused: the API key is nobody's.
        """
        ...


class IdentityService:
    """Reads the question, asks, streams the file.

    Clause: sec:L5
    """

    def __init__(self, services: Services, proofs: Proofs) -> None:
        self._services = services
        self._proofs = proofs

    def routes(self) -> tuple[Route, ...]:
        """The path of this service."""
        return (Route(PROOF_PATH, self.proof, methods=["GET"]),)

    async def proof(self, request: Request) -> Response:
        """GET of the proof about an identity: 200 with the file, or 401."""
        asked = Asked(self._services, request, RequestType.SEARCH)
        try:
            identity = EUI64.parse(request.query_params.get("eui64", ""))
            asked.what = f"all entries of {identity}"
            made = await run_in_threadpool(self._proofs.asked, asked.apikey, identity)
        except (Malformed, Refused) as error:
            asked.note(_INVALID)
            return PlainTextResponse(f"{error}\n", _INVALID)
        asked.note(_FOUND, results=len(made.entries))
        return proof_file(made)


def proof_file(made: CompleteProof, *, headers: dict[str, str] | None = None) -> Response:
    """The proof file, sent as it is made: memory stays flat."""
    return StreamingResponse(_gathered(made.parts), media_type=PROOF_TYPE, headers=headers)


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets in fewer parts."""
    waiting: list[bytes] = []
    octets = 0
    for part in parts:
        waiting.append(part)
        octets += len(part)
        if octets >= _PART_OCTETS:
            yield b"".join(waiting)
            waiting, octets = [], 0
    yield b"".join(waiting)
