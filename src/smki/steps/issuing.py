"""The steps of issuing a certificate, as values.

Numbered as in `docs/why/path-of-a-request.md` and `flows/issue.py`:
1 received, 2 authenticated (`Requester`), 3 examined, 4 decided (`Admitted` or `Refusal`),
5 prepared, 6 journalled, 7 signed (`Issued`), 8 lodged, 9 published, 10 served.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from smki.terms import (
    EUI64,
    CertificateKind,
    Finding,
    Inconsistent,
    Interface,
    RemotePartyRole,
    SerialNumber,
    SubscriberKind,
)
from smki.wire.requests import DeviceRequest, OrganisationRequest, SystemRequest


class Channel(Enum):
    """The way by which a request came in; the value is its code in the record's leaves."""

    CEREMONY = 0
    PORTAL = 1
    AD_HOC = 2
    BATCH = 3
    REGISTRATION = 4

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Step 2: who asks, as the authenticated certificate says. Made by `registration`.

    Attributes:
        party: the party's short lasting name in the register.
        name: its trading name.
        identities: its EUI-64 identifiers, each with the role it was registered for; a party
            without a role of the trust anchors (a manufacturer) has None there.
        interface: the one interface that the credential opens; None for the operator itself.
        credential: serial number of the credential.
        kinds: which rows of the eligibility table speak of it.

    Clause: sec-app-m:2
    """

    party: str
    name: str
    identities: tuple[tuple[EUI64, RemotePartyRole | None], ...]
    interface: Interface | None
    credential: SerialNumber | None
    kinds: frozenset[SubscriberKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Step 3: well formed, and its signature proves possession. Made by `registration`.

    Clause: sec-app-m:2.3.1.2
    """

    request: DeviceRequest | OrganisationRequest | SystemRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Step 4: the policy lets this requester have this certificate. Made by `registration`.

    Attributes:
        request: what is asked for.
        kind: the certificate to be issued.
        subscriber: the EUI-64 of the party that asked.
        channel: the way it came in.
        manufacturing: issued for manufacture rather than for replacement in the field.

    Clause: sec:L3.16
    """

    request: DeviceRequest | OrganisationRequest | SystemRequest
    kind: CertificateKind
    subscriber: EUI64
    channel: Channel
    manufacturing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Step 4, the other outcome: why not, with its clause. `finding.rule` chooses the code."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether live certificates may be issued at an instant. Made by `flows.gate` from the record.

    Attributes:
        at: the instant: what is prepared under it is of that time.
        determination: id of the panel's decision that the test criteria are met; empty: the gate is
            shut, and what is issued is for tests.
        entry: the entry of that decision; None if there is none.
        reason: why it is shut; empty if it is open.

    Clause: gbcs:12
    """

    at: datetime
    determination: str = ""
    entry: int | None = None
    reason: str = ""

    @property
    def live(self) -> bool:
        """True if it is open."""
        return bool(self.determination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Step 5: composed from its profile and linted. Made by `authority`.

    Attributes:
        admitted: the request behind it.
        serial: its serial number.
        tbs: DER of TBSCertificate.
        live: it was prepared while the gate was open.
    """

    admitted: Admitted
    serial: SerialNumber
    tbs: bytes
    live: bool = False


@dataclass(slots=True)
class _Once:
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journalled:
    """Step 6: intent and serials are durable. Made by `authority`; can be signed once.

    Attributes:
        journal: number of the journal's entry.
        prepared: what will be signed, in the order of the request.
    """

    journal: int
    prepared: tuple[Prepared, ...]
    _once: _Once = field(default_factory=_Once, repr=False, compare=False)

    def spend(self) -> tuple[Prepared, ...]:
        """What is to be signed, given out once.

        Raises:
            Inconsistent: it was spent before: signing twice is what the journal prevents.
        """
        if self._once.spent:
            raise Inconsistent(
                f"journal entry {self.journal} was spent before, each is signed once"
            )
        self._once.spent = True
        return self.prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Step 7: signed and read back. Made by `authority`.

    Attributes:
        prepared: what was signed.
        certificate: DER of the certificate.
    """

    prepared: Prepared
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodged:
    """Step 8: an entry of the record. Made by `repository`.

    Attributes:
        issued: the certificate.
        entry: its index in the log.
    """

    issued: Issued
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Step 9: under a signed checkpoint and in the index; may leave the house. By `repository`.

    Attributes:
        lodged: the entry.
        size: size of the tree whose checkpoint covers it.
    """

    lodged: Lodged
    size: int

    @property
    def certificate(self) -> bytes:
        """DER of the certificate."""
        return self.lodged.issued.certificate
