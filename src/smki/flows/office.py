"""The office: everything a journey needs, put on one desk. A value; who makes it is `bootstrap`.

`FrontOffice` is what a process may have that must not use CA keys; `Office` adds the keys, the
preparer and the writing end of the record, and exists once for a state directory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from smki.authority import Hierarchy, JournalSeal, Preparer, SigningKeys
from smki.flows.chunks import ChunkUnderWay
from smki.flows.recorded import ReadDecisions
from smki.governance import Body, Holders
from smki.policy.access import AccessRules
from smki.ports import (
    Accounts,
    ApiKeys,
    CertificateIndex,
    Clock,
    Demand,
    Entropy,
    Record,
    RecordReader,
    Registry,
    SigningKey,
    Spool,
    UseNotes,
    Workbook,
)
from smki.ports.register import Register
from smki.ports.waiting import WaitingDecisions
from smki.profiles import ProfileSettings, RowFields
from smki.terms import EUI64, CertificateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontOffice:
    """What serving, searching and receiving need.

    Attributes:
        clock: the present instant.
        entropy: octets that nobody can guess.
        settings: the profiles of this environment.
        reader: the record, to read.
        index: answers about the record.
        workbook: batches and their outcomes.
        registry: parties, credentials, devices.
        accounts: users of the pages, and their sessions.
        apikeys: keys of the web service.
        demand: what was asked of the repository, how often, and what was forecast.
        proceedings: the register of the policy authority.
        uses: notes of what is being asked.
        spool: documents as received.
        describe: what the index needs of a certificate's DER.
        build: software build, as the services name it.
        approve: batches of registered parties are approved without a person.
        repeat: how long an ad hoc request that is sent again is answered with the certificate
            that it was issued.
        bodies: the EUI-64 of the parties whose officers sign for each body that decides.
        signatories: which of those officers preside, and which are secretary.
        development: the SMKI is configured as one made without custodians; what was lodged first
            has the last word (`configuring.is_development`).
        decisions: decisions of the record that were read before.
        waiting: decisions that lack a signature.
        access: what is configured of access to the repository.
    """

    clock: Clock
    entropy: Entropy
    settings: ProfileSettings
    reader: RecordReader
    index: CertificateIndex
    workbook: Workbook
    registry: Registry
    accounts: Accounts
    apikeys: ApiKeys
    demand: Demand
    proceedings: Register
    uses: UseNotes
    spool: Spool
    describe: Callable[[bytes], RowFields]
    waiting: WaitingDecisions
    build: str
    approve: bool = True
    repeat: timedelta = timedelta()
    bodies: Mapping[Body, frozenset[EUI64]] = field(default_factory=dict)
    signatories: Mapping[Body, Holders] = field(default_factory=dict)
    development: bool = True
    decisions: ReadDecisions = field(default_factory=ReadDecisions, repr=False, compare=False)
    access: AccessRules = field(default_factory=AccessRules)


@dataclass(slots=True)
class Desk:
    """Where the chunk of a batch lies that is being signed: journalled, and not lodged yet."""

    under_way: ChunkUnderWay | None = None

    @property
    def items(self) -> int:
        """How many items of a batch lie there."""
        return 0 if self.under_way is None else len(self.under_way.plan.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What issuing needs, on top of the front office.

    Attributes:
        front: the rest of the house.
        record: the writing end of the record.
        hierarchy: the authorities in force.
        preparer: composes and lints.
        keys: the issuing keys, by the kind of their authority's certificate.
        seal: marks the entries of the journal as our own.
        key_of: the key, in the house's stores, of the issuing authority of that kind with that
            certificate (DER); None if it is not there.
        desk: what is under way.
    """

    front: FrontOffice
    record: Record
    hierarchy: Hierarchy
    preparer: Preparer
    keys: SigningKeys
    seal: JournalSeal
    key_of: Callable[[CertificateKind, bytes], SigningKey | None]
    desk: Desk = field(default_factory=Desk)
