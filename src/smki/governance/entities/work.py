"""What a body plans to do and to spend, and the risks that it holds.

    work package PMA/2021-Q3    October to December of the financial year that began in April 2021

Clause: sec:C6
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, Final

from smki.governance.entities.base import Entity, Key, Kind

PROVISION: Final = "provision, not target"  # what every estimate is, and is shown with
_FIRST_MONTHS: Final = {1: 4, 2: 7, 3: 10, 4: 1}  # of a financial year's quarters
_LAST_QUARTER: Final = 4


class IncreaseSize(Enum):
    """How large an increase is: of a nominal one the panel's chair is told, a significant one is the board's."""

    NOMINAL = "nominal"
    SIGNIFICANT = "significant"


class RiskState(Enum):
    """What a body does with a risk."""

    OPEN = "open"
    WATCHED = "watched"
    REFERRED = "referred"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something to be done in the quarter.

    Attributes:
        text: what.
        days: estimate in days of work.
    """

    text: str
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyComment:
    """What a body said of a work package.

    Attributes:
        body: ref.
        text: what; "no comment" is one.
        on: when.
    """

    body: str
    text: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """More is needed than was provided.

    Attributes:
        on: when it was asked for.
        days: so many more days of work.
        size: nominal or significant.
        reason: why.
        told: of a nominal one, when the panel's chair was told.
        approved_by: of a significant one, ref of the board's resolution.
    """

    on: date
    days: int
    size: IncreaseSize
    reason: str
    told: date | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPackage(Entity):
    """What a body is to do in a quarter of a financial year, April to March.

    Attributes:
        body: ref.
        year: the calendar year in which the financial year begins.
        quarter: 1 for April to June, to 4 for January to March.
        activities: what is to be done; their estimates are a provision, not a target.
        comments: of each body that was asked.
        recommended_by: ref of the resolution that recommended it.
        approved_by: ref of the funding board's resolution.
        increases: oldest first.
    """

    KIND: ClassVar[Kind] = Kind.WORK_PACKAGE

    body: str
    year: int
    quarter: int
    activities: tuple[Activity, ...]
    comments: tuple[BodyComment, ...] = ()
    recommended_by: str = ""
    approved_by: str = ""
    increases: tuple[Increase, ...] = ()

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """Whose it is, the quarter, and the estimate as what it is."""
        return (
            f"{self.body} {self.year}/{(self.year + 1) % 100:02d} quarter {self.quarter}:"
            f" {self.days} days ({PROVISION})"
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """What is to be done, and what was said of it."""
        done = (one.text for one in self.activities)
        return (self.ref, *done, *(one.text for one in self.comments))

    @property
    def day(self) -> date | None:
        """First day of the quarter."""
        month = _FIRST_MONTHS.get(self.quarter)
        year = self.year + (self.quarter == _LAST_QUARTER)
        if month is None or not date.min.year <= year <= date.max.year:
            return None
        return date(year, month, 1)

    @property
    def standing(self) -> str:
        """Whether it is approved."""
        if self.approved_by:
            return "approved"
        return "recommended" if self.recommended_by else "draft"

    @property
    def days(self) -> int:
        """The estimate in days of work, with what was added."""
        planned = sum(one.days for one in self.activities)
        return planned + sum(one.days for one in self.increases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk(Entity):
    """A risk that a body holds, watches, or refers to another.

    Attributes:
        body: ref of the body that holds it.
        text: what may happen.
        in_remit: whether it sits in the body's remit; None while that is not answered.
        state: what the body does with it; watched is what a body does that holds no register.
        referred_to: ref of the body to which it was referred.
        mitigation: whose duty it is to mitigate it, and how.
        raised: when.
        decided_by: ref of the resolution that says what the body does.
    """

    KIND: ClassVar[Kind] = Kind.RISK

    body: str
    text: str
    raised: date
    in_remit: bool | None = None
    state: RiskState = RiskState.OPEN
    referred_to: str = ""
    mitigation: str = ""
    decided_by: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """What may happen."""
        return self.text

    @property
    def texts(self) -> tuple[str, ...]:
        """What may happen, and what is done about it."""
        return (self.text, self.mitigation)

    @property
    def day(self) -> date | None:
        """When it was raised."""
        return self.raised

    @property
    def standing(self) -> str:
        """What the body does with it."""
        return self.state.value
