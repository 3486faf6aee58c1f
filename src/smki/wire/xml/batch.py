"""The messages that submit a batch of device CSRs, and its first answer.

A batch is never held whole: `BatchReader` reads it as it comes in, `read_items` reads it again
when it is worked on. A CSR stays base64 text: what is wrong inside is that item's fault, not the
document's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from smki.terms import BatchStatus
from smki.wire.xml.reading import (
    SCHEMA,
    SLICE_OCTETS,
    Gate,
    MalformedDocument,
    broken,
    echo_of,
    first_sentence,
    parse_document,
    pull_parser,
)
from smki.wire.xml.writing import HEAD, error_element, identifier, tagged

VERSION: Final = "1.0"
REQUEST: Final = "SubmitCSRBatch"
SUBMITTED: Final = "SubmitCSRBatchStatus"
ITEM: Final = "DeviceCSR"

MAX_ITEMS: Final = 50_000  # sec-app-m:2.3.1.7
MAX_BATCH_OCTETS: Final = (
    64 * 1024 * 1024
)  # 50,000 items of about 570 octets are 27 MiB; twice that
MAX_DOCUMENT_ID: Final = 256  # sec-app-m:F
_DEPTH: Final = 2  # SubmitCSRBatch, DeviceCSR; the message has no deeper element
_ATTRIBUTES: Final = 8  # ID, and what a tool may add for the schema to refuse
_PART_OCTETS: Final = 65_536  # of what is written in parts


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """What a batch says of itself.

    Attributes:
        document_id: attribute ID, 1 to 256 characters.
        items: number of its CSRs, 1 to 50,000.
        octets: length of the document.
    """

    document_id: str
    items: int
    octets: int


class BatchReader:
    """Checks a batch while it comes in, in flat memory; keeps the items' IDs, nothing else.

    Feed it the parts in order, then close it. After an error it is of no further use.

    Clause: sec-app-m:2.3.1.7
    """

    def __init__(self, *, max_items: int = MAX_ITEMS, max_octets: int = MAX_BATCH_OCTETS) -> None:
        self._gate = Gate(max_octets)
        self._max_items = max_items
        self._parser = pull_parser(events=("start", "end"), schema=SCHEMA)
        self._ids: set[str] = set()
        self._depth = 0
        self._octets = 0
        self.document_id: str | None = None

    @property
    def items(self) -> int:
        """How many items were read so far."""
        return len(self._ids)

    def feed(self, part: bytes) -> None:
        """`part` is read, and what it completes is valid.

        Raises:
            MalformedDocument: rule `batch.count` for an item too many, `xml.*` otherwise.
        """
        for start in range(0, len(part), SLICE_OCTETS):
            self._feed_slice(part[start : start + SLICE_OCTETS])

    def close(self) -> BatchHeader:
        """The whole document was read and is valid.

        Raises:
            MalformedDocument: it ends too early, or is not valid.
        """
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise self._fault(broken(self._parser, error), "xml.invalid") from error
        self._check_schema()
        return BatchHeader(
            document_id=self.document_id or "", items=self.items, octets=self._octets
        )

    def _feed_slice(self, part: bytes) -> None:
        try:
            self._gate.check(part)
            self._parser.feed(part)
        except MalformedDocument as error:
            error.document_id = self.document_id
            raise
        except etree.XMLSyntaxError as error:
            self._read_events()  # what stands before the fault: the root's ID, perhaps
            raise self._fault(broken(self._parser, error), "xml.invalid") from error
        self._octets += len(part)
        self._read_events()
        self._check_schema()

    def _read_events(self) -> None:
        last: Any = None
        for event, element in self._parser.read_events():
            if event == "start":
                self._begin(element)
            else:
                self._depth -= 1
                last = element
        forget_before(last)

    def _begin(self, element: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._begin_root(element)
        elif element.tag == ITEM and self._depth == _DEPTH:
            self._begin_item(element.get("ID"))
        elif self._depth > _DEPTH:
            raise self._fault(f"element {str(element.tag)[:80]!r} too deep", "xml.schema")
        if len(element.attrib) > _ATTRIBUTES:
            raise self._fault(f"{len(element.attrib)} attributes on one element", "xml.schema")

    def _begin_root(self, root: Any) -> None:
        if root.tag != REQUEST:
            raise self._fault(
                f"root element {str(root.tag)[:80]!r}, must be {REQUEST!r}, in no namespace",
                "xml.root",
            )
        self.document_id = echo_of(root.get("ID"), MAX_DOCUMENT_ID)

    def _begin_item(self, item: str | None) -> None:
        if len(self._ids) == self._max_items:
            raise self._fault(
                f"more than {self._max_items} CSRs, the most that a batch may hold",
                "batch.count",
                where=f"{ITEM} number {self.items + 1}",
                clause="sec-app-m:2.3.1.7",
            )
        if item is None or item in self._ids:
            raise self._fault(
                f"ID {item[:100]!r} stands twice, must be unique in the batch"
                if item is not None
                else "no attribute ID",
                "batch.id",
                where=f"{ITEM} number {self.items + 1}",
            )
        self._ids.add(item)

    def _check_schema(self) -> None:
        log: Any = self._parser.feed_error_log
        if len(log):
            raise self._fault(first_sentence(log[0].message), "xml.schema")

    def _fault(
        self, message: str, rule: str, *, where: str = "", clause: str = "sec-app-m:F"
    ) -> MalformedDocument:
        return MalformedDocument(
            f"batch: {message}",
            where=where or f"within the {SLICE_OCTETS} octets from {self._octets}",
            clause=clause,
            rule=rule,
            document_id=self.document_id,
        )


def read_items(parts: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """ID and base64 text of each item of a batch that `BatchReader` has found valid.

    Memory flat. The caller has checked that the document is still the one that was validated.

    Raises:
        MalformedDocument: it is not well-formed: not the document that was validated.

    Clause: sec-app-m:F
    """
    parser = pull_parser(events=("end",), tag=ITEM)
    try:
        for part in parts:
            parser.feed(part)
            last: Any = None
            for _, last in parser.read_events():
                yield last.get("ID"), last.text or ""
            forget_before(last)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise MalformedDocument(f"batch: {broken(parser, error)}") from error


def write_batch_request(document_id: str, items: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """The document of a batch, in parts; `items` are pairs of ID and base64 text.

    Clause: sec-app-m:F
    """
    return in_parts(
        f"{HEAD}<{REQUEST}{identifier(document_id)}>{tagged('Version', VERSION)}\n",
        (f"<{ITEM}{identifier(item)}>{csr}</{ITEM}>\n" for item, csr in items),
        f"</{REQUEST}>\n",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSubmitted:
    """The first answer to a batch.

    Attributes:
        document_id: attribute ID of the batch, if it could be read.
        build: of the software that answers.
        status: PENDING, FORMAT_ERROR or WORKFLOW_ERROR.
        number: BatchId, if the batch was taken; None otherwise.
        code: error code; empty if it was taken.
        text: what was wrong; empty if it was taken.

    Clause: sec-app-m:F
    """

    document_id: str | None
    build: str
    status: BatchStatus
    number: int | None = None
    code: str = ""
    text: str = ""


def write_batch_status(answer: BatchSubmitted) -> bytes:
    """The document of `answer`.

    Clause: sec-app-m:F
    """
    return (
        f"{HEAD}<{SUBMITTED}{identifier(answer.document_id)}>"
        f"{batch_outcome(answer.build, answer.status, answer.number, answer.code, answer.text)}"
        f"</{SUBMITTED}>\n"
    ).encode()


def parse_batch_status(body: bytes) -> BatchSubmitted:
    """The first answer that `body` holds, valid by the schema.

    Raises:
        MalformedDocument: it is none.

    Clause: sec-app-m:F
    """
    root = parse_document(body, SUBMITTED)
    number = root.findtext("BatchId")
    return BatchSubmitted(
        document_id=root.get("ID"),
        build=root.findtext("Build"),
        status=BatchStatus(root.findtext("BatchStatus")),
        number=None if number is None else int(number),
        code=root.findtext("Error/ErrorCode", ""),
        text=root.findtext("Error/ErrorText", ""),
    )


def batch_outcome(build: str, status: BatchStatus, number: int | None, code: str, text: str) -> str:
    """What both answers about a batch begin with: version, build, status, number or error."""
    return (
        f"{tagged('Version', VERSION)}{tagged('Build', build)}"
        f"<BatchStatus>{status.value}</BatchStatus>"
        f"{error_element(code, text) if number is None else f'<BatchId>{number}</BatchId>'}"
    )


def in_parts(head: str, pieces: Iterable[str], end: str) -> Iterator[bytes]:
    """The texts one after the other as UTF-8, in parts of about 64 KiB."""
    held = [head]
    length = len(head)
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= _PART_OCTETS:
            yield "".join(held).encode()
            held.clear()
            length = 0
    held.append(end)
    yield "".join(held).encode()


def forget_before(last: Any) -> None:
    """The element and its older siblings hold nothing any more; keeps a read document small."""
    if last is None:
        return
    parent = last.getparent()
    last.clear()
    if parent is not None:
        del parent[: parent.index(last)]
