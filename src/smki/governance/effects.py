"""Whether a resolution, or a version of a document, is in force on a day, and why or why not.

    condition precedent    no effect until it is met
    condition subsequent   in effect now; reopened once it fails, or an answer to its consultation
                           is material
    amendment              no effect until the corrections are made
    rests on               may rest on what is not approved yet; falls with it
    superseded             from when the version that takes its place has effect, for ever

Pure: asked of the register as it stands, or as it stood after any entry, whole or as one reader sees
it: then of what is withheld the recorded state alone counts, and nothing is said of it. Nothing here
changes what is recorded, and nothing revives by itself: what fell stays down until a body resolves
again.

Clause: sec:L9
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Final

from smki.governance.conditions import amendments_of, condition_state, conditions_of
from smki.governance.entities import Entity, Key, Known
from smki.governance.entities.documents import DocumentVersion, VersionState
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.minutes import Condition, ConditionKind, ConditionState, Resolution
from smki.governance.looking import look
from smki.governance.numbering import Version, read_version
from smki.governance.progress import approvals, progress
from smki.terms import Malformed

_DEPTH: Final = 32  # decisions that rest on each other: far beyond what minutes show
_STANDING: Final = frozenset(
    {
        VersionState.APPROVED,
        VersionState.APPROVED_WITH_CONDITION,
        VersionState.SUPERSEDED,
        VersionState.WITHDRAWN,  # from a day to come on
    }
)


class Stand(Enum):
    """Whether something has effect, has none yet or none any more, or that is withheld from who asks."""

    IN_FORCE = "in force"
    NOT_YET = "not yet in force"
    FELL = "not in force any more"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Whether something is in force on a day.

    Attributes:
        stand: whether it is.
        reasons: why not, in sentences; empty if it is.
        remarks: what one must know beside it: conditions that may still fail, what it rests on.
    """

    stand: Stand = Stand.IN_FORCE
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether it has effect."""
        return self.stand is Stand.IN_FORCE


def version_effect(version: DocumentVersion, known: Known, day: date) -> Effect:
    """Whether this version of a document is in force that day, and why or why not.

    Clause: sec:L9
    """
    return _Asked(known=known, day=day).effect(version)


def resolution_effect(resolution: Resolution, known: Known, day: date) -> Effect:
    """Whether what was resolved has effect that day, and why or why not.

    Clause: sec:L1
    """
    return _Asked(known=known, day=day).effect(resolution)


def in_force(versions: Iterable[Entity], known: Known, day: date) -> DocumentVersion | None:
    """The one of a document's versions that is in force that day; the newest if there are several."""
    found = [one for one in versions if isinstance(one, DocumentVersion)]
    standing = [one for one in found if version_effect(one, known, day).in_force]
    return max(standing, key=_number, default=None)


def what_falls(
    failed: Key,
    resolutions: Iterable[Resolution],
    versions: Iterable[DocumentVersion],
    known: Known,
) -> tuple[Key, ...]:
    """What falls if this resolution or version fails: all that rests on it, directly or by others.

    Args:
        failed: what fails.
        resolutions: all that may rest on something.
        versions: all that a resolution may have approved.
        known: the register.
    """
    resolved = tuple(resolutions)
    approved = {one.key: approvals(one, known)[-1:] for one in versions}
    fallen = {failed: None}
    grows = True
    while grows:
        names = {one.ref for one in fallen}
        more = [one.key for one in resolved if names.intersection(one.rests_on)]
        more += [one for one, by in approved.items() if by and by[0].key in fallen]
        grows = any(one not in fallen for one in more)
        fallen |= dict.fromkeys(more)
    return tuple(one for one in fallen if one != failed)


def taken_on(resolution: Resolution, known: Known) -> date | None:
    """The day of the meeting that took it; None if the register does not say."""
    item = look(known, AgendaItem, resolution.item)
    meeting = look(known, Meeting, item.meeting) if item else None
    return meeting.held_on if meeting else None


