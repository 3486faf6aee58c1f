"""The message that answers for a batch: written and read in flat memory.

A result of 50,000 certificates is about 40 MB; nobody holds it whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from lxml import etree

from smki.terms import BatchStatus, ItemStatus
from smki.wire.xml.batch import batch_outcome, forget_before, in_parts
from smki.wire.xml.reading import (
    SCHEMA,
    Gate,
    MalformedDocument,
    broken,
    first_sentence,
    octets_of,
    pull_parser,
)
from smki.wire.xml.writing import HEAD, base64_text, error_element, identifier

RESULT: Final = "CSRBatchResult"
ITEM: Final = "DeviceCertificate"
MAX_RESULT_OCTETS: Final = 256 * 1024 * 1024  # 50,000 of about 800 octets, with long error texts


class BatchItem(NamedTuple):
    """Outcome of one CSR of a batch. A tuple for speed: 50,000 of them make a result.

    Attributes:
        item: attribute ID of the DeviceCSR.
        status: the outcome.
        certificate: DER, on success; None otherwise.
        code: error code; empty on success.
        text: what was wrong; empty on success.

    Clause: sec-app-m:F
    """

    item: str
    status: ItemStatus
    certificate: bytes | None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a result says before its items.

    Attributes:
        document_id: attribute ID of the batch, if known.
        build: of the software that answers.
        status: state of the batch.
        number: BatchId; None if an error stands instead.
        code: error code; empty if there is a number.
        text: what was wrong; empty if there is a number.

    Clause: sec-app-m:F
    """

    document_id: str | None
    build: str
    status: BatchStatus
    number: int | None = None
    code: str = ""
    text: str = ""


def stream_batch_result(header: BatchResult, items: Iterable[BatchItem] = ()) -> Iterator[bytes]:
    """The document of a result, in parts of about 64 KiB; `items` are taken one by one.

    Clause: sec-app-m:F
    """
    return in_parts(
        f"{HEAD}<{RESULT}{identifier(header.document_id)}>"
        f"{batch_outcome(header.build, header.status, header.number, header.code, header.text)}\n",
        (_item(*item) for item in items),
        f"</{RESULT}>\n",
    )


def _item(item: str, status: ItemStatus, certificate: bytes | None, code: str, text: str) -> str:
    outcome = (
        error_element(code, text)
        if certificate is None
        else f"<Certificate>{base64_text(certificate)}</Certificate>"
    )
    return f"<{ITEM}{identifier(item)}><Status>{_WORDS[status]}</Status>{outcome}</{ITEM}>\n"


_WORDS: Final = {status: status.value for status in ItemStatus}  # Enum.value costs on every item


class ResultReader:
    """Reads a result from its parts, in flat memory: iterate over it for its items.

    `header` is complete once the iteration has begun to give items, or has ended.

    Clause: sec-app-m:F
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._gate = Gate(MAX_RESULT_OCTETS)
        self.header: BatchResult | None = None

    def __iter__(self) -> Iterator[BatchItem]:
        """The items in order.

        Raises:
            MalformedDocument: not a result, or not valid by the schema.
        """
        parser = pull_parser(events=("end",), schema=SCHEMA)
        try:
            for part in self._parts:
                self._gate.check(part)
                parser.feed(part)
                if len(parser.feed_error_log):
                    raise MalformedDocument(
                        f"result: {first_sentence(parser.feed_error_log[0].message)}",
                        rule="xml.schema",
                    )
                yield from self._items(parser)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise MalformedDocument(f"result: {broken(parser, error)}") from error

    def _items(self, parser: Any) -> Iterator[BatchItem]:
        last: Any = None
        for _, element in parser.read_events():
            if element.tag == ITEM:
                last = element
                yield _read_item(element)
            elif element.getparent() is None or element.getparent().getparent() is None:
                self._read_header(element)
        forget_before(last)

    def _read_header(self, element: Any) -> None:
        root = element if element.getparent() is None else element.getparent()
        if root.tag != RESULT:
            raise MalformedDocument(
                f"result: root element {str(root.tag)[:80]!r}, must be {RESULT!r}", rule="xml.root"
            )
        if element.tag == "Build":
            self.header = BatchResult(
                document_id=root.get("ID"), build=element.text or "", status=BatchStatus.PENDING
            )
        elif self.header is not None:
            self.header = _with(self.header, element)


def _with(header: BatchResult, element: Any) -> BatchResult:
    match element.tag:
        case "BatchStatus":
            return replace(header, status=BatchStatus(element.text))
        case "BatchId":
            return replace(header, number=int(element.text))
        case "Error":
            return replace(
                header,
                code=element.findtext("ErrorCode"),
                text=element.findtext("ErrorText"),
            )
        case _:
            return header


def _read_item(element: Any) -> BatchItem:
    certificate = element.findtext("Certificate")
    return BatchItem(
        element.get("ID"),
        ItemStatus(element.findtext("Status")),
        None if certificate is None else octets_of(certificate),
        element.findtext("Error/ErrorCode", ""),
        element.findtext("Error/ErrorText", ""),
    )
