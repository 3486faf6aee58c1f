"""Agreed interpretations are shown wherever their clause is shown, to whoever may read them.

Clause: sec:L1
"""

from typing import Final

from smki.clauses.catalogue import canonical
from smki.flows.reading_register import Reading
from smki.governance.entities import Kind
from smki.governance.entities.guidance import Interpretation
from smki.ports.register import Wanted

_PAGE: Final = 200  # interpretations at once
_PUBLISHED: Final = ("published",)


def interpretations_of(reading: Reading, clause: str) -> tuple[Interpretation, ...]:
    """The published interpretations of this clause that stand, newest first.

    What was replaced is not among them: it stays in the register.

    Clause: sec:L1
    """
    found: list[Interpretation] = []
    after = ""
    while True:
        wanted = Wanted(tokens=None, kinds=(Kind.INTERPRETATION,), standings=_PUBLISHED)
        page = reading.find(wanted, after=after, limit=_PAGE)
        found += (one.entity for one in page.kept if isinstance(one.entity, Interpretation))
        after = page.more
        if not after:
            break
    asked = canonical(clause)
    return tuple(one for one in found if asked in map(canonical, one.clauses))
