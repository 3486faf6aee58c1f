"""What whoever carries a campaign needs, without any secret, as canonical JSON: for other processes.

    {"broker": certificate of the reader for key agreement, "cells": [{"cell", "certificate",
     "key_identifier", "unique_id"}, ...], "floors": [{"floor", "role"}, ...], "mode", "originator",
     "path": [certificate, ...], "reader", "signing_key", "time_based_checks", "top_up_floor"}

Octets in base64. The symmetric key of mode 9 is not in it, nor any private key: whoever carries asks
for them where they are. Which devices there are and how fast they are commanded is in the campaign.

Clause: sec:L10
"""

from dataclasses import dataclass
from typing import Final

from smki.recovery.evidence_fields import cell_name, encode_value, malformed, parse_value
from smki.recovery.outcomes import Anchors, Identified
from smki.recovery.replacing import Materials
from smki.terms import EUI64, RemotePartyRole
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode, TimeBasedChecks

OCTETS_MOST: Final = 1 << 20  # twenty cells are some 20 KiB
_WHAT: Final = "arrangement"
_ID_OCTETS: Final = 8
_Mode = CredentialsReplacementMode
_IN_CUSTODY: Final = frozenset(
    {_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY, _Mode.ANY_BY_CONTINGENCY}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCell:
    """What is placed in a cell, and by what it is told there.

    Attributes:
        cell: which.
        certificate: DER; empty if this campaign leaves the cell as it is.
        unique_id: 8 octets.
        key_identifier: 8 octets.
    """

    cell: TrustAnchorCellIdentifier
    certificate: bytes
    unique_id: bytes
    key_identifier: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """From which counter a role counts."""

    role: int
    floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """By whose authority devices are commanded, and what is placed on them; no secret.

    Attributes:
        originator: who commands.
        reader: the access control broker that devices know afterwards.
        signing_key: of the originator: SubjectPublicKeyInfo (DER).
        broker: certificate (DER) of the reader for key agreement.
        mode: credentials replacement mode.
        cells: what is placed, each with by what it is told.
        path: certificates (DER) between these and the root.
        floors: from which counters roles count.
        top_up_floor: from which the supplier counts top-ups.
        time_based_checks: whether devices look at validity periods.
    """

    originator: EUI64
    reader: EUI64
    signing_key: bytes
    broker: bytes
    mode: int
    cells: tuple[PlacedCell, ...]
    path: tuple[bytes, ...]
    floors: tuple[Floor, ...]
    top_up_floor: int
    time_based_checks: int

    @property
    def in_custody(self) -> bool:
        """Whether the signing key is in the custody of people, and opened by a quorum."""
        return self.mode in _IN_CUSTODY

    @property
    def wants_symmetric_key(self) -> bool:
        """Whether its commands carry the contingency symmetric key."""
        return self.mode == _Mode.ANY_BY_CONTINGENCY

    @property
    def placed(self) -> Anchors:
        """By what each certificate is told."""
        return {
            one.cell: Identified(unique_id=one.unique_id, key_identifier=one.key_identifier)
            for one in self.cells
        }

    def materials(self, symmetric_key: bytes | None = None) -> Materials:
        """What is placed on devices.

        Raises:
            Malformed: a symmetric key too many or too few, or materials that no device could obey.
        """
        try:
            return Materials(
                mode=_Mode(self.mode),
                certificates={one.cell: one.certificate for one in self.cells if one.certificate},
                path=self.path,
                symmetric_key=symmetric_key,
                floors={RemotePartyRole(one.role): one.floor for one in self.floors},
                top_up_floor=self.top_up_floor,
                time_based_checks=TimeBasedChecks(self.time_based_checks),
            )
        except ValueError as error:
            raise malformed(_WHAT, f"{error}, must be known") from error


def arranged(
    materials: Materials,
    placed: Anchors,
    *,
    originator: EUI64,
    reader: EUI64,
    signing_key: bytes,
    broker: bytes,
) -> Arranged:
    """The arrangement of these, without the symmetric key.

    Args:
        materials: what is placed.
        placed: by what each certificate is told.
        originator: who commands.
        reader: the access control broker that devices know afterwards.
        signing_key: of the originator: SubjectPublicKeyInfo (DER).
        broker: certificate (DER) of the reader for key agreement.
    """
    return Arranged(
        originator=originator,
        reader=reader,
        signing_key=signing_key,
        broker=broker,
        mode=int(materials.mode),
        cells=tuple(
            PlacedCell(
                cell=cell,
                certificate=materials.certificates.get(cell, b""),
                unique_id=told.unique_id,
                key_identifier=told.key_identifier,
            )
            for cell, told in sorted(placed.items(), key=lambda one: _order(one[0]))
        ),
        path=materials.path,
        floors=tuple(
            Floor(role=int(role), floor=floor) for role, floor in sorted(materials.floors.items())
        ),
        top_up_floor=materials.top_up_floor,
        time_based_checks=int(materials.time_based_checks),
    )


def encode_arranged(value: Arranged) -> bytes:
    """The only spelling of the arrangement."""
    return encode_value(value)


def parse_arranged(octets: bytes) -> Arranged:
    """The arrangement that is spelt so.

    Raises:
        Malformed: not its spelling, or one by which nothing can be placed.
    """
    value = parse_value(Arranged, octets, _WHAT, OCTETS_MOST)
    value.materials(bytes(16) if value.wants_symmetric_key else None)
    cells = [_order(one.cell) for one in value.cells]
    if cells != sorted(set(cells)):
        raise malformed(_WHAT, "cells twice or out of order, must ascend", "cells")
    roles = [one.role for one in value.floors]
    if roles != sorted(set(roles)):
        raise malformed(_WHAT, "roles twice or out of order, must ascend", "floors")
    for one in value.cells:
        if (len(one.unique_id), len(one.key_identifier)) != (_ID_OCTETS, _ID_OCTETS):
            said = f"{cell_name(one.cell)}: identifiers must have {_ID_OCTETS} octets each"
            raise malformed(_WHAT, said, "cells")
    return value


def _order(cell: TrustAnchorCellIdentifier) -> tuple[int, int, int]:
    return int(cell.role), int(cell.key_usage), int(cell.cell_usage)
