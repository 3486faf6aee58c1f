"""A small register of documents for tests: an authority, a testing group, a panel, and what they resolve."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from tests.support.known import Held

from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import BodyKind, BodyRole, Committee
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentKind,
    DocumentVersion,
    VersionState,
)
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.minutes import (
    Condition,
    ConditionKind,
    ConditionState,
    Resolution,
    Verb,
)
from smki.governance.entries import Change
from smki.governance.rules import Rule, decide_change

AUTHORITY: Final = Committee(
    ref="QPA", name="Quill Authority", kind=BodyKind.SUB_COMMITTEE, signs_as="smki-pma"
)
TESTERS: Final = Committee(
    ref="QTG", name="Quill Testing", kind=BodyKind.COMMITTEE, roles=(BodyRole.TESTING_GROUP,)
)
PANEL: Final = Committee(ref="QP", name="Quill Panel", kind=BodyKind.PANEL)
BOARD: Final = Committee(ref="QFB", name="Quill Board", kind=BodyKind.FUNDING_BOARD)
BODIES: Final = (AUTHORITY, TESTERS, PANEL, BOARD)
HELD_ON: Final = date(2031, 3, 8)


def meeting(body: str, number: int = 21, held_on: date = HELD_ON) -> tuple[Meeting, AgendaItem]:
    """A meeting of that body with one item, its fourth."""
    ref = f"{body}_{number:02d}_{held_on:%d%m}"
    return (
        Meeting(ref=ref, body=body, number=number, held_on=held_on),
        AgendaItem(ref=f"{ref}/4", meeting=ref, number=4, heading="Documents"),
    )


MEETINGS: Final = tuple(one for body in BODIES for one in meeting(body.ref))


def item_of(body: str) -> str:
    """Ref of the item at which that body resolves."""
    return f"{body}_21_{HELD_ON:%d%m}/4"


def document(
    kind: DocumentKind = DocumentKind.PRACTICE_STATEMENT, ref: str = "CPS"
) -> ControlledDocument:
    """A document of that kind, kept by the authority."""
    return ControlledDocument(ref=ref, body="QPA", name=f"Quill {ref}", kind=kind)


def version(
    number: str = "2.0",
    state: VersionState = VersionState.PRESENTED,
    *resolutions: str,
    of: str = "CPS",
    corrects: str = "",
) -> DocumentVersion:
    """A version of a document, presented to the authority, about which this was resolved."""
    return DocumentVersion(
        ref=f"{of}/{number}",
        document=of,
        number=number,
        state=state,
        presented_at=(item_of("QPA"),),
        resolutions=resolutions,
        corrects=corrects,
    )


def resolution(
    verb: Verb, body: str, about: DocumentVersion | None = None, *, place: int = 1
) -> Resolution:
    """That body resolved about this version, at its meeting."""
    item = item_of(body)
    return Resolution(
        ref=f"{item}/{place}",
        item=item,
        place=place,
        verb=verb,
        bodies=(body,),
        text=f"{verb.value} it",
        about=about.document if about else "",
        version=about.number if about else "",
    )


def condition(
    of: Resolution,
    kind: ConditionKind,
    state: ConditionState = ConditionState.OPEN,
    *,
    consultation: str = "",
    number: int = 1,
) -> Condition:
    """What the resolution is subject to."""
    return Condition(
        ref=f"{of.ref}/c{number}",
        resolution=of.ref,
        kind=kind,
        text="the table is complete",
        judge=of.bodies[0],
        consultation=consultation,
        state=state,
        outcome="" if state is ConditionState.OPEN else "seen at the next meeting",
    )


def approved(
    *conditions: tuple[ConditionKind, ConditionState], effective: date | None = None
) -> tuple[DocumentVersion, Resolution, tuple[Condition, ...]]:
    """A practice statement that the authority approved, on these conditions."""
    draft = version()
    taken = replace(resolution(Verb.APPROVED, "QPA", draft), effective=effective)
    subject = tuple(
        condition(taken, kind, state, number=number)
        for number, (kind, state) in enumerate(conditions, 1)
    )
    state = VersionState.APPROVED_WITH_CONDITION if conditions else VersionState.APPROVED
    return replace(draft, state=state, resolutions=(taken.ref,)), taken, subject


def register(*entities: Entity, of: DocumentKind = DocumentKind.PRACTICE_STATEMENT) -> Held:
    """The bodies, their meetings, a document of that kind, and these."""
    return Held(*BODIES, *MEETINGS, document(of), *entities)


def refused(
    entities: tuple[Entity, ...],
    known: Held,
    rules: Mapping[Kind, tuple[Rule, ...]],
    *,
    day: date = date(2031, 4, 1),
    by: str = "",
) -> list[str]:
    """The names of the rules that say no to these entities, put at once; each with clause and place."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    change = Change(at=at, by=by, said="", entities=entities)
    findings = decide_change(change, known, rules)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.") for one in findings]
