"""What the pages of the repository ask of the house, answered from the front office.

Uses no CA key; who may look is `access`'s question, and the client certificate's. Reads only, but
for a revocation that an officer asks for in signed words: it is handed to whoever holds the keys.

Clause: sec-app-o:portal
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from smki.flows.access import PortalAccess
from smki.flows.collecting import SIGN_DECISION, Collected, waiting_decisions
from smki.flows.configuring import (
    Configuration,
    configuration_at,
    configuration_of,
    configurations,
)
from smki.flows.displaying import (
    Change,
    ShownDecision,
    changes,
    in_force_at,
    shown_decision,
    shown_decisions,
)
from smki.flows.documents import History, directions, entries_of, history_of, titles
from smki.flows.identity_proofs import IdentityProofs
from smki.flows.lodged import LodgedEntry, committed_entries, lodged_entry
from smki.flows.message_keys import message_document
from smki.flows.office import FrontOffice
from smki.flows.party_access import PartyAccess
from smki.flows.recorded import Recorded
from smki.flows.register_services import RegisterServices
from smki.flows.revoking import revocation_requests, revocation_statement
from smki.flows.services import who_asks
from smki.flows.statements import Fields, said
from smki.policy.revocation import Circumstance
from smki.ports import CertificateQuery, Party
from smki.repository import Retrieved, prove, retrieve
from smki.repository.presenting import Event, Item, Results, present, search
from smki.repository.shown_lists import ShownList, lists_in_force, shown_list, shown_lists
from smki.steps import Requester
from smki.terms import Interface, SerialNumber

PAGE: Final = 25  # results: a screen or two, and quickly read out
HISTORIES: Final = 1_000  # of documents in memory, without their contents
LISTS: Final = 50  # revocation lists on a page
REVOKE: Final = "revoke-organisation"

CarryOut = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class _Histories:
    """Histories of documents as they were worked out, until there is more to them.

    Each version asks for the signatures of officers and of decisions: some milliseconds, for many
    documents on one page. Safe for any number of threads: at worst one is worked out twice.
    """

    def __init__(self, front: FrontOffice) -> None:
        self._front = front
        self._known: dict[str, tuple[object, History]] = {}

    def of(self, title: str) -> History:
        """Everything that the record says of this document."""
        rests_on = entries_of(self._front, title), tuple(self._front.registry.parties())
        known = self._known.get(title)
        if known is None or known[0] != rests_on:
            if len(self._known) >= HISTORIES:
                self._known.clear()
            known = self._known[title] = (rests_on, history_of(self._front, title))
        return known[1]


class RepositoryPortal:
    """Implements `interfaces.web.portal.service.PortalServices`. Safe for any number of threads."""

    def __init__(
        self,
        front: FrontOffice,
        access: PortalAccess,
        proofs: IdentityProofs,
        carry_out: CarryOut,
        register: RegisterServices,
    ) -> None:
        self._front = front
        self.complete = proofs.complete
        self._carry_out = carry_out
        self._histories = _Histories(front)
        self.access = PartyAccess(front)
        self.register = register
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

    def search(self, query: CertificateQuery, before: int | None, limit: int = PAGE) -> Results:
        """A page of what the query finds."""
        return search(self._front.index, query, limit=limit, before=before)

    def item(self, serial: SerialNumber) -> Item | None:
        """The certificate with this serial number, with its history; None if there is none."""
        front = self._front
        item = present(front.index, front.reader, front.settings, serial, front.clock.now())
        if item is None:
            return None
        events = (*item.history, *self._asked(serial))
        return replace(item, history=tuple(sorted(events, key=lambda event: event.at)))

    def certificate(self, serial: SerialNumber) -> Retrieved | None:
        """The certificate alone, without its history; None if there is none."""
        front = self._front
        return retrieve(front.index, front.reader, serial, front.clock.now())

    def _asked(self, serial: SerialNumber) -> Iterable[Event]:
        for one in revocation_requests(self._front, serial):
            under = f" under decision {one.decision}" if one.decision else ""
            yield Event(
                at=one.at.replace(microsecond=0),  # the list that followed says whole seconds
                text=f"revocation asked for by {one.officer.name}: {one.circumstance.value}{under}",
                entry=one.entry,
            )

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """The proof file of these entries, as `smki repository prove` makes it."""
        return prove(self._front.reader, entries)

    def entry(self, entry: int) -> LodgedEntry | None:
        """What that entry of the record holds; None if there is none."""
        return lodged_entry(self._front, entry)

    def commitments(self, before: int | None) -> Sequence[LodgedEntry]:
        """The newest entries below `before` that commit to confidential content, newest first."""
        return committed_entries(self._front, limit=PAGE, before=before)

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """The newest revocation lists below the entry `before`, newest first."""
        front = self._front
        return shown_lists(front.index, front.reader, limit=LISTS, before=before)

    def lists_in_force(self) -> Sequence[ShownList]:
        """The newest list of each authority."""
        return lists_in_force(self._front.index, self._front.reader)

    def revocation_list(self, entry: int) -> ShownList | None:
        """The revocation list that this entry holds; None if it holds none."""
        return shown_list(self._front.index, self._front.reader, entry)

    def documents(self, start: int) -> tuple[Sequence[History], int]:
        """The histories of a page of documents, from that place on, and how many there are."""
        names = titles(self._front)
        return [self._histories.of(name) for name in names[start : start + PAGE]], len(names)

    def document(self, title: str) -> History | None:
        """Everything that the record says of this document; None if nothing."""
        found = self._histories.of(title)
        return found if found.versions or found.breaches else None

    def directions(self) -> Sequence[tuple[Recorded, int | None]]:
        """The authority's directions to lodge, each with the entry that fulfilled it, if one did."""
        return tuple(directions(self._front))

    def decisions(self, before: int | None) -> Sequence[ShownDecision]:
        """The newest decisions below the entry `before`, newest first."""
        return shown_decisions(self._front, limit=PAGE, before=before)

    def decision(self, entry: int) -> ShownDecision:
        """The decision that this entry holds, believed or not."""
        return shown_decision(self._front, entry)

    def configurations(self, before: int | None) -> Sequence[Configuration]:
        """The newest configurations below the entry `before`, newest first."""
        below = [one for one in configurations(self._front) if before is None or one < before]
        return [configuration_at(self._front, one) for one in reversed(below[-PAGE:])]

    def configuration(self, entry: int) -> tuple[Configuration, Sequence[Change] | None] | None:
        """The configuration of that entry, and what it changed; None if it is none."""
        if entry not in configurations(self._front):
            return None
        found = configuration_at(self._front, entry)
        return found, changes(self._front, found)

    def in_force_at(self, at: datetime) -> int | None:
        """The entry of the configuration in force then; None if none was lodged yet."""
        return in_force_at(self._front, at)

    def issued_under(self, serial: SerialNumber) -> Configuration | None:
        """The configuration under which the certificate was issued; None if there was none."""
        row = self._front.index.by_serial(serial)
        return None if row is None else configuration_of(self._front, row)

    def message(self, octets: bytes) -> Mapping[str, object]:
        """What a message says, and what holds of it by the certificates in the repository.

        Clause: gbcs:7.2.7, gbcs:18.4
        """
        return message_document(self._front, octets)

    def revocation_statement(
        self, serial: SerialNumber, circumstance: Circumstance, decision: str
    ) -> Fields:
        """What an officer signs, as canonical JSON, to have the certificate revoked."""
        return revocation_statement(self._front, serial, circumstance, decision)

    def waiting(self, who: Requester) -> tuple[Collected, ...]:
        """The decisions that wait for a signature, of bodies whose officers are that party's."""
        return waiting_decisions(self._front, {identity for identity, _ in who.identities})

    async def sign_decision(self, file: bytes, signatures: tuple[bytes, ...]) -> Mapping[str, Any]:
        """The decision waits with these signatures, or is lodged: `id`, `entry`, `officers`, `missing`.

        Raises:
            Malformed: file or signature is not of its form.
            Refused: who signed is no officer of its body, or it could never permit anything.
            Unavailable: the authority is away.

        Clause: sec:L5.3
        """
        asked = {
            "decision": b64encode(file).decode(),
            "signatures": [b64encode(one).decode() for one in signatures],
        }
        return await self._carry_out(SIGN_DECISION, asked)

    async def revoke(self, asked: Fields, signature: bytes) -> Mapping[str, Any]:
        """The certificate is on the list: its `serial`, `crl_number`, and `entry` of the request.

        Raises:
            Malformed: the signature is not of its form.
            Refused: whoever signed may not ask for it, or not in this circumstance.
            Unavailable: the authority is away.

        Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
        """
        return await self._carry_out(REVOKE, {"asked": said(asked, signature)})
