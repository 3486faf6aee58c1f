"""Who counts for a quorum, what a vote came to, and who was elected.

    quorum    the number that the body says, or more than half of the voting seats that are held
    present   a voting seat whose holder is there, or whoever stands in for it; each seat once
    carried   more in favour than against; who abstains does not count
    tie       is said as such; the chair has no casting vote unless the body says so
    conflict  who declared an interest in an item does not vote on it, and counts for the quorum

All of that is ours where the documents name no figure. Decides nothing, keeps nothing.

Clause: sec:C6
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from smki.governance.entities.bodies import Committee, Election, Interest, Seat
from smki.governance.entities.meetings import Attendance, Meeting
from smki.governance.entities.minutes import Tally


class Outcome(Enum):
    """What a vote came to."""

    CARRIED = "carried"
    LOST = "lost"
    TIED = "tied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Whether enough were there.

    Attributes:
        needed: voting seats that must be.
        present: refs of those that were, ascending.
    """

    needed: int
    present: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Whether as many were there as must be."""
        return len(self.present) >= self.needed

    def __str__(self) -> str:
        said = "quorate" if self.is_met else "not quorate"
        return f"{len(self.present)} voting seats present, {self.needed} needed: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the ballots of an election came to.

    Attributes:
        counts: refs of the nominated persons with their votes, most first.
        elected: ref of who has most; empty if nobody was nominated or several have as many.
        tied: refs of those who have as many, ascending; empty unless there is a tie.
    """

    counts: tuple[tuple[str, int], ...]
    elected: str = ""
    tied: tuple[str, ...] = ()


def quorum_of(
    body: Committee, meeting: Meeting, seats: Iterable[Seat], item: int | None = None
) -> Quorum:
    """Whether enough of that body were at the meeting, or there for the item of that number.

    Of a body without voting seats nobody needs to be there.

    Clause: sec:C6
    """
    voting = {seat.ref for seat in voting_seats(seats, meeting)}
    present = {one.seat for one in _voters(meeting, item)} & voting
    most = len(voting) // 2 + 1 if voting else 0
    return Quorum(needed=body.quorum or most, present=tuple(sorted(present)))


def voting_seats(seats: Iterable[Seat], meeting: Meeting) -> tuple[Seat, ...]:
    """Those of the seats that vote and are held on the day of the meeting."""
    return tuple(seat for seat in seats if seat.votes and seat.is_held_on(meeting.held_on))


def may_vote(
    meeting: Meeting, item: int, item_ref: str, interests: Iterable[Interest]
) -> frozenset[str]:
    """Refs of the seats that may vote on that item: there for it, and no interest in it declared.

    Clause: sec:C6
    """
    conflicted = {one.person for one in interests if one.item == item_ref}
    return frozenset(one.seat for one in _voters(meeting, item) if one.person not in conflicted)


def outcome_of(tally: Tally, casting: str = "") -> Outcome:
    """What the vote came to; `casting` is the ref of the seat that decides a tie, if one does.

    Clause: sec:C6
    """
    ahead = len(tally.in_favour) - len(tally.against)
    if ahead == 0 and casting:
        ahead = (casting in tally.in_favour) - (casting in tally.against)
    if ahead == 0:
        return Outcome.TIED
    return Outcome.CARRIED if ahead > 0 else Outcome.LOST


def result_of(election: Election) -> Result:
    """What the ballots came to: who is alone needs none, and a tie is nobody's.

    Clause: sec:C6
    """
    votes = Counter(one.person for one in election.ballots)
    counts = sorted(
        ((person, votes[person]) for person in set(election.nominated)),
        key=lambda one: (-one[1], one[0]),
    )
    first = [person for person, count in counts if count == counts[0][1]]
    if len(first) > 1:
        return Result(counts=tuple(counts), tied=tuple(first))
    return Result(counts=tuple(counts), elected=first[0] if first else "")


def _voters(meeting: Meeting, item: int | None) -> Iterable[Attendance]:
    return (
        one
        for one in meeting.attendance
        if one.votes and one.seat and (item is None or one.is_there_for(item))
    )
