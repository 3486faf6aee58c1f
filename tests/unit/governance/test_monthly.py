"""The monthly paper about modifications: its sections, and what does not come into it."""

from dataclasses import replace
from datetime import date

import pytest
from tests.support.decided import AUTHORITY, item_of, meeting, register

from smki.governance.entities.meetings import Ask, Attachment
from smki.governance.entities.modifications import (
    Modification,
    ProblemStatement,
    Stage,
    StageReached,
)
from smki.governance.labels import Label
from smki.governance.monthly import Month, monthly_paper, paper_due

MONTH = Month(since=date(2031, 2, 1), until=date(2031, 2, 28))
ITEM = meeting("QPA")[1]
DRAFT = Modification(
    ref="073",
    label=Label.WHITE,
    body="QPA",
    number=73,
    name="Expiry notices",
    proposer="Ink Energy",
    on_behalf_of="small suppliers",
    lead_analyst="analyst 2",
    intent="Subscribers are told in time.",
    problem=ProblemStatement(issue="Certificates expire unseen."),
    stages=(StageReached(stage=Stage.DRAFT_PROPOSAL, on=MONTH.since),),
)
CONVERTED = replace(
    DRAFT,
    ref="070",
    number=70,
    name="Key lengths",
    stages=(
        StageReached(stage=Stage.DRAFT_PROPOSAL, on=date(2031, 1, 2)),
        StageReached(stage=Stage.CONVERTED, on=MONTH.until, by="panel"),
    ),
)
BARE = replace(
    DRAFT, ref="074", number=74, on_behalf_of="", lead_analyst="", intent="", problem=None
)
FILE = Attachment(name="DP073 problem statement.pdf", sha256="ab" * 32, octets=9)


def sections(
    *modifications: Modification, attachments: tuple[Attachment, ...] = ()
) -> dict[str, str]:
    """The paper's sections, by heading."""
    known = register(*modifications)
    paper = monthly_paper(
        ITEM,
        AUTHORITY,
        MONTH,
        modifications,
        known,
        author="code administrator",
        dated=date(2031, 3, 1),
        attachments=attachments,
    )
    assert (paper.ref, paper.item) == ("QPA_21_0803_04", item_of("QPA"))
    assert (paper.label, paper.ask) == (Label.WHITE, Ask.VIEWS)
    assert paper.requested == paper.sections[3].text
    return {one.heading: one.text for one in paper.sections}


@pytest.mark.clause("sec:D")
def test_the_paper_says_what_was_proposed_and_converted() -> None:
    """Who, for whom, by which analyst, with which intent and why; conversions; what is asked."""
    found = sections(DRAFT, CONVERTED, attachments=(FILE,))
    assert list(found) == [
        "Purpose",
        "New draft proposals",
        "Conversions",
        "Recommendation",
        "Attachments",
    ]
    assert found["New draft proposals"].splitlines() == [
        "DP073 Expiry notices",
        "Proposer: Ink Energy, on behalf of small suppliers",
        "Lead analyst: analyst 2",
        "Intent: Subscribers are told in time.",
        "Why: Certificates expire unseen.",
    ]
    assert found["Conversions"] == "MP070 Key lengths, converted on 2031-02-28"
    assert "PROVIDE VIEWS on DP073:" in found["Recommendation"]
    assert found["Attachments"] == FILE.name


def test_nothing_new_is_said_to_be_nothing() -> None:
    """The word none stands where there is none; what is not known yet is said not to be."""
    found = sections(replace(DRAFT, stages=CONVERTED.stages[:1]))
    assert [found[one] for one in ("New draft proposals", "Conversions", "Attachments")] == [
        "None."
    ] * 3
    assert found["Recommendation"] == "Quill Authority is asked to NOTE this paper."
    lines = sections(BARE)["New draft proposals"].splitlines()
    assert lines[1:] == [
        "Proposer: Ink Energy",
        "Lead analyst: not named yet",
        "Intent: not stated yet",
        "Why: no problem statement yet",
    ]


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize("label", [Label.GREEN, Label.AMBER, Label.RED, None])
def test_what_is_not_white_leaves_no_trace_in_the_paper(label: Label | None) -> None:
    """The paper with a withheld modification is the paper without it."""
    assert sections(DRAFT, replace(CONVERTED, label=label)) == sections(DRAFT)


def test_drafts_stand_in_the_order_of_their_numbers() -> None:
    """Whatever order they come in; a proposal of the month that was converted later is DP in it."""
    later = StageReached(stage=Stage.CONVERTED, on=date(2031, 3, 5), by="panel")
    moved = replace(DRAFT, stages=(*DRAFT.stages, later))
    assert sections(BARE, moved) == sections(moved, BARE)
    assert "DP073, DP074" in sections(BARE, moved)["Recommendation"]


def test_the_paper_is_out_a_week_before() -> None:
    """Seven days before the meeting; the calendar's first day has none before it."""
    assert paper_due(date(2031, 3, 8)) == date(2031, 3, 1)
    assert paper_due(date.min) == date.min
