"""Decisions of the record as values, and those that were read before.

Whether one is believed rests on what is below its entry, which never changes; what it permits is
worked out each time (`deciding`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from smki.governance import Decision, Holder, Signed
from smki.terms import EUI64, SerialNumber

KEPT: Final = 10_000  # decisions in memory, each some kilobytes: more than a century makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who signed something.

    Attributes:
        credential: serial number of the IKI credential.
        party: EUI-64 of the party for which it was issued.
        name: the common name in it.
    """

    credential: SerialNumber
    party: EUI64
    name: str

    @property
    def holder(self) -> Holder:
        """As the configuration names one."""
        return Holder(party=self.party, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision in the record that is to be believed.

    Attributes:
        entry: index of its entry.
        at: when it was lodged.
        decision: what was decided.
        officers: the officers of its body who signed it.
        signed: in which capacities they did, judged by what was in force then.
    """

    entry: int
    at: datetime
    decision: Decision
    officers: tuple[Officer, ...]
    signed: Signed

    @property
    def weight(self) -> tuple[bool, int]:
        """Of two entries of one decision, the one with more of this counts."""
        return not self.signed.missing, len(self.officers)


@dataclass(slots=True)
class ReadDecisions:
    """What entries say, and those that are believed, by entry; never why one is not.

    Safe for any number of threads: at worst one is read twice.
    """

    said: dict[int, Decision] = field(default_factory=dict)
    believed: dict[int, Recorded] = field(default_factory=dict)

    def say(self, entry: int, decision: Decision) -> None:
        """The entry says this, believed or not."""
        if len(self.said) >= KEPT:
            self.said.clear()
        self.said[entry] = decision

    def believe(self, recorded: Recorded) -> None:
        """The decision is to be believed."""
        if len(self.believed) >= KEPT:
            self.believed.clear()
        self.believed[recorded.entry] = recorded
