"""Which devices of a fleet are meant: eight octets for each, whatever the size of the fleet."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from smki.terms import EUI64


class Devices(Collection[EUI64]):
    """A set of devices, in the order of their identifiers."""

    __slots__ = ("_numbers",)

    def __init__(self, devices: Iterable[EUI64]) -> None:
        numbers = array("Q", map(int, devices))
        if any(one >= other for one, other in pairwise(numbers)):  # seldom: they come in order
            numbers = array("Q", sorted(set(numbers)))
        self._numbers = numbers

    def __contains__(self, device: object) -> bool:
        """Whether the device is one of them."""
        if not isinstance(device, EUI64):
            return False
        number = int(device)
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number

    def __iter__(self) -> Iterator[EUI64]:
        """Each, ascending."""
        return (EUI64(number.to_bytes(8, "big")) for number in self._numbers)

    def __len__(self) -> int:
        """How many they are."""
        return len(self._numbers)
