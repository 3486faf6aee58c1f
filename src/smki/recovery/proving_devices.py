"""What the evidence says of each device, one after the other, whatever the report says.

For each device: 1 its certificate; 2, 3 what went to it and came back (`proving_exchanges`); 4 what
somebody else found; 5 what became of it, from all that.

Clause: sec:L10, gbcs:CS02b
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from smki.recovery.campaign import Fate
from smki.recovery.evidence_fields import cell_name
from smki.recovery.evidence_rows import Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.outcomes import Anchors
from smki.recovery.proving_authority import Authorities, Tell
from smki.recovery.proving_certificates import DeviceCertificates
from smki.recovery.proving_exchanges import Case, Spoken
from smki.recovery.proving_figures import Tally
from smki.recovery.proving_materials import Materials
from smki.recovery.proving_pairs import Alike, equal
from smki.recovery.report import Criterion
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_SHOWN: Final = frozenset({Fate.RECOVERED, Fate.PARTLY, Fate.REFUSED})
"""What exchanges show; of other fates they show nothing."""


class Devices:
    """Looks at devices, and counts.

    Args:
        materials: what was placed.
        authorities: who vouches for device certificates.
        tell: is told what is wrong.
        everything: the recovery is to fill every cell that a device has.
    """

    def __init__(
        self, materials: Materials, authorities: Authorities, tell: Tell, *, everything: bool
    ) -> None:
        self.tally = Tally()
        self.policies: Counter[bytes] = Counter()
        self._materials, self._tell_all = materials, tell
        self._certificates = DeviceCertificates(authorities)
        self._alike = Alike()
        self._spoken = Spoken(materials, self.tally, self._alike, self._tell, everything=everything)

    @property
    def modes(self) -> frozenset[CredentialsReplacementMode]:
        """Of the commands of the recovery so far."""
        return frozenset(self._spoken.modes)

    @property
    def opened(self) -> frozenset[bytes]:
        """The contingency public keys, 65 octets each, that commands opened so far."""
        return self._materials.opened

    def look(
        self,
        row: RosterRow,
        outcome: OutcomeRow | None,
        spoken: Iterable[Exchanges],
        found: FoundRow | None,
    ) -> None:
        """All that the evidence has of one device is looked at, and counted.

        What was spoken is the recovery, then questions, then later updates: each in its order.

        Clause: sec:L10
        """
        case = Case(row=row, key=self._key(row), held=row.before)
        self._spoken.follow(case, spoken)
        self.tally.foreign += case.foreign
        self._end(case, outcome)
        if found is not None:
            self._inspected(case, found)
        elif case.ended is Fate.RECOVERED:
            self.tally.of[Criterion.INSPECTION] += 1

    def _end(self, case: Case, outcome: OutcomeRow | None) -> None:
        """5: what became of it is what is said."""
        row = case.row
        if outcome is None:
            self._tell(row.device, "nothing says what became of it, must be among the outcomes")
            return
        fate = outcome.fate
        self.tally.devices[row.kind, row.make, row.region, fate] += 1
        if case.ended is not (fate if fate in _SHOWN else None):
            shown = "nothing" if case.ended is None else case.ended.value
            self._tell(row.device, f"said to be {fate.value}, its exchanges show {shown}")
        if fate is not Fate.RECOVERED:
            self.tally.residue[fate, outcome.why] += 1
        elif case.asked:
            self.tally.read_back += 1
        else:
            self.tally.answered += 1

    def _inspected(self, case: Case, found: FoundRow) -> None:
        """4: each cell holds what was placed, and none the thief's."""
        survives = [cell for cell, held in found.found.items() if held in self._materials.planted]
        if not self.tally.judge(Criterion.ATTACKER, holds=not survives):
            cells = ", ".join(map(cell_name, survives))
            self.tally.remark(f"device {case.row.device}: the thief's certificate is in {cells}")
        if case.ended is not Fate.RECOVERED:
            return
        agrees = any(self._alike.of(found.found, held, equal) for held in case.settled)
        if not self.tally.judge(Criterion.INSPECTION, holds=agrees):
            self.tally.remark(f"device {case.row.device}: {_differs(found.found, case.held)}")

    def _key(self, row: RosterRow) -> EllipticCurvePublicKey | None:
        """1: its key, if its certificate is its own and somebody believed issued it."""
        try:
            found = self._certificates.read(row.device, row.certificate)
        except Malformed as error:
            self._tell(row.device, f"certificate: {error.message}")
            return None
        self.policies[found.policy] += 1
        return found.key

    def _tell(self, device: EUI64, what: str) -> None:
        self._tell_all("device", f"device {device}: {what}")


def _differs(found: Anchors, held: Anchors) -> str:
    cells = [cell_name(cell) for cell in held if found.get(cell) != held[cell]]
    return f"the inspection finds something else in {', '.join(cells) or 'other cells'}"
