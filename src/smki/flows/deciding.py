"""Decisions: believed if officers in force of the body that decides signed them, and recorded.

Whether one permits something is worked out from the record alone each time: what was lodged before
the entry in question, who had signed it and in which capacity, whether it was withdrawn or spent.
Nothing is remembered beside it.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from smki.flows.configuring import bodies_at, is_development, signatories_at
from smki.flows.office import FrontOffice, Office
from smki.flows.officers import must_be_bare, officer_who_signed, refused_officer
from smki.flows.recorded import Officer, Recorded
from smki.governance import (
    PERMITS,
    UNCONDITIONAL,
    Act,
    Body,
    Circumstances,
    Decision,
    DecisionKind,
    Question,
    Signatory,
    Signed,
    decide_permitted,
    parse_decision,
    parse_recorded,
    recorded_body,
)
from smki.governance.signatories import missing_signatories
from smki.merkle.leaf import LeafType, decode_leaf
from smki.repository import body_of, catch_up, lodge_leaf
from smki.terms import Finding, Malformed, Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ABOUT_DECISIONS = frozenset({DecisionKind.WITHDRAW_DECISION, DecisionKind.RATIFY_DECISION})


def lodge_decision(office: Office, decision: bytes, signatures: Sequence[bytes]) -> Recorded:
    """The decision (octets of its file) and its signatures are in the record; again changes nothing.

    Raises:
        Malformed: the file or a signature is not of its form.
        Refused: a signer is no officer of its body in force, another decision has its id, or it
            can never permit anything here.
        Unavailable: the disk or the database is away.

    Clause: sec:L5.3
    """
    front, at = office.front, office.front.clock.now()
    body = recorded_body(decision, signatures)
    found = believed(front, body, at, entry=front.reader.checkpoint().size)
    must_be_lodgeable(front, found.decision, signatures)
    known = recorded_decision(front, found.decision.id)
    if known is not None and known.weight >= found.weight:
        return known
    lodge_leaf(office.record, LeafType.DECISION, body, at)
    catch_up(front.reader, front.index, front.describe)
    return _must_be_recorded(front, found.decision.id, front.index.size())


def must_be_lodgeable(front: FrontOffice, decision: Decision, signatures: Sequence[bytes]) -> None:
    """No other has its id, it can come to permit something, and its signatures are bare.

    Raises:
        Malformed: a signature is not of its form.
        Refused: one of these is not so.

    Clause: sec:L5.3
    """
    for signature in signatures:
        must_be_bare(front, signature)
    known = recorded_decision(front, decision.id)
    if known is not None and known.decision != decision:
        raise _unfit(
            decision,
            "id",
            f"another with this id is entry {known.entry}, must have an id of its own",
        )
    if known is None:
        _must_make_sense(front, decision)


def recorded_decision(
    front: FrontOffice, identifier: str, before: int | None = None
) -> Recorded | None:
    """The believed decision of this id, among entries below `before`; the best signed one.

    Clause: sec:L5.3
    """
    found = [
        one
        for one in recorded_decisions(front, name=identifier)
        if before is None or one.entry < before
    ]
    if not found:
        return None
    same = [one for one in found if one.decision == found[0].decision]
    return max(same, key=lambda one: one.weight)


def recorded_decisions(
    front: FrontOffice,
    *,
    name: str | None = None,
    kind: DecisionKind | None = None,
    about: AbstractSet[str] | None = None,
) -> Iterator[Recorded]:
    """The decisions of the record that are to be believed, in its order.

    Of one id, one kind, one of several objects if given: the signatures of others are not read.

    Clause: sec:L5.3
    """
    for item in front.index.items(of=LeafType.DECISION, name=name):
        try:
            said = _said_at(front, item.entry)
            if kind in {None, said.kind} and (about is None or said.object in about):
                yield decision_at(front, item.entry)
        except (Malformed, Refused):
            continue  # lodged past us: it permits nothing, and `smki repository audit` names it


def disbelieved(front: FrontOffice, kind: DecisionKind) -> Iterator[tuple[Decision, str]]:
    """The decisions of this kind in the record that are not to be believed, and why not.

    Clause: sec:L5.3
    """
    for item in front.index.items(of=LeafType.DECISION):
        try:
            said = _said_at(front, item.entry)
        except Malformed:
            continue
        if said.kind is kind:
            try:
                decision_at(front, item.entry)
            except (Malformed, Refused) as error:
                yield said, error.message


def _said_at(front: FrontOffice, entry: int) -> Decision:
    """What the decision of that entry says, believed or not."""
    read = front.decisions.said.get(entry)
    if read is None:
        read = parse_recorded(body_of(front.reader, decode_leaf(front.reader.leaf(entry))))[0]
        front.decisions.say(entry, read)
    return read


def decision_at(front: FrontOffice, entry: int) -> Recorded:
    """The decision that this entry holds.

    Raises:
        Malformed: the entry holds something else.
        Refused: it is not to be believed: who signed it might not.

    Clause: sec:L5.3
    """
    known = front.decisions.believed.get(entry)
    if known is None:
        leaf = decode_leaf(front.reader.leaf(entry))
        at = _EPOCH + timedelta(milliseconds=leaf.instant)
        known = believed(front, body_of(front.reader, leaf), at, entry=entry)
        front.decisions.believe(known)
    return known


def must_permit(
    front: FrontOffice, identifier: str, act: Act, about: str, *, at: datetime, before: int
) -> Recorded:
    """The recorded decision, which permits `act` on `about` at that instant, and is not spent.

    `before` is the entry that is to be lodged under it: only what is below counts.

    Raises:
        Refused: it is not recorded, or does not permit it, with every reason.

    Clause: sec:L5.3
    """
    found = _must_be_recorded(front, identifier, before)
    question = Question(act=act, about=frozenset({about}), at=at)
    findings = list(why_not(front, found, question, before))
    once = any(row.once for row in PERMITS if (row.kind, row.act) == (found.decision.kind, act))
    used = spent(front, found, before) if once else None
    if used is not None:
        findings.append(
            Finding(
                rule="decision.spent",
                message=f"decision {identifier} was used for entry {used}, permits one thing once",
                where="decision",
                clause="sec:L5.3",
            )
        )
    if findings:
        raise Refused(findings=tuple(findings))
    return found


def in_force(
    front: FrontOffice, act: Act, about: AbstractSet[str], *, at: datetime, before: int
) -> Recorded | None:
    """The first decision recorded below `before` that permits `act` on one of these at `at`.

    Clause: sec:L5.3
    """
    question = Question(act=act, about=frozenset(about), at=at)
    return next(
        (
            one
            for one in candidates(front, act, before, about)
            if not why_not(front, one, question, before)
        ),
        None,
    )


def candidates(
    front: FrontOffice, act: Act, before: int, about: AbstractSet[str] | None = None
) -> Iterator[Recorded]:
    """The believed decisions below `before` whose kind can permit `act`, in the record's order.

    About one of these if given.
    """
    for kind in dict.fromkeys(row.kind for row in PERMITS if row.act is act):
        for one in recorded_decisions(front, kind=kind, about=about):
            if one.entry < before:
                yield one


def why_not(
    front: FrontOffice, recorded: Recorded, question: Question, before: int
) -> tuple[Finding, ...]:
    """Empty if the decision permits what is asked, by what is below `before`; else every reason.

    Clause: sec:L5.3
    """
    decision = recorded.decision
    withdrawal = withdrawn_by(front, decision, question.at, before)
    return decide_permitted(
        decision,
        question,
        Circumstances(
            signed=recorded.signed,
            released=_released(front, decision, question.at, before),
            withdrawn=withdrawal.decision.id if withdrawal else "",
        ),
    )


def withdrawn_by(
    front: FrontOffice, decision: Decision, at: datetime, before: int
) -> Recorded | None:
    """The decision of its body, below `before`, by which it was withdrawn by then; None if none.

    What was withdrawn stays so, also when the withdrawal's own time is over.

    Clause: sec:L1
    """
    if decision.kind is DecisionKind.WITHDRAW_DECISION:
        return None  # whoever changes their mind decides anew
    for one in recorded_decisions(front, kind=DecisionKind.WITHDRAW_DECISION, about={decision.id}):
        since = max(one.at, one.decision.not_before)
        asked = _about(Act.WITHDRAW_DECISION, decision, since)
        stands = not decide_permitted(one.decision, asked, Circumstances(signed=one.signed))
        if one.entry < before and since <= at and stands:
            return one
    return None


def ratified_by(front: FrontOffice, decision: Decision, at: datetime) -> Recorded | None:
    """The decision of its body by which it was ratified by then; None if none was.

    Clause: sec:L1
    """
    for one in recorded_decisions(front, kind=DecisionKind.RATIFY_DECISION, about={decision.id}):
        since = max(one.at, one.decision.not_before)
        if since <= at and not why_not(
            front, one, _about(Act.RATIFY, decision, since), front.index.size()
        ):
            return one
    return None


def spent(front: FrontOffice, recorded: Recorded, before: int) -> int | None:
    """The entry below `before` that was lodged under the decision; None if there is none."""
    return min((entry for entry in uses_of(front, recorded) if entry < before), default=None)


def uses_of(front: FrontOffice, recorded: Recorded) -> tuple[int, ...]:
    """The entries that say they were lodged under the decision, in the order of the record."""
    identifier = recorded.decision.id
    uses = [
        one.entry
        for one in front.index.about(recorded.entry)
        if one.type in {LeafType.DOCUMENT, LeafType.STATUS_NOTE}
    ]
    for kind in (LeafType.STANDING, LeafType.TOMBSTONE):
        uses += [one.entry for one in front.index.items(of=kind, name=identifier)]
    return tuple(sorted(uses))


def believed(front: FrontOffice, body: bytes, at: datetime, *, entry: int) -> Recorded:
    """The decision in this body of a leaf that is, or would be, `entry`, lodged at that instant.

    Raises:
        Malformed: not of the form.
        Refused: it is not to be believed: who signed it might not.

    Clause: sec:L5.3
    """
    decision, octets, signatures = parse_recorded(body)
    parse_decision(octets)
    officers = [officer_who_signed(front, octets, one, at=at, before=entry) for one in signatures]
    parties = bodies_at(front, entry).get(decision.body, frozenset())
    for officer in officers:
        if officer.party not in parties:
            raise refused_officer(f"{officer.name} is no officer of {decision.body.value}")
    people = {officer.name: officer for officer in officers}
    return Recorded(
        entry=entry,
        at=at,
        decision=decision,
        officers=tuple(people.values()),
        signed=Signed(count=len(people), missing=_missing(front, decision.body, officers, entry)),
    )


def _missing(
    front: FrontOffice, body: Body, officers: Sequence[Officer], entry: int
) -> tuple[Signatory, ...] | None:
    """In which capacities nobody signed; None if the record did not say then who holds them."""
    held = signatories_at(front, entry)
    if held is None:
        return None
    return missing_signatories(held.get(body, {}), {one.holder for one in officers})


def _must_be_recorded(front: FrontOffice, identifier: str, before: int) -> Recorded:
    found = recorded_decision(front, identifier, before)
    if found is None:
        raise Refused(
            f"decision {identifier!r}: not in the record, must be lodged first"
            " ('smki governance lodge')",
            where="decision",
            clause="sec:L5.3",
            rule="decision.unknown",
        )
    return found


def _must_make_sense(front: FrontOffice, decision: Decision) -> None:
    """It can come to permit what it says: later it would only be refused, with its words on record."""
    if decision.conditions and decision.kind in UNCONDITIONAL:
        raise _unfit(decision, "conditions", f"a {decision.kind.value} takes none, must have none")
    if decision.kind is DecisionKind.GO_LIVE:
        origin = front.reader.origin
        if decision.object != origin:
            raise _unfit(decision, "object", f"{decision.object!r}, must be {origin!r}, this log")
        if is_development(front):
            raise _unfit(
                decision, "kind", "a development SMKI never goes live, must be one of custodians"
            )
    if decision.kind in _ABOUT_DECISIONS:
        about = recorded_decision(front, decision.object)
        if about is None or about.decision.body is not decision.body:
            found = "not in the record" if about is None else f"of {about.decision.body.value}"
            raise _unfit(
                decision,
                "object",
                f"decision {decision.object!r} is {found}, must be one of {decision.body.value}",
            )


def _unfit(decision: Decision, where: str, what: str) -> Refused:
    return Refused(
        f"decision {decision.id}: {what}", where=where, clause="sec:L5.3", rule=f"decision.{where}"
    )


def _released(front: FrontOffice, decision: Decision, at: datetime, before: int) -> bool:
    """Whether another decision of the same body says that the conditions are met."""
    if not decision.conditions:
        return False
    return any(
        one.entry < before and not why_not(front, one, _about(Act.RELEASE, decision, at), before)
        for one in recorded_decisions(front, kind=DecisionKind.CONDITIONS_MET, about={decision.id})
    )


def _about(act: Act, decision: Decision, at: datetime) -> Question:
    """Whether a decision permits something of this one."""
    return Question(act=act, about=frozenset({decision.id}), at=at, of=decision.body)
