"""What was placed and what was there before, ready to be looked up: by turn, by cell, by key.

Clause: gbcs:CS02b
"""

from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from smki.crypto.gbcs_protection import public_point
from smki.profiles.contingency import contingency_point
from smki.profiles.reading import identity, public_key_octets, subject_key_identifier
from smki.profiles.table import CONTINGENCY_KEY
from smki.recovery.evidence import Placed, Turn
from smki.recovery.outcomes import Anchors, Identified
from smki.recovery.proving_commands import Cell, Commanded
from smki.recovery.replacing import ROOT_CELL
from smki.terms import EUI64
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

CONTINGENCY: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY
_WANTED_MAX: Final = 8_192  # what is to be placed, by what is held: kinds by parties
_ROOT_ID: Final = bytes(8)

Wanted = Mapping[Cell, tuple[bytes, Identified]]
"""By cell, the certificate (DER) that is to be placed, and by what it is told there."""


class Materials:
    """The certificates that were placed and those before, ready to look things up.

    Args:
        placed: of each turn.
        planted: certificates of somebody who had the stolen key.
    """

    def __init__(self, placed: Iterable[Placed], planted: Iterable[bytes]) -> None:
        self._by_turn = {one.turn: one for one in placed}
        self._points: dict[Identified, EllipticCurvePublicKey] = {}
        self._roots: dict[bytes, bytes] = {}
        self._new: dict[Turn, dict[Cell, list[tuple[bytes, Identified]]]] = {}
        self._wanted: dict[tuple[Turn, int], tuple[Anchors, Wanted]] = {}
        self._apex: dict[tuple[bytes, bytes], EllipticCurvePublicKey | None] = {}
        self._opened: set[bytes] = set()
        for turn, one in self._by_turn.items():
            new = self._new.setdefault(turn, {})
            for each in one.old:
                self._index(each.certificate, root=each.cell == ROOT_CELL)
            for each in one.new:
                told = self._index(each.certificate, root=each.cell == ROOT_CELL)
                new.setdefault(each.cell, []).append((each.certificate, told))
        self.planted = frozenset(told_by(one) for one in planted)

    @property
    def opened(self) -> frozenset[bytes]:
        """The contingency public keys, 65 octets each, that commands opened so far."""
        return frozenset(self._opened)

    def originators(self, turn: Turn) -> tuple[EUI64, ...]:
        """Who commands in that turn."""
        found = self._by_turn.get(turn)
        return found.originators if found else ()

    def wanted(self, turn: Turn, before: Anchors) -> Wanted:
        """What commands of that turn are to place on a device that held this.

        Where several are for a cell, that of the party which the device had.
        """
        known = self._wanted.get((turn, id(before)))
        if known is not None and known[0] is before:
            return known[1]
        new = self._new.get(turn, {})
        found: dict[Cell, tuple[bytes, Identified]] = {}
        for cell, held in before.items():
            candidates = new.get(cell, [])
            own = [one for one in candidates if one[1].unique_id == held.unique_id]
            chosen = own or (candidates if len(candidates) == 1 else [])
            if chosen:
                found[cell] = chosen[0]
        if len(self._wanted) >= _WANTED_MAX:
            self._wanted.clear()
        self._wanted[turn, id(before)] = (before, found)
        return found

    def signer(self, commanded: Commanded, held: Anchors) -> EllipticCurvePublicKey | None:
        """The key by which a device that holds this checks the command; None if it knows none."""
        if commanded.mode is CONTINGENCY:
            root = held.get(ROOT_CELL)
            return self._unwrapped(root, commanded.symmetric or b"") if root else None
        if commanded.authorising is None:
            return None
        known = held.get(commanded.authorising)
        return self._points.get(known) if known else None

    def _unwrapped(self, root: Identified, symmetric: bytes) -> EllipticCurvePublicKey | None:
        place = (root.key_identifier, symmetric)
        if place not in self._apex:
            wrapped = self._roots.get(root.key_identifier, b"")
            point = contingency_point(wrapped, symmetric)
            self._apex[place] = None if point is None else public_point(point)
            self._opened |= {point} if point else set()
        return self._apex[place]

    def _index(self, certificate: bytes, *, root: bool) -> Identified:
        tbs = parse_certificate(certificate).tbs
        told = told_by(certificate)
        self._points[told] = public_point(public_key_octets(tbs))
        if root:
            extension = tbs.extension(CONTINGENCY_KEY.oid)
            self._roots[told.key_identifier] = extension.value if extension else b""
        return told


def told_by(certificate: bytes) -> Identified:
    """By what a certificate (DER) is told in a cell; one without an EUI-64 is a root's.

    Raises:
        Malformed: not a certificate.
    """
    tbs = parse_certificate(certificate).tbs
    entity = identity(tbs)
    return Identified(
        unique_id=entity.octets if entity else _ROOT_ID,
        key_identifier=subject_key_identifier(tbs) or b"",
    )
