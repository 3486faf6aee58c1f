"""Which way each kind of document takes to its approval: one table.

    comments by, agrees, recommends, consults, determines, approves

Steps of one place may come in any order; a lower place comes first. What the minutes show of such
routes is in the table word for word; rows that they do not show are ours, and say so. How far a
version is on its route says `governance.progress`.

Clause: sec:L9
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import BodyKind, BodyRole, Committee
from smki.governance.entities.documents import ControlledDocument, DocumentKind
from smki.governance.entities.minutes import Resolution, Verb


class RouteAct(Enum):
    """What a step of a route is."""

    COMMENTS = "comments"
    AGREES = "agrees"
    RECOMMENDS = "recommends"
    CONSULTS = "consults"
    DETERMINES = "determines"
    APPROVES = "approves"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStep:
    """A step of a route.

    Attributes:
        place: lower ones come first.
        act: what is done.
        by: who does it.
    """

    place: int
    act: RouteAct
    by: BodyRole

    def __str__(self) -> str:
        return f"{self.by.value} {self.act.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A row of the table.

    Attributes:
        steps: in their order; the last one approves.
        known: the row is what minutes show; otherwise it is ours.
        clause: what it serves.
    """

    steps: tuple[RouteStep, ...]
    known: bool
    clause: str

    @property
    def last(self) -> RouteStep:
        """The step that approves."""
        return self.steps[-1]


def _route(*places: tuple[tuple[RouteAct, BodyRole], ...], known: bool, clause: str) -> Route:
    steps = tuple(
        RouteStep(place=place, act=act, by=by)
        for place, side in enumerate(places, 1)
        for act, by in side
    )
    return Route(steps=steps, known=known, clause=clause)


_A, _B, _K = RouteAct, BodyRole, DocumentKind
ROUTES: Final[Mapping[DocumentKind, Route]] = MappingProxyType(
    {
        _K.PRACTICE_STATEMENT: _route(
            ((_A.APPROVES, _B.AUTHORITY),), known=True, clause="sec:L9.8"
        ),
        _K.TERMS_OF_REFERENCE: _route(
            ((_A.AGREES, _B.AUTHORITY),),
            ((_A.COMMENTS, _B.OUTSIDE_GROUP),),
            ((_A.APPROVES, _B.PANEL),),
            known=True,
            clause="sec:C6",
        ),
        _K.APPROACH: _route(
            ((_A.RECOMMENDS, _B.AUTHORITY),),
            ((_A.CONSULTS, _B.OPERATOR),),
            ((_A.APPROVES, _B.PANEL),),
            known=True,
            clause="sec:L9",
        ),
        _K.REPORT: _route(
            ((_A.RECOMMENDS, _B.AUTHORITY), (_A.RECOMMENDS, _B.TESTING_GROUP)),
            ((_A.DETERMINES, _B.PANEL),),
            ((_A.APPROVES, _B.PANEL),),
            known=True,
            clause="sec:L9",
        ),
        _K.CERTIFICATE_POLICY: _route(
            ((_A.RECOMMENDS, _B.AUTHORITY),),
            ((_A.APPROVES, _B.PANEL),),
            known=False,
            clause="sec:L9",
        ),
        _K.PROCEDURE: _route(((_A.APPROVES, _B.AUTHORITY),), known=False, clause="sec:L9"),
        _K.GUIDANCE: _route(((_A.APPROVES, _B.AUTHORITY),), known=False, clause="sec:L1"),
        _K.INTERPRETATION: _route(((_A.AGREES, _B.AUTHORITY),), known=False, clause="sec:L1"),
    }
)
"""The table.

Clause: sec:L9, sec:L9.8
"""

_VERBS: Final[Mapping[RouteAct, frozenset[Verb]]] = {
    _A.AGREES: frozenset({Verb.AGREED, Verb.APPROVED}),
    _A.RECOMMENDS: frozenset({Verb.RECOMMENDED}),
    _A.DETERMINES: frozenset({Verb.DETERMINED}),
    _A.APPROVES: frozenset({Verb.APPROVED}),
}
_OF_KIND: Final[Mapping[BodyKind, BodyRole]] = {
    BodyKind.PANEL: BodyRole.PANEL,
    BodyKind.FUNDING_BOARD: BodyRole.FUNDING_BOARD,
    BodyKind.OPERATORS_BOARD: BodyRole.OPERATOR,
    BodyKind.WORKING_GROUP: BodyRole.OUTSIDE_GROUP,
    BodyKind.ISSUE_GROUP: BodyRole.OUTSIDE_GROUP,
    BodyKind.EXTERNAL: BodyRole.OUTSIDE_GROUP,
}


def route_of(document: ControlledDocument) -> Route:
    """The route that the document's versions take.

    Clause: sec:L9
    """
    return ROUTES[document.route or document.kind]


def roles_of(body: Entity | None) -> frozenset[BodyRole]:
    """What a body is in routes: what it says, what its kind is, and whose decisions it signs."""
    if not isinstance(body, Committee):
        return frozenset()
    roles = set(body.roles)
    if body.kind in _OF_KIND:
        roles.add(_OF_KIND[body.kind])
    if body.signs_as == "smki-pma":
        roles.add(BodyRole.AUTHORITY)
    return frozenset(roles)


def does(resolution: Resolution, step: RouteStep, known: Known) -> bool:
    """Whether the resolution does this step: its verb, by a body that has the role."""
    verbs = _VERBS.get(step.act, frozenset())
    return resolution.verb in verbs and has_role(step.by, resolution.bodies, known)


def has_role(role: BodyRole, named: Iterable[str], known: Known) -> bool:
    """Whether one of those named has the role; who is no body of the register is a group outside."""
    for name in named:
        body = known.get(Key(Kind.BODY, name))
        if role in roles_of(body) or (body is None and role is BodyRole.OUTSIDE_GROUP):
            return True
        if body is None and name == role.value:
            return True
    return False
