"""Modifications of the code, followed through their stages, and what a body wants of each.

    modification 073         DP073 while it is a draft proposal, MP073 from its conversion on
    interest PMA/073         of the authority in it

The register follows them; it decides none.

Clause: sec:D
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import ClassVar, Final

from smki.governance.entities.base import Entity, Key, Kind
from smki.governance.numbering import ModificationNumber, ModificationStage


class Stage(Enum):
    """How far a modification is."""

    DRAFT_PROPOSAL = "draft-proposal"
    DEVELOPMENT = "development"
    PROBLEM_DEFINED = "problem-defined"
    CONVERTED = "converted"
    REFINEMENT = "refinement"
    REPORT = "report"
    DECISION = "decision"
    RELEASE = "release"
    WITHDRAWN = "withdrawn"


_S = Stage
NEXT_STAGES: Final[Mapping[Stage, tuple[Stage, ...]]] = MappingProxyType(
    {
        _S.DRAFT_PROPOSAL: (_S.DEVELOPMENT, _S.WITHDRAWN),
        _S.DEVELOPMENT: (_S.PROBLEM_DEFINED, _S.WITHDRAWN),
        _S.PROBLEM_DEFINED: (_S.CONVERTED, _S.WITHDRAWN),
        _S.CONVERTED: (_S.REFINEMENT, _S.REPORT, _S.WITHDRAWN),
        _S.REFINEMENT: (_S.REPORT, _S.WITHDRAWN),
        _S.REPORT: (_S.DECISION, _S.WITHDRAWN),
        _S.DECISION: (_S.RELEASE,),
        _S.RELEASE: (),
        _S.WITHDRAWN: (),
    }
)
"""What may follow each stage: only forward."""

_DRAFTS: Final = frozenset({_S.DRAFT_PROPOSAL, _S.DEVELOPMENT, _S.PROBLEM_DEFINED})


class Origin(Enum):
    """Where a proposal comes from."""

    PARTY = "party"
    COMMITTEE = "committee"
    ISSUE_RESOLUTION_GROUP = "issue-resolution-group"


class ModificationPath(Enum):
    """Who decides in the end."""

    SELF_GOVERNANCE = "self-governance"
    AUTHORITY = "authority"


class Verdict(Enum):
    """What was decided of it."""

    APPROVED = "approved"
    REJECTED = "rejected"


class InterestState(Enum):
    """What a body wants of a modification, and what became of its statement."""

    WANTS_UPDATE = "wants-update"
    WANTS_COMMENT = "wants-comment"
    NOT_NEEDED = "not-needed"
    REFERRED = "referred"
    STATEMENT_SENT = "statement-sent"
    ACKNOWLEDGED = "acknowledged"
    SHOWN = "shown-to-working-group"
    RE_EVALUATED = "re-evaluated"
    NOT_RE_EVALUATED = "not-re-evaluated"


_I = InterestState
_SAID: Final = (_I.WANTS_UPDATE, _I.WANTS_COMMENT, _I.NOT_NEEDED, _I.REFERRED, _I.STATEMENT_SENT)
NEXT_INTERESTS: Final[Mapping[InterestState, tuple[InterestState, ...]]] = MappingProxyType(
    {
        _I.WANTS_UPDATE: _SAID,
        _I.WANTS_COMMENT: _SAID,
        _I.NOT_NEEDED: _SAID,
        _I.REFERRED: _SAID,
        _I.STATEMENT_SENT: (_I.ACKNOWLEDGED,),
        _I.ACKNOWLEDGED: (_I.SHOWN,),
        _I.SHOWN: (_I.RE_EVALUATED, _I.NOT_RE_EVALUATED),
        _I.RE_EVALUATED: _SAID,
        _I.NOT_RE_EVALUATED: _SAID,
    }
)
"""What may follow: a body may change its mind; a statement takes its way to the proposer's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached:
    """A stage that was reached.

    Attributes:
        stage: which.
        on: when.
        resolution: ref of the resolution by which, in this register; empty if of none.
        by: who took it there, where that is not in this register.
    """

    stage: Stage
    on: date
    resolution: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemStatement:
    """The problem, and nothing of a solution.

    Attributes:
        issue: what is wrong.
        impacts: on whom, and how.
        doing_nothing: what happens if nothing is done.
        context: what one must know.
        approved: when it was; None while it is a draft.
        appended_to: ref of the minutes or paper to which it is appended.
    """

    issue: str
    impacts: str = ""
    doing_nothing: str = ""
    context: str = ""
    approved: date | None = None
    appended_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """How it was withdrawn.

    Attributes:
        rule: by which rule.
        on: when that was said.
        effective: from when it is.
    """

    rule: str
    on: date
    effective: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Modification(Entity):
    """A modification; `ref` is its number for life, three digits or more.

    Attributes:
        body: ref of the body in whose register it is followed.
        number: for life.
        name: its title.
        proposer: who proposes it.
        stages: what it reached, oldest first; never empty.
        on_behalf_of: for whom, if for somebody else.
        lead_analyst: who develops it.
        origin: where it comes from.
        intent: what it is to bring about, in a sentence.
        problem: the problem statement; None while there is none.
        legacy: it is cited SECMPnnnn, and its first stages are not in this register.
        path: who decides in the end; None while that is not said.
        verdict: what was decided; None before.
        released_in: name of the release.
        withdrawal: how it was withdrawn; None if it was not.

    Clause: sec:D
    """

    KIND: ClassVar[Kind] = Kind.MODIFICATION

    body: str
    number: int
    name: str
    proposer: str
    stages: tuple[StageReached, ...]
    on_behalf_of: str = ""
    lead_analyst: str = ""
    origin: Origin = Origin.PARTY
    intent: str = ""
    problem: ProblemStatement | None = None
    legacy: bool = False
    path: ModificationPath | None = None
    verdict: Verdict | None = None
    released_in: str = ""
    withdrawal: Withdrawal | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def stage(self) -> Stage:
        """How far it is."""
        return self.stages[-1].stage if self.stages else Stage.DRAFT_PROPOSAL

    @property
    def reference(self) -> str:
        """How it is cited now."""
        return self._cited(one.stage for one in self.stages)

    @property
    def title(self) -> str:
        """How it is cited, and its name."""
        return f"{self.reference} {self.name}"

    @property
    def texts(self) -> tuple[str, ...]:
        """How it was ever cited, what it is, and the problem."""
        cited = ModificationNumber(number=self.number)
        known = (cited.at(ModificationStage.DRAFT), cited.at(ModificationStage.MODIFICATION))
        problem = self.problem
        said = () if problem is None else (problem.issue, problem.impacts, problem.context)
        return (*known, self.reference, self.name, self.proposer, self.intent, *said)

    @property
    def day(self) -> date | None:
        """When it reached its stage."""
        return self.stages[-1].on if self.stages else None

    @property
    def standing(self) -> str:
        """How far it is."""
        return self.stage.value

    def cited_on(self, day: date) -> str:
        """How it was cited that day."""
        return self._cited(one.stage for one in self.stages if one.on <= day)

    def reached(self, stage: Stage) -> StageReached | None:
        """When and how it reached that stage; None if it did not."""
        return next((one for one in self.stages if one.stage is stage), None)

    def _cited(self, stages: Iterable[Stage]) -> str:
        number = ModificationNumber(number=self.number)
        if self.legacy:
            return f"SECMP{self.number:04d}"
        past = any(one not in _DRAFTS and one is not Stage.WITHDRAWN for one in stages)
        return number.at(ModificationStage.MODIFICATION if past else ModificationStage.DRAFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModificationInterest(Entity):
    """What a body wants of a modification; `ref` is the body's, a stroke and the number.

    Belongs to the body alone: what it thinks of a modification is its own until it says so.

    Attributes:
        body: ref.
        modification: ref.
        state: what it wants, or how far its statement is.
        since: when it came to that.
        text: what it wants to know, or said.
        resolution: ref of the resolution that says so.
        referred_to: ref of the body that looks at it instead.
        statement: ref of the formal statement, a correspondence.
        acknowledgement: ref of its acknowledgement.
    """

    KIND: ClassVar[Kind] = Kind.MODIFICATION_INTEREST

    body: str
    modification: str
    state: InterestState
    since: date
    text: str = ""
    resolution: str = ""
    referred_to: str = ""
    statement: str = ""
    acknowledgement: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it wants or said."""
        return (self.ref, self.text)

    @property
    def day(self) -> date | None:
        """When it came to that."""
        return self.since

    @property
    def standing(self) -> str:
        """What it wants, or how far its statement is."""
        return self.state.value
