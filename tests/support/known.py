"""A register in memory, for tests of pure functions: what was given, and nothing else."""

from smki.governance.entities import Entity, Key, Kind


class Held:
    """`Known`: these entities, in their order."""

    def __init__(self, *entities: Entity) -> None:
        self._held = {one.key: one for one in entities}

    def get(self, key: Key) -> Entity | None:
        """The one that is called so."""
        return self._held.get(key)

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """Those of that kind that belong to it."""
        return tuple(
            one for one in self._held.values() if one.KIND is kind and parent in one.parents
        )

    def with_these(self, *entities: Entity) -> "Held":
        """The same, with these as they stand from now on."""
        return Held(*self._held.values(), *entities)
