"""Decisions and configurations as people see them: what each permits and was used for, what changed.

Worked out from the record each time, as those who obey them do. Reads only.

Clause: sec:L5.3, sec:L9
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeGuard

from smki.flows.configuring import Configuration, configuration_at, configurations
from smki.flows.deciding import decision_at, ratified_by, uses_of, withdrawn_by
from smki.flows.lodged import newest
from smki.flows.office import FrontOffice
from smki.flows.recorded import Recorded
from smki.governance import PERMITS, Permit
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.leaf import LeafType, decode_leaf
from smki.terms import Malformed, Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES: Final = ("id", "kind", "name")  # by which the rows of a table are told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDecision:
    """A decision of the record.

    Attributes:
        entry: index of its entry.
        recorded: the decision and who signed it; None if it is not to be believed.
        reason: why not; empty if it is.
        permits: what its kind permits.
        uses: the entries that were lodged under it.
        standing: `unsigned`, `withdrawn`, `waiting`, `open`, `used` or `over`; `nothing` if it is
            not to be believed.
        withdrawn: the entry of the decision that withdrew it; None if none did.
        ratified: the entry of the decision that ratified it; None if none did.
    """

    entry: int
    recorded: Recorded | None
    reason: str
    permits: tuple[Permit, ...]
    uses: tuple[int, ...]
    standing: str
    withdrawn: int | None = None
    ratified: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that differs between two configurations; None where there was, or is, none."""

    name: str
    before: str | None
    after: str | None


def shown_decisions(
    front: FrontOffice, *, limit: int, before: int | None
) -> tuple[ShownDecision, ...]:
    """The newest decisions below the entry `before`, newest first.

    Clause: sec:L5.3
    """
    rows = newest(front.index.items(of=LeafType.DECISION), limit=limit, before=before)
    return tuple(shown_decision(front, row.entry) for row in rows)


def shown_decision(front: FrontOffice, entry: int) -> ShownDecision:
    """The decision that this entry holds, with what was done under it.

    Clause: sec:L5.3
    """
    try:
        recorded = decision_at(front, entry)
    except (Malformed, Refused) as error:
        return ShownDecision(
            entry=entry,
            recorded=None,
            reason=str(error),
            permits=(),
            uses=(),
            standing="nothing",
        )
    permits = tuple(row for row in PERMITS if row.kind is recorded.decision.kind)
    uses, now, decision = uses_of(front, recorded), front.clock.now(), recorded.decision
    withdrawal = withdrawn_by(front, decision, now, front.index.size())
    ratification = ratified_by(front, decision, now)
    standing = _standing(recorded, permits, uses, now)
    return ShownDecision(
        entry=entry,
        recorded=recorded,
        reason="",
        permits=permits,
        uses=uses,
        standing="withdrawn" if withdrawal else standing,
        withdrawn=withdrawal.entry if withdrawal else None,
        ratified=ratification.entry if ratification else None,
    )


def in_force_at(front: FrontOffice, at: datetime | None) -> int | None:
    """The entry of the configuration in force then, now if no instant is given; None if none was."""
    found = [
        entry
        for entry in configurations(front)
        if at is None
        or _EPOCH + timedelta(milliseconds=decode_leaf(front.reader.leaf(entry)).instant) <= at
    ]
    return found[-1] if found else None


def changes(front: FrontOffice, shown: Configuration) -> tuple[Change, ...] | None:
    """What differs from the configuration lodged before this one; None if this is the first.

    Clause: sec:L9
    """
    earlier = [entry for entry in configurations(front) if entry < shown.entry]
    if not earlier:
        return None
    before, after = values_in(configuration_at(front, earlier[-1])), values_in(shown)
    names = sorted(name for name in before.keys() | after.keys() if name != "build")
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def values_in(shown: Configuration) -> Mapping[str, str]:
    """Every value of the configuration as text, by its path, parted by dots."""
    return dict(_flat("", parse_json(shown.content, "configuration")))


def _standing(
    recorded: Recorded, permits: Sequence[Permit], uses: Sequence[int], at: datetime
) -> str:
    decision = recorded.decision
    if recorded.signed.missing:
        return "unsigned"
    if uses and all(row.once for row in permits):
        return "used"
    if at < decision.not_before:
        return "waiting"
    return "open" if at < decision.expiry else "over"


def _flat(path: str, value: JSON) -> Iterator[tuple[str, str]]:
    """Names and texts of the values below this one."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _flat(f"{path}.{name}" if path else name, one)
    elif isinstance(value, Sequence) and value and all(isinstance(one, Mapping) for one in value):
        for place, one in enumerate(value):
            yield from _flat(f"{path}.{_name_of(one, place)}", one)
    elif _is_table(value):
        for row, is_ in value:
            yield f"{path}.{row}", "without" if is_ is None else str(is_)
    else:
        yield path, value if isinstance(value, str) else encode_json(value).decode()


def _is_table(value: JSON) -> TypeGuard[Sequence[tuple[str, object]]]:
    """A list of pairs of a name and a value: a mapping whose order matters."""
    return (
        isinstance(value, Sequence)
        and bool(value)
        and all(
            isinstance(one, list) and len(one) == _PAIR and isinstance(one[0], str) for one in value
        )
    )


_PAIR: Final = 2


def _name_of(row: JSON, place: int) -> str:
    named = row if isinstance(row, Mapping) else {}
    return str(next((named[name] for name in _NAMES if name in named), place))
