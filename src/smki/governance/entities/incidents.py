"""An incident: a key that is or may be lost, from the notification to the report.

    notified -> confirmed by call-back -> declared -> decided -> recovering -> recovered -> closed
             -> false                                        -> closed: the key is not used

Each state is a step, dated, by whom and why. What people answered to the factors of a decision, and
signed of checklists, is here too. Nothing of a notification is believed but what the call-back
confirmed.

Clause: sec:L10
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import ClassVar, Final

from smki.governance.entities.base import Entity, Key, Kind
from smki.terms import Compromised, Method, SerialNumber

_SERIAL_MOST: Final = 40  # characters; a fingerprint has 64


class IncidentState(Enum):
    """How far an incident is; the value is how commands and pages name it.

    Clause: sec:L10
    """

    NOTIFIED = "notified"
    CONFIRMED = "confirmed"
    FALSE = "false"
    DECLARED = "declared"
    DECIDED = "decided"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    CLOSED = "closed"


class Mechanism(Enum):
    """How a notification may be confirmed; never by what it says itself.

    Clause: sec-app-l:2
    """

    TELEPHONE = "telephone"
    ENCRYPTED_CHANNEL = "encrypted-channel"
    IN_PERSON = "in-person"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """A state that was reached.

    Attributes:
        state: which.
        at: when.
        by: ref of the person who says so; empty for whoever runs the house.
        text: why, or what was done.
    """

    state: IncidentState
    at: datetime
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Somebody was asked whether a notification is theirs and true.

    Attributes:
        contact: ref of the person who was asked: one whom the register knows as the reporter's.
        channel: by which address they were reached: the one in the register then.
        mechanism: how.
        by: ref of who asked.
        second: ref of who listened.
        at: when.
        confirmed: whether it was confirmed.
        said: in words.
    """

    contact: str
    channel: str
    mechanism: Mechanism
    by: str
    second: str
    at: datetime
    confirmed: bool
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAnswer:
    """What people say to a factor that a decision takes into account.

    Attributes:
        factor: its name.
        text: the answer.
        by: ref of the person.
        at: when.
    """

    factor: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedItems:
    """Items of a checklist that somebody signed.

    Attributes:
        items: their names.
        officer: name of the officer whose signature it is.
        statement: what was signed, with the signature: canonical JSON (`flows.statements`).
        at: when.
    """

    items: tuple[str, ...]
    officer: str
    statement: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Entity):
    """A key that is or may be lost.

    Attributes:
        body: ref of the authority.
        compromised: which key.
        names: serial numbers of certificates, or the fingerprint of a key.
        party: short name of the party that reports it.
        organisation: its name, as people of the register have it.
        reference: its own reference.
        known: it is known, not only suspected.
        discovered: when, as the party says.
        circumstances: what happened, as the party says.
        notice: entry of the record that commits to the notification; None if it came otherwise.
        steps: its states, the oldest first.
        call_backs: who was asked.
        convening: ref of the emergency convening; empty if there was none.
        decision: id of the recorded decision; empty before.
        method: that was chosen; None before.
        campaigns: names of its campaigns.
        answers: to the factors of the decision, the latest last.
        signed: items of checklists.
        report: name or digest of the report; empty before.

    Clause: sec:L10
    """

    KIND: ClassVar[Kind] = Kind.INCIDENT

    body: str
    compromised: Compromised
    names: tuple[str, ...]
    party: str
    organisation: str
    reference: str
    known: bool
    discovered: datetime
    circumstances: str
    notice: int | None = None
    steps: tuple[IncidentStep, ...]
    call_backs: tuple[CallBack, ...] = ()
    convening: str = ""
    decision: str = ""
    method: Method | None = None
    campaigns: tuple[str, ...] = ()
    answers: tuple[FactorAnswer, ...] = ()
    signed: tuple[SignedItems, ...] = ()
    report: str = ""

    @property
    def serials(self) -> tuple[SerialNumber, ...]:
        """Of the certificates that it names; a fingerprint names a key that has none."""
        return tuple(SerialNumber.parse(one) for one in self.names if len(one) <= _SERIAL_MOST)

    @property
    def parents(self) -> tuple[Key, ...]:
        """The authority."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """Which key, and whose."""
        return f"{self.ref}: {self.compromised.value} key of {self.organisation}"

    @property
    def texts(self) -> tuple[str, ...]:
        """What happened, and why each step was taken."""
        said = (one.text for one in self.steps)
        return (self.title, self.reference, self.circumstances, *self.names, *said)

    @property
    def day(self) -> date | None:
        """When it was notified."""
        return self.steps[0].at.date() if self.steps else None

    @property
    def state(self) -> IncidentState:
        """How far it is."""
        return self.steps[-1].state if self.steps else IncidentState.NOTIFIED

    @property
    def standing(self) -> str:
        """How far it is, in one word."""
        return self.state.value
