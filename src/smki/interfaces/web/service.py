"""What the web services need of the house, as one Protocol.

`flows` implements it without knowing of it; here requests are read and answers written.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from smki.ports import Use
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer, BatchReceipt, BatchView, FormatError, ProofBundle
from smki.terms import Interface, Malformed, SerialNumber
from smki.wire.xml import RepositoryEntry, SearchQuery


class Services(Protocol):
    """What can be asked. Methods that are not `async` may block: each call is made in a thread.

    But for those that are hurried: `interfaces.web.asking`. Any number of calls at once. What they raise beyond what is said here is answered with the
    status of its family: Refused 403, Malformed 400, Unavailable 503, Inconsistent 500.
    """

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks. Called for every request, as a connection outlives a revocation.

        The chain was verified in the handshake that first showed this certificate (DER); its
        validity now, revocation, purpose and registration are checked here.

        Raises:
            Refused: it does not open this interface.
        """
        ...

    def format_error(self, requester: Requester, error: Malformed) -> FormatError:
        """Code, text and reference for a document of this requester that could not be read."""
        ...

    async def ad_hoc(self, requester: Requester, csr_text: str) -> AdHocAnswer:
        """The answer to one CSR; every specified case is an answer, not an error."""
        ...

    def receive_batch(self, requester: Requester, parts: Iterable[bytes]) -> BatchReceipt:
        """The batch is durable, or refused. `parts` is iterated once, as they come in.

        Raises:
            Malformed: the document is wrong; nothing is kept. Answered with FORMAT_ERROR.
            Unavailable: raised by `parts` if the body ends early or is too slow; nothing is
                kept, and it must be let through.
        """
        ...

    def batch_result(self, requester: Requester, number: int | None) -> BatchView:
        """State or result of a batch of this requester's party; None if no number was given."""
        ...

    def batch_proof(self, requester: Requester, number: int | None) -> ProofBundle | None:
        """The proof of a finished batch of this requester's party; None if there is none."""
        ...

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """`search` and `retrieve` inside give up after that time (Unavailable); None if they cannot."""
        ...

    def search(self, apikey: str, query: SearchQuery) -> Sequence[RepositoryEntry]:
        """The certificates of that identity, oldest first.

        Raises:
            Refused: the API key is nobody's. Answered with 401.
        """
        ...

    def retrieve(self, apikey: str, serial: SerialNumber) -> tuple[RepositoryEntry, bytes] | None:
        """The certificate with that serial number and its DER; None if there is none.

        Raises:
            Refused: the API key is nobody's. Answered with 401.
        """
        ...

    def answered(self, use: Use) -> None:
        """The request is noted, with the reference of its answer. Does not block or raise."""
        ...

    def status(self) -> Mapping[str, object]:
        """The present state, ready for JSON."""
        ...
