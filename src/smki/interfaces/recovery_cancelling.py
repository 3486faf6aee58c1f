"""Takes back what waits on devices in a party's name: after its key was lost, and replaced.

A thief may have scheduled what runs long afterwards, and a device runs it whoever's key has been
replaced since. Each mode that the role has is cancelled apart, by the party's own key of now.

Clause: sec:L10, gbcs:CS02b
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from smki.bootstrap import Settings, open_front
from smki.bootstrap.message_keys import stored_keys
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import Kept, inventory_rows, open_kept
from smki.campaigns import Target
from smki.devices import TrustAnchor, kinds
from smki.devices.path import held
from smki.flows.recovering import Cells
from smki.flows.recovery_remedies import cancelling, modes_to_cancel
from smki.interfaces.recovery_asking import Asker, Asking, KeysAtHand
from smki.interfaces.recovery_beginning import cells_in_force
from smki.terms import EUI64, Refused, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What came of it for one mode: devices that were asked, and of these that answered."""

    mode: CredentialsReplacementMode
    asked: int
    answered: int


def cancel_for(
    settings: Settings, role: RemotePartyRole, devices: Collection[EUI64] | None
) -> tuple[Cancelled, ...]:
    """Whatever waits in the role's name on these devices was taken back by those that answered.

    Args:
        settings: of the house.
        role: whose.
        devices: which; None for all.

    Raises:
        Refused: the house has no certificate or no key of the role.
        Unavailable: record, estate or line is away.

    Clause: sec:L10, gbcs:CS02b
    """
    with open_front(settings) as front:
        now = cells_in_force(front, settings)
    signing = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
    if signing not in now.certificates:
        raise Refused(
            f"{role.name.lower()}: schedules nothing on devices, must be a role that may",
            where="--role",
            clause="gbcs:CS02b",
            rule="recovery.cancel",
        )
    house = HouseKeys(settings, stored_keys(settings, os.environ))
    keys = KeysAtHand(
        signs=house.signer(_anchor(now, signing)),
        broker=house.broker(_anchor(now, kinds.BROKER_KA)),
    )
    with open_kept(settings) as kept:
        meant = _by_mode(kept, role, devices)
        asker, done = Asker(settings, kept), []
        for mode, some in sorted(meant.items()):
            asking = Asking(
                originator=now.entity(role),
                keys=keys,
                message_code=mode.message_code,
                value=what_cancels(mode, now),
            )
            answered = asker.ask(asking, some)
            done.append(Cancelled(mode=mode, asked=len(some), answered=len(answered)))
    return tuple(done)


def _by_mode(
    kept: Kept, role: RemotePartyRole, devices: Collection[EUI64] | None
) -> Mapping[CredentialsReplacementMode, list[EUI64]]:
    """The devices that each mode of the role is cancelled on."""
    found: dict[CredentialsReplacementMode, list[EUI64]] = {}
    for row in inventory_rows(kept.estate):
        if devices is None or row.device in devices:
            for mode in modes_to_cancel(role, row.kind):
                found.setdefault(mode, []).append(row.device)
    return found


def what_cancels(
    mode: CredentialsReplacementMode, now: Cells
) -> Callable[[Target, int], UpdateCredentialsCommand]:
    """The payload that takes back what waits in that mode, for a device and the counter of its header.

    Clause: gbcs:CS02b
    """
    return lambda target, counter: cancelling(
        mode, target.recipient.kind, now.certificates, counter=counter
    )


def _anchor(now: Cells, cell: TrustAnchorCellIdentifier) -> TrustAnchor:
    return held(parse_certificate(now.certificates[cell]))
