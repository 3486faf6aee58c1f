"""ASN.1 of the security use cases: the notation, written in Python, is the codec.

We write DER. We read what devices send: the lengths of SEQUENCEs and of all else in more octets
than are needed, and a DEFAULT written out; each is noted as a `Deviation`, and nothing else is let
pass. So two different readings of the same octets do not exist, and what was signed is never made
again from a value: signatures and MACs are over the octets received.

Four tags of one octet are all that GBCS needs: universal ones, and context-specific ones that
replace them (IMPLICIT TAGS). No indefinite length, no constructed string, no extension marker.

Clause: x690:8.1.3
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from smki.terms import Malformed

SEQ_NUMBER_MAX: Final = 2**63 - 1  # SeqNumber ::= INTEGER (0..9223372036854775807)
ELEMENTS_MAX: Final = 1_000  # of a SEQUENCE OF: a device log has 16, a message 70,000 octets

_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_OCTET_STRING: Final = 0x04
_NULL: Final = 0x05
ENUMERATED: Final = 0x0A
_GENERALIZED_TIME: Final = 0x18
_SEQUENCE: Final = 0x30
_TIME_OCTETS: Final = 15  # YYYYMMDDHHMMSSZ
_FEW_MAX: Final = 256  # more than there are names of trust anchor cells, with either tag
_LENGTH_OCTETS_MAX: Final = 4
_INTEGER_OCTETS_MAX: Final = 9  # SeqNumber has 8; Python writes no number of thousands in decimal
_MIRRORED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))

T = TypeVar("T")
N = TypeVar("N", bound=IntEnum)
B = TypeVar("B", bound=IntFlag)

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Where octets that were read are not DER, though they say the same.

    Attributes:
        offset: in the payload, of the element.
        message: what was found and what DER has.
    """

    offset: int
    message: str


