"""Rows of evidence, one for each device: what they say, and the octets that say it.

    roster row   ::= device(8) kind text make text model text region text anchors certificate(2+)
    outcome row  ::= device(8) wave(2) fate(1) tries(2) why text
    exchanges    ::= device(8) count(2) {turn(1) at(8) command(4+) response(4+)} * count
    found row    ::= device(8) anchors
    anchors      ::= count(1) {role(1) key usage(2) cell usage(1) unique id(8) key id(8)} * count
    text         ::= length(2) UTF-8
    fate, turn   ::= place in `campaign.Fate`, `evidence.Turn`, from 0
    at           ::= microseconds since 1970-01-01T00:00:00Z

n+ is a length of n octets, and so many octets. Integers are big-endian. Which bundles rows stand in
is said in `evidence_bundles`.

Clause: sec:L10
"""

from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Final

from smki.recovery.campaign import Fate
from smki.recovery.evidence import Turn
from smki.recovery.evidence_octets import (
    Cursor,
    anchors_octets,
    long_octets,
    micros,
    short_octets,
    text_octets,
)
from smki.recovery.outcomes import Anchors
from smki.terms import EUI64

_OUTCOME: Final = Struct(">HBH")
_EXCHANGE: Final = Struct(">BQ")
_FATES: Final = tuple(Fate)
_TURNS: Final = tuple(Turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """A device as it was before.

    Attributes:
        device: its EUI-64.
        kind: of device, by its name.
        make: of its maker.
        model: of its make.
        region: of the wide area network.
        before: what its cells held; all cells that it has.
        certificate: for its digital signatures, DER.
    """

    device: EUI64
    kind: str
    make: str
    model: str
    region: str
    before: Anchors
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """What became of a device; the attributes are those of `ports.campaigns.Member`."""

    device: EUI64
    wave: int
    fate: Fate
    tries: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A command and what came back.

    Attributes:
        turn: what it was for.
        at: when the answer came, or was waited for no longer.
        command: whole.
        response: whole; empty if none came.
    """

    turn: Turn
    at: datetime
    command: bytes
    response: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanges:
    """What went to a device and what came back, in the order in which it was sent."""

    device: EUI64
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """What somebody who looked found in the cells of a device."""

    device: EUI64
    found: Anchors


def roster_octets(row: RosterRow) -> bytes:
    """A row of the roster, as its notation has it."""
    texts = (row.kind, row.make, row.model, row.region)
    said = b"".join(map(text_octets, texts))
    return row.device.octets + said + anchors_octets(row.before) + short_octets(row.certificate)


def outcome_octets(row: OutcomeRow) -> bytes:
    """A row of the outcomes, as its notation has it."""
    numbers = _OUTCOME.pack(row.wave, _FATES.index(row.fate), row.tries)
    return row.device.octets + numbers + text_octets(row.why)


def exchanges_octets(row: Exchanges) -> bytes:
    """A row of exchanges, as its notation has it."""
    parts = [row.device.octets, len(row.exchanges).to_bytes(2, "big")]
    for one in row.exchanges:
        parts.append(_EXCHANGE.pack(_TURNS.index(one.turn), micros(one.at)))
        parts += (long_octets(one.command), long_octets(one.response))
    return b"".join(parts)


def found_octets(row: FoundRow) -> bytes:
    """A row of an inspection, as its notation has it."""
    return row.device.octets + anchors_octets(row.found)


def roster_row(cursor: Cursor) -> RosterRow:
    """The next row of a roster."""
    return RosterRow(
        device=cursor.device(),
        kind=cursor.text(),
        make=cursor.text(),
        model=cursor.text(),
        region=cursor.text(),
        before=cursor.anchors(),
        certificate=cursor.sized(2),
    )


def outcome_row(cursor: Cursor) -> OutcomeRow:
    """The next row of outcomes."""
    device = cursor.device()
    wave, fate, tries = cursor.unpack(_OUTCOME)
    return OutcomeRow(
        device=device,
        wave=wave,
        fate=cursor.one_of(_FATES, fate),
        tries=tries,
        why=cursor.text(),
    )


def exchanges_row(cursor: Cursor) -> Exchanges:
    """The next row of exchanges."""
    device = cursor.device()
    return Exchanges(
        device=device, exchanges=tuple(_exchange(cursor) for _ in range(cursor.number(2)))
    )


def _exchange(cursor: Cursor) -> Exchange:
    turn, at = cursor.unpack(_EXCHANGE)
    return Exchange(
        turn=cursor.one_of(_TURNS, turn),
        at=cursor.instant(at),
        command=cursor.sized(4),
        response=cursor.sized(4),
    )


def found_row(cursor: Cursor) -> FoundRow:
    """The next row of an inspection."""
    return FoundRow(device=cursor.device(), found=cursor.anchors())
