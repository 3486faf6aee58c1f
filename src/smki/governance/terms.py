"""Terms of seats, and the elections for them.

    seat       holder from `start` to `end`, 24 months unless its dates say otherwise
    a new body half of its seats begin with 12 months, so that each year half are elected
    who joins  in mid-term sits until the day before the annual review that is nearest to 24 months
    election   nominations and vote open 3 months before the term ends

Works dates out; who sits where is the register's. How long everything takes is ours where the
documents name no figure, and each seat and election has dates of its own that go before these.

Clause: sec:C6
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from smki.governance.entities.bodies import Election, Seat
from smki.terms import Refused

TERM_MONTHS: Final = 24
FIRST_TERM_MONTHS: Final = 12  # of every other seat of a new body
OPENS_MONTHS: Final = 3  # before the end of the term: nominations and vote
NOMINATED_MONTHS: Final = 2  # before it: nominations close; ours
VOTED_MONTHS: Final = 1  # before it: the vote closes, so that who is elected can prepare; ours
_DAY: Final = timedelta(days=1)
_MONTHS: Final = 12
_FIRST, _LAST = date.min.year, date.max.year


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualReview:
    """The day of each year on which new terms begin.

    Attributes:
        month: 1 to 12.
        day: one that the month has in each year.
    """

    month: int
    day: int

    def nearest(self, to: date) -> date:
        """The review nearest to that day; the later one if two are as near."""
        years = (to.year - 1, to.year, to.year + 1)
        found = (date(year, self.month, self.day) for year in years if _FIRST <= year <= _LAST)
        return min(found, key=lambda one: (abs((one - to).days), -one.toordinal()))


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or earlier below 0; the month's last if it has no such day.

    Raises:
        Refused: no calendar goes there.
    """
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if not _FIRST <= year <= _LAST:
        raise Refused(
            f"term: {months} months after {day} is in the year {year}, must be one of a calendar",
            where="months",
            clause="sec:C6",
            rule="terms.months",
        )
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_term(start: date, months: int = TERM_MONTHS, review: AnnualReview | None = None) -> date:
    """The last day of a term that starts that day; before the review nearest to its full length.

    Clause: sec:C6
    """
    full = months_after(start, months)
    if review is None:
        return full - _DAY
    aligned = review.nearest(full)
    return (aligned if aligned > start else full) - _DAY


def first_terms(seats: Iterable[Seat], start: date) -> tuple[Seat, ...]:
    """The seats of a new body with their first terms, by turns 24 and 12 months.

    By category and ref, so that no category is elected all at once.

    Clause: sec:C6
    """
    ordered = sorted(seats, key=lambda seat: (seat.category.value, seat.ref))
    lengths = (TERM_MONTHS, FIRST_TERM_MONTHS)
    return tuple(
        replace(seat, start=start, end=end_of_term(start, lengths[place % 2]))
        for place, seat in enumerate(ordered)
    )


def election_for(seat: Seat) -> Election:
    """The election for a seat whose term ends, with the dates that are usual.

    Raises:
        Refused: the seat's term has no end.

    Clause: sec:C6
    """
    if seat.end is None:
        raise Refused(
            f"election: the term of {seat.ref} has no end, must have one",
            where="seat",
            clause="sec:C6",
            rule="terms.no-end",
        )
    return Election(
        ref=f"{seat.ref}/{seat.end:%Y}",
        seat=seat.ref,
        opens=opens_on(seat.end),
        nominations_close=months_after(seat.end, -NOMINATED_MONTHS),
        vote_closes=months_after(seat.end, -VOTED_MONTHS),
    )


def opens_on(end: date) -> date:
    """When nominations and vote open for a term that ends that day."""
    return months_after(end, -OPENS_MONTHS)


def seat_after(seat: Seat, person: str, joins: date, review: AnnualReview | None = None) -> Seat:
    """The seat with its next holder, who joins that day; in mid-term aligned to the annual review.

    Clause: sec:C6
    """
    in_turn = seat.end is not None and (joins - seat.end).days == 1
    end = end_of_term(joins, review=None if in_turn else review)
    return replace(seat, holder=person, start=joins, end=end)
