"""What the web services ask of the house, answered from the front office.

Uses no CA key: an ad hoc request is handed to whoever holds them (`ask_authority`).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, time

from smki.flows import batch as batches
from smki.flows.adhoc import transaction_id, unavailable
from smki.flows.apikeys import identify
from smki.flows.office import FrontOffice
from smki.policy import code_of
from smki.ports import Use
from smki.registration import authenticate
from smki.repository import Found, retrieve, search_devices, search_organisations
from smki.steps import Requester
from smki.steps.answers import (
    AdHocAnswer,
    BatchReceipt,
    BatchView,
    FormatError,
    ProofBundle,
)
from smki.terms import (
    CertificateKind,
    Interface,
    Malformed,
    Refused,
    RemotePartyRole,
    SerialNumber,
    Unavailable,
)
from smki.wire.xml import RepositoryEntry, SearchQuery

AskAuthority = Callable[[Requester, str], Awaitable[AdHocAnswer]]


def who_asks(front: FrontOffice, certificate: bytes, interface: Interface) -> Requester:
    """The party that this client certificate (DER) identifies, if it opens the interface now.

    Raises:
        Refused: it does not.

    Clause: sec-app-m:G
    """
    try:
        fields = front.describe(certificate)
    except Malformed as error:
        raise Refused(error.message, where=error.where, clause=error.clause) from error
    return authenticate(fields, interface, front.registry, front.clock.now())


class HouseServices:
    """Implements `interfaces.web.service.Services`. Safe for any number of threads."""

    def __init__(
        self,
        front: FrontOffice,
        ask_authority: AskAuthority,
        wake: Callable[[], None],
        describe_state: Callable[[], Mapping[str, object]],
        ad_hoc_interval: Callable[[time], float] = lambda _: 0.0,
    ) -> None:
        self._front = front
        self._ask_authority = ask_authority
        self._wake = wake
        self._describe_state = describe_state
        self._ad_hoc_interval = ad_hoc_interval
        self._last_ad_hoc: dict[str, datetime] = {}

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Who asks; see `registration.authenticate`.

        Clause: sec-app-m:G
        """
        return who_asks(self._front, certificate, interface)

    def format_error(self, requester: Requester, error: Malformed) -> FormatError:
        """Code, text and reference for a document of this requester that could not be read."""
        del requester  # the same for everybody
        return FormatError(
            transaction_id=self._reference(),
            code=code_of(error.rule, ad_hoc=True).code,
            text=str(error),
        )

    async def ad_hoc(self, requester: Requester, csr_text: str) -> AdHocAnswer:
        """The answer to one CSR.

        Clause: sec-app-m:2.4
        """
        wait = self._early(requester.party)
        if wait:
            code = code_of("rate.exceeded", ad_hoc=True)
            return AdHocAnswer(
                transaction_id=self._reference(),
                status=code.ad_hoc,
                code=code.code,
                text=f"sent {wait:.1f} s too early: a party may ask once in"
                f" {self._ad_hoc_interval(self._front.clock.now().time()):g} s."
                " sec-app-n:3.1.2",
            )
        try:
            return await self._ask_authority(requester, csr_text)
        except Unavailable as error:
            return unavailable(self._reference(), error)

    def _early(self, party: str) -> float:
        """Seconds by which the party asks too early; 0 if it may ask now, which then counts."""
        now = self._front.clock.now()
        interval = self._ad_hoc_interval(now.time())
        last = self._last_ad_hoc.get(party)
        since = interval if last is None else (now - last).total_seconds()
        if 0 <= since < interval:
            return interval - since
        self._last_ad_hoc[party] = now  # also if the clock was put back: nobody waits for it
        return 0.0

    def receive_batch(self, requester: Requester, parts: Iterable[bytes]) -> BatchReceipt:
        """The batch is durable; see `flows.batch.receive_batch`."""
        receipt = batches.receive_batch(self._front, requester, parts)
        self._wake()
        return receipt

    def batch_result(self, requester: Requester, number: int | None) -> BatchView:
        """State or result of a batch of this requester's party."""
        return batches.batch_result(self._front, requester, number)

    def batch_proof(self, requester: Requester, number: int | None) -> ProofBundle | None:
        """The proof of a finished batch of this requester's party."""
        return batches.batch_proof(self._front, requester, number)

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """What this thread asks inside gives up after that time; None if the index is far away."""
        return self._front.index.hurried(seconds)

    def search(self, apikey: str, query: SearchQuery) -> Sequence[RepositoryEntry]:
        """The certificates of that identity, oldest first.

        Clause: sec-app-o:web-service
        """
        identify(self._front, apikey)
        front = self._front
        search = search_devices if query.device else search_organisations
        return tuple(map(_entry, search(front.index, query.identity, front.clock.now())))

    def retrieve(self, apikey: str, serial: SerialNumber) -> tuple[RepositoryEntry, bytes] | None:
        """The certificate with that serial number and its DER.

        Clause: sec-app-o:web-service
        """
        identify(self._front, apikey)
        front = self._front
        retrieved = retrieve(front.index, front.reader, serial, front.clock.now())
        if retrieved is None or retrieved.found.identity is None:
            return None
        return _entry(retrieved.found), retrieved.certificate

    def answered(self, use: Use) -> None:
        """The request is noted, with the reference of its answer.

        Clause: sec-app-o:web-service
        """
        self._front.uses.note(use)

    def status(self) -> Mapping[str, object]:
        """The present state, ready for JSON."""
        return self._describe_state()

    def _reference(self) -> int:
        return transaction_id(self._front.clock.now(), self._front.entropy.octets(2))


def _entry(found: Found) -> RepositoryEntry:
    role = found.role
    if found.kind in _AUTHORITY_ROLES:
        role = _AUTHORITY_ROLES[found.kind]
    if found.identity is None:
        raise Malformed(f"certificate {found.serial}: its subject has no EUI-64")
    return RepositoryEntry(
        serial=found.serial,
        identity=found.identity,
        device=found.device,
        status=found.status,
        role=role,
        usage=found.usage,
        manufacturing=found.manufacturing,
    )


_AUTHORITY_ROLES = {
    CertificateKind.ROOT_OCA: RemotePartyRole.ROOT,
    CertificateKind.ISSUING_OCA: RemotePartyRole.ISSUING_AUTHORITY,
}
