"""All that a recovery leaves behind, to be changed one value at a time, and a library in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from tests.support.evidence_people import Credential, people
from tests.support.recovering import AT

from smki.governance import Body, Decision, DecisionKind, encode_decision
from smki.recovery import Compromised, Method
from smki.recovery.evidence import (
    Attack,
    DecisionKept,
    Defect,
    EvidenceKind,
    Item,
    Notes,
    Option,
    Options,
    Placed,
    document,
    transcript,
)
from smki.recovery.evidence_bundles import exchanged, inspections, outcomes, rosters
from smki.recovery.evidence_rows import Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.proving import checks, examine
from smki.recovery.proving_reading import HeldCeremony
from smki.recovery.report import Listed, Report, in_order
from smki.recovery.report import Subject as About
from smki.terms import Refused

NAME: Final = "first"
INCIDENT: Final = "INC-1"
HOUR: Final = timedelta(hours=1)


class Library:
    """Evidence in memory."""

    def __init__(self, items: Iterable[Item], ceremonies: Mapping[bytes, HeldCeremony]) -> None:
        self.items = {item.name: item for item in items}
        self.lodged: dict[int, bytes] = {}
        self._ceremonies = ceremonies

    def octets(self, listed: Listed) -> bytes:
        """As a record has it."""
        item = self.items.get(listed.name)
        if item is None:
            raise Refused(f"{listed.name}: not in the record, must be")
        if (item.digest, item.kind) != (listed.sha256, listed.kind):
            raise Refused(f"{listed.name}: has another digest, must be as listed")
        return item.octets

    def certificate(self, entry: int) -> bytes | None:
        """As a record has it."""
        return self.lodged.get(entry)

    def ceremony(self, octets: bytes) -> HeldCeremony:
        """Of the few that are known here."""
        found = self._ceremonies.get(octets)
        if found is None:
            raise Refused("transcript: does not replay")
        return found


@dataclass
class Story:
    """All values of a recovery, to be changed one at a time before they are written."""

    about: About
    decisions: list[DecisionKept] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    roster: list[RosterRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    exchanges: list[Exchanges] = field(default_factory=list)
    read_backs: list[Exchanges] = field(default_factory=list)
    updates: list[Exchanges] = field(default_factory=list)
    found: list[FoundRow] = field(default_factory=list)
    inspector: Credential = field(default_factory=lambda: people().maker)
    attack: Attack | None = None
    ceremonies: dict[bytes, HeldCeremony] = field(default_factory=dict)

    def shelved(self) -> tuple[Library, tuple[Listed, ...]]:
        """All evidence, and the list of it."""
        library = Library(self._items(), self.ceremonies)
        return library, in_order(
            [
                Listed(kind=item.kind, name=item.name, sha256=item.digest, entry=number)
                for number, item in enumerate(library.items.values(), 100)
            ]
        )

    def written(self) -> tuple[Library, Report]:
        """All evidence, and the report that is right for it."""
        library, listed = self.shelved()
        return library, self.reported(library, listed)

    def reported(self, library: Library, listed: tuple[Listed, ...]) -> Report:
        """The report that is right for this evidence."""
        found = examine(self.about, listed, library, frozenset())
        return Report(
            version="1.0",
            supersedes=None,
            at=AT + 90 * HOUR,
            subject=self.about,
            figures=found.figures,
            wall_seconds=12,
            checks=checks(found),
            defects=("D-1",),
            not_assured=("that the maker looked at a real device",),
            lessons=("look at hubs first",),
            residuals=(),
            evidence=listed,
        )

    def _items(self) -> Iterator[Item]:
        for number, octets in enumerate(self.ceremonies, 1):
            yield transcript(f"ceremony-{number}", octets)
        for number, decision in enumerate(self.decisions, 1):
            yield document(f"decision-{number}", decision)
        for number, one in enumerate(self.placed, 1):
            yield document(f"placed-{number}", one)
        yield document("options", _options())
        yield document("defect-1", _defect())
        lessons = ("look at hubs first", *("a long one " * 300,) * 10)  # too long for a leaf
        yield document("notes", Notes(deviations=(), lessons=lessons))
        if self.attack is not None:
            yield document("attack", self.attack)
        yield from rosters(self.roster)
        yield from outcomes(self.outcomes)
        yield from exchanged(EvidenceKind.EXCHANGES, self.exchanges)
        yield from exchanged(EvidenceKind.READ_BACKS, self.read_backs)
        yield from exchanged(EvidenceKind.UPDATES, self.updates)
        yield from inspections(
            self.found,
            recovery=NAME,
            by="engineers of the maker",
            at=AT + 80 * HOUR,
            sign=self.inspector.sign,
            authorities=(people().issuing.certificate,),
        )


def _options() -> Options:
    return Options(
        incident=INCIDENT,
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        at=AT,
        options=(
            Option(
                method=Method.BY_CONTINGENCY,
                chosen=True,
                commands=9,
                seconds=9,
                exposed="",
                why="x",
            ),
        ),
    )


def _defect() -> Defect:
    return Defect(
        ref="D-1",
        title="blocks are lost",
        severity="2",
        within_threshold=True,
        affected=("Third Hub Maker",),
        not_affected=("First Hub Maker",),
        owner="The DCC",
        cause="a counter of three bits",
        workaround="larger blocks",
        approved_by="PMA/3",
        state="worked around",
        failed=1,
        recovered=1,
    )


def decision(identifier: str, kind: DecisionKind, about: str, scope: str) -> Decision:
    """A decision of the authority, in force for ten days."""
    return Decision(
        id=identifier,
        body=Body.SMKI_PMA,
        kind=kind,
        object=about,
        scope=scope,
        not_before=AT - HOUR,
        expiry=AT + timedelta(days=10),
        conditions=(),
    )


def kept(one: Decision, *officers: Credential) -> DecisionKept:
    """The decision, signed by these."""
    octets = encode_decision(one)
    return DecisionKept(
        decision=octets,
        signatures=tuple(officer.sign(octets) for officer in officers),
        authorities=(people().issuing.certificate,),
    )
