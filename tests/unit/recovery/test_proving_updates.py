"""What a device says when it is asked after the further update, whose answer was lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from tests.support.evidence import Recovery
from tests.support.evidence_story import Story
from tests.support.recovering import AT

from smki.devices import process
from smki.recovery.evidence import Turn
from smki.recovery.evidence_rows import Exchange, Exchanges
from smki.recovery.proving import Examined, examine
from smki.recovery.report import Criterion

LATER: Final = AT + timedelta(hours=81, minutes=30)


def asked(recovery: Recovery, *, obeyed: bool) -> Examined:
    """What the evidence comes to if the first update's answer was lost, and the device was asked."""
    first, *others = recovery.story.updates
    update, old = first.exchanges
    state = recovery.states[first.device]
    if obeyed:
        state = process(state, update.command, AT, recovery.world.keys).state
    said = replace(recovery._asked(state), at=LATER)
    exchanges: tuple[Exchange, ...] = (replace(update, response=b""), said, old)
    changed = Exchanges(device=first.device, exchanges=exchanges)
    story: Story = replace(recovery.story, updates=[changed, *others])
    library, listed = story.shelved()
    return examine(story.about, listed, library, frozenset())


@pytest.mark.clause("sec:L10", "gbcs:CS02a")
def test_who_says_so_when_asked_has_obeyed(recovery: Recovery) -> None:
    """The new certificates of the update are what it may hold: it counts as updated, once."""
    found = asked(recovery, obeyed=True)
    further = found.results[Criterion.FURTHER]
    assert (further.held, further.of) == (len(recovery.story.updates),) * 2
    assert found.results[Criterion.READ_BACK].passed
    assert not found.findings


@pytest.mark.clause("sec:L10", "gbcs:CS02a")
def test_who_holds_what_it_held_has_not(recovery: Recovery) -> None:
    """It says what is true, and is not counted as updated."""
    found = asked(recovery, obeyed=False)
    further = found.results[Criterion.FURTHER]
    assert (further.held, further.of) == (
        len(recovery.story.updates) - 1,
        len(recovery.story.updates),
    )
    assert found.results[Criterion.READ_BACK].passed
    assert Turn.READ_BACK not in {one.turn for one in recovery.story.updates[0].exchanges}
