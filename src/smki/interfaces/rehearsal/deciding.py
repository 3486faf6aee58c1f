"""Decisions of the rehearsal's own bodies: signed by chair and secretary, in its house's record.

Nothing here is believed because it is a rehearsal's: the house asks its decisions the same questions
as any other does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smki.adapters.world import SystemClock
from smki.bootstrap import open_office
from smki.flows.deciding import lodge_decision
from smki.governance import Body, Decision, DecisionKind, encode_decision
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.house import officers_of
from smki.interfaces.rehearsal.keeping import keep_items
from smki.recovery.evidence import DecisionKept, Signed, document
from smki.terms import EUI64, CertificateKind

LASTS: Final = timedelta(days=30)  # longer than the line's time of a rehearsal, retries and all


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """A body's party: its short name, its name, and its identifier as the configuration has it."""

    party: str
    name: str
    entity: EUI64


BENCHES: Final[Mapping[Body, _Bench]] = {
    Body.SMKI_PMA: _Bench(
        party="pma",
        name="Rehearsal Policy Authority",
        entity=EUI64.parse("0A-53-4D-4B-49-05-00-01"),
    ),
    Body.TEST_ASSURANCE_BOARD: _Bench(
        party="test-board",
        name="Rehearsal Test Assurance Board",
        entity=EUI64.parse("0A-53-4D-4B-49-05-00-06"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a body resolves.

    Attributes:
        id: of the decision.
        kind: of decision.
        about: its object.
        scope: of it.
    """

    id: str
    kind: DecisionKind
    about: str
    scope: str


def decided(run: Run, body: Body, *resolved: Resolved) -> dict[str, int]:
    """The decisions are in the record of the rehearsal's house, signed by both officers; their entries.

    Called again, they are those of before.

    Raises:
        Refused: the house does not believe it.

    Clause: sec:L5.3, sec:L10
    """
    bench = BENCHES[body]
    officers = officers_of(run, bench.party, bench.name, bench.entity)
    entries = {}
    with open_office(run.house, run.house_environment) as office:
        authorities = tuple(office.hierarchy.chain_of(CertificateKind.IKI_OFFICER))
        for one in resolved:
            octets = _file(run, body, one)
            signed = tuple(
                Signed(certificate=officer.certificate, signature=officer.sign(octets))
                for officer in officers.values()
            )
            recorded = lodge_decision(office, octets, [each.signature for each in signed])
            entries[one.id] = recorded.entry
            kept = DecisionKept(decision=octets, signatures=signed, authorities=authorities)
            keep_items(run, document(one.id, kept))
    return entries


def expiry_of(run: Run) -> datetime:
    """Until when the decisions of this rehearsal are in force."""
    return datetime.fromisoformat(run.text("preconditions", "at")) + LASTS


def _file(run: Run, body: Body, resolved: Resolved) -> bytes:
    """The octets of the decision's file: the same each time it is asked for in this rehearsal."""
    return encode_decision(
        Decision(
            id=resolved.id,
            body=body,
            kind=resolved.kind,
            object=resolved.about,
            scope=resolved.scope,
            not_before=datetime.fromisoformat(run.text("preconditions", "at")),
            expiry=expiry_of(run),
            conditions=(),
        )
    )


def now() -> datetime:
    """The instant, in whole seconds."""
    return SystemClock().now().replace(microsecond=0)
