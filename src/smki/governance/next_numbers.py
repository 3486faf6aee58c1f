"""The next free references: of meetings, papers, actions and versions. None is ever given twice.

meeting   one more than the highest number of the body; one that was cancelled frees its own,
          because a meeting that is moved to another day has another reference
paper     of its agenda item; one open and one confidential
action    one more than the last that the meeting raised; of a joint item, than the last of
          that day and month in whatever year
version   3.8 after 3.7, or 4.0
"""

from datetime import date
from itertools import count

from smki.governance.entities import Key, Kind, Known
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingState
from smki.governance.looking import all_under
from smki.governance.numbering import (
    JOINT,
    ActionReference,
    MeetingReference,
    PaperReference,
    Version,
    read_meeting,
)


def next_meeting(body: Committee, day: date, known: Known) -> MeetingReference:
    """The reference of the body's next meeting, that day."""
    meetings = all_under(known, body, Meeting)
    held = (one.number for one in meetings if one.state is not MeetingState.CANCELLED)
    number = max(held, default=0) + 1
    while True:
        found = MeetingReference(prefix=body.ref, number=number, day=day.day, month=day.month)
        if known.get(Key(Kind.MEETING, str(found))) is None:
            return found
        number += 1


def paper_reference(item: AgendaItem, *, confidential: bool) -> PaperReference:
    """The reference of the open or the confidential paper to an agenda item.

    Raises:
        Malformed: the item's meeting has no reference of a meeting.
    """
    meeting = read_meeting(item.meeting).value
    return PaperReference(meeting=meeting, item=item.number, confidential=confidential)


def next_action(meeting: Meeting, known: Known, *, joint: bool = False) -> ActionReference:
    """The reference of the next action that the meeting raises, in a joint item or not."""
    prefix, number = meeting.body, meeting.number
    if joint:
        prefix, number = JOINT, meeting.held_on.day * 100 + meeting.held_on.month
    free = (
        ActionReference(prefix=prefix, meeting=number, sequence=sequence) for sequence in count(1)
    )
    return next(one for one in free if known.get(Key(Kind.ACTION, str(one))) is None)


def next_version(latest: Version | None, *, major: bool = False) -> Version:
    """The version after the latest; the first is 0.1, or 1.0."""
    at = latest or Version(major=0, minor=0)
    return Version(major=at.major + 1, minor=0) if major else at.corrected()
