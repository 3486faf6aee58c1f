"""Rules of what members say themselves: each speaks for themselves, and nobody for another.

    comment    by who makes it; what was said stays, but for whose it is
    interest   of who declares it; that the body confirmed it says who keeps the body's part
    election   opened, and decided, by who keeps the body's part; a member adds to who is nominated,
               and casts their own ballot or their organisation's

Who keeps a body's part, its secretariat and chair, writes down what others say by letter or in the
room. When something may be said, and how much of it, is `rules_people`'s, `rules_minutes`'s and
`rules_consulting`'s.

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from smki.governance.duties import is_keeper
from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import Election, Interest, Person
from smki.governance.entities.minutes import Comment
from smki.governance.looking import look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:C6"


def _comment(step: Step, after: Comment, before: Comment | None) -> Iterator[Finding]:
    by = step.change.by
    if before is None:
        if after.by != by and not _keeps(step, after):
            yield _wrong(after, by, f"speaks for {after.by}, must be for themselves")
    elif by and before.by != by and _said(before) != _said(after):
        yield _wrong(after, by, f"changes what {before.by} said, must stay")


def _said(one: Comment) -> tuple[object, ...]:
    return (one.by, one.received, one.text)


def _interest(step: Step, after: Interest, before: Interest | None) -> Iterator[Finding]:
    if _keeps(step, after):
        return
    by = step.change.by
    if by != after.person or (before is not None and before.person != by):
        yield _wrong(after, by, f"speaks for {after.person}, must declare interests of their own")
    if after.confirmed and not (before is not None and before.confirmed):
        yield _wrong(after, by, "says that it is confirmed, must be the secretariat or the chair")


def _election(step: Step, after: Election, before: Election | None) -> Iterator[Finding]:
    if _keeps(step, after):
        return
    by = step.change.by
    if before is None or not _only_adds(before, after):
        yield _wrong(
            after,
            by,
            "changes an election, must be the secretariat or the chair; a member nominates and votes",
        )
        return
    person = look(step.known, Person, by)
    own = {by, person.organisation if person is not None else by}
    for ballot in after.ballots[len(before.ballots) :]:
        if ballot.voter not in own:
            yield _wrong(after, by, f"votes for {ballot.voter}, must vote for themselves")


def _only_adds(before: Election, after: Election) -> bool:
    """Whether nothing changed but that persons and ballots were added at the end."""
    nominated, ballots = len(before.nominated), len(before.ballots)
    return before == replace(
        after, nominated=after.nominated[:nominated], ballots=after.ballots[:ballots]
    )


def _keeps(step: Step, after: Entity) -> bool:
    """Whether who makes the change keeps the part of a body whose it is, or runs the house."""
    by = step.change.by
    return not by or is_keeper(by, after, step.known, step.change.at.date())


def _wrong(after: Entity, by: str, said: str) -> Finding:
    return finding(after, "voice", f"{by} {said}", CLAUSE)


VOICES: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.COMMENT: rules_of(Comment, _comment),
        Kind.INTEREST: rules_of(Interest, _interest),
        Kind.ELECTION: rules_of(Election, _election),
    }
)
"""Rules of comments, interests and elections.

Clause: sec:C6
"""
