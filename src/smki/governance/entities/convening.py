"""An emergency: by which criterion a body was called together, who was called, and what was before it.

    convening QPA/e1 > calls, each sent and acknowledged
                     > options, "do not use the key" among them
                     > meeting, resolution at short notice, its ratification

Clause: sec:L10.9
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody who is called.

    Attributes:
        person: ref.
        seat: ref of the seat for which.
        channel: how, as it stood then: name of the encrypted channel and address in it.
        sent: when the message was handed over; None before.
        acknowledged: when they said that they have it; None before.
    """

    person: str
    seat: str
    channel: str = ""
    sent: datetime | None = None
    acknowledged: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option before the body.

    Attributes:
        text: what could be done.
        consequences: what would follow.
    """

    text: str
    consequences: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convening(Entity):
    """A body is called together at once.

    Attributes:
        body: ref.
        criterion: name of the criterion by which (`governance.convening`).
        circumstances: what happened.
        triggered_by: ref of the person.
        triggered: when.
        options: before the body.
        calls: who is called.
        meeting: ref of the emergency meeting; empty while there is none.
        chosen: text of the option that was chosen; empty before.
        resolution: ref of the resolution that says so.
        ratified_by: ref of the resolution that ratified it; due at the next ordinary meeting.
        stood_down: when it was called off without a resolution; None if it was not.

    Clause: sec:L10.9
    """

    KIND: ClassVar[Kind] = Kind.CONVENING

    body: str
    criterion: str
    circumstances: str
    triggered_by: str
    triggered: datetime
    options: tuple[Choice, ...]
    calls: tuple[Call, ...] = ()
    meeting: str = ""
    chosen: str = ""
    resolution: str = ""
    ratified_by: str = ""
    stood_down: datetime | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def texts(self) -> tuple[str, ...]:
        """What happened, and the options."""
        return (self.ref, self.circumstances, *(one.text for one in self.options))

    @property
    def day(self) -> date | None:
        """When it was triggered."""
        return self.triggered.date()

    @property
    def standing(self) -> str:
        """How far it is."""
        if self.stood_down:
            return "stood down"
        if self.resolution:
            return "ratified" if self.ratified_by else "resolved"
        answered = all(one.acknowledged for one in self.calls)
        return "acknowledged" if self.calls and answered else "called"
