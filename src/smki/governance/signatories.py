"""Who signs for a body: whoever presided and the secretary, two different officers.

A holder is written as the officer's party and the common name in the credential, `0A-53-4D-4B-49-05-00-01/chair`:
so a renewed credential is the same officer's. Whether a credential is in force is asked elsewhere.

Clause: sec:L5.3
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.governance.decisions import Body
from smki.terms import EUI64, Malformed

NAME_MAX: Final = 200  # characters; a common name has at most 64


class Signatory(Enum):
    """In which capacity an officer signs; the values are keys of the lodged configuration."""

    PRESIDER = "presider"
    SECRETARY = "secretary"


BOTH: Final = (Signatory.PRESIDER, Signatory.SECRETARY)
WORDS: Final[Mapping[Signatory, str]] = {
    Signatory.PRESIDER: "whoever presided",
    Signatory.SECRETARY: "the secretary",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An officer, as the configuration names one.

    Attributes:
        party: EUI-64 of the party that the credential was issued for.
        name: the common name in it.
    """

    party: EUI64
    name: str

    def __str__(self) -> str:
        return f"{self.party}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Holder":
        """The holder that is written so.

        Raises:
            Malformed: no EUI-64, stroke and name.
        """
        party, stroke, name = text.partition("/")
        if not stroke or not name.strip() or len(name) > NAME_MAX or not name.isprintable():
            raise Malformed(
                f"signatory: {text[:80]!r}, must be an EUI-64 and a common name, as"
                " 0A-53-4D-4B-49-05-00-01/chair",
                clause="sec:L5.3",
                rule="signatory.form",
            )
        return cls(party=EUI64.parse(party), name=name)


Holders = Mapping[Signatory, frozenset[Holder]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """How a decision was signed, judged by what was in force when it was lodged.

    Attributes:
        count: how many different officers of its body signed.
        missing: in which capacities nobody signed yet; None if the record did not say then who
            holds them.
    """

    count: int
    missing: tuple[Signatory, ...] | None


def missing_signatories(holders: Holders, signed: AbstractSet[Holder]) -> tuple[Signatory, ...]:
    """The capacities in which nobody of `signed` did; empty if two different officers did.

    Clause: sec:L5.3
    """
    presiders, secretaries = (holders.get(one, frozenset()) & signed for one in BOTH)
    if any(one.name != other.name for one in presiders for other in secretaries):
        return ()
    missing = [one for one, found in zip(BOTH, (presiders, secretaries), strict=True) if not found]
    return tuple(missing) or (Signatory.SECRETARY,)  # one officer holds both: another must sign


def parse_holders(
    given: Mapping[str, Mapping[str, Sequence[str]]],
) -> Mapping[Body, Holders]:
    """Who holds which capacity in each body, as configured or lodged; `_` may stand for `-`.

    Raises:
        Malformed: a body or capacity that there is not, or a name that is none.

    Clause: sec:L5.3
    """
    bodies = {one.value: one for one in Body}
    capacities = {one.value: one for one in Signatory}
    found: dict[Body, Holders] = {}
    for body, held in given.items():
        name = body.replace("_", "-")
        unknown = [*({name} - set(bodies)), *sorted(set(held) - set(capacities))]
        if unknown:
            raise Malformed(
                f"signatories: {', '.join(unknown)}, must be {' or '.join(capacities)} of"
                f" {', '.join(bodies)}",
                clause="sec:L5.3",
                rule="signatory.form",
            )
        found[bodies[name]] = {
            capacities[one]: frozenset(map(Holder.parse, texts)) for one, texts in held.items()
        }
    return found


def said_missing(missing: Iterable[Signatory]) -> str:
    """Who has not signed, in words."""
    return " and ".join(WORDS[one] for one in missing)


def missing_names(signed: Signed) -> list[str] | None:
    """The capacities in which nobody signed, by their names; None as in `Signed`."""
    return None if signed.missing is None else [one.value for one in signed.missing]
