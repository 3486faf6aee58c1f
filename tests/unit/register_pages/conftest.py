"""A register with a meeting in it, whose pages are asked without sockets; one for each test file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.support.register_pages import STARTS, open_pages_house

from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attendance,
    Meeting,
    MeetingState,
    Paper,
)
from smki.governance.entities.minutes import Minutes, Paragraph, ParagraphRole
from smki.governance.labels import Label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.register_pages import PagesHouse

    from smki.governance.entities import Entity

MEETING = "QPA_01_0203"


def held() -> tuple[Entity, ...]:
    """A Green meeting that was held without the networks; one item is Red, with a stub."""
    return (
        Meeting(
            ref=MEETING,
            label=Label.GREEN,
            body="QPA",
            number=1,
            held_on=date(2026, 3, 2),
            starts=STARTS,
            presider="chair",
            secretary="secretary",
            state=MeetingState.HELD,
            attendance=tuple(
                Attendance(person=one, seat=f"QPA/{one}", votes=one == "supplier")
                for one in ("secretary", "chair", "supplier")
            ),
            apologies=("networks",),
        ),
        AgendaItem(
            ref=f"{MEETING}/1",
            meeting=MEETING,
            number=1,
            heading="Minutes of the last meeting",
            standing_item="QPA/minutes",
        ),
        AgendaItem(
            ref=f"{MEETING}/2",
            meeting=MEETING,
            number=2,
            heading="Approach to testing",
            ask=Ask.APPROVAL,
        ),
        AgendaItem(
            ref=f"{MEETING}/3",
            label=Label.RED,
            meeting=MEETING,
            number=3,
            heading="Assessment of Zephyr Energy",
            stub="An assessment was considered",
        ),
        Paper(
            ref=f"{MEETING}_02",
            item=f"{MEETING}/2",
            heading="Approach, version 3.5",
            ask=Ask.APPROVAL,
        ),
        Minutes(ref=f"{MEETING}/open", meeting=MEETING, set=MinutesSet.OPEN),
        Minutes(
            ref=f"{MEETING}/confidential",
            label=Label.RED,
            meeting=MEETING,
            set=MinutesSet.CONFIDENTIAL,
        ),
        Paragraph(
            ref=f"{MEETING}/open/001",
            minutes=f"{MEETING}/open",
            item=f"{MEETING}/3",
            place=1,
            role=ParagraphRole.OPEN_STUB,
            text="The authority considered an assessment.",
        ),
        Paragraph(
            ref=f"{MEETING}/confidential/001",
            label=Label.RED,
            minutes=f"{MEETING}/confidential",
            item=f"{MEETING}/3",
            place=1,
            role=ParagraphRole.WITHHELD_BODY,
            text="Two weaknesses were found at quenelle.",
        ),
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHouse]:
    """The register, the meeting and the people."""
    made = open_pages_house(tmp_path_factory.mktemp("register"))
    made.put(*held())
    yield made
    made.close()
