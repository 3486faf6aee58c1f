"""Evidence taken from where it is: documents whole, devices one after the other, a bundle at a time.

What is missing, has another digest or another form is told, and the rest goes on.

Clause: sec:L10
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import Final, Generic, Protocol, TypeVar

from smki.recovery.evidence import DOCUMENTS, Document, EvidenceKind, parse_document
from smki.recovery.evidence_rows import Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.report import Listed
from smki.terms import EUI64, Finding, Malformed, Refused

FINDINGS_MAX: Final = 1_000  # that are told; of more, how many there are
_LAST: Final = EUI64(b"\xff" * 8)

_Row = TypeVar("_Row", RosterRow, OutcomeRow, Exchanges, FoundRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCeremony:
    """What a transcript comes to that was replayed.

    Attributes:
        script: its name.
        rehearsal: whether it was one.
        certificates: DER of those it made.
        policies: content octets of the policy OIDs of its profiles.
    """

    script: str
    rehearsal: bool
    certificates: tuple[bytes, ...]
    policies: frozenset[bytes]


class Library(Protocol):
    """Where the evidence is."""

    def octets(self, listed: Listed) -> bytes:
        """The octets of a piece of evidence.

        Raises:
            Refused: it is not there, or has another digest.
        """
        ...

    def certificate(self, entry: int) -> bytes | None:
        """The certificate (DER) that the record has at this entry; None if it has none there."""
        ...

    def ceremony(self, transcript: bytes) -> HeldCeremony:
        """What this transcript comes to.

        Raises:
            Malformed, Refused: it does not replay.
        """
        ...


@dataclass(slots=True)
class Told:
    """What was found wrong so far."""

    findings: list[Finding] = field(default_factory=list)
    wrong: int = 0

    def __call__(self, rule: str, message: str) -> None:
        """This is wrong, by that rule."""
        self.wrong += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(
                Finding(rule=f"recovery.{rule}", message=message, clause="sec:L10")
            )


class Shelf:
    """The evidence of a report.

    Args:
        evidence: all that is listed.
        library: where it is.
        tell: is told what is wrong.
    """

    def __init__(self, evidence: Iterable[Listed], library: Library, tell: Told) -> None:
        self._library, self._tell = library, tell
        self._listed: dict[EvidenceKind, list[Listed]] = {kind: [] for kind in EvidenceKind}
        for one in evidence:
            self._listed[one.kind].append(one)

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Every document, with its name."""
        for kind in DOCUMENTS:
            for listed in self._listed[kind]:
                octets = self._octets(listed)
                try:
                    if octets is not None:
                        yield listed.name, parse_document(kind, octets)
                except Malformed as error:
                    self._tell("evidence", f"{listed.name}: {error.message}")

    def ceremonies(self) -> Iterator[HeldCeremony]:
        """Every ceremony whose transcript replays."""
        for listed in self._listed[EvidenceKind.TRANSCRIPT]:
            octets = self._octets(listed)
            try:
                if octets is not None:
                    yield self._library.ceremony(octets)
            except (Malformed, Refused) as error:
                self._tell("ceremony", f"{listed.name}: {error.message}")

    def rows(
        self, kind: EvidenceKind, read: Callable[[str, bytes], Iterable[_Row]]
    ) -> "Rows[_Row]":
        """The rows of a kind, by device; `read` is given the name and the octets of each bundle.

        Several series of bundles, each of its own inspector say, are read beside each other.
        """
        series = groupby(self._listed[kind], lambda one: one.name.rpartition("-")[0])
        rows = [self._series(tuple(some), read) for _, some in series]
        return Rows(kind.value, merge(*rows, key=lambda row: row.device), self._tell)

    def _series(
        self, some: tuple[Listed, ...], read: Callable[[str, bytes], Iterable[_Row]]
    ) -> Iterator[_Row]:
        """The rows of bundles whose names differ in what follows the last `-`: of one hand."""
        for listed in some:
            octets = self._octets(listed)
            try:
                if octets is not None:
                    yield from read(listed.name, octets)
            except Malformed as error:
                self._tell("evidence", f"{listed.name}: {error.message}")

    def _octets(self, listed: Listed) -> bytes | None:
        try:
            return self._library.octets(listed)
        except Refused as error:
            self._tell("evidence", error.message)
            return None


class Rows(Generic[_Row]):
    """Rows in the order of devices, to be taken by device; others are told and left out."""

    def __init__(self, name: str, rows: Iterator[_Row], tell: Told) -> None:
        self._name, self._tell = name, tell
        self._rows: Iterator[_Row] = rows
        self._newest: EUI64 | None = None
        self._next: _Row | None = self._advance()

    def __iter__(self) -> Iterator[_Row]:
        """All that are left, in their order."""
        while self._next is not None:
            found, self._next = self._next, self._advance()
            yield found

    def take(self, device: EUI64) -> _Row | None:
        """The row of the device; None if there is none. Those before it are of no device."""
        self._pass_over(device)
        if self._next is None or self._next.device != device:
            return None
        found, self._next = self._next, self._advance()
        return found

    def rest(self) -> None:
        """Nothing is left; what is, is of no device."""
        self._pass_over(_LAST)

    def _pass_over(self, device: EUI64) -> None:
        while self._next is not None and self._next.device < device:
            self._tell("device", f"device {self._next.device}: in {self._name}, not in the roster")
            self._next = self._advance()

    def _advance(self) -> _Row | None:
        for row in self._rows:
            if self._newest is None or row.device > self._newest:
                self._newest = row.device
                return row
            self._tell("device", f"device {row.device}: in {self._name} twice, or out of order")
        return None
