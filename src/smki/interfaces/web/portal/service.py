"""What the pages need of the house: a Protocol for each subject, and one of all of them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from smki.ports import CertificateQuery, Party
from smki.repository.presenting import Item, Results, ShownList
from smki.steps import LoggedIn, Requester
from smki.terms import Interface, SerialNumber


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

    def logged_in(self, who: Requester, token: str) -> LoggedIn | None:
        """Whose session it is; None if it is none, over, or of another client certificate."""
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

    def search(self, query: CertificateQuery, before: int | None) -> Results:
        """A page of what the query finds below the entry `before`, newest first."""
        ...

    def item(self, serial: SerialNumber) -> Item | None:
        """The certificate with this serial number; None if there is none."""
        ...


class Lists(Protocol):
    """Revocation lists."""

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """The newest revocation lists below the entry `before`, newest first."""
        ...

    def revocation_list(self, entry: int) -> ShownList | None:
        """The revocation list that this entry holds; None if it holds none."""
        ...


class PortalServices(Accounts, Certificates, Lists, Protocol):
    """What can be asked. Every call may block, and is made in a thread; any number at once.

    What they raise is answered by a page with the status of its family.
    """
