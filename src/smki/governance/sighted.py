"""Whoever changes the register sees what they change: a change never finds out what is withheld.

What it belongs to or names, and its maker may not read, is refused as what is not there, in the same
words, and nothing else is said of such a change: rules would tell the one from the other, and whoever
made it could not change it again. Whoever sees a part alone would take the rest away.

Clause: sec:M4.13
"""

from collections.abc import Iterator

from smki.governance.entities import Entity, Known
from smki.governance.entries import Change
from smki.governance.reading import Reader, audience_of, may_read
from smki.governance.remembering import Remembered
from smki.governance.rules import Ahead, finding, not_there
from smki.governance.seeing import sees_all, withheld_names
from smki.terms import Finding


def decide_sighted(change: Change, known: Known, who: Reader) -> tuple[Finding, ...]:
    """Empty if this reader sees all that the change rests on and all that it puts otherwise.

    Clause: sec:M4.13
    """
    remembered = Remembered(known)
    # Whether a name is taken is not said to who may not put it there anyway.
    loose = tuple(
        one for after in change.entities for one in _loose(after, change, remembered, who)
    )
    return loose or tuple(
        one for after in change.entities for one in _found(after, change, remembered, who)
    )


def _loose(after: Entity, change: Change, known: Known, who: Reader) -> Iterator[Finding]:
    new = {one.key for one in change.entities}
    for parent in after.parents:
        there = known.get(parent)
        if parent not in new and (there is None or not may_read(who, audience_of(there, known))):
            yield not_there(after, parent)


def _found(after: Entity, change: Change, known: Known, who: Reader) -> Iterator[Finding]:
    before = known.get(after.key)
    names = withheld_names(after, who, Ahead(known, change.entities))
    # What it named before is not asked again: old papers name what the register never had.
    if names and not (before and names <= withheld_names(before, who, known)):
        yield finding(after, "sighted", "names what is not there", "sec:M4.13")
    if before is None or sees_all(before, who, known):
        return
    if may_read(who, audience_of(before, known)):
        message = "there is more of it than you may read, must be changed by who reads all of it"
    else:
        message = "the name is taken, must be another one"
    yield finding(after, "sighted", message, "sec:M4.13")
