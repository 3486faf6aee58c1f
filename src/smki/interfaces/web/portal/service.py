"""What the pages need of the house, as one Protocol."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from smki.ports import CertificateQuery, Party
from smki.repository.presenting import Item, Results, ShownList
from smki.steps import Requester
from smki.terms import Interface, SerialNumber


class PortalServices(Protocol):
    """What can be asked. Every call may block, and is made in a thread; any number at once.

    What they raise is answered by a page with the status of its family.
    """

    @property
    def verifier_key(self) -> str:
        """The log's public key, as a signed-note verifier key."""
        ...

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks. Called for every request, as a connection outlives a revocation.

        Raises:
            Refused: the certificate (DER) does not open this interface.
        """
        ...

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

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """The proof file of these entries."""
        ...

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """The newest revocation lists below the entry `before`, newest first."""
        ...

    def revocation_list(self, entry: int) -> ShownList | None:
        """The revocation list that this entry holds; None if it holds none."""
        ...
