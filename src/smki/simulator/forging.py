"""Certificates that a thief makes: under authorities of his own, and under keys that he stole.

They are after the profiles, as those of anybody who reads the documents: nothing but the key of the
authority tells them from real ones.

Clause: sec:L10, sec-app-b:B
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from smki.devices import KINDS
from smki.devices.kinds import ROOT
from smki.messages import KeyUse
from smki.profiles import ProfileSettings
from smki.simulator.cast import Cast, Held, Hierarchy, Party, cells_of
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64, RemotePartyRole
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

Sign = Callable[[bytes], bytes]
_ISSUING: Final = b"stolen issuing key"
_ROOT: Final = b"stolen root key"


@dataclass(frozen=True, slots=True, kw_only=True)
class StolenAuthority:
    """The key of an authority, and its certificate (DER), which everybody has."""

    certificate: bytes
    sign: Sign = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """What a thief can put into cells.

    Attributes:
        own: a root of his and everybody under it, by cell (DER).
        own_path: from those to that root.
        stolen: everybody under what was stolen; empty if that is no authority.
        path: from those to the root that devices have.
        link: by which the stolen root vouches for his; empty without it.
    """

    own: Mapping[TrustAnchorCellIdentifier, bytes]
    own_path: tuple[bytes, ...]
    stolen: Mapping[TrustAnchorCellIdentifier, bytes]
    path: tuple[bytes, ...] = ()
    link: tuple[bytes, ...] = ()


class _ThiefsKeys(ScalarKeys):
    """The thief's own keys, by their scalars, and those of authorities that he stole."""

    def __init__(self, chance: Callable[[int], bytes], stolen: Mapping[bytes, Sign]) -> None:
        super().__init__(chance)
        self._stolen = stolen

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) over `message`."""
        stolen = self._stolen.get(handle)
        return super().sign(handle, message) if stolen is None else stolen(message)


def forge(
    chance: Callable[[int], bytes],
    at: datetime,
    settings: ProfileSettings,
    entity: EUI64,
    issuing: StolenAuthority | None,
    root: StolenAuthority | None,
) -> Forged:
    """Certificates for every cell, in the name of `entity`, under whatever was stolen.

    Args:
        chance: so many random octets: of his keys.
        at: from when they are valid.
        settings: profiles of the environment, which are public.
        entity: whose they say they are.
        issuing: the Issuing OCA, if that was stolen.
        root: the Root OCA, if that was.
    """
    both = ((_ISSUING, issuing), (_ROOT, root))
    cast = Cast(
        _ThiefsKeys(chance, {handle: one.sign for handle, one in both if one}), at, settings
    )
    own = cast.hierarchy
    forged = Forged(
        own=_everybody(cast, own, entity), own_path=(own.issuing.certificate,), stolen={}
    )
    if root is not None:
        stolen = Held(handle=_ROOT, certificate=root.certificate)
        authority = cast.issuing_under(stolen)
        forged = replace(forged, link=(cast.link(replace(own, root=stolen), own),))
    elif issuing is not None:
        authority = Held(handle=_ISSUING, certificate=issuing.certificate)
    else:
        return forged
    everybody = dict(_everybody(cast, replace(own, issuing=authority), entity))
    del everybody[ROOT]
    return replace(forged, stolen=MappingProxyType(everybody), path=(authority.certificate,))


def _everybody(
    cast: Cast, under: Hierarchy, entity: EUI64
) -> Mapping[TrustAnchorCellIdentifier, bytes]:
    """A certificate for each cell, of everybody that he claims to be, under this authority."""
    before, cast.hierarchy = cast.hierarchy, under
    parties = [
        Party(entity=entity, role=role, keys=cast.certified(entity, role, *uses))
        for role, uses in _uses().items()
    ]
    cast.hierarchy = before
    return MappingProxyType(cells_of(under, *parties))


def _uses() -> dict[RemotePartyRole, list[KeyUse]]:
    """What keys each role has in cells, in one lasting order."""
    cells = {cell for row in KINDS.values() for cell in row.cells if cell != ROOT}
    found: dict[RemotePartyRole, list[KeyUse]] = {}
    for role, use in sorted({(cell.role, _use_of(cell).value) for cell in cells}):
        found.setdefault(role, []).append(KeyUse(use))
    return found


def _use_of(cell: TrustAnchorCellIdentifier) -> KeyUse:
    if cell.cell_usage is CellUsage.PRE_PAYMENT_TOP_UP:
        return KeyUse.PREPAYMENT_KEY_AGREEMENT
    if cell.key_usage == KeyUsageBits.KEY_AGREEMENT:
        return KeyUse.KEY_AGREEMENT
    return KeyUse.DIGITAL_SIGNATURE
