"""What the pages of the repository ask of the house, answered from the front office.

Reads only. Uses no CA key; who may look is `access`'s question, and the client certificate's.

Clause: sec-app-o:portal
"""

from collections.abc import Iterable, Sequence
from typing import Final

from smki.flows.access import PortalAccess
from smki.flows.office import FrontOffice
from smki.flows.services import who_asks
from smki.ports import CertificateQuery, Party
from smki.repository import prove
from smki.repository.presenting import (
    Item,
    Results,
    ShownList,
    present,
    search,
    shown_list,
    shown_lists,
)
from smki.steps import Requester
from smki.terms import Interface, SerialNumber

PAGE: Final = 25  # results: a screen or two, and quickly read out
LISTS: Final = 50  # revocation lists on a page


class RepositoryPortal:
    """Implements `interfaces.web.portal.service.PortalServices`. Safe for any number of threads."""

    def __init__(self, front: FrontOffice, access: PortalAccess) -> None:
        self._front = front
        self.log_in = access.log_in
        self.logged_in = access.logged_in
        self.change_password = access.change_password
        self.log_out = access.log_out

    @property
    def verifier_key(self) -> str:
        """The log's public key, as the pages give it."""
        return self._front.reader.verifier_key

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks; see `registration.authenticate`.

        Clause: sec-app-m:G
        """
        return who_asks(self._front, certificate, interface)

    def now(self) -> int:
        """The instant of the question, seconds since 1970."""
        return int(self._front.clock.now().timestamp())

    def counts(self) -> tuple[int, int]:
        """Number of certificates in the repository, and of entries in the record."""
        return self._front.index.count(), self._front.index.size()

    def parties(self) -> Sequence[Party]:
        """The parties, in the order of registration."""
        return self._front.registry.parties()

    def search(self, query: CertificateQuery, before: int | None) -> Results:
        """A page of what the query finds."""
        return search(self._front.index, query, limit=PAGE, before=before)

    def item(self, serial: SerialNumber) -> Item | None:
        """The certificate with this serial number, with its history; None if there is none."""
        front = self._front
        return present(front.index, front.reader, front.settings, serial, front.clock.now())

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """The proof file of these entries, as `smki repository prove` makes it."""
        return prove(self._front.reader, entries)

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """The newest revocation lists below the entry `before`, newest first."""
        front = self._front
        return shown_lists(front.index, front.reader, limit=LISTS, before=before)

    def revocation_list(self, entry: int) -> ShownList | None:
        """The revocation list that this entry holds; None if it holds none."""
        return shown_list(self._front.index, self._front.reader, entry)
