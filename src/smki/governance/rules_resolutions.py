"""Rules of what bodies resolve: as their minutes record it.

    reference   the agenda item's, a stroke and its place; places run from 1 without gaps
    bodies      of the meeting, or of the joint item, and no other
    verb        what binds needs a meeting that was held and a quorum for the item
                decided, determined: every criterion shown to have been considered
                determined: at least one
    vote        seats that may vote on the item, each once; a lost or tied one carries nothing
    short       at an emergency meeting everything that binds is at short notice; ratified later, by
    notice      the same body at an ordinary meeting
    then        approved minutes keep it; it can be withdrawn, and tied to its decision file

Conditions are `rules_conditions`'.

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from smki.governance.entities import Kind, Known
from smki.governance.entities.bodies import Committee, Interest, Seat, SeatCategory
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingKind, MeetingState
from smki.governance.entities.minutes import Resolution, Tally, Verb
from smki.governance.looking import all_under, look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.governance.rules_minutes import approved_minutes
from smki.governance.voting import Outcome, may_vote, outcome_of, quorum_of
from smki.terms import Finding

CLAUSE: Final = "sec:C6"
BINDING: Final = frozenset(
    {Verb.APPROVED, Verb.AGREED, Verb.RECOMMENDED, Verb.DECIDED, Verb.DETERMINED}
)
"""Verbs by which a body binds itself: they need a quorum."""

_AFTER_CRITERIA: Final = frozenset({Verb.DECIDED, Verb.DETERMINED})


class _Place(NamedTuple):
    item: AgendaItem
    meeting: Meeting


def _reference(step: Step, after: Resolution, _: Resolution | None) -> Iterator[Finding]:
    if after.place < 1 or after.ref != f"{after.item}/{after.place}":
        yield finding(
            after,
            "resolution.reference",
            f"must be {after.item}, a stroke and its place from 1",
            CLAUSE,
        )
    item = look(step.known, AgendaItem, after.item)
    places = [one.place for one in all_under(step.known, item, Resolution)] if item else []
    if sorted(places) != list(range(1, len(places) + 1)):
        yield finding(
            after,
            "resolution.place",
            f"places within {after.item} must run from 1 to {len(places)}, each once",
            CLAUSE,
        )


def _words(step: Step, after: Resolution, before: Resolution | None) -> Iterator[Finding]:
    if not after.text.strip():
        yield finding(after, "resolution.text", "says nothing", CLAUSE)
    if after.effective and after.until and after.until < after.effective:
        yield finding(
            after,
            "resolution.dates",
            f"holds until {after.until}, from {after.effective}",
            CLAUSE,
        )
    if before is not None and before.withdrawn and after.withdrawn != before.withdrawn:
        yield finding(after, "resolution.withdrawn", "was withdrawn, must stay so", CLAUSE)
    place = _place(step.known, after)
    minutes = approved_minutes(step, place.meeting.ref) if place is not None else None
    if minutes is not None and before != after:
        allowed = before is not None and after == replace(
            before, withdrawn=after.withdrawn, decision=after.decision
        )
        if not allowed:
            yield finding(
                after,
                "resolution.approved",
                f"{minutes.ref} is approved, what it records is not changed or added to",
                CLAUSE,
                advice="withdraw it, and resolve anew at a later meeting",
            )


def _bodies(step: Step, after: Resolution, _: Resolution | None) -> Iterator[Finding]:
    place = _place(step.known, after)
    if place is None:
        return
    joint = place.item.joint
    may = joint.bodies if joint is not None else (place.meeting.body,)
    named = after.bodies
    if not named or len(set(named)) != len(named) or not set(named) <= set(may):
        yield finding(
            after,
            "resolution.bodies",
            f"is of {', '.join(named) or 'nobody'}, must be of {' or '.join(may)}",
            CLAUSE,
            advice="only bodies that join for an item take decisions there",
        )


def _criteria(_: Step, after: Resolution, __: Resolution | None) -> Iterator[Finding]:
    if after.verb not in _AFTER_CRITERIA:
        return
    if after.verb is Verb.DETERMINED and not after.criteria:
        yield finding(
            after, "resolution.criteria", "is determined, must say by which criteria", CLAUSE
        )
    for one in after.criteria:
        if not one.shown.strip():
            yield finding(
                after,
                "resolution.criteria",
                f"is {after.verb.value}, must show that it was considered: {one.text[:80]}",
                CLAUSE,
                advice="say where the minutes or a paper show it",
            )


def _quorate(step: Step, after: Resolution, before: Resolution | None) -> Iterator[Finding]:
    place = _place(step.known, after)
    if place is None or after.verb not in BINDING or before is not None:
        return  # asked when it was put: seats have other holders since
    if place.meeting.state is not MeetingState.HELD:
        yield finding(
            after,
            "resolution.held",
            f"is {after.verb.value}, {place.meeting.ref} is {place.meeting.state.value}, must be held",
            CLAUSE,
            advice="record who was there, and that the meeting was held",
        )
        return
    for body in _committees(step.known, after):
        seats = all_under(step.known, body, Seat)
        quorum = quorum_of(body, place.meeting, seats, place.item.number)
        if not quorum.is_met:
            yield finding(
                after,
                "resolution.quorum",
                f"is {after.verb.value} by {body.ref}: {quorum}",
                CLAUSE,
                advice="record it as considered or noted, and decide at a quorate meeting",
            )


def _vote(step: Step, after: Resolution, before: Resolution | None) -> Iterator[Finding]:
    place, tally = _place(step.known, after), after.tally
    if place is None or tally is None or (before is not None and before.tally == tally):
        return
    voted = (*tally.in_favour, *tally.against, *tally.abstained)
    for seat in sorted({one for one in voted if voted.count(one) > 1}):
        yield finding(after, "resolution.one-vote", f"{seat} voted twice, must once", CLAUSE)
    bodies = _committees(step.known, after)
    interests = [one for body in bodies for one in all_under(step.known, body, Interest)]
    may = may_vote(place.meeting, place.item.number, place.item.ref, interests)
    own = {seat.ref for body in bodies for seat in all_under(step.known, body, Seat)}
    for seat in sorted(set(voted) - (may & own)):
        yield finding(
            after,
            "resolution.vote",
            f"{seat} voted, must be a voting seat of {' or '.join(after.bodies)} that was there"
            " and has declared no interest",
            CLAUSE,
        )
    if after.verb in BINDING:
        yield from _carried(step.known, after, tally, bodies)


def _carried(
    known: Known, after: Resolution, tally: Tally, bodies: tuple[Committee, ...]
) -> Iterator[Finding]:
    """Each body that voted has carried it by its own votes."""
    for body in bodies:
        seats = all_under(known, body, Seat)
        own = {one.ref for one in seats}
        chair = [one.ref for one in seats if one.category is SeatCategory.CHAIR]
        counted = Tally(
            in_favour=tuple(one for one in tally.in_favour if one in own),
            against=tuple(one for one in tally.against if one in own),
        )
        outcome = outcome_of(counted, chair[0] if body.casting_vote and chair else "")
        if outcome is not Outcome.CARRIED:
            yield finding(
                after,
                "resolution.carried",
                f"is {after.verb.value}, the vote of {body.ref} was {outcome.value}",
                CLAUSE,
                advice="record it as considered, with its vote",
            )


def _short_notice(step: Step, after: Resolution, _: Resolution | None) -> Iterator[Finding]:
    place = _place(step.known, after)
    if place is None:
        return
    emergency = place.meeting.kind is MeetingKind.EMERGENCY
    if emergency and after.verb in BINDING and not after.short_notice:
        yield finding(
            after,
            "resolution.short-notice",
            "is of an emergency meeting, must be marked as at short notice",
            CLAUSE,
            advice="the next ordinary meeting ratifies it",
        )
    if not after.ratifies:
        return
    urgent = look(step.known, Resolution, after.ratifies)
    earlier = _place(step.known, urgent) if urgent is not None else None
    if (
        urgent is None
        or earlier is None
        or not urgent.short_notice
        or urgent.withdrawn
        or not set(urgent.bodies) <= set(after.bodies)
        or earlier.meeting.held_on >= place.meeting.held_on
        or place.meeting.kind not in (MeetingKind.ORDINARY, MeetingKind.JOINT)
        or after.verb not in BINDING
    ):
        yield finding(
            after,
            "resolution.ratifies",
            f"ratifies {after.ratifies}, must be an earlier decision of the same body at short"
            " notice, at an ordinary meeting",
            CLAUSE,
        )


def _place(known: Known, one: Resolution) -> _Place | None:
    item = look(known, AgendaItem, one.item)
    meeting = look(known, Meeting, item.meeting) if item is not None else None
    return None if item is None or meeting is None else _Place(item, meeting)


def _committees(known: Known, one: Resolution) -> tuple[Committee, ...]:
    found = (look(known, Committee, body) for body in one.bodies)
    return tuple(body for body in found if body is not None)


RESOLUTIONS: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.RESOLUTION: rules_of(
        Resolution, _reference, _words, _bodies, _criteria, _quorate, _vote, _short_notice
    ),
}
