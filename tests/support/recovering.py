"""Everybody's keys, devices that believe them, and materials to recover these with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from smki.campaigns import Target
from smki.devices import KINDS, DeviceState
from smki.messages import KeyUse
from smki.profiles import development
from smki.recovery import Anchors, Identified, Materials
from smki.recovery.replacing import ROOT_CELL
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast, Hierarchy, Party, anchor_of, cells_of
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.terms import EUI64, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode, UpdateCredentialsCommand

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RECOVERY: Final = CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY
CONTINGENCY: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY
MODES: Final = (RECOVERY, CONTINGENCY)


@dataclass
class World:
    """Everybody's keys, and devices that believe them; the newest broker, parties and hierarchy."""

    keys: ScalarKeys
    cast: Cast
    catalogue: Catalogue
    new_broker: bytes = b""
    fresh: tuple[Party, ...] = ()
    newest: Hierarchy | None = None

    def materials(self, mode: CredentialsReplacementMode) -> Materials:
        """New certificates for every cell; under a new root by the contingency key."""
        old = self.cast.hierarchy
        symmetric = old.symmetric_key if mode is CONTINGENCY else None
        if mode is CONTINGENCY:
            self.cast.hierarchy = self.cast.new_hierarchy()
        new = self.cast.hierarchy
        fresh = [
            Party(
                entity=party.entity,
                role=role,
                keys=self.cast.certified(party.entity, role, *party.keys),
            )
            for role, party in self.catalogue.parties.items()
        ]
        self.cast.hierarchy = old
        broker = next(one for one in fresh if one.role is RemotePartyRole.ACCESS_CONTROL_BROKER)
        self.new_broker = broker.keys[KeyUse.KEY_AGREEMENT].handle
        self.fresh, self.newest = tuple(fresh), new
        certificates = cells_of(new, *fresh)
        if mode is RECOVERY:
            del certificates[ROOT_CELL]
        return Materials(
            mode=mode,
            certificates=certificates,
            path=(new.issuing.certificate,),
            symmetric_key=symmetric,
            floors={},
        )

    def sent(self, device: DeviceState, command: UpdateCredentialsCommand, counter: int) -> bytes:
        """The whole message, signed by the recovery or the contingency key."""
        contingency = command.control.mode is CONTINGENCY
        party = self.catalogue.parties[RemotePartyRole.RECOVERY]
        entity = self.catalogue.originator_of_contingency if contingency else party.entity
        signing = party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return self.catalogue.senders.send(
            entity,
            self.catalogue.contingency_handle if contingency else signing,
            recipient_of(device),
            message_code=command.control.mode.message_code,
            counter=counter,
            value=command,
        ).command


def new_world() -> World:
    """One hierarchy, its parties and their keys; the same each time."""
    keys = ScalarKeys(Random(6).randbytes)  # noqa: S311 -- keys that protect nothing
    cast = Cast(keys, AT - timedelta(days=1), development())
    return World(keys, cast, Catalogue(keys, cast, AT))


def in_cells(device: DeviceState) -> Anchors:
    """What an inspection finds, by looking into the device."""
    return {
        cell: Identified(unique_id=held.unique_id, key_identifier=held.key_identifier)
        for cell, held in device.anchors.items()
    }


def told_by(certificates: Mapping[TrustAnchorCellIdentifier, bytes]) -> Anchors:
    """By what certificates (DER) are told when they are in cells."""
    anchors = {cell: anchor_of(certificate) for cell, certificate in certificates.items()}
    return {
        cell: Identified(unique_id=held.unique_id, key_identifier=held.key_identifier)
        for cell, held in anchors.items()
    }


def targets_of(
    states: Mapping[EUI64, DeviceState], devices: Iterable[EUI64]
) -> dict[EUI64, Target]:
    """What is known of these devices to whoever commands them."""
    return {
        device: Target(
            recipient=recipient_of(state),
            cells=KINDS[state.kind].cells,
            signing=parse_certificate(
                state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate
            ).tbs.public_key[-65:],
        )
        for device, state in ((device, states[device]) for device in devices)
    }
