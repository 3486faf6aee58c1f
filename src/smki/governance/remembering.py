"""The register as it stands, each thing asked for once: for one answer or one change, never longer."""

from smki.governance.entities import Entity, Key, Kind, Known


class Remembered:
    """`Known` that remembers. Not for several threads."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._got: dict[Key, Entity | None] = {}
        self._under: dict[tuple[Key, Kind], tuple[Entity, ...]] = {}

    def get(self, key: Key) -> Entity | None:
        """The entity as it stands; None if there is none of that name."""
        if key not in self._got:
            self._got[key] = self._known.get(key)
        return self._got[key]

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that belong to `parent`, in the order of their first entry."""
        asked = (parent, kind)
        if asked not in self._under:
            self._under[asked] = self._known.under(parent, kind)
        return self._under[asked]
