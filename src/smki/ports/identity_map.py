"""The map by EUI-64, kept beside the record. Thrown away and made again at will."""

from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from smki.merkle.identity_map import EMPTY_MAP_ROOT, MapNodes
from smki.terms import SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState:
    """Which entries of the record the map knows.

    Attributes:
        size: how many; all before this index.
        root: its root, 32 octets.
        entry: index of the entry by which this root was lodged; None while it was not.
    """

    size: int = 0
    root: bytes = EMPTY_MAP_ROOT
    entry: int | None = None


class MapView(MapNodes, Protocol):
    """The map as it is at one moment, or as it is being changed."""

    @property
    def state(self) -> MapState:
        """Which entries it knows."""
        ...

    def listed(self) -> frozenset[SerialNumber]:
        """The certificates that a revocation list among these entries names."""
        ...

    def conclude(self, state: MapState, listed: AbstractSet[SerialNumber]) -> None:
        """The map is in this state, and these too are named by lists; only while it is changed."""
        ...


class IdentityMap(Protocol):
    """One process changes the map; any number read it meanwhile, each the map as it was before."""

    def reading(self) -> AbstractContextManager[MapView]:
        """The map as it is now, for as long as the context lasts.

        Raises:
            Unavailable: it is away, or there is none yet.
        """
        ...

    def changing(self) -> AbstractContextManager[MapView]:
        """What is written is there when the context ends, and nothing of it if it ends by an error.

        Raises:
            Unavailable: the disk does not take it.
            Inconsistent: the file is damaged, and must be cleared.
        """
        ...

    def clear(self) -> None:
        """The map is empty on return, whatever there was."""
        ...
