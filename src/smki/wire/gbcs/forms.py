"""Octets that many messages have alike: once, with gaps for what differs.

    form    ::= piece (gap piece)*        -- pieces are octets, of a gap the length is known
    filling ::= what is in the gaps, one after the other
    message ::= form, its gaps filled     -- of all messages of a form the length is the same

A million devices are sent the same certificates; their commands differ in counter, recipient and
signature. What a message says is not known here, nor whether it may say that.

Clause: gbcs:7.2.7
"""

import re
from dataclasses import dataclass, field
from itertools import accumulate, pairwise, starmap
from typing import Final

from smki.terms import Inconsistent

_DIFFERENT: Final = re.compile(rb"[^\x00]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What messages have alike.

    Attributes:
        pieces: the octets before, between and after the gaps: one more than there are gaps.
        gaps: how many octets each gap has.
    """

    pieces: tuple[bytes, ...]
    gaps: tuple[int, ...]
    _parts: tuple[slice, ...] = field(init=False, repr=False, compare=False)  # of a filling
    _octets: int = field(init=False, repr=False, compare=False)  # of a filling

    def __post_init__(self) -> None:
        """Refuses pieces that leave other gaps than are told.

        Raises:
            Inconsistent: they do.
        """
        if len(self.pieces) != len(self.gaps) + 1:
            raise _inconsistent(f"{len(self.pieces)} pieces round {len(self.gaps)} gaps")
        ends = tuple(accumulate(self.gaps, initial=0))
        object.__setattr__(self, "_parts", tuple(starmap(slice, pairwise(ends))))
        object.__setattr__(self, "_octets", ends[-1])

    def __hash__(self) -> int:
        return hash(self.pieces)

    def filled(self, filling: bytes) -> bytes:
        """The message with these octets in the gaps.

        Raises:
            Inconsistent: they are more or fewer.
        """
        if len(filling) != self._octets:
            raise _inconsistent(f"gaps of {self.gaps} are filled by {len(filling)} octets")
        parts = [b""] * (2 * len(self.gaps) + 1)
        parts[::2] = self.pieces
        parts[1::2] = map(filling.__getitem__, self._parts)
        return b"".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """A message that is kept as its form and what is in the gaps.

    Attributes:
        form: of many such messages.
        filling: octets of the gaps, one after the other.
    """

    form: Form
    filling: bytes

    @property
    def octets(self) -> bytes:
        """The whole message."""
        return self.form.filled(self.filling)


def whole(message: bytes | Formed) -> bytes:
    """The octets of the message, however it is kept."""
    return message if isinstance(message, bytes) else message.octets


def form_between(first: bytes, second: bytes) -> Form:
    """The form of two messages: gaps where they differ, pieces where they are alike.

    What is to be a gap must differ in every octet, or a part of it is taken for alike.

    Raises:
        Inconsistent: they have not the same length.
    """
    if len(first) != len(second):
        raise _inconsistent(f"messages of {len(first)} and of {len(second)} octets have none")
    differing = _number(first) ^ _number(second)
    found = [each.span() for each in _DIFFERENT.finditer(differing.to_bytes(len(first), "big"))]
    starts = (0, *(end for _, end in found))
    ends = (*(start for start, _ in found), len(first))
    return Form(
        pieces=tuple(first[start:end] for start, end in zip(starts, ends, strict=True)),
        gaps=tuple(end - start for start, end in found),
    )


class Likeness:
    """Whether messages are of a form, told by one comparison.

    Args:
        form: of which they are to be.
    """

    def __init__(self, form: Form) -> None:
        blank = bytes(sum(form.gaps))
        pieces = Form(pieces=tuple(b"\xff" * len(each) for each in form.pieces), gaps=form.gaps)
        self._octets = len(form.filled(blank))
        self._alike = _number(form.filled(blank))
        self._pieces = _number(pieces.filled(blank))

    def holds(self, message: bytes) -> bool:
        """Whether the message is the form with its gaps filled by whatever it is."""
        return len(message) == self._octets and _number(message) & self._pieces == self._alike


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _inconsistent(what: str) -> Inconsistent:
    return Inconsistent(f"form of messages: {what}", clause="gbcs:7.2.7", rule="gbcs.form")