def _number(version: DocumentVersion) -> Version:
    try:
        return read_version(version.number).value
    except Malformed:
        return Version(major=0, minor=0)


@dataclass(slots=True, kw_only=True)
class _Asked:
    """One question: what was found out on the way is found out once.

    Attributes:
        known: the register.
        day: of which day is asked.
        found: what was found out; None of what is being asked just now.
        depth: how many rest on each other above.
    """

    known: Known
    day: date
    found: dict[Key, Effect | None] = field(default_factory=dict)
    depth: int = 0

    def effect(self, one: DocumentVersion | Resolution) -> Effect:
        """Whether it is in force; what rests on itself stands by what else it has."""
        if one.key in self.found:
            return self.found[one.key] or Effect()
        if self.depth == _DEPTH:
            return Effect(remarks=(f"{one.key} and what it rests on are not followed further",))
        self.found[one.key] = None
        self.depth += 1
        effect = self._resolution(one) if isinstance(one, Resolution) else self._version(one)
        self.depth -= 1
        self.found[one.key] = effect
        return effect

    def _version(self, version: DocumentVersion) -> Effect:
        ended = self._ended(version)
        if ended is not None and ended.reasons:
            return ended
        approved = self._approval(version)
        beside = () if ended is None else ended.remarks
        aligned = _alignment(version, self.day)
        return replace(approved, remarks=(*approved.remarks, *beside, *aligned))

    def _ended(self, version: DocumentVersion) -> Effect | None:
        """That it was withdrawn or superseded; remarks alone if that is still to come."""
        if version.state is VersionState.WITHDRAWN:
            if version.withdrawn_on is None or version.withdrawn_on <= self.day:
                when = f" on {version.withdrawn_on}" if version.withdrawn_on else ""
                return _fell(f"{version.ref} was withdrawn{when}")
            return Effect(remarks=(f"{version.ref} is withdrawn from {version.withdrawn_on} on",))
        if version.state is VersionState.SUPERSEDED:
            later = look(self.known, DocumentVersion, version.superseded_by)
            if later is None:
                return _fell(f"{version.ref} is superseded")
            # What became of the later one since does not matter: this one does not revive.
            if self._approval(later).stand is not Stand.NOT_YET:
                return _fell(f"{version.ref} is superseded by {later.ref}")
            return Effect(remarks=(f"{version.ref} is in force until {later.ref} has effect",))
        return None

    def _approval(self, version: DocumentVersion) -> Effect:
        earlier = version.earlier_approval
        if earlier is not None:
            if self.day < earlier.on:
                return _not_yet(f"{version.ref} is approved from {earlier.on} on")
            return Effect(remarks=(f"{version.ref} was approved by {earlier.by} on {earlier.on}",))
        approved = approvals(version, self.known)
        if not approved:
            return _as_recorded(version, self.known, self.day)
        return self._by_resolution(version, approved[-1])

    def _by_resolution(self, version: DocumentVersion, by: Resolution) -> Effect:
        conditional = version.state is VersionState.APPROVED_WITH_CONDITION
        if conditional and not conditions_of(by, self.known):
            return _not_shown(version)
        found = self.effect(by)
        if found.in_force and by.ref in version.resolutions and amendments_of(by, self.known):
            said = f"{version.ref} is approved subject to corrections, in a version after it"
            return _not_yet(said)
        if found.in_force and version.state not in _STANDING:
            return _not_yet(f"{version.ref} is {version.state.value}, not recorded as approved")
        if found.in_force and by.effective is None and taken_on(by, self.known) is None:
            # Its meeting is not shown to who asks: no version has effect before its own date.
            return _before_its_date(version, self.day) or found
        return found

    def _resolution(self, resolution: Resolution) -> Effect:
        parts = (
            *_dates(resolution, self.known, self.day),
            *(_condition(one, self.known) for one in conditions_of(resolution, self.known)),
            *map(self._rest, resolution.rests_on),
        )
        stands = [one.stand for one in parts]
        order = (Stand.FELL, Stand.NOT_YET)
        stand = next((one for one in order if one in stands), Stand.IN_FORCE)
        return Effect(
            stand=stand,
            reasons=tuple(said for one in parts if one.stand is stand for said in one.reasons),
            remarks=tuple(said for one in parts for said in one.remarks),
        )

    def _rest(self, ref: str) -> Effect:
        """What follows from what it rests on: it stands while that is pending, and falls with it."""
        known = self.known
        below = look(known, Resolution, ref) or look(known, DocumentVersion, ref)
        found = Effect() if below is None else self.effect(below)
        if found.stand is Stand.FELL:
            return _fell(f"rests on {ref}, which fell: {found.reasons[0]}")
        if found.stand is Stand.NOT_YET:
            return Effect(remarks=(f"rests on {ref}, pending: {found.reasons[0]}",))
        return Effect()


