"""What the web services need of the house: one Protocol, and the values of its answers.

`flows` implements it; here requests are read, answers written, nothing is decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from smki.steps import Requester
from smki.terms import AdHocStatus, BatchStatus, Interface, Malformed, SerialNumber
from smki.wire.xml import BatchItem, RepositoryEntry, SearchQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatError:
    """How a request that could not be read is answered.

    Attributes:
        transaction_id: the service's own reference, positive.
        code: `FM:AA1`.
        text: what is wrong.
    """

    transaction_id: int
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHocAnswer:
    """The answer to an ad hoc device CSR.

    Attributes:
        transaction_id: the service's own reference, positive.
        status: the outcome.
        certificate: DER, on success; None otherwise.
        code: error code; empty on success.
        text: what was wrong; empty on success.
    """

    transaction_id: int
    status: AdHocStatus
    certificate: bytes | None = None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReceipt:
    """The first answer to a batch that could be read.

    Attributes:
        document_id: attribute ID of the batch.
        status: PENDING, or WORKFLOW_ERROR.
        number: BatchId if it is PENDING; None otherwise.
        code: error code; empty if it is PENDING.
        text: what was wrong; empty if it is PENDING.
    """

    document_id: str | None
    status: BatchStatus
    number: int | None = None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """What its owner sees of a batch.

    Attributes:
        document_id: attribute ID of the batch; None if there is no such batch for this requester.
        status: its state; FORMAT_ERROR if there is no such batch for this requester.
        number: BatchId; None if an error stands instead.
        code: error code; empty if there is a number.
        text: what was wrong; empty if there is a number.
        items: the outcomes, if it is COMPLETED; iterated once, in a thread.
    """

    document_id: str | None
    status: BatchStatus
    number: int | None = None
    code: str = ""
    text: str = ""
    items: Iterable[BatchItem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofBundle:
    """The proof of a finished batch, as its owner downloads it.

    Attributes:
        content_type: for the header.
        parts: the octets, iterated once, in a thread.
    """

    content_type: str = "text/plain; charset=utf-8"
    parts: Iterable[bytes] = field(default=())


class Services(Protocol):
    """What can be asked. Methods that are not `async` may block: each call is made in a thread.

    Any number of calls at once. What they raise beyond what is said here is answered with the
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

    def status(self) -> Mapping[str, object]:
        """The present state, ready for JSON."""
        ...
