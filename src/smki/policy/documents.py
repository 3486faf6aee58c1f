"""Who may lodge a document, and what for: one table, its clause beside each row."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.governance import Act


class Lodger(Enum):
    """For whom an officer lodges.

    Clause: sec:L5.3
    """

    SMKI_PMA = "the policy authority"
    CODE_ADMINISTRATOR = "the code administrator"
    OPERATOR = "the DCC"


@dataclass(frozen=True, slots=True, kw_only=True)
class LodgingRow:
    """A row of the table.

    Attributes:
        lodger: who lodges.
        first: what a first version needs a decision for; None if it needs none.
        next: what a version that supersedes another needs a decision for.
        clause: what the row serves.
    """

    lodger: Lodger
    first: Act | None
    next: Act
    clause: str


LODGING_ROWS: Final = tuple(
    LodgingRow(lodger=lodger, first=first, next=Act.SUPERSEDE, clause=clause)
    for lodger, first, clause in (
        (Lodger.SMKI_PMA, None, "sec:L5.3"),
        (Lodger.CODE_ADMINISTRATOR, None, "sec:L5.3"),
        (Lodger.OPERATOR, Act.LODGE, "sec:L5"),
    )
)


def acts_needed(lodgers: frozenset[Lodger], *, supersedes: bool) -> frozenset[Act | None]:
    """What a decision must permit, one of them; None among them: none is needed; empty: never.

    Clause: sec:L5.3, sec-app-p:1.3
    """
    rows = [row for row in LODGING_ROWS if row.lodger in lodgers]
    return frozenset(row.next if supersedes else row.first for row in rows)