def _as_recorded(version: DocumentVersion, known: Known, day: date) -> Effect:
    """Without a resolution that approves: by its state, which has one that the reader may not know of."""
    if version.state is VersionState.APPROVED_WITH_CONDITION:
        return _not_shown(version)
    if version.state in _STANDING:
        recorded = Effect(remarks=(f"{version.ref} is recorded as {version.state.value}",))
        return _before_its_date(version, day) or recorded
    lacks = " and ".join(map(str, progress(version, known).next))
    said = f", lacks that {lacks}" if lacks else ""
    return _not_yet(f"{version.ref} is {version.state.value}{said}")


def _before_its_date(version: DocumentVersion, day: date) -> Effect | None:
    """That it is dated later than that day; None if it is not."""
    is_later = version.dated is not None and day < version.dated
    return _not_yet(f"{version.ref} is dated {version.dated}") if is_later else None


def _dates(resolution: Resolution, known: Known, day: date) -> Iterator[Effect]:
    ref, taken = resolution.ref, taken_on(resolution, known)
    if taken is not None and day < taken:
        yield _not_yet(f"resolution {ref} was taken on {taken}")
    if resolution.effective is not None and day < resolution.effective:
        yield _not_yet(f"resolution {ref} has effect from {resolution.effective} on")
    if resolution.until is not None and resolution.until < day:
        yield _fell(f"resolution {ref} had effect until {resolution.until}")
    if resolution.withdrawn is not None and resolution.withdrawn.date() <= day:
        yield _fell(f"resolution {ref} was withdrawn on {resolution.withdrawn:%F}")
    if resolution.short_notice:
        yield Effect(remarks=(f"resolution {ref} was taken at short notice, is to be ratified",))


def _condition(condition: Condition, known: Known) -> Effect:
    state = condition_state(condition, known)
    words = f"{condition.kind.value} {condition.ref} ({condition.text})"
    if state is ConditionState.MET:
        return Effect()
    if condition.kind is ConditionKind.SUBSEQUENT:
        if state is ConditionState.FAILED:
            return _fell(f"reopened: condition {words} failed")
        return Effect(remarks=(f"stands while condition {words} does not fail",))
    if state is ConditionState.FAILED:
        return _fell(f"condition {words} failed")
    waits = "corrections of" if condition.kind is ConditionKind.AMENDMENT else "condition"
    return _not_yet(f"waits for {waits} {words}")


def _alignment(version: DocumentVersion, day: date) -> Iterator[str]:
    if not version.aligned_with:
        return
    from_day = version.aligned_from
    if from_day is None:
        yield f"aligned with {version.aligned_with}, not yet in force when it was written"
    elif day < from_day:
        yield f"aligned with {version.aligned_with}, in force from {from_day} on"


def _not_shown(version: DocumentVersion) -> Effect:
    said = f"{version.ref} is approved with a condition that is not shown"
    return Effect(stand=Stand.NOT_SHOWN, reasons=(said,))


def _not_yet(reason: str) -> Effect:
    return Effect(stand=Stand.NOT_YET, reasons=(reason,))


def _fell(reason: str) -> Effect:
    return Effect(stand=Stand.FELL, reasons=(reason,))
