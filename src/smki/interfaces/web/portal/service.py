"""What the pages need of the house: a Protocol for each subject, and one of all of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from smki.flows.configuring import Configuration
from smki.flows.displaying import Change, ShownDecision
from smki.flows.documents import History
from smki.flows.lodged import LodgedEntry
from smki.flows.recorded import Recorded
from smki.flows.register_services import RegisterServices
from smki.flows.statements import Fields
from smki.interfaces.web.portal.access_service import AccessServices
from smki.interfaces.web.portal.signing import Signing
from smki.policy.revocation import Circumstance
from smki.ports import CertificateQuery, Party
from smki.repository import CompleteProof, Retrieved
from smki.repository.presenting import Item, Results
from smki.repository.shown_lists import ShownList
from smki.steps import LoggedIn, Requester
from smki.terms import EUI64, Interface, SerialNumber


class Proving(Protocol):
    """Entries and their proofs."""

    @property
    def verifier_key(self) -> str:
        """The log's public key, as a signed-note verifier key."""
        ...

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """The proof file of these entries."""
        ...


class Accounts(Protocol):
    """Who is let in."""

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks. Called for every request, as a connection outlives a revocation.

        Raises:
            Refused: the certificate (DER) does not open this interface.
        """
        ...

    def log_in(self, who: Requester, user: str, password: str) -> str:
        """The token of a new session.

        Raises:
            Refused: wrong user or password, or locked.
        """
        ...

    def logged_in(self, who: Requester, token: str, *, by_itself: bool = False) -> LoggedIn | None:
        """Whose session it is; None if it is none, over, or of another client certificate.

        Asked `by_itself`, by a page that is kept up, it counts as no use of the session.
        """
        ...

    def change_password(self, who: Requester, user: str, old: str, new: str) -> str:
        """The password is changed, earlier sessions are over; the token of a new one.

        Raises:
            Refused: the old one is wrong, or the new one not good enough.
        """
        ...

    def log_out(self, token: str) -> None:
        """The session is over."""
        ...


class Certificates(Proving, Protocol):
    """Search, and one certificate."""

    def now(self) -> int:
        """The instant of the question, seconds since 1970."""
        ...

    def counts(self) -> tuple[int, int]:
        """Number of certificates in the repository, and of entries in the record."""
        ...

    def parties(self) -> Sequence[Party]:
        """The parties, in the order of registration."""
        ...

    def search(self, query: CertificateQuery, before: int | None, limit: int = ...) -> Results:
        """A page of what the query finds below the entry `before`, newest first."""
        ...

    def item(self, serial: SerialNumber) -> Item | None:
        """The certificate with this serial number; None if there is none."""
        ...

    def certificate(self, serial: SerialNumber) -> Retrieved | None:
        """The certificate alone, without its history; None if there is none."""
        ...

    def issued_under(self, serial: SerialNumber) -> Configuration | None:
        """The configuration under which the certificate was issued; None if there was none."""
        ...


class Lists(Proving, Protocol):
    """Revocation lists."""

    def now(self) -> int:
        """The instant of the question, seconds since 1970."""
        ...

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """The newest revocation lists below the entry `before`, newest first."""
        ...

    def lists_in_force(self) -> Sequence[ShownList]:
        """The newest list of each authority."""
        ...

    def revocation_list(self, entry: int) -> ShownList | None:
        """The revocation list that this entry holds; None if it holds none."""
        ...


class Entries(Proving, Protocol):
    """Any entry of the record."""

    def entry(self, entry: int) -> LodgedEntry | None:
        """What that entry holds; None if the record is not so long."""
        ...

    def commitments(self, before: int | None) -> Sequence[LodgedEntry]:
        """The newest entries below `before` that commit to confidential content, newest first."""
        ...


class Documents(Entries, Protocol):
    """Documents and their versions."""

    def parties(self) -> Sequence[Party]:
        """The parties, in the order of registration."""
        ...

    def documents(self, start: int) -> tuple[Sequence[History], int]:
        """The histories of a page of documents, from that place on, and how many there are."""
        ...

    def document(self, title: str) -> History | None:
        """Everything that the record says of this document; None if nothing."""
        ...

    def directions(self) -> Sequence[tuple[Recorded, int | None]]:
        """The authority's directions to lodge, each with the entry that fulfilled it, if one did."""
        ...


class Decisions(Entries, Protocol):
    """Decisions of the bodies that decide."""

    def parties(self) -> Sequence[Party]:
        """The parties, in the order of registration."""
        ...

    def decisions(self, before: int | None) -> Sequence[ShownDecision]:
        """The newest decisions below the entry `before`, newest first."""
        ...

    def decision(self, entry: int) -> ShownDecision:
        """The decision that this entry holds, believed or not."""
        ...


class Configurations(Entries, Protocol):
    """What was issued under."""

    def configurations(self, before: int | None) -> Sequence[Configuration]:
        """The newest configurations below the entry `before`, newest first."""
        ...

    def configuration(self, entry: int) -> tuple[Configuration, Sequence[Change] | None] | None:
        """The configuration of that entry, and what it changed; None if it is none."""
        ...

    def in_force_at(self, at: datetime) -> int | None:
        """The entry of the configuration in force then; None if none was lodged yet."""
        ...


class Revocations(Protocol):
    """A revocation that an officer asks for."""

    def item(self, serial: SerialNumber) -> Item | None:
        """The certificate with this serial number; None if there is none."""
        ...

    def revocation_statement(
        self, serial: SerialNumber, circumstance: Circumstance, decision: str
    ) -> Fields:
        """What an officer signs, as canonical JSON, to have the certificate revoked."""
        ...

    async def revoke(self, asked: Fields, signature: bytes) -> Mapping[str, Any]:
        """The certificate is on the list: its `serial`, `crl_number`, and `entry` of the request.

        Raises:
            Malformed: the signature is not of its form.
            Refused: whoever signed may not ask for it, or not in this circumstance.
            Unavailable: the authority is away.
        """
        ...


class Identities(Proving, Protocol):
    """All that a device or organisation has."""

    def complete(self, identity: EUI64) -> CompleteProof:
        """The proof that these are all entries of the identity, be there some or none.

        Raises:
            Unavailable: no root of the verifiable index was lodged yet.
        """
        ...


class Messages(Protocol):
    """Messages that are pasted."""

    def message(self, octets: bytes) -> Mapping[str, object]:
        """What it says and what holds of it, as `messages.read_document`; for any octets."""
        ...


class PortalServices(
    Accounts,
    Certificates,
    Identities,
    Lists,
    Documents,
    Decisions,
    Configurations,
    Revocations,
    Signing,
    Messages,
    Protocol,
):
    """What can be asked. Every call may block, and is made in a thread; any number at once.

    What they raise is answered by a page with the status of its family.
    """

    @property
    def access(self) -> AccessServices:
        """A party's own access: keys, use, answers."""
        ...

    @property
    def register(self) -> RegisterServices:
        """The register of the policy authority, and who reads what of it."""
        ...
