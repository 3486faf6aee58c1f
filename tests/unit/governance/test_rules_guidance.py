"""Interpretations, guidance, directions, letters, work packages, risks: what is kept and refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.decided import refused, register, resolution, version

from smki.governance.entities import Entity, Kind
from smki.governance.entities.consulting import CommentRound
from smki.governance.entities.correspondence import (
    Correspondence,
    CorrespondenceKind,
    Direction,
    DirectionSource,
)
from smki.governance.entities.documents import VersionState
from smki.governance.entities.guidance import (
    Guidance,
    GuidanceState,
    Interpretation,
    PublicationBasis,
)
from smki.governance.entities.minutes import Comment, Verb
from smki.governance.entities.work import (
    Activity,
    BodyComment,
    Increase,
    IncreaseSize,
    Risk,
    RiskState,
    WorkPackage,
)
from smki.governance.rules_correspondence import CORRESPONDENCE
from smki.governance.rules_guidance import GUIDANCE
from smki.governance.rules_work import WORK

DAY, LATER = date(2031, 3, 10), date(2031, 3, 25)
AGREED = resolution(Verb.AGREED, "QPA")
NOTED = resolution(Verb.NOTED, "QPA", place=2)
RECOMMENDED = resolution(Verb.RECOMMENDED, "QPA", place=3)
BOARDS = resolution(Verb.APPROVED, "QFB")
PANELS = resolution(Verb.APPROVED, "QP")
RESOLVED = (AGREED, NOTED, RECOMMENDED, BOARDS, PANELS)
READING = Interpretation(
    ref="INT-1/1.0",
    body="QPA",
    heading="What promptly means",
    number="1.0",
    clauses=("sec:L5",),
    text="Within two working days.",
)
DONE = replace(READING, agreed_by=AGREED.ref, published=DAY)
NEW = replace(READING, ref="INT-1/2.0", number="2.0", agreed_by=AGREED.ref, replaces=READING.ref)


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (None, READING, []),
        (None, DONE, []),
        (None, replace(READING, clauses=()), ["guidance.interpretation"]),
        (None, replace(READING, published=DAY), ["guidance.agreed"]),
        (None, replace(READING, agreed_by=NOTED.ref), ["guidance.agreed"]),
        (READING, replace(READING, text="Within three."), []),
        (DONE, replace(DONE, text="Within three."), ["guidance.edited"]),
        (DONE, replace(DONE, clauses=("sec:L5", "sec:L6")), ["guidance.edited"]),
        (DONE, replace(DONE, published=LATER), ["guidance.edited"]),
        (DONE, replace(DONE, replaced_by=NEW.ref), ["guidance.replaced"]),
        (DONE, NEW, ["guidance.replaced"]),
    ],
)
def test_an_interpretation_is_never_edited(
    before: Entity | None, after: Entity, rule: list[str]
) -> None:
    """A draft may change; what was agreed stays, word for word, and the day of its publication."""
    there = () if before is None else (before,)
    assert refused((after,), register(*RESOLVED, *there), GUIDANCE) == rule


@pytest.mark.clause("sec:L1")
def test_an_interpretation_is_replaced_by_one_that_names_it() -> None:
    """In one entry: the new one says whose place it takes, the old one who took it; for ever."""
    old = replace(DONE, replaced_by=NEW.ref)
    known = register(*RESOLVED, DONE)
    assert refused((NEW, old), known, GUIDANCE) == []
    both = known.with_these(NEW, old)
    assert "guidance.edited" in refused((replace(old, replaced_by=""),), both, GUIDANCE)
    standings = (READING, replace(READING, agreed_by="x"), DONE, old)
    assert [one.standing for one in standings] == ["draft", "agreed", "published", "replaced"]


GUIDE = Guidance(ref="G-1", body="QPA", name="Verifying officers", audience="senior officer")
ROUND = CommentRound(
    ref="G-1/r1",
    about_kind=Kind.GUIDANCE,
    about="G-1",
    invitees=("QTG",),
    opens=DAY,
    closes=date(2031, 3, 20),
)
SAID = Comment(
    ref="1", about_kind=Kind.COMMENT_ROUND, about=ROUND.ref, by="QTG", received=DAY, text="No."
)
IN_COMMENT = replace(GUIDE, state=GuidanceState.IN_COMMENT)
SILENT = replace(
    GUIDE, state=GuidanceState.PUBLISHED, basis=PublicationBasis.NO_COMMENTS, published=LATER
)
RESOLVED_ON = replace(SILENT, basis=PublicationBasis.RESOLUTION, resolution=AGREED.ref)


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize(
    ("there", "after", "rule"),
    [
        ((), GUIDE, []),
        ((), IN_COMMENT, ["guidance.comment"]),
        ((ROUND,), IN_COMMENT, []),
        ((IN_COMMENT, ROUND), SILENT, []),
        ((IN_COMMENT, ROUND, replace(SAID, text="")), SILENT, []),
        ((IN_COMMENT, ROUND, SAID), SILENT, ["guidance.published"]),
        ((IN_COMMENT, ROUND), replace(SILENT, published=ROUND.closes), ["guidance.published"]),
        ((), SILENT, ["guidance.published"]),
        ((IN_COMMENT, ROUND, SAID), RESOLVED_ON, []),
        ((GUIDE,), replace(RESOLVED_ON, resolution=NOTED.ref), ["guidance.published"]),
        ((GUIDE,), replace(SILENT, basis=None), ["guidance.published"]),
        ((SILENT, ROUND), replace(SILENT, text="More."), ["guidance.edited"]),
        ((SILENT, ROUND), IN_COMMENT, ["guidance.state", "guidance.edited"]),
        ((SILENT, ROUND), replace(SILENT, state=GuidanceState.WITHDRAWN), []),
        ((), replace(GUIDE, draft_due="QPA_99_0101"), ["guidance.due"]),
    ],
)
def test_guidance_is_published_on_a_resolution_or_on_silence(
    there: tuple[Entity, ...], after: Guidance, rule: list[str]
) -> None:
    """Without a comment when the round is over, and recorded as that; otherwise by a resolution."""
    known = register(*RESOLVED, *(one for one in there if one.KIND is not Kind.GUIDANCE), GUIDE)
    known = known.with_these(*(one for one in there if one.KIND is Kind.GUIDANCE))
    assert refused((after,), known, GUIDANCE) == rule


LODGED = version("1.0", VersionState.APPROVED)
DIRECTION = Direction(
    ref="QPA-DIR-1",
    body="QPA",
    source=DirectionSource.AUTHORITY,
    to="operator",
    dated=DAY,
    demands=("lodge the statement",),
    due=LATER,
    version=LODGED.ref,
)


@pytest.mark.clause("sec:L5.3")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, []),
        ({"due": date(2031, 4, 1)}, []),
        ({"due": date(2031, 1, 1)}, ["direction.due"]),
        ({"demands": ()}, ["direction.demands", "direction.stays"]),
        ({"to": "panel"}, ["direction.stays"]),
        ({"fulfilled": LATER, "entry": 7}, []),
        ({"fulfilled": LATER}, ["direction.proof", "direction.proof"]),
        ({"fulfilled": LATER, "entry": 8}, ["direction.proof"]),
        ({"fulfilled": date(2031, 1, 1), "entry": 7}, ["direction.fulfilled"]),
        ({"source": DirectionSource.MINISTRY}, ["direction.stays", "direction.version"]),
        ({"version": "gone"}, ["direction.stays", "direction.version"]),
    ],
)
def test_a_direction_is_fulfilled_with_proof(change: dict[str, Any], rule: list[str]) -> None:
    """*Lodge this* is fulfilled by the entry in which the version was lodged, and by nothing else."""
    known = register(replace(LODGED, entry=7), DIRECTION)
    assert refused((replace(DIRECTION, **change),), known, CORRESPONDENCE) == rule


def test_what_was_fulfilled_stays() -> None:
    """A direction from outside has its proof in words; fulfilled, it does not change."""
    outside = replace(DIRECTION, source=DirectionSource.MINISTRY, version="", criteria=("exit 3",))
    done = replace(outside, fulfilled=LATER, proof="report 1.1, section 4")
    assert refused((done,), register(outside), CORRESPONDENCE) == []
    again = replace(done, proof="another")
    assert refused((again,), register(done), CORRESPONDENCE) == ["direction.stays"]


LETTER = Correspondence(
    ref="QPA-L-1",
    body="QPA",
    kind=CorrespondenceKind.FORMAL_STATEMENT,
    sender="QPA",
    recipient="change team",
    dated=DAY,
    subject="MP073",
    view="no comment",
    answer_until=LATER,
)
REPLY = replace(
    LETTER,
    ref="QPA-L-2",
    kind=CorrespondenceKind.ACKNOWLEDGEMENT,
    answers=LETTER.ref,
    answer_until=None,
)


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize(
    ("after", "rule"),
    [
        (LETTER, []),
        (replace(LETTER, view="another"), ["correspondence.stays"]),
        (replace(LETTER, answer_until=date(2031, 4, 1)), []),
        (replace(LETTER, answer_until=date(2031, 1, 1)), ["correspondence.answer"]),
        (replace(LETTER, answered_by="gone"), ["correspondence.answer"]),
        (replace(LETTER, answered_by=REPLY.ref), []),
        (replace(LETTER, ref="3", sender=""), ["correspondence.names"]),
        (replace(LETTER, ref="3", resolution="gone"), ["correspondence.carries"]),
        (replace(REPLY, ref="3", answers="gone"), ["correspondence.answer"]),
        (replace(REPLY, ref="3", answers=""), ["correspondence.answer"]),
    ],
)
def test_a_letter_stays_as_it_was_sent(after: Correspondence, rule: list[str]) -> None:
    """Who answers names what it answers, and is named by it."""
    assert refused((after,), register(LETTER, REPLY), CORRESPONDENCE) == rule
    answered = replace(LETTER, answered_by=REPLY.ref)
    assert [one.standing for one in (LETTER, REPLY, answered)] == ["awaited", "filed", "answered"]
    assert [one.day for one in (LETTER, answered)] == [LATER, DAY]


PACKAGE = WorkPackage(
    ref="QPA/2031-Q4",
    body="QPA",
    year=2031,
    quarter=4,
    activities=(Activity(text="Review the statements", days=12), Activity(text="Guidance")),
    comments=(BodyComment(body="QP", text="no comment", on=DAY),),
)
PROPOSED = replace(PACKAGE, recommended_by=RECOMMENDED.ref)
GRANTED = replace(PROPOSED, approved_by=BOARDS.ref)
NOMINAL = Increase(on=LATER, days=2, size=IncreaseSize.NOMINAL, reason="an incident", told=LATER)
LARGE = replace(NOMINAL, size=IncreaseSize.SIGNIFICANT, told=None, approved_by=BOARDS.ref)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (None, PACKAGE, []),
        (PACKAGE, PROPOSED, []),
        (PROPOSED, GRANTED, []),
        (None, replace(PACKAGE, quarter=5, ref="QPA/2031-Q5"), ["work.quarter"]),
        (None, replace(PACKAGE, ref="QPA/2031-4"), ["work.quarter"]),
        (None, replace(PACKAGE, activities=(Activity(text="less", days=-1),)), ["work.estimate"]),
        (PACKAGE, replace(PACKAGE, recommended_by=NOTED.ref), ["work.recommended"]),
        (PACKAGE, replace(PACKAGE, approved_by=BOARDS.ref), ["work.approved"]),
        (PROPOSED, replace(PROPOSED, approved_by=PANELS.ref), ["work.approved"]),
        (PROPOSED, replace(PROPOSED, approved_by=RECOMMENDED.ref), ["work.approved"]),
        (PROPOSED, replace(PROPOSED, increases=(NOMINAL,)), ["work.increase"]),
        (GRANTED, replace(GRANTED, increases=(NOMINAL, LARGE)), []),
        (GRANTED, replace(GRANTED, increases=(replace(NOMINAL, told=None),)), ["work.increase"]),
        (GRANTED, replace(GRANTED, increases=(replace(NOMINAL, days=0),)), ["work.increase"]),
        (
            GRANTED,
            replace(GRANTED, increases=(replace(LARGE, approved_by=PANELS.ref),)),
            ["work.increase"],
        ),
        (GRANTED, replace(GRANTED, activities=PACKAGE.activities[:1]), ["work.stays"]),
        (replace(GRANTED, increases=(NOMINAL,)), GRANTED, ["work.stays"]),
    ],
)
def test_more_than_was_approved_is_an_increase(
    before: Entity | None, after: Entity, rule: list[str]
) -> None:
    """Recommended, approved by the board; a nominal increase is told, a significant one approved."""
    there = () if before is None else (before,)
    assert refused((after,), register(*RESOLVED, *there), WORK) == rule


@pytest.mark.parametrize(
    ("year", "quarter", "day"),
    [
        (2031, 1, date(2031, 4, 1)),
        (2031, 4, date(2032, 1, 1)),
        (2031, 9, None),
        (9999, 4, None),
    ],
)
def test_a_quarter_is_of_the_financial_year(year: int, quarter: int, day: date | None) -> None:
    """The year begins in April; the fourth quarter is in the next calendar year."""
    assert replace(PACKAGE, year=year, quarter=quarter).day == day


def test_an_estimate_is_shown_as_what_it_is() -> None:
    """A provision, not a target; increases count."""
    assert PACKAGE.title == "QPA 2031/32 quarter 4: 12 days (provision, not target)"
    assert replace(GRANTED, increases=(NOMINAL,)).days == 14
    assert [one.standing for one in (PACKAGE, PROPOSED, GRANTED)] == [
        "draft",
        "recommended",
        "approved",
    ]


RISK = Risk(ref="QPA-R-1", body="QPA", text="A maker closes down.", raised=DAY)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("after", "rule"),
    [
        (replace(RISK, in_remit=True, mitigation="the operator watches"), []),
        (replace(RISK, in_remit=False), ["risk.remit"]),
        (replace(RISK, in_remit=False, state=RiskState.REFERRED, referred_to="QTG"), []),
        (replace(RISK, state=RiskState.REFERRED, referred_to="QZ"), ["risk.referred"]),
        (replace(RISK, state=RiskState.WATCHED), ["risk.decided"]),
        (replace(RISK, state=RiskState.WATCHED, decided_by=NOTED.ref), []),
        (replace(RISK, text="It does not."), ["risk.stays"]),
    ],
)
def test_a_risk_outside_the_remit_is_referred(after: Risk, rule: list[str]) -> None:
    """A body that holds no register watches, by a resolution; what may happen stays."""
    assert refused((after,), register(*RESOLVED, RISK), WORK) == rule
