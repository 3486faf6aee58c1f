"""DER, the distinguished encoding of ASN.1: one reader, and writers for what we compose.

The reader is strict: definite lengths in their shortest form, no octet left over, every refusal
with field and offset. Whoever must read what others wrote loosely (the linter) catches `Malformed`
and says so; nobody reads loosely by accident. No ASN.1 compiler, no schema, no defaults.

Clause: x690:10
"""

from typing import Final

from smki.terms import Malformed

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

ARC_BITS_MAX: Final = 256  # of an object identifier; one made of a UUID has an arc of 128 bits

_CLAUSE: Final = "x690:10.1"


def context(number: int, *, constructed: bool) -> int:
    """The identifier octet of context-specific tag `number` (0 to 30)."""
    return 0x80 | (0x20 if constructed else 0) | number


class Reader:
    """Takes elements one after the other from a stretch of octets; never past its end.

    Offsets in errors count from the start of the outermost octets.
    """

    __slots__ = ("_end", "_octets", "_position", "name")

    def __init__(self, octets: bytes, name: str, *, start: int = 0, end: int | None = None) -> None:
        self._octets = octets
        self._position = start
        self._end = len(octets) if end is None else end
        self.name = name

    @property
    def position(self) -> int:
        """Offset of the next octet, from the start of the outermost octets."""
        return self._position

    @property
    def at_end(self) -> bool:
        """True when nothing is left."""
        return self._position >= self._end

    def peek(self) -> int | None:
        """The next identifier octet; None at the end."""
        return None if self.at_end else self._octets[self._position]

    def enter(self, tag: int, field: str) -> "Reader":
        """A reader over the content of the next element, which must have `tag`.

        Raises:
            Malformed: another tag, a length that is not DER, or content past the end.
        """
        start, end = self._element(tag, field)
        self._position = end
        return Reader(self._octets, f"{self.name}.{field}", start=start, end=end)

    def take(self, tag: int, field: str) -> bytes:
        """The content octets of the next element, which must have `tag`.

        Raises:
            Malformed: as for `enter`.
        """
        start, end = self._element(tag, field)
        self._position = end
        return self._octets[start:end]

    def element(self, field: str, tag: int | None = None) -> bytes:
        """The whole next element, identifier and length included.

        Raises:
            Malformed: as for `enter`.
        """
        begin = self._position
        _, end = self._element(tag, field)
        self._position = end
        return self._octets[begin:end]

    def rest(self) -> bytes:
        """Everything that is left, unread; nothing is left afterwards."""
        rest = self._octets[self._position : self._end]
        self._position = self._end
        return rest

    def done(self) -> None:
        """Holds if nothing is left.

        Raises:
            Malformed: octets are left over.
        """
        if self._position != self._end:
            raise Malformed(
                f"{self.name}: {self._end - self._position} octets left over, must end here",
                where=f"offset {self._position}",
                clause="x690:8.1.3",
                rule="der.trailing",
            )

    def _element(self, tag: int | None, field: str) -> tuple[int, int]:
        octets, at, limit = self._octets, self._position, self._end
        if limit - at < 2:
            raise self._malformed(field, f"{limit - at} octets left, an element needs 2", at)
        found = octets[at]
        if tag is not None and found != tag:
            raise self._malformed(field, f"tag {found:02X}, must be {tag:02X}", at, "der.tag")
        if found & 0x1F == 0x1F:
            raise self._malformed(field, "tag number over 30, none occurs here", at, "der.tag")
        length, start = octets[at + 1], at + 2
        if length >= 0x80:
            width = length & 0x7F
            if width == 0:
                raise self._malformed(field, "indefinite length, must be definite", at + 1)
            if width > 4 or start + width > limit:
                raise self._malformed(
                    field, f"length of {width} octets, more than is here or than 4", at + 1
                )
            length = int.from_bytes(octets[start : start + width], "big")
            if length < 0x80 or length >> (8 * (width - 1)) == 0:
                raise self._malformed(
                    field,
                    f"length {length} in {width + 1} octets, must take the fewest",
                    at + 1,
                    "der.minimal",
                )
            start += width
        if start + length > limit:
            raise self._malformed(
                field, f"{length} octets of content announced, {limit - start} are here", at
            )
        return start, start + length

    def _malformed(self, field: str, what: str, at: int, rule: str = "der.length") -> Malformed:
        return Malformed(
            f"{self.name}.{field}: {what}", where=f"offset {at}", clause=_CLAUSE, rule=rule
        )


def element(tag: int, *content: bytes) -> bytes:
    """One element: identifier, shortest length, the joined `content`."""
    joined = b"".join(content)
    length = len(joined)
    if length < 0x80:
        return bytes((tag, length)) + joined
    width = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + length.to_bytes(width, "big") + joined


def sequence(*elements: bytes) -> bytes:
    """A SEQUENCE of encoded elements."""
    return element(SEQUENCE, *elements)


def set_of(*elements: bytes) -> bytes:
    """A SET OF encoded elements, in the ascending order that DER asks for."""
    return element(SET, *sorted(elements))


def integer(value: int) -> bytes:
    """An INTEGER, shortest form."""
    width = (value.bit_length() if value >= 0 else (value + 1).bit_length()) // 8 + 1
    return element(INTEGER, value.to_bytes(width, "big", signed=True))


def boolean(*, value: bool) -> bytes:
    """A BOOLEAN; true is FF."""
    return element(BOOLEAN, b"\xff" if value else b"\x00")


def octet_string(octets: bytes) -> bytes:
    """An OCTET STRING."""
    return element(OCTET_STRING, octets)


def bit_string(octets: bytes, *, unused: int = 0) -> bytes:
    """A BIT STRING of whole octets, less `unused` bits (0 to 7) of the last."""
    return element(BIT_STRING, bytes((unused,)), octets)


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form.

    Raises:
        Malformed: not two or more arcs of decimal digits, or first arcs out of range.
    """
    try:
        arcs = [int(arc) for arc in dotted.split(".")]
    except ValueError:
        arcs = []
    wrong_start = len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39)
    if wrong_start or min(arcs) < 0:
        raise Malformed(
            f"object identifier: {dotted[:80]!r}, must be arcs in decimal parted by dots",
            clause="x690:8.19",
        )
    content = b"".join(_base128(arc) for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]))
    return element(OID, content)


def dotted(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content octets.

    Raises:
        Malformed: empty, a padded arc, an arc cut off, or one of more than `ARC_BITS_MAX` bits.
    """
    if not content or content[-1] & 0x80:
        raise Malformed("object identifier: empty or cut off", clause="x690:8.19", rule="der.oid")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise Malformed(
                "object identifier: arc with leading zeros", clause="x690:8.19", rule="der.oid"
            )
        value = value << 7 | octet & 0x7F
        if value >> ARC_BITS_MAX:
            raise Malformed(
                f"object identifier: an arc of more than {ARC_BITS_MAX} bits, must be at most that",
                clause="x690:8.19",
                rule="der.oid",
            )
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def _base128(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | value & 0x7F)
    return bytes(reversed(octets))