class Source:
    """The octets of a payload, and what was noted while reading them."""

    __slots__ = ("deviations", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.deviations: list[Deviation] = []

    def element(self, at: int, end: int, tag: int, name: str) -> tuple[int, int]:
        """Where the content of the element at `at` begins and ends; it must have `tag`.

        Raises:
            Malformed: another tag, no definite length, content past `end`.
        """
        octets = self.octets
        if end - at < 2:
            raise wrong(name, f"{end - at} octets left", "an element of 2 or more", at)
        if octets[at] != tag:
            raise wrong(name, f"tag {octets[at]:02X}", f"{tag:02X}", at)
        length = octets[at + 1]
        start = at + 2
        if length >= 0x80:
            width = length & 0x7F
            if not 1 <= width <= _LENGTH_OCTETS_MAX or start + width > end:
                raise wrong(name, f"length begins {length:02X}", "00..7F, or 81..84 whole", at + 1)
            length = int.from_bytes(octets[start : start + width], "big")
            start += width
            if length < 0x80 or length >> 8 * (width - 1) == 0:
                self.note(at, f"{name}: length {length} in {width + 1} octets, DER has the fewest")
        if length > end - start:
            raise wrong(name, f"{length} octets announced", f"at most {end - start}", at)
        return start, start + length

    def note(self, at: int, message: str) -> None:
        """What is at `at` is not DER."""
        self.deviations.append(Deviation(offset=at, message=message))


class Codec(Protocol[T]):
    """A type of the notation: reads, writes and shows its values.

    `tag` is the identifier octet that an element of this type begins with.
    """

    tag: int

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[T, int]:
        """The value of the element at `at` with identifier `tag`, and where the next begins.

        Raises:
            Malformed: it is not of this type.
        """
        ...

    def write(self, value: T, tag: int) -> bytes:
        """The DER of `value`, with identifier `tag`."""
        ...

    def show(self, value: T) -> Tree:
        """`value` for people, in the words of the notation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded(Generic[T]):
    """What octets say, and where they are not DER.

    Attributes:
        value: of the notation's type.
        deviations: none if the octets are the DER of `value`.
    """

    value: T
    deviations: tuple[Deviation, ...]


def decode(codec: Codec[T], octets: bytes, name: str) -> Decoded[T]:
    """`octets` are one element of `codec` and nothing else.

    Raises:
        Malformed: anything else; names the field and its offset.

    Clause: x690:8.1.3
    """
    source = Source(octets)
    value, end = codec.read(source, 0, len(octets), name, codec.tag)
    if end != len(octets):
        raise wrong(name, f"{len(octets) - end} octets left over", "none", end)
    return Decoded(value=value, deviations=tuple(source.deviations))


def encode(codec: Codec[T], value: T) -> bytes:
    """The DER of `value`.

    Clause: x690:10
    """
    return codec.write(value, codec.tag)


def wrong(name: str, found: str, expected: str, at: int) -> Malformed:
    """The error of a payload that is not what its use case asks."""
    return Malformed(
        f"{name}: {found}, must be {expected}",
        where=f"payload offset {at}",
        clause="x690:8.1.3",
        rule="gbcs.payload",
    )


def _inside(error: Malformed, name: str) -> Malformed:
    """The error of a part, told with where the part is: names are put together when they are needed."""
    return Malformed(
        f"{name}{error.message}", where=error.where, clause=error.clause, rule=error.rule
    )


def _length(count: int) -> bytes:
    if count < 0x80:
        return bytes((count,))
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def _element(tag: int, content: bytes) -> bytes:
    count = len(content)
    if count < 0x80:
        return bytes((tag, count)) + content
    return bytes((tag,)) + _length(count) + content


class Integer:
    """INTEGER (0..highest)."""

    tag = _INTEGER

    def __init__(self, highest: int = SEQ_NUMBER_MAX) -> None:
        self._highest = highest

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[int, int]:
        value, after = _integer(source, at, end, name, tag)
        if not 0 <= value <= self._highest:
            raise wrong(name, str(value), f"0 to {self._highest}", at)
        return value, after

    def write(self, value: int, tag: int) -> bytes:
        count = value.bit_length() // 8 + 1
        return bytes((tag, count)) + value.to_bytes(count, "big", signed=True)

    def show(self, value: int) -> Tree:
        return value


class Named(Generic[N]):
    """INTEGER or ENUMERATED of named numbers: a closed set, its names as in the notation."""

    def __init__(self, names: Mapping[N, str], *, tag: int = _INTEGER) -> None:
        self.tag = tag
        self._names = names
        self._members = {int(member): member for member in names}
        self._usual = {bytes((1, member)): member for member in names}  # length and content

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[N, int]:
        usual = self._usual.get(source.octets[at + 1 : at + 3])
        if usual is not None and source.octets[at] == tag and at + 3 <= end:
            return usual, at + 3
        number, after = _integer(source, at, end, name, tag)
        member = self._members.get(number)
        if member is None:
            known = ", ".join(f"{named}({int(each)})" for each, named in self._names.items())
            raise wrong(name, str(number), f"one of {known}", at)
        return member, after

    def write(self, value: N, tag: int) -> bytes:
        return bytes((tag, 1, value))  # the named numbers end at 127

    def name(self, value: N) -> str:
        """The name in the notation."""
        return self._names[value]

    def show(self, value: N) -> Tree:
        return f"{self._names[value]}({int(value)})"


def named(of: type[N], *, tag: int = _INTEGER) -> Named[N]:
    """The type whose names are those of `of`, written as the notation writes them."""
    return Named({member: camel_case(member.name) for member in of}, tag=tag)


def camel_case(name: str) -> str:
    """`NO_TRUST_ANCHOR` as the notation writes it: `noTrustAnchor`."""
    head, *rest = name.split("_")
    return head.lower() + "".join(word if word in _ACRONYMS else word.capitalize() for word in rest)


_ACRONYMS: Final = frozenset({"CBKE"})


def _integer(source: Source, at: int, end: int, name: str, tag: int) -> tuple[int, int]:
    start, after = source.element(at, end, tag, name)
    content = source.octets[start:after]
    if len(content) > _INTEGER_OCTETS_MAX:
        raise wrong(
            name, f"{len(content)} octets", f"a number of at most {_INTEGER_OCTETS_MAX}", at
        )
    if not content or (len(content) > 1 and _superfluous(content)):
        raise wrong(name, content.hex().upper() or "no octets", "the fewest octets", at)
    return int.from_bytes(content, "big", signed=True), after


def _superfluous(content: bytes) -> bool:
    return (content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)


class Bits(Generic[B]):
    """BIT STRING of named bits, in its shortest form; a flag's value is `1 << bit`."""

    tag = _BIT_STRING

    def __init__(self, names: Mapping[B, str]) -> None:
        self._names = names
        self._of = type(next(iter(names)))
        self._contents = {flag: self._content(flag) for flag in names}
        self._single = {octets: flag for flag, octets in self._contents.items()}  # the usual ones

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[B, int]:
        start, after = source.element(at, end, tag, name)
        content = source.octets[start:after]
        single = self._single.get(content)
        if single is not None:
            return single, after
        number = int.from_bytes(bytes(_MIRRORED[octet] for octet in content[1:]), "little")
        value = self._of(number & (1 << len(self._names)) - 1)
        if self._content(value) != content:
            raise wrong(
                name, content.hex().upper() or "no octets", "named bits in the shortest form", at
            )
        return value, after

    def write(self, value: B, tag: int) -> bytes:
        return _element(tag, self._contents.get(value) or self._content(value))

    def show(self, value: B) -> Tree:
        return [name for flag, name in self._names.items() if flag in value]

    def _content(self, value: B) -> bytes:
        used = value.bit_length()
        octets = value.to_bytes((used + 7) // 8, "little")
        return bytes((-used % 8,)) + bytes(_MIRRORED[octet] for octet in octets)


class Octets:
    """OCTET STRING of `size` octets, or of any number."""

    tag = _OCTET_STRING

    def __init__(self, size: int | None = None) -> None:
        self._size = size

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[bytes, int]:
        start, after = source.element(at, end, tag, name)
        if self._size is not None and after - start != self._size:
            raise wrong(name, f"{after - start} octets", f"{self._size}", at)
        return source.octets[start:after], after

    def write(self, value: bytes, tag: int) -> bytes:
        return _element(tag, value)

    def show(self, value: bytes) -> Tree:
        return value.hex()


class Null:
    """NULL: says only that it is there. Its value is None."""

    tag = _NULL

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[None, int]:
        start, after = source.element(at, end, tag, name)
        if start != after:
            raise wrong(name, f"{after - start} octets", "none", at)
        return None, after

    def write(self, value: None, tag: int) -> bytes:  # noqa: ARG002 -- there is only one value
        return bytes((tag, 0))

    def show(self, value: None) -> Tree:  # noqa: ARG002 -- there is only one value
        return "NULL"


class Time:
    """GeneralizedTime as YYYYMMDDHHMMSSZ; the value is in UTC, with no fraction."""

    tag = _GENERALIZED_TIME

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[datetime, int]:
        start, after = source.element(at, end, tag, name)
        text = source.octets[start:after]
        value = _instant(text)
        if value is None:
            raise wrong(name, repr(text[:24])[1:], "a time YYYYMMDDHHMMSSZ", at)
        return value, after

    def write(self, value: datetime, tag: int) -> bytes:
        text = f"{value.year:04d}{value:%m%d%H%M%S}Z"
        return _element(tag, text.encode())

    def show(self, value: datetime) -> Tree:
        return value.isoformat().replace("+00:00", "Z")


def _instant(text: bytes) -> datetime | None:
    if len(text) != _TIME_OCTETS or text[-1:] != b"Z" or not text[:-1].isdigit():
        return None
    month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(4, 14, 2))
    try:
        return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


class Element:
    """A whole SEQUENCE that another module reads: a certificate, a certification request.

    Its octets are kept as they came; only tag and length are looked at.
    """

    tag = _SEQUENCE

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[bytes, int]:
        _, after = source.element(at, end, tag, name)
        return source.octets[at:after], after

    def write(self, value: bytes, tag: int) -> bytes:  # noqa: ARG002 -- the value has its own
        return value

    def show(self, value: bytes) -> Tree:
        return value.hex()


class SequenceOf(Generic[T]):
    """SEQUENCE OF: a tuple."""

    tag = _SEQUENCE

    def __init__(self, item: Codec[T]) -> None:
        self._item = item

    def read(
        self, source: Source, at: int, end: int, name: str, tag: int
    ) -> tuple[tuple[T, ...], int]:
        position, after = source.element(at, end, tag, name)
        item, values = self._item, list[T]()
        while position < after:
            if len(values) == ELEMENTS_MAX:
                raise wrong(name, f"more than {ELEMENTS_MAX} elements", "fewer", position)
            try:
                value, position = item.read(source, position, after, "", item.tag)
            except Malformed as error:
                raise _inside(error, f"{name}[{len(values)}]") from None
            values.append(value)
        return tuple(values), after

    def write(self, value: Sequence[T], tag: int) -> bytes:
        item = self._item
        return _element(tag, b"".join(item.write(each, item.tag) for each in value))

    def show(self, value: Sequence[T]) -> Tree:
        return [self._item.show(each) for each in value]


class Choice:
    """CHOICE between types that begin with different tags; a value is told by its Python type."""

    def __init__(self, **alternatives: tuple[type, Codec[Any]]) -> None:
        self._by_tag = {codec.tag: (name, codec) for name, (_, codec) in alternatives.items()}
        self._by_type = {of: (name, codec) for name, (of, codec) in alternatives.items()}
        self.tag = next(iter(self._by_tag))

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[Any, int]:
        found = source.octets[at] if at < end else tag
        if found not in self._by_tag:
            known = " or ".join(f"{tag:02X} {each}" for tag, (each, _) in self._by_tag.items())
            raise wrong(name, f"tag {found:02X}", known, at)
        alternative, codec = self._by_tag[found]
        return codec.read(source, at, end, f"{name}.{alternative}", codec.tag)

    def write(self, value: object, tag: int) -> bytes:  # noqa: ARG002 -- the alternative has its own
        _, codec = self._by_type[type(value)]
        return codec.write(value, codec.tag)

    def show(self, value: object) -> Tree:
        name, codec = self._by_type[type(value)]
        return {name: codec.show(value)}


@dataclass(frozen=True, slots=True)
class Field:
    """One component of a SEQUENCE.

    Attributes:
        name: in the notation.
        attribute: of the value that holds it; empty for one that says nothing (NULL).
        codec: its type.
        tag: the context-specific number that replaces its tag, or none.
        optional: it may be left out, and is None then.
        default: what it is when left out; not written when equal.
    """

    name: str
    attribute: str
    codec: Codec[Any]
    tag: int | None = None
    optional: bool = False
    default: object = None


class SequenceType(Generic[T]):
    """SEQUENCE of named components: a frozen value of class `of`, with their attributes.

    `holds` says what is wrong with a value whose components are right one by one, or nothing.
    """

    tag = _SEQUENCE

    def __init__(
        self, of: type[T], *components: Field, holds: Callable[[T], str] | None = None
    ) -> None:
        attributes = {field.name for field in fields(of)} if is_dataclass(of) else set[str]()
        if attributes != {each.attribute for each in components if each.attribute}:
            raise TypeError(f"{of.__name__}: {sorted(attributes)} are not the components'")
        self._of = of
        self._holds = holds
        self._components = tuple(
            (each, _identifier(each), each.optional or each.default is not None)
            for each in components
        )
        self._reading = tuple(
            (each.codec.read, each.name, each.attribute, identifier, omissible, each.default)
            for each, identifier, omissible in self._components
        )
        self._writing = tuple(
            (each.codec.write, each.attribute, identifier, omissible, each.default)
            for each, identifier, omissible in self._components
        )

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[T, int]:
        position, after = source.element(at, end, tag, name)
        octets, found = source.octets, dict[str, Any]()
        for read, field, attribute, identifier, omissible, default in self._reading:
            if omissible and (position >= after or octets[position] != identifier):
                found[attribute] = default
                continue
            begin = position
            try:
                value, position = read(source, position, after, field, identifier)
            except Malformed as error:
                raise _inside(error, f"{name}.") from None
            if default is not None and value == default:
                source.note(begin, f"{name}.{field}: default written out, DER leaves it out")
            if attribute:
                found[attribute] = value
        if position != after:
            raise wrong(name, f"{after - position} octets left over", "none", position)
        value = self._of(**found)
        if self._holds is not None and (problem := self._holds(value)):
            raise wrong(name, problem, "otherwise", at)
        return value, after

    def write(self, value: T, tag: int) -> bytes:
        parts = []
        for write, attribute, identifier, omissible, default in self._writing:
            part = getattr(value, attribute) if attribute else None
            if not (omissible and (part is None or part == default)):
                parts.append(write(part, identifier))
        return _element(tag, b"".join(parts))

    def show(self, value: T) -> Tree:
        tree: dict[str, Tree] = {}
        for each, _, omissible in self._components:
            part = getattr(value, each.attribute) if each.attribute else None
            if not (omissible and part is None):
                tree[each.name] = each.codec.show(part)
        return tree


class Few(Generic[T]):
    """A type with few values, which are frozen: an element that was read before is not read again.

    Remembers by the octets, tag and length among them, what was read without a deviation.
    """

    def __init__(self, codec: Codec[T]) -> None:
        self.tag = codec.tag
        self._codec = codec
        self._known: dict[bytes, T] = {}

    def read(self, source: Source, at: int, end: int, name: str, tag: int) -> tuple[T, int]:
        octets = source.octets
        if end - at >= 2 and octets[at] == tag:
            after = at + 2 + octets[at + 1]  # of a length in one octet; of others nothing is known
            known = self._known.get(octets[at:after])
            if known is not None and after <= end:
                return known, after
        noted = len(source.deviations)
        value, after = self._codec.read(source, at, end, name, tag)
        if len(source.deviations) == noted and len(self._known) < _FEW_MAX:
            self._known[octets[at:after]] = value
        return value, after

    def write(self, value: T, tag: int) -> bytes:
        return self._codec.write(value, tag)

    def show(self, value: T) -> Tree:
        return self._codec.show(value)


def _identifier(component: Field) -> int:
    """The context-specific tag keeps whether the type is constructed."""
    if component.tag is None:
        return component.codec.tag
    return 0x80 | (component.codec.tag & 0x20) | component.tag
