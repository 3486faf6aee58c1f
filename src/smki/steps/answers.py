"""What the house answers to its services, as values: made by `flows`, written out by `interfaces`.

They stand here because `flows` may not look up to the interfaces that ask. No rules, no effects.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from smki.terms import AdHocStatus, BatchStatus
from smki.wire.xml import BatchItem


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
    parts: Iterable[bytes] = ()
