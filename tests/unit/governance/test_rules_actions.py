"""Actions: numbered for life, due as was said, settled by whom the committees say."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.entities.bodies import BodyKind, Committee
from smki.governance.entities.meetings import AgendaItem, JointItem, Meeting
from smki.governance.entities.minutes import Action, ActionState, Due, DueKind, Update
from smki.governance.entries import Change
from smki.governance.rules import decide_change
from smki.governance.rules_actions import ACTIONS, NEXT_ACTIONS

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
GROUP = Committee(ref="QTG", name="Quill Testing Group", kind=BodyKind.COMMITTEE)
MEETING = Meeting(ref="QPA_21_0803", body="QPA", number=21, held_on=DAY)
ITEM = AgendaItem(ref="QPA_21_0803/4", meeting=MEETING.ref, number=4, heading="Fees")
JOINT = replace(ITEM, ref="QPA_21_0803/5", number=5, joint=JointItem(bodies=("QPA", "QTG")))
NEXT = Due(kind=DueKind.NEXT_MEETING)
IF_NEEDED = Due(kind=DueKind.CONTINGENT, action="QPA 21/02")
ACTION = Action(
    ref="QPA 21/01", text="Ask.", item=ITEM.ref, raised=DAY, owner="secretary", due=NEXT
)
OTHER = replace(ACTION, ref="QPA 21/02")
SAID = Update(on=date(2016, 4, 12), text="Done.")
CLOSED = replace(SAID, text="Closed.", item=ITEM.ref)
REGISTER = Held(BODY, GROUP, MEETING, ITEM, JOINT, ACTION, OTHER)


def refused(action: Action, register: Held = REGISTER) -> list[str]:
    """The rules that say no to this step; each with a clause."""
    change = Change(at=datetime(2016, 4, 13, tzinfo=UTC), by="", said="", entities=(action,))
    findings = decide_change(change, register, ACTIONS)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.action.") for one in findings]


def stands(state: ActionState, *updates: Update, successor: str = "", due: Due = NEXT) -> Action:
    """The action in that state."""
    return replace(ACTION, state=state, updates=updates, successor=successor, due=due)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "action",
    [
        replace(ACTION, owner="QTG", text="Ask them."),
        replace(ACTION, ref="JM_0803/01", item=JOINT.ref),
        replace(ACTION, ref="QPA 21/03", item=JOINT.ref),
        stands(ActionState.ON_TARGET),
        stands(ActionState.COMPLETE, SAID),
        stands(ActionState.CLOSED, SAID, CLOSED),
        stands(ActionState.COMBINED, successor="QPA 21/02"),
        stands(ActionState.TRANSFERRED, successor="QTG"),
        stands(ActionState.NOT_REQUIRED, CLOSED, due=IF_NEEDED),
        replace(
            ACTION,
            due=Due(kind=DueKind.WORKING_DAYS, working_days=10),
            due_on=date(2016, 3, 22),
        ),
        replace(ACTION, due=Due(kind=DueKind.DATE, on=DAY), due_on=DAY),
        replace(ACTION, due=Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_22_1204")),
        replace(ACTION, due=IF_NEEDED),
    ],
)
def test_what_is_in_order_is_kept(action: Action) -> None:
    """Updates, states and dues as minutes have them: nothing is refused."""
    assert refused(action) == []


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (replace(ACTION, ref="QPA 20/01"), "reference"),
        (replace(ACTION, ref="QTG 21/01"), "reference"),
        (replace(ACTION, ref="QPA 21/1"), "reference"),
        (replace(ACTION, ref="the first"), "reference"),
        (replace(ACTION, ref="JM_0803/01"), "reference"),
        (replace(ACTION, ref="JM_0903/01", item=JOINT.ref), "reference"),
        (replace(ACTION, raised=date(2016, 3, 9)), "raised"),
        (replace(ACTION, text=" "), "text"),
        (replace(ACTION, owner=""), "text"),
        (replace(ACTION, updates=(replace(SAID, item="QPA_99_0101/1"),)), "item"),
        (stands(ActionState.CLOSED), "closed"),
        (stands(ActionState.CLOSED, CLOSED, SAID), "closed"),
        (stands(ActionState.COMPLETE), "complete"),
        (stands(ActionState.NOT_REQUIRED, CLOSED), "not-required"),
        (stands(ActionState.COMBINED), "successor"),
        (stands(ActionState.COMBINED, successor="QPA 21/01"), "successor"),
        (stands(ActionState.COMBINED, successor="QPA 21/09"), "successor"),
        (stands(ActionState.TRANSFERRED, successor="QXX"), "successor"),
        (stands(ActionState.OPEN, successor="QTG"), "successor"),
        (replace(ACTION, due=Due(kind=DueKind.WORKING_DAYS)), "due"),
        (replace(ACTION, due=Due(kind=DueKind.DATE)), "due"),
        (replace(ACTION, due=Due(kind=DueKind.BEFORE_MEETING, meeting="soon")), "due"),
        (replace(ACTION, due=Due(kind=DueKind.CONTINGENT, action="QPA 21/01")), "due"),
        (replace(ACTION, due=Due(kind=DueKind.CONTINGENT)), "due"),
        (replace(ACTION, due=Due(kind=DueKind.DATE, on=DAY)), "due-on"),
        (
            replace(
                ACTION,
                due=Due(kind=DueKind.WORKING_DAYS, working_days=10),
                due_on=date(2016, 3, 18),
            ),
            "due-on",
        ),
        (replace(ACTION, due=Due(kind=DueKind.WORKING_DAYS, working_days=10**6)), "due-on"),
    ],
)
def test_what_is_not_in_order_is_refused(action: Action, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert refused(action) == [rule]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize("before", ActionState)
@pytest.mark.parametrize("after", ActionState)
def test_what_is_settled_stays_settled(before: ActionState, after: ActionState) -> None:
    """While the body has to do with it anything may follow; afterwards nothing."""
    due = IF_NEEDED
    into = {ActionState.COMBINED: "QPA 21/02", ActionState.TRANSFERRED: "QTG"}
    was = stands(before, CLOSED, successor=into.get(before, ""), due=due)
    becomes = stands(after, CLOSED, successor=into.get(after, ""), due=due)
    may = after in NEXT_ACTIONS[before]
    assert may is (before.is_open or before is after)
    assert refused(becomes, REGISTER.with_these(was)) == ([] if may else ["state"])


def test_what_was_said_of_an_action_stays() -> None:
    """Updates are added, none is changed or taken away."""
    register = REGISTER.with_these(replace(ACTION, updates=(SAID,)))
    assert refused(replace(ACTION, updates=(SAID, CLOSED)), register) == []
    assert refused(replace(ACTION, updates=(CLOSED,)), register) == ["updates"]
    assert refused(ACTION, register) == ["updates"]


def test_two_actions_are_not_combined_into_each_other() -> None:
    """Somewhere a line of combined actions ends in one that stands."""
    register = REGISTER.with_these(
        replace(OTHER, state=ActionState.COMBINED, successor="QPA 21/01")
    )
    assert refused(stands(ActionState.COMBINED, successor="QPA 21/02"), register) == ["successor"]
