"""Homes of an estate: which devices stand in each, of whose make, where, under which number.

    device ::= first of the estate + home * 16 + place        place of a kind: as in `PLACES`

A home is drawn by the seed and its own number alone, so an estate can be made on from wherever it
stands. Numbers of metering points look like MPAN and MPRN, of a distributor that there is none.
All are commissioned. What keys and certificates devices have is decided elsewhere.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from smki.devices import DeviceKind
from smki.ports.estate import InventoryRow
from smki.terms import EUI64, Malformed, SmiStatus

_K = DeviceKind
PLACES: Final[tuple[DeviceKind, ...]] = (
    _K.CHF,
    _K.GPF,
    _K.ESME,
    _K.GSME,
    _K.PPMID,
    _K.HCALCS,
    _K.SAPC,
)
_PLACES_MAX: Final = 16
_HOMES_BITS: Final = 25
HOMES_MAX: Final = 1 << _HOMES_BITS  # of an estate: 33 million
SPAN: Final = HOMES_MAX * _PLACES_MAX
_RANGE: Final = bytes.fromhex("0A534E")  # locally administered; nobody's in the field
_NOBODYS: Final = "99"  # identifies no distributor
_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_PLACE: Final = MappingProxyType({kind: place for place, kind in enumerate(PLACES)})

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of a maker, and how often it occurs beside others of its kind."""

    make: str
    model: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFigures:
    """What homes are like.

    Attributes:
        per_thousand: of a thousand homes, how many have a device of the kind; each has a
            communications hub, which is a CHF and a GPF.
        regions: how often each occurs beside the others.
        models: by kind; those of a hub stand under CHF.
    """

    per_thousand: Mapping[DeviceKind, int]
    regions: Mapping[str, int]
    models: Mapping[DeviceKind, tuple[Model, ...]]


def first_of(chance: bytes) -> EUI64:
    """The first identifier of an estate: one of 2,048 ranges, by two octets of chance."""
    tag = int.from_bytes(chance[:2], "big") >> 5
    return EUI64(_RANGE + (tag * SPAN).to_bytes(5, "big"))


class Homes:
    """The homes of one estate.

    Args:
        first: the first identifier of the estate.
        seed: of what is drawn.
        figures: what homes are like.
    """

    def __init__(self, first: EUI64, seed: int, figures: HomeFigures) -> None:
        self._first = int(first)
        self._seed = seed
        self._figures = figures
        self._last: _Home | None = None
        self._regions = _Shares(figures.regions)
        self._models: dict[DeviceKind, _Shares[Model]] = {
            kind: _Shares({model: model.share for model in figures.models[kind]})
            for kind in PLACES
            if kind is not _K.GPF
        }

    def rows(self, after: EUI64 | None) -> Iterator[InventoryRow]:
        """The devices of the estate in order, from the first one after `after` on.

        Raises:
            Malformed: as for `row`.
        """
        home = 0 if after is None else self._place(after)[0]
        for number in range(home, HOMES_MAX):
            for row in self.home(number):
                if after is None or row.device > after:
                    yield row

    def home(self, number: int) -> tuple[InventoryRow, ...]:
        """The devices of the home, the hub's first."""
        drawn = self._draw(number)
        return tuple(self._row(drawn, kind) for kind in PLACES if kind in drawn.there)

    def row(self, device: EUI64) -> InventoryRow:
        """What the inventory says of the device, also if a home like that would not have it.

        Raises:
            Malformed: it is none of this estate.
        """
        home, place = self._place(device)
        if self._last is None or self._last.number != home:
            self._last = self._draw(home)  # its other devices are asked for next
        return self._row(self._last, PLACES[place])

    def _place(self, device: EUI64) -> tuple[int, int]:
        home, place = divmod(int(device) - self._first, _PLACES_MAX)
        if not 0 <= home < HOMES_MAX or place >= len(PLACES):
            raise Malformed(
                f"estate: device {device} is none of those from {self._identifier(0)} on",
                rule="estate.device",
            )
        return home, place

    def _identifier(self, number: int) -> EUI64:
        return EUI64((self._first + number).to_bytes(8, "big"))

    def _draw(self, home: int) -> "_Home":
        chance = random.Random(f"{self._seed} {home}")  # noqa: S311 -- the same in each run
        region = self._regions.draw(chance)
        models = {kind: lots.draw(chance) for kind, lots in self._models.items()}
        models[_K.GPF] = models[_K.CHF]  # one box
        shares = self._figures.per_thousand
        there = {kind for kind in PLACES if chance.randrange(1000) < shares.get(kind, 0)}
        return _Home(number=home, region=region, models=models, there=there | {_K.CHF, _K.GPF})

    def _row(self, home: "_Home", kind: DeviceKind) -> InventoryRow:
        hub = home.number * _PLACES_MAX
        model = home.models[kind]
        return InventoryRow(
            device=self._identifier(hub + _PLACE[kind]),
            kind=kind,
            make=model.make,
            model=model.model,
            hub=self._identifier(hub),
            region=home.region,
            mpxn=home.mpxn(kind),
            status=SmiStatus.COMMISSIONED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """What was drawn for a home; a model of each kind, also of those that it does not have."""

    number: int
    region: str
    models: Mapping[DeviceKind, Model]
    there: set[DeviceKind]

    def mpxn(self, kind: DeviceKind) -> str:
        if kind is _K.ESME:
            return _mpan(self.number)
        if kind is _K.GSME or (kind is _K.GPF and _K.GSME in self.there):
            return _mprn(self.number)
        return ""


class _Shares(Generic[_Value]):
    """Values to be drawn, each as often as its share."""

    def __init__(self, shares: Mapping[_Value, int]) -> None:
        self._values = tuple(shares)
        self._up_to = tuple(accumulate(shares.values()))

    def draw(self, chance: random.Random) -> _Value:
        return self._values[bisect_right(self._up_to, chance.randrange(self._up_to[-1]))]


def _mpan(home: int) -> str:
    """13 digits: the distributor, ten that tell them apart, and one to check them by."""
    digits = f"{_NOBODYS}{home:010}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _MPAN_WEIGHTS, strict=True))
    return f"{digits}{total % 11 % 10}"


def _mprn(home: int) -> str:
    """10 digits."""
    return f"{_NOBODYS}{home:08}"
