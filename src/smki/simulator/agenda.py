"""Which devices have something to do by themselves, and when: what was dated for the future."""

import heapq

from smki.devices import DeviceState
from smki.terms import EUI64


class Agenda:
    """When each device is due next; only those that have something scheduled are in it."""

    def __init__(self) -> None:
        self._due: dict[EUI64, float] = {}
        self._queue: list[tuple[float, bytes]] = []  # with what was put off or is over, a while

    def note(self, state: DeviceState) -> None:
        """The device is due when the first of what it has scheduled is, by its own clock."""
        if not state.scheduled:
            self._due.pop(state.device, None)
            return
        first = min(each.execution for each in state.scheduled)
        due = first.timestamp() - state.clock.ahead_seconds
        if self._due.get(state.device) != due:
            self._due[state.device] = due
            heapq.heappush(self._queue, (due, state.device.octets))

    @property
    def first(self) -> float | None:
        """When the first device is due, in seconds since 1970; None if none is."""
        while self._queue:
            due, octets = self._queue[0]
            if self._due.get(EUI64(octets)) == due:
                return due
            heapq.heappop(self._queue)
        return None

    def due(self, seconds: float, limit: int) -> tuple[EUI64, ...]:
        """At most so many devices that are due by then; they stay until they are noted again."""
        found: list[tuple[float, bytes]] = []
        while len(found) < limit and self.first is not None and self._queue[0][0] <= seconds:
            found.append(heapq.heappop(self._queue))
        for each in found:
            heapq.heappush(self._queue, each)
        return tuple({EUI64(octets): None for _, octets in found})
