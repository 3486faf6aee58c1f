"""What a command does, and whether a response answers it: read once, however many are alike.

Commands of one kind differ in their counter alone, and so do responses. What was read of one holds
for every other whose octets are the same around the counter: they are compared, not read again. The
place of the counter is found by writing the value with another counter, so it is never guessed.

Clause: gbcs:CS02b
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from smki.recovery.outcomes import Anchors, Identified
from smki.terms import Malformed
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory
from smki.wire.gbcs.payloads import SecurityPayload, read_payload, write_payload
from smki.wire.gbcs.trust_anchors import StatusCode, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    ExecutionOutcome,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

ALIKE_MAX: Final = 8_192  # kinds of devices by parties of a country; then all are read again
_COUNTER_TAGS: Final = {MessageCategory.COMMAND: b"\x83", MessageCategory.RESPONSE: b"\x02"}

Cell = TrustAnchorCellIdentifier
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Commanded:
    """What an update command does; the same value for all that differ in their counter alone.

    Attributes:
        mode: by whose authority.
        authorising: the cell whose key signs it; None if it names none.
        symmetric: the key that it brings; None if none.
        placed: by cell, the certificate (DER) that it brings, in its order.
    """

    mode: CredentialsReplacementMode
    authorising: Cell | None
    symmetric: bytes | None
    placed: Mapping[Cell, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellOutcome:
    """What became of one cell."""

    cell: Cell
    replaced: bool
    existing: Identified
    replacing: Identified


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Responded:
    """What a response says; the same value for all that differ in their counter alone.

    Attributes:
        mode: that it names.
        outcomes: of each cell, in its order; empty if it tells no outcome.
    """

    mode: CredentialsReplacementMode | None
    outcomes: tuple[CellOutcome, ...]


class _Alike(Generic[_Read]):
    """Values by the octets around a counter."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], _Read] = {}
        self._places: dict[int, None] = {}  # where counters were found, in the order of finding

    def find(self, octets: bytes, counter: bytes) -> _Read | None:
        """What is known of octets like these."""
        width = len(counter)
        for place in self._places:
            if octets[place : place + width] == counter:
                found = self._known.get((place, octets[:place] + octets[place + width :]))
                if found is not None:
                    return found
        return None

    def keep(self, octets: bytes, counter: bytes, place: int, value: _Read) -> None:
        """Octets like these mean this."""
        if len(self._known) >= ALIKE_MAX:
            self._known.clear()
        self._places[place] = None
        around = octets[:place] + octets[place + len(counter) :]
        self._known[place, around] = value


class Reading:
    """Reads commands and responses, those that are alike once."""

    def __init__(self) -> None:
        self._commands: _Alike[Commanded] = _Alike()
        self._responses: _Alike[Responded] = _Alike()

    def command(self, message: GbcsMessage) -> Commanded:
        """What the command does; its counter is that of its grouping header.

        Raises:
            Malformed: no update command, or with another counter inside.
        """
        octets = message.payload
        counter = _counter(message, MessageCategory.COMMAND)
        known = self._commands.find(octets, counter)
        if known is not None:
            return known
        value = _said(message, UpdateCredentialsCommand)
        _must_count(value.control.counter, message)
        found = Commanded(
            mode=value.control.mode,
            authorising=value.control.authorising_cell,
            symmetric=value.control.symmetric_key,
            placed={one.cell: one.certificate for one in value.replacements},
        )
        other = replace(value, control=replace(value.control, counter=_other(message)))
        place = _place(message, value, other)
        if place is not None:
            self._commands.keep(octets, counter, place, found)
        return found

    def response(self, message: GbcsMessage) -> Responded:
        """What the response says; its counter is that of its grouping header.

        Raises:
            Malformed: no response to an update, or with another counter inside.
        """
        octets = message.payload
        counter = _counter(message, MessageCategory.RESPONSE)
        known = self._responses.find(octets, counter)
        if known is not None:
            return known
        value = _said(message, UpdateCredentialsResponse)
        if value.outcome is None:
            return Responded(mode=None, outcomes=())
        _must_count(value.outcome.counter, message)
        found = Responded(mode=value.outcome.mode, outcomes=_outcomes(value.outcome))
        other = replace(value, outcome=replace(value.outcome, counter=_other(message)))
        place = _place(message, value, other)
        if place is not None:
            self._responses.keep(octets, counter, place, found)
        return found


def after(before: Anchors, responded: Responded) -> Anchors:
    """What the cells hold after that response."""
    held = dict(before)
    held.update({one.cell: one.replacing for one in responded.outcomes if one.replaced})
    return held


def _outcomes(outcome: ExecutionOutcome) -> tuple[CellOutcome, ...]:
    return tuple(
        CellOutcome(
            cell=one.cell,
            replaced=one.status is StatusCode.SUCCESS,
            existing=Identified(
                unique_id=one.existing_unique_id, key_identifier=one.existing_key_identifier
            ),
            replacing=Identified(
                unique_id=one.replacing_unique_id, key_identifier=one.replacing_key_identifier
            ),
        )
        for one in outcome.outcomes
    )


def _said(message: GbcsMessage, kind: type[_Read]) -> _Read:
    if message.header.category not in _COUNTER_TAGS:
        raise _malformed(f"a message of category {message.header.category.name.lower()}")
    payload = read_payload(message)
    value = payload.value if isinstance(payload, SecurityPayload) else None
    if not isinstance(value, kind):
        raise _malformed(f"message code {message.header.message_code:04X}, must be an update's")
    return value


def _must_count(found: int, message: GbcsMessage) -> None:
    if found != message.header.counter:
        raise _malformed(f"counter {found}, must be {message.header.counter} as in its header")


def _counter(message: GbcsMessage, category: MessageCategory) -> bytes:
    """The counter as its payload has it: DER, without leading zeros."""
    number = message.header.counter
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return _COUNTER_TAGS[category] + bytes((len(content),)) + content


def _other(message: GbcsMessage) -> int:
    """Another counter of the same length: its last bit is turned."""
    return message.header.counter ^ 1


def _place(message: GbcsMessage, value: object, other: object) -> int | None:
    """Where the counter stands; None if the payload is not as we would write it."""
    header, octets = message.header, message.payload
    if write_payload(header.message_code, header.category, value) != octets:
        return None
    changed = write_payload(header.message_code, header.category, other)
    last = next(place for place, octet in enumerate(changed) if octet != octets[place])
    return last + 1 - len(_counter(message, header.category))


def _malformed(what: str) -> Malformed:
    return Malformed(f"message: {what}", clause="gbcs:CS02b", rule="recovery.message")
