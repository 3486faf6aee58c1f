"""What every XML message is read through: a gate for octets, then lxml with everything off.

The gate sees the octets before any parser does: size, no document type declaration, nothing that
is not UTF-8, no endless tag or text. No message is known here, nothing is decided, nothing is
fetched.
"""

from base64 import b64decode
from contextlib import suppress
from importlib.resources import files
from typing import Any, Final

from lxml import etree

from smki.terms import Malformed

SLICE_OCTETS: Final = 65_536  # given to the parser at once; what a gate's finding may overshoot
STRETCH_OCTETS: Final = 262_144  # without "<": a tag's attributes, or one CSR; a CSR has about 500
SMALL_DOCUMENT_OCTETS: Final = 131_072  # one CSR, 500 octets, or a query; room for padded mistakes
MAX_SMALL_ID: Final = 32  # sec-app-m:2.4, of an ad hoc request

_DOCTYPE: Final = b"<!DOCTYPE"
_CLAUSE: Final = "sec-app-m:2"

SCHEMA: Final = etree.XMLSchema(
    etree.fromstring(files(__package__).joinpath("schemas/messages.xsd").read_bytes())
)

PARSER_OPTIONS: Final[dict[str, Any]] = {
    "encoding": "utf-8",  # whatever the document declares: the gate has read it as UTF-8
    # The gate lets no entity be declared, so none but the five of XML can be resolved. False would
    # be worse: lxml then lets documents that are cut short pass if a schema is given.
    "resolve_entities": "internal",
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,  # libxml2's own bounds: depth 256, 10 MB a text
    "remove_comments": True,
    "remove_pis": True,
}


def pull_parser(**options: Any) -> Any:
    """A parser that is fed in parts and gives events; Any, as lxml's typing says too much or none."""
    return etree.XMLPullParser(**PARSER_OPTIONS, **options)


class MalformedDocument(Malformed):
    """An XML document that cannot be taken, with its ID where that could be read.

    Attributes:
        document_id: attribute ID of the root, if it was read and is short enough to be echoed.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        clause: str = _CLAUSE,
        rule: str = "xml.invalid",
        document_id: str | None = None,
    ) -> None:
        super().__init__(message, where=where, clause=clause, rule=rule)
        self.document_id = document_id

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (self.message, self.where, self.clause, self.rule, self.document_id))


def _restore(
    message: str, where: str, clause: str, rule: str, document_id: str | None
) -> MalformedDocument:
    return MalformedDocument(
        message, where=where, clause=clause, rule=rule, document_id=document_id
    )


class Gate:
    """Lets the octets of one document pass, part by part, or refuses them.

    `<!DOCTYPE` is refused wherever it stands, in a comment too: so no entity is ever declared.
    A character `<` can only begin markup, so counting the octets since the last one bounds tags,
    attributes and texts alike, whatever is in them.
    """

    __slots__ = ("_limit", "_tail", "octets", "stretch")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail = b""
        self.octets = 0
        self.stretch = 0

    def check(self, part: bytes) -> None:
        """`part` may be given to the parser.

        Raises:
            MalformedDocument: `xml.size`, `xml.doctype`, `xml.encoding` or `xml.stretch`.
        """
        self.octets += len(part)
        if self.octets > self._limit:
            raise MalformedDocument(
                f"document: more than {self._limit} octets, the most that is taken", rule="xml.size"
            )
        if b"\0" in part:
            raise MalformedDocument(
                "document: an octet 00, must be UTF-8 text", rule="xml.encoding"
            )
        seam = self._tail + part[: len(_DOCTYPE) - 1]
        if _DOCTYPE in part or _DOCTYPE in seam:
            raise MalformedDocument(
                "document: a document type declaration, must have none", rule="xml.doctype"
            )
        self._tail = (self._tail + part[1 - len(_DOCTYPE) :])[1 - len(_DOCTYPE) :]
        last = part.rfind(b"<")
        self.stretch = self.stretch + len(part) if last < 0 else len(part) - last
        if self.stretch > STRETCH_OCTETS:
            raise MalformedDocument(
                f"document: more than {STRETCH_OCTETS} octets without a tag", rule="xml.stretch"
            )


def parse_document(body: bytes, root: str, *, limit: int = SMALL_DOCUMENT_OCTETS) -> Any:
    """The root element of a document of at most `limit` octets, valid by the schema, named `root`.

    Raises:
        MalformedDocument: too large, not XML, with a DOCTYPE, another document, or not valid.
    """
    Gate(limit).check(body)
    try:
        element: Any = etree.fromstring(body, etree.XMLParser(**PARSER_OPTIONS))
    except etree.XMLSyntaxError as error:
        raise MalformedDocument(
            f"document: not well-formed XML, {error.msg}", document_id=_id_of_broken(body)
        ) from error
    if element.tag != root:
        raise MalformedDocument(
            f"document: root element {str(element.tag)[:80]!r}, must be {root!r}, in no namespace",
            rule="xml.root",
        )
    validate(element)
    return element


def validate(element: Any) -> None:
    """`element` is valid by the schema.

    Raises:
        MalformedDocument: it is not; with the root's ID.
    """
    if not SCHEMA.validate(element):
        log: Any = SCHEMA.error_log
        fault = log[0]
        raise MalformedDocument(
            f"document: {first_sentence(fault.message)}",
            where=f"line {fault.line}",
            rule="xml.schema",
            document_id=echo_of(element.get("ID"), MAX_SMALL_ID),
        )


def _id_of_broken(body: bytes) -> str | None:
    parser = pull_parser(events=("start",))
    with suppress(etree.XMLSyntaxError):
        parser.feed(body)
    for _, root in parser.read_events():
        return echo_of(root.get("ID"), MAX_SMALL_ID)
    return None


def octets_of(text: str | None) -> bytes:
    """The octets whose base64 is `text`.

    Raises:
        MalformedDocument: it is not base64; the schema's own check overlooks some of that.
    """
    try:
        return b64decode("".join((text or "").split()), validate=True)
    except ValueError as error:
        raise MalformedDocument(f"document: not base64, {error}", rule="xml.base64") from error


def broken(parser: Any, error: etree.XMLSyntaxError) -> str:
    """What a fed parser found not well-formed."""
    log: Any = parser.feed_error_log
    return f"not well-formed XML, {first_sentence(log[0].message if len(log) else error.msg or '')}"


def first_sentence(message: str) -> str:
    """The parser's or validator's words, cut where a hostile document would make them long."""
    return message.rstrip(".")[:300]


def echo_of(document_id: str | None, longest: int) -> str | None:
    """`document_id` if an answer may repeat it: 1 to `longest` characters; None otherwise."""
    return document_id if document_id and len(document_id) <= longest else None
