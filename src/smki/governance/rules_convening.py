"""Rules of emergencies: who may call a body together, who is called, and what must be before it.

    criterion   one of the body's, triggered by somebody who may
    options     each once, "do not use the key" among them
    calls       for each voting seat, the chair and the secretariat; what was sent stays sent, and each
                acknowledges for themselves, or the secretariat notes it; all else is the secretariat's
    end         a resolution of the body at short notice, ratified by a later one; or stood down

What happened and why stays as it was said.

Clause: sec:L10.9
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from smki.governance.convening import DO_NOT_USE, criteria_of, may_trigger, must_be_called
from smki.governance.entities import Kind
from smki.governance.entities.bodies import (
    Alternate,
    Committee,
    EmergencyCriterion,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.convening import Call, Choice, Convening
from smki.governance.entities.meetings import Meeting, MeetingKind
from smki.governance.entities.minutes import Resolution
from smki.governance.looking import all_under, look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:L10.9"
_KEEPERS: Final = frozenset({SeatCategory.CHAIR, SeatCategory.SECRETARIAT})


def _criteria(_: Step, after: Committee, __: Committee | None) -> Iterator[Finding]:
    names = [one.name for one in after.convening]
    if len(set(names)) != len(names) or not all(_is_whole(one) for one in after.convening):
        yield finding(
            after,
            "body.convening",
            "criteria for emergencies must have a name each, a text, and who may trigger them",
            CLAUSE,
        )


def _is_whole(one: EmergencyCriterion) -> bool:
    return bool(one.name.strip() and one.text.strip() and one.triggered_by)


def _triggered(step: Step, after: Convening, before: Convening | None) -> Iterator[Finding]:
    body = look(step.known, Committee, after.body)
    if before is not None or body is None:
        return
    criterion = next((one for one in criteria_of(body) if one.name == after.criterion), None)
    if criterion is None:
        known = ", ".join(one.name for one in criteria_of(body))
        yield _wrong(after, "criterion", f"by {after.criterion!r}, must be one of {known}")
        return
    seats = all_under(step.known, body, Seat)
    day = after.triggered.date()
    if not may_trigger(body, criterion, after.triggered_by, seats, day):
        who = " or ".join(one.value for one in criterion.triggered_by)
        yield _wrong(
            after,
            "trigger",
            f"triggered by {after.triggered_by!r}, must be {who} of {body.ref}",
            "tell one of those who may",
        )
    if after.triggered > step.change.at:
        yield _wrong(after, "instant", f"triggered {after.triggered:%F %T}, is to come")


def _said(step: Step, after: Convening, before: Convening | None) -> Iterator[Finding]:
    texts = [_plain(one) for one in after.options]
    if _plain(DO_NOT_USE) not in texts:
        yield _wrong(
            after, "options", f"must have the option {DO_NOT_USE.text!r}", "add it to the options"
        )
    if len(set(texts)) != len(texts) or not all(texts):
        yield _wrong(after, "options", "an option is empty or there twice")
    if not after.circumstances.strip():
        yield _wrong(after, "circumstances", "must say what happened")
    if before is None:
        if step.change.by and step.change.by != after.triggered_by and not _keeps(step, after):
            yield _wrong(after, "by", f"is put by {step.change.by}, must be {after.triggered_by}")
        return
    if (
        _lasting(before) != _lasting(after)
        or after.options[: len(before.options)] != before.options
    ):
        yield _wrong(after, "stays", "what happened, why and the options stay; options are added")
    alone = replace(after, calls=before.calls) == before
    if step.change.by and not alone and not _keeps(step, after):
        yield _wrong(after, "by", f"is changed by {step.change.by}, must be the secretariat")


def _plain(one: Choice) -> str:
    return one.text.strip().rstrip(".").casefold()


def _lasting(one: Convening) -> tuple[object, ...]:
    return (one.criterion, one.circumstances, one.triggered_by, one.triggered)


def _calls(step: Step, after: Convening, before: Convening | None) -> Iterator[Finding]:
    people = [one.person for one in after.calls]
    if len(set(people)) != len(people):
        yield _wrong(after, "calls", "somebody is called twice")
    for one in after.calls:
        if look(step.known, Person, one.person) is None:
            yield _wrong(after, "calls", f"calls {one.person!r}, must be a person of the register")
        if one.acknowledged and (one.sent is None or one.acknowledged < one.sent):
            yield _wrong(after, "calls", f"{one.person} acknowledged before they were called")
    if before is None:
        yield from _all_called(step, after)
        return
    now = {one.person: one for one in after.calls}
    for was in before.calls:
        call = now.get(was.person)
        if call is None or not _follows(was, call):
            yield _wrong(after, "calls", f"the call of {was.person} must stay as it was")
        elif call != was and not _may_note(step, after, was, call):
            yield _wrong(
                after,
                "by",
                f"{step.change.by} notes for {was.person}, must be they or the secretariat",
            )


def _all_called(step: Step, after: Convening) -> Iterator[Finding]:
    body = look(step.known, Committee, after.body)
    called = {one.person for one in after.calls}
    day = after.triggered.date()
    for seat in must_be_called(body, step.known, day) if body is not None else ():
        alternates = all_under(step.known, seat, Alternate)
        people = {seat.holder, *(one.person for one in alternates if one.is_on(day))}
        if people.isdisjoint(called):
            yield _wrong(
                after,
                "called",
                f"nobody is called for {seat.ref}, {seat.holder} must be, or who stands in",
            )


def _follows(was: Call, call: Call) -> bool:
    """Whether the call is the same, or was sent or acknowledged since."""
    sent = was.sent or call.sent
    acknowledged = was.acknowledged or call.acknowledged
    return call == replace(was, sent=sent, acknowledged=acknowledged)


def _may_note(step: Step, after: Convening, was: Call, call: Call) -> bool:
    by = step.change.by
    own = by == call.person and was.sent == call.sent
    sends = by == after.triggered_by and was.acknowledged == call.acknowledged
    return not by or own or sends or _keeps(step, after)


def _ends(step: Step, after: Convening, _: Convening | None) -> Iterator[Finding]:
    meeting = look(step.known, Meeting, after.meeting)
    if after.meeting and (
        meeting is None or meeting.body != after.body or meeting.kind is not MeetingKind.EMERGENCY
    ):
        yield _wrong(after, "meeting", f"{after.meeting} must be an emergency meeting of the body")
    if after.chosen and after.chosen not in {one.text for one in after.options}:
        yield _wrong(after, "chosen", "what was chosen must be one of the options")
    if bool(after.chosen) != bool(after.resolution):
        yield _wrong(after, "chosen", "what was chosen goes with the resolution that says so")
    resolution = look(step.known, Resolution, after.resolution)
    if after.resolution and (
        resolution is None or after.body not in resolution.bodies or not resolution.short_notice
    ):
        yield _wrong(
            after,
            "resolution",
            f"{after.resolution} must be a resolution of the body at short notice",
        )
    ratified = look(step.known, Resolution, after.ratified_by)
    if after.ratified_by and (ratified is None or ratified.ratifies != after.resolution):
        yield _wrong(after, "ratified", f"{after.ratified_by} must ratify {after.resolution}")
    if after.stood_down and after.resolution:
        yield _wrong(after, "stood-down", "was resolved upon, is not stood down")


def _keeps(step: Step, after: Convening) -> bool:
    """Whether who changes it is of the body's secretariat or in its chair."""
    body = look(step.known, Committee, after.body)
    seats = all_under(step.known, body, Seat) if body is not None else ()
    day = step.change.at.date()
    return any(
        one.holder == step.change.by and one.category in _KEEPERS and one.is_held_on(day)
        for one in seats
    )


def _wrong(after: Convening, rule: str, message: str, advice: str = "") -> Finding:
    return finding(after, f"convening.{rule}", message, CLAUSE, advice=advice)


CONVENING: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.BODY: rules_of(Committee, _criteria),
    Kind.CONVENING: rules_of(Convening, _triggered, _said, _calls, _ends),
}
