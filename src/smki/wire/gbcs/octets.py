"""Takes fields off octets, one after the other: the only reader of the GBCS frames."""

from typing import Final

from smki.terms import EUI64, Malformed

EUI64_OCTETS: Final = 8


class Cursor:
    """Takes fields one after the other; never past the end. Every refusal names field and offset."""

    __slots__ = ("_clause", "_octets", "_what", "position")

    def __init__(self, octets: bytes, what: str, clause: str) -> None:
        self._octets = octets
        self._what = what
        self._clause = clause
        self.position = 0

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self._octets) - self.position

    def take(self, count: int, field: str) -> bytes:
        """The next `count` octets.

        Raises:
            Malformed: fewer are left.
        """
        taken = self._octets[self.position : self.position + count]
        if len(taken) != count:
            raise self.wrong(field, f"{self.left} octets left", f"{count}")
        self.position += count
        return taken

    def next(self, count: int) -> bytes:
        """At most the next `count` octets, which stay where they are."""
        return self._octets[self.position : self.position + count]

    def octet(self, field: str) -> int:
        """The next octet.

        Raises:
            Malformed: none is left.
        """
        if self.position >= len(self._octets):
            raise self.wrong(field, "0 octets left", "1")
        self.position += 1
        return self._octets[self.position - 1]

    def number(self, count: int, field: str) -> int:
        """The next `count` octets as a number, big-endian.

        Raises:
            Malformed: fewer are left.
        """
        return int.from_bytes(self.take(count, field), "big")

    def expect(self, constant: bytes, field: str) -> None:
        """The next octets are these.

        Raises:
            Malformed: they are others, or fewer are left.
        """
        found = self.take(len(constant), field)
        if found != constant:
            self.position -= len(constant)
            raise self.wrong(field, found.hex().upper(), constant.hex().upper())

    def length(self, field: str, allowed: tuple[int, ...] = ()) -> int:
        """A length in its shortest form: 00..7F, 81 xx, 82 xx xx.

        Raises:
            Malformed: another form, or a length that is not `allowed`.
        """
        at = self.position
        value = self.take(1, f"{field} length")[0]
        if value >= 0x80:
            width = value & 0x7F
            if width not in (1, 2):
                self.position = at
                raise self.wrong(f"{field} length", f"{value:02X}", "00..7F, 81 or 82")
            value = self.number(width, f"{field} length")
            if value < (0x80 if width == 1 else 0x100):
                self.position = at
                raise self.wrong(f"{field} length", f"{value} in {width + 1} octets", "the fewest")
        if allowed and value not in allowed:
            self.position = at
            raise self.wrong(f"{field} length", f"{value}", " or ".join(map(str, allowed)))
        return value

    def system_title(self, field: str) -> EUI64:
        """An EUI-64 after its length.

        Raises:
            Malformed: not 8 octets.
        """
        return EUI64(self.take(self.length(f"{field} system title", (EUI64_OCTETS,)), field))

    def done(self) -> None:
        """Nothing is left.

        Raises:
            Malformed: something is.
        """
        if self.left:
            raise self.wrong("end", f"{self.left} octets left over", "none")

    def wrong(self, field: str, found: str, expected: str) -> Malformed:
        """The error of what stands at the present place."""
        return Malformed(
            f"{self._what}, {field}: {found}, must be {expected}",
            where=f"offset {self.position}",
            clause=self._clause,
            rule="gbcs.header",
        )


def length_octets(count: int) -> bytes:
    """`count` (0 to 65,535) as a length in its shortest form."""
    if count < 0x80:
        return bytes((count,))
    if count < 0x100:
        return bytes((0x81, count))
    return b"\x82" + count.to_bytes(2, "big")
