"""The monthly paper about modifications: what was proposed and converted, and what a committee is asked.

    purpose, new draft proposals, conversions, recommendation, attachments

One for each committee, about a week before its meeting. The paper is White: what of a modification
is not White does not come into it, and nothing says that it is there.

Clause: sec:D
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from smki.governance.entities import Entity, Known
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import AgendaItem, Ask, Attachment, Paper, Section
from smki.governance.entities.modifications import Modification, Stage, StageReached
from smki.governance.labels import Label
from smki.governance.reading import label_of

BEFORE_MEETING: Final = timedelta(days=7)  # "about a week": when the paper is to be out
_NONE: Final = "None."
_COPYRIGHT: Final = "White: anyone may publish this paper; copyright applies."


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Of which days a paper tells.

    Attributes:
        since: the first.
        until: the last.
    """

    since: date
    until: date

    def has(self, reached: StageReached | None) -> bool:
        """Whether that stage was reached on one of them."""
        return reached is not None and self.since <= reached.on <= self.until


def paper_due(meeting: date) -> date:
    """The day by which the paper for a meeting of that day is to be out.

    The first day that there is, if that would be before it.
    """
    return meeting - BEFORE_MEETING if meeting - date.min >= BEFORE_MEETING else date.min


def monthly_paper(
    item: AgendaItem,
    body: Committee,
    month: Month,
    modifications: Iterable[Entity],
    known: Known,
    *,
    author: str,
    dated: date,
    attachments: tuple[Attachment, ...] = (),
) -> Paper:
    """The paper to this item of this committee, about that month.

    Args:
        item: to which it is a paper; it is called as the item's paper is.
        body: the committee that is asked.
        month: of which days it tells.
        modifications: all that there are; White ones come into it.
        known: the register.
        author: role of who writes it.
        dated: its date.
        attachments: files, such as problem statements.

    Clause: sec:D
    """
    white = [one for one in modifications if _is_white(one, known)]
    all_of = sorted((one for one in white if isinstance(one, Modification)), key=_number)
    drafts = [one for one in all_of if month.has(one.reached(Stage.DRAFT_PROPOSAL))]
    converted = [one for one in all_of if month.has(one.reached(Stage.CONVERTED))]
    requested = _requested(body, drafts, month)
    return Paper(
        ref=f"{item.meeting}_{item.number:02d}",
        label=Label.WHITE,
        item=item.ref,
        heading=f"Modifications, {month.since} to {month.until}",
        ask=Ask.VIEWS,
        purpose=_purpose(body, month),
        requested=requested,
        sections=(
            Section(heading="Purpose", text=_purpose(body, month)),
            Section(
                heading="New draft proposals", text=_joined(_draft(one, month) for one in drafts)
            ),
            Section(
                heading="Conversions", text=_joined(_conversion(one, month) for one in converted)
            ),
            Section(heading="Recommendation", text=requested),
            Section(heading="Attachments", text=_joined(one.name for one in attachments)),
        ),
        author=author,
        dated=dated,
        attachments=attachments,
        copyright=_COPYRIGHT,
    )


def _is_white(one: Entity, known: Known) -> bool:
    return label_of(one, known) is Label.WHITE


def _number(one: Modification) -> int:
    return one.number


def _purpose(body: Committee, month: Month) -> str:
    return (
        f"To tell {body.name} which modifications were proposed and which were converted from"
        f" {month.since} to {month.until}, and to ask for its views."
    )


def _draft(one: Modification, month: Month) -> str:
    return "\n".join(_facts(one, month))


def _facts(one: Modification, month: Month) -> Iterator[str]:
    yield f"{one.cited_on(month.until)} {one.name}"
    on_behalf = f", on behalf of {one.on_behalf_of}" if one.on_behalf_of else ""
    yield f"Proposer: {one.proposer}{on_behalf}"
    yield f"Lead analyst: {one.lead_analyst or 'not named yet'}"
    yield f"Intent: {one.intent or 'not stated yet'}"
    yield f"Why: {one.problem.issue if one.problem else 'no problem statement yet'}"


def _conversion(one: Modification, month: Month) -> str:
    reached = one.reached(Stage.CONVERTED)
    on = f", converted on {reached.on}" if reached else ""
    return f"{one.cited_on(month.until)} {one.name}{on}"


def _requested(body: Committee, drafts: list[Modification], month: Month) -> str:
    if not drafts:
        return f"{body.name} is asked to NOTE this paper."
    cited = ", ".join(one.cited_on(month.until) for one in drafts)
    return (
        f"{body.name} is asked to PROVIDE VIEWS on {cited}: whether it wants a further update,"
        " wants to comment on the requirements, or has no interest in it."
    )


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) or _NONE
