"""A house before and after: everybody's certificates, under the same root and under a new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.support.recovering import AT, World, new_world

from smki.devices import DeviceState
from smki.flows.recovering import Cells, Contingency, Leg, Lost, recovery_legs
from smki.messages import KeyUse
from smki.recovery import Compromised, Method, recovering
from smki.simulator.cast import Hierarchy, Party, cells_of
from smki.simulator.catalogue import recipient_of
from smki.terms import RemotePartyRole

COUNTER: Final = int(AT.timestamp() * 1_000) + 5_000
ROLE: Final = RemotePartyRole
ORGANISATION: Final = Compromised.ORGANISATION


@dataclass
class House:
    """Before and after, under the same root and under a new one."""

    world: World
    before: Cells
    after: Cells
    renewed: Cells
    new: Hierarchy

    def handle(self, leg: Leg) -> bytes:
        """The key that signs the leg's commands."""
        if leg.signer is ROLE.ROOT:
            return self.world.catalogue.contingency_handle
        return self.world.catalogue.parties[leg.signer].keys[KeyUse.DIGITAL_SIGNATURE].handle

    def message(self, leg: Leg, device: DeviceState, counter: int = COUNTER) -> bytes:
        """The command of the leg for the device."""
        value = recovering(leg.materials, device.row.cells, counter)
        return self.world.catalogue.senders.send(
            leg.originator,
            self.handle(leg),
            recipient_of(device),
            message_code=leg.materials.mode.message_code,
            counter=counter,
            value=value,
        ).command

    def legs(self, method: Method, lost: Lost) -> tuple[Leg, ...]:
        """Of the method, with whatever it needs."""
        new_root = method in (Method.BY_CONTINGENCY, Method.ROOT_UPDATE)
        old = self.world.cast.hierarchy
        return recovery_legs(
            method,
            lost,
            self.before,
            self.renewed if new_root else self.after,
            at=AT,
            contingency=Contingency(
                originator=self.world.catalogue.originator_of_contingency,
                symmetric_key=old.symmetric_key,
            ),
            link=self.world.cast.link(old, self.new),
        )


def parties_anew(world: World) -> list[Party]:
    """Everybody with new keys, under the hierarchy of the moment."""
    return [
        Party(
            entity=party.entity,
            role=role,
            keys=world.cast.certified(party.entity, role, *party.keys),
        )
        for role, party in world.catalogue.parties.items()
    ]


def cells_under(hierarchy: Hierarchy, parties: Iterable[Party]) -> Cells:
    """What these parties and this root fill."""
    return Cells(certificates=cells_of(hierarchy, *parties), path=(hierarchy.issuing.certificate,))


def new_house() -> House:
    """One hierarchy, its parties, and what follows both."""
    world = new_world()
    old = world.cast.hierarchy
    before = cells_under(old, world.catalogue.parties.values())
    after = cells_under(old, parties_anew(world))
    new = world.cast.new_hierarchy()
    world.cast.hierarchy = new
    renewed = cells_under(new, parties_anew(world))
    world.cast.hierarchy = old
    return House(world=world, before=before, after=after, renewed=renewed, new=new)
