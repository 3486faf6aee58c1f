"""What a recovery leaves behind, so that people who were not there can see what happened.

    transcript     of a ceremony, as it was signed                    octets of its file
    decision       a decision with its signatures                     JSON, `DecisionKept`
    options        what the authority chose between                   JSON, `Options`
    placed         certificates that cells held, and what came        JSON, `Placed`
    defect         what did not work, why, and what was done          JSON, `Defect`
    attack         what somebody with the stolen key did              JSON, `Attack`
    notes          deviations and lessons                             JSON, `Notes`
    roster         devices, as they were before                       bundle, `RosterRow`
    outcomes       what became of each device                         bundle, `OutcomeRow`
    exchanges      commands and responses of the recovery             bundle, `Exchanges`
    read-backs     what devices said when they were asked             bundle, `Exchanges`
    updates        the further update, and the one under old anchors  bundle, `Exchanges`
    inspections    what somebody else found in the cells              bundle, `Inspection`

Bundles are in `evidence_bundles`, their rows in `evidence_rows`; JSON is canonical
(`evidence_fields`). Each item is an entry of the record, of the type TRANSCRIPT, framed:
{"kind": "recovery-<kind>", "name"} before its octets.
Nothing here believes anything: `proving` does.

Clause: sec:L10
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeAlias

from smki.recovery.evidence_fields import encode_value, malformed, parse_value
from smki.recovery.procedures import Compromised, Method
from smki.terms import EUI64
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier

DOCUMENT_MAX: Final = 4 * 1024 * 1024  # octets of an item in JSON
TRANSCRIPT_MAX: Final = 512 * 1024  # as ceremonies have it
LEAF_KIND: Final = "recovery-"  # before the kind, in the frame of the entry


class EvidenceKind(Enum):
    """The kinds of evidence; the value is its lasting name."""

    TRANSCRIPT = "transcript"
    DECISION = "decision"
    OPTIONS = "options"
    PLACED = "placed"
    DEFECT = "defect"
    ATTACK = "attack"
    NOTES = "notes"
    ROSTER = "roster"
    OUTCOMES = "outcomes"
    EXCHANGES = "exchanges"
    READ_BACKS = "read-backs"
    UPDATES = "updates"
    INSPECTIONS = "inspections"


class Turn(Enum):
    """What a command was for; in bundles it is told by its place here, from 0.

    A recovery command; a question what cells hold; a device handed back to its subscriber; the
    ordinary update under the new anchors; a command under the old ones, that nobody must obey.
    """

    COMMANDED = "commanded"
    READ_BACK = "read-back"
    HANDED_BACK = "handed-back"
    UPDATED = "updated"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A piece of evidence.

    Attributes:
        kind: what it is.
        name: its own among those of its kind.
        octets: all of it.
    """

    kind: EvidenceKind
    name: str
    octets: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the octets, 64 hexadecimal digits."""
        return sha256(self.octets).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature over something.

    Attributes:
        certificate: of the signer, DER.
        signature: detached CMS, DER.
    """

    certificate: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionKept:
    """A decision, with what believes it.

    Attributes:
        decision: octets of its file.
        signatures: of officers.
        authorities: certificates (DER) between the signers' and their root, and the root's.
    """

    decision: bytes
    signatures: tuple[Signed, ...]
    authorities: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the methods that the authority could choose.

    Attributes:
        method: which.
        chosen: whether it was.
        commands: that it would take.
        seconds: that it would take.
        exposed: what whoever has the stolen key can do meanwhile.
        why: it was chosen, or not.
    """

    method: Method
    chosen: bool
    commands: int
    seconds: int
    exposed: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the authority chose between.

    Attributes:
        incident: ref of the incident.
        compromised: which key was lost.
        at: when it chose.
        options: not to use the key among them.
    """

    incident: str
    compromised: Compromised
    at: datetime
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InCell:
    """A certificate (DER) for a cell."""

    cell: TrustAnchorCellIdentifier
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The certificate (DER) of an authority, and its entry in the record.

    Attributes:
        certificate: of a root or an issuing authority.
        entry: where the record has it; None if a transcript made it, or its issuer vouches for it.
    """

    certificate: bytes
    entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What commands of one turn put into cells, and what was there before.

    Where several certificates are for one cell, each device has that of the party it had.

    Attributes:
        turn: which commands.
        originators: entity identifiers of those who command.
        old: what cells held before, all parties' of all devices.
        new: what was placed.
        authorities: roots and issuing authorities, of organisations and devices, old and new.
    """

    turn: Turn
    originators: tuple[EUI64, ...]
    old: tuple[InCell, ...]
    new: tuple[InCell, ...]
    authorities: tuple[Vouched, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What did not work.

    Attributes:
        ref: of the defect.
        title: in a sentence.
        severity: as the test programme names it.
        within_threshold: whether the scenario may pass with it open.
        affected: makes and models, with versions and regions.
        not_affected: the same of those that were looked at and have it not.
        owner: role or organisation.
        cause: the root cause analysis.
        workaround: what was done.
        approved_by: the decision that approved the workaround; empty if none was needed.
        state: open, worked around, closed.
        failed: devices of the first run that failed by it.
        recovered: of those, devices that the second run recovered.
    """

    ref: str
    title: str
    severity: str
    within_threshold: bool
    affected: tuple[str, ...]
    not_affected: tuple[str, ...]
    owner: str
    cause: str
    workaround: str
    approved_by: str
    state: str
    failed: int
    recovered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What somebody with the stolen key tried, and what came of it.

    Attributes:
        what: in words.
        sent: so many messages.
        obeyed: by so many devices.
        undone: of these, devices where the recovery undid it.
    """

    what: str
    sent: int
    obeyed: int
    undone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What somebody with the stolen key did.

    Attributes:
        compromised: which key they had.
        planted: certificates of theirs, DER; none may be in any cell at the end.
        tried: what they did.
    """

    compromised: Compromised
    planted: tuple[bytes, ...]
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What was not as planned, and what was learnt."""

    deviations: tuple[str, ...]
    lessons: tuple[str, ...]


Document: TypeAlias = DecisionKept | Options | Placed | Defect | Attack | Notes

DOCUMENTS: Final[Mapping[EvidenceKind, type[Document]]] = MappingProxyType(
    {
        EvidenceKind.DECISION: DecisionKept,
        EvidenceKind.OPTIONS: Options,
        EvidenceKind.PLACED: Placed,
        EvidenceKind.DEFECT: Defect,
        EvidenceKind.ATTACK: Attack,
        EvidenceKind.NOTES: Notes,
    }
)
_KINDS: Final = {of: kind for kind, of in DOCUMENTS.items()}


def document(name: str, value: Document) -> Item:
    """The item that holds the value."""
    return Item(kind=_KINDS[type(value)], name=name, octets=encode_value(value))


def transcript(name: str, octets: bytes) -> Item:
    """The item that holds a ceremony's transcript, as it is."""
    return Item(kind=EvidenceKind.TRANSCRIPT, name=name, octets=octets)


def parse_document(kind: EvidenceKind, octets: bytes) -> Document:
    """The value of a kind that is kept in JSON.

    Raises:
        Malformed: not its form, or a kind that is not kept so.

    Clause: sec:L10
    """
    of = DOCUMENTS.get(kind)
    if of is None:
        raise malformed(kind.value, "not kept in JSON")
    return parse_value(of, octets, kind.value, DOCUMENT_MAX)
