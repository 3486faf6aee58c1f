"""A small recovery and all that it leaves behind: real octets, credentials of people, a library in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from tests.support.recovering import AT, CONTINGENCY, World, in_cells, new_world

from smki.crypto.gbcs_protection import raw_signature
from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.devices.faults import Fault
from smki.devices.rules import DeviceRules
from smki.governance import Body, Decision, DecisionKind, encode_decision
from smki.headend import commanded
from smki.messages import KeyUse
from smki.profiles import (
    AuthoritySubject,
    Draft,
    OfficerSubject,
    Subject,
    SystemSubject,
    assemble,
    compose,
    development,
    issuer_from_certificate,
)
from smki.recovery import Compromised, Fate, Materials, Method, cells_replaced, recovering
from smki.recovery.evidence import (
    Attack,
    DecisionKept,
    Defect,
    EvidenceKind,
    InCell,
    Item,
    Notes,
    Option,
    Options,
    Placed,
    Signed,
    Turn,
    Vouched,
    document,
    transcript,
)
from smki.recovery.evidence_bundles import exchanged, inspections, outcomes, rosters
from smki.recovery.evidence_rows import Exchange, Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.proving import checks, examine
from smki.recovery.proving_reading import HeldCeremony
from smki.recovery.replacing import READ_BACK_CODE, reading
from smki.recovery.report import Listed, Report, RunKind, in_order
from smki.recovery.report import Subject as About
from smki.simulator.cast import Party, cells_of
from smki.simulator.catalogue import recipient_of
from smki.simulator.sending import HandleKeys
from smki.terms import EUI64, CertificateKind, KeyUsage, Refused, RemotePartyRole, SerialNumber
from smki.wire import der
from smki.wire.gbcs.frame import grouped, parse_message, signature_input, with_signature
from smki.wire.gbcs.payloads import SecurityPayload, read_payload, write_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits, StatusCode, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    AuthorisingRemotePartyControl,
    CredentialsReplacementMode,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

NAME: Final = "first"
INCIDENT: Final = "INC-1"
SUPPLIER: Final = RemotePartyRole.SUPPLIER
K: Final = CertificateKind
POLICIES: Final = frozenset(der.oid(oid)[2:] for _, oid in development().policies)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A certificate of the infrastructure's own hierarchy, and its key."""

    certificate: bytes
    key: rsa.RSAPrivateKey

    def sign(self, octets: bytes) -> Signed:
        """A detached signature over the octets."""
        signer = x509.load_der_x509_certificate(self.certificate)
        builder = PKCS7SignatureBuilder().set_data(octets).add_signer(signer, self.key, SHA256())
        options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
        return Signed(certificate=self.certificate, signature=builder.sign(Encoding.DER, options))


class People:
    """Officers of the authority, and file signers of a maker and of who commands."""

    def __init__(self) -> None:
        self._serial = 1
        self.root = self._made(K.ROOT_ICA, AuthoritySubject(common_name="IKI Root"), None)
        self.issuing = self._made(
            K.ISSUING_ICA, AuthoritySubject(common_name="IKI Issuing"), self.root
        )
        self.chair = self._officer("The authority", "chair")
        self.secretary = self._officer("The authority", "secretary")
        self.maker = self._signer("First Meter Maker")
        self.commander = self._signer("The DCC")

    def _officer(self, organisation: str, name: str) -> Credential:
        subject = OfficerSubject(organisation=organisation, role_code="00", common_name=name)
        return self._made(K.IKI_OFFICER, subject, self.issuing)

    def _signer(self, organisation: str) -> Credential:
        subject = SystemSubject(organisation=organisation, role_code="02", common_name="files-1")
        return self._made(K.IKI_FILE_SIGNING, subject, self.issuing)

    def _made(
        self, kind: CertificateKind, subject: Subject, issuer: Credential | None
    ) -> Credential:
        key = rsa.generate_private_key(65537, 2048)
        self._serial += 1
        usage = (
            KeyUsage.CERTIFICATE_AND_CRL_SIGNING
            if kind.is_authority
            else KeyUsage.DIGITAL_SIGNATURE
        )
        tbs = compose(
            Draft(
                kind=kind,
                serial=SerialNumber((1 << 120) + self._serial),
                issuer=issuer_from_certificate(issuer.certificate) if issuer else None,
                subject=subject,
                usage=usage,
                public_key=key.public_key().public_bytes(
                    Encoding.DER, PublicFormat.SubjectPublicKeyInfo
                ),
                not_before=AT - timedelta(days=1),
                not_after=AT + timedelta(days=400),
            ),
            development(),
        )
        signature = (issuer.key if issuer else key).sign(tbs, padding.PKCS1v15(), SHA256())
        return Credential(certificate=assemble(tbs, signature, kind), key=key)


@lru_cache(1)
def people() -> People:
    """The same for a whole run: their keys take a second to make."""
    return People()


class Library:
    """Evidence in memory."""

    def __init__(self, items: Iterable[Item], ceremonies: Mapping[bytes, HeldCeremony]) -> None:
        self.items = {item.name: item for item in items}
        self.lodged: dict[int, bytes] = {}
        self._ceremonies = ceremonies

    def octets(self, listed: Listed) -> bytes:
        """As a record has it."""
        item = self.items.get(listed.name)
        if item is None:
            raise Refused(f"{listed.name}: not in the record, must be")
        if (item.digest, item.kind) != (listed.sha256, listed.kind):
            raise Refused(f"{listed.name}: has another digest, must be as listed")
        return item.octets

    def certificate(self, entry: int) -> bytes | None:
        """As a record has it."""
        return self.lodged.get(entry)

    def ceremony(self, octets: bytes) -> HeldCeremony:
        """Of the few that are known here."""
        found = self._ceremonies.get(octets)
        if found is None:
            raise Refused("transcript: does not replay")
        return found


@dataclass
class Story:
    """All values of a recovery, to be changed one at a time before they are written."""

    about: About
    decisions: list[DecisionKept] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    roster: list[RosterRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    exchanges: list[Exchanges] = field(default_factory=list)
    read_backs: list[Exchanges] = field(default_factory=list)
    updates: list[Exchanges] = field(default_factory=list)
    found: list[FoundRow] = field(default_factory=list)
    inspector: Credential = field(default_factory=lambda: people().maker)
    attack: Attack | None = None
    ceremonies: dict[bytes, HeldCeremony] = field(default_factory=dict)

    def shelved(self) -> tuple[Library, tuple[Listed, ...]]:
        """All evidence, and the list of it."""
        library = Library(self._items(), self.ceremonies)
        return library, in_order(
            [
                Listed(kind=item.kind, name=item.name, sha256=item.digest, entry=number)
                for number, item in enumerate(library.items.values(), 100)
            ]
        )

    def written(self) -> tuple[Library, Report]:
        """All evidence, and the report that is right for it."""
        library, listed = self.shelved()
        return library, self.reported(library, listed)

    def reported(self, library: Library, listed: tuple[Listed, ...]) -> Report:
        """The report that is right for this evidence."""
        found = examine(self.about, listed, library, frozenset())
        return Report(
            version="1.0",
            supersedes=None,
            at=AT + 90 * HOUR,
            subject=self.about,
            figures=found.figures,
            wall_seconds=12,
            checks=checks(found),
            defects=("D-1",),
            not_assured=("that the maker looked at a real device",),
            lessons=("look at hubs first",),
            residuals=(),
            evidence=listed,
        )

    def _items(self) -> Iterator[Item]:
        for number, octets in enumerate(self.ceremonies, 1):
            yield transcript(f"ceremony-{number}", octets)
        for number, decision in enumerate(self.decisions, 1):
            yield document(f"decision-{number}", decision)
        for number, one in enumerate(self.placed, 1):
            yield document(f"placed-{number}", one)
        yield document("options", _options())
        yield document("defect-1", _defect())
        lessons = ("look at hubs first", *("a long one " * 300,) * 10)  # too long for a leaf
        yield document("notes", Notes(deviations=(), lessons=lessons))
        if self.attack is not None:
            yield document("attack", self.attack)
        yield from rosters(self.roster)
        yield from outcomes(self.outcomes)
        yield from exchanged(EvidenceKind.EXCHANGES, self.exchanges)
        yield from exchanged(EvidenceKind.READ_BACKS, self.read_backs)
        yield from exchanged(EvidenceKind.UPDATES, self.updates)
        yield from inspections(
            self.found,
            recovery=NAME,
            by="engineers of the maker",
            at=AT + 80 * HOUR,
            sign=self.inspector.sign,
            authorities=(people().issuing.certificate,),
        )


def _options() -> Options:
    return Options(
        incident=INCIDENT,
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        at=AT,
        options=(
            Option(
                method=Method.BY_CONTINGENCY,
                chosen=True,
                commands=9,
                seconds=9,
                exposed="",
                why="x",
            ),
        ),
    )


def _defect() -> Defect:
    return Defect(
        ref="D-1",
        title="blocks are lost",
        severity="2",
        within_threshold=True,
        affected=("Third Hub Maker",),
        not_affected=("First Hub Maker",),
        owner="The DCC",
        cause="a counter of three bits",
        workaround="larger blocks",
        approved_by="PMA/3",
        state="worked around",
        failed=1,
        recovered=1,
    )


def decision(identifier: str, kind: DecisionKind, about: str, scope: str) -> Decision:
    """A decision of the authority, in force for ten days."""
    return Decision(
        id=identifier,
        body=Body.SMKI_PMA,
        kind=kind,
        object=about,
        scope=scope,
        not_before=AT - HOUR,
        expiry=AT + timedelta(days=10),
        conditions=(),
    )


def kept(one: Decision, *officers: Credential) -> DecisionKept:
    """The decision, signed by these."""
    octets = encode_decision(one)
    return DecisionKept(
        decision=octets,
        signatures=tuple(officer.sign(octets) for officer in officers),
        authorities=(people().issuing.certificate,),
    )


class Recovery:
    """Devices of each kind, recovered over a line that loses an answer and a device."""

    def __init__(self, mode: CredentialsReplacementMode) -> None:
        self.mode = mode
        self.world: World = new_world()
        old = self.world.cast.hierarchy
        self.before = cells_of(old, *self.world.catalogue.parties.values())
        self.materials: Materials = self.world.materials(mode)
        self.authorities = self._authorities()
        self.contingency = mode is CONTINGENCY
        self.originator = (
            self.world.catalogue.originator_of_contingency
            if self.contingency
            else self.world.catalogue.parties[RemotePartyRole.RECOVERY].entity
        )
        self.renewed = self._renewed()
        self._counter = 5_000
        self.states: dict[EUI64, DeviceState] = {}
        self.silent: dict[EUI64, DeviceState] = {}
        self.story = self._told()

    def _authorities(self) -> tuple[bytes, ...]:
        old = self.world.cast.hierarchy
        roots = (old.root, old.issuing, old.device_root, old.device_issuing)
        new = (self.materials.certificates.get(next(iter(self.before))), *self.materials.path)
        return tuple(
            dict.fromkeys((*(one.certificate for one in roots), *(one for one in new if one)))
        )

    def _renewed(self) -> dict[TrustAnchorCellIdentifier, bytes]:
        """The supplier's certificates for the ordinary update, under the new anchors."""
        world, cast = self.world, self.world.cast
        party = next(one for one in world.fresh if one.role is SUPPLIER)
        old = cast.hierarchy
        cast.hierarchy = world.newest or old
        again = Party(
            entity=party.entity,
            role=SUPPLIER,
            keys=cast.certified(party.entity, SUPPLIER, *party.keys),
        )
        cast.hierarchy = old
        cells = cells_of(old, again)
        return {cell: one for cell, one in cells.items() if cell.role is SUPPLIER}

    def _told(self) -> Story:
        story = Story(
            about=About(
                name=NAME,
                scenario="smki-53",
                kind=RunKind.INCIDENT,
                incident=INCIDENT,
                compromised=Compromised.CONTINGENCY_SYMMETRIC
                if self.contingency
                else Compromised.ISSUING_OCA,
                method=Method.BY_CONTINGENCY if self.contingency else Method.BY_RECOVERY,
                decision="PMA/1",
                key_decision="PMA/2",
                approach="3.9",
                commander="The DCC",
            )
        )
        who = people()
        key = "contingency" if self.contingency else "recovery"
        method = story.about.method.value
        story.decisions = [
            kept(
                decision("PMA/1", DecisionKind.RECOVER, INCIDENT, method), who.chair, who.secretary
            ),
            kept(
                decision("PMA/2", DecisionKind.USE_KEY, key, f"{INCIDENT}: recovery"),
                who.chair,
                who.secretary,
            ),
            kept(
                decision("PMA/3", DecisionKind.DIRECT_LODGING, "workaround", ""),
                who.chair,
                who.secretary,
            ),
        ]
        story.placed = [self._placed(), self._placed_later()]
        story.ceremonies = {
            b'{"roots":1}': HeldCeremony(
                script="roots",
                rehearsal=False,
                certificates=(*self.authorities[:4], who.root.certificate),
                policies=POLICIES,
            ),
            b'{"contingency":1}': HeldCeremony(
                script="contingency",
                rehearsal=False,
                certificates=self.authorities[4:5],
                policies=POLICIES,
            ),
        }
        for number, kind in enumerate(DeviceKind):
            self._recovered(story, kind, lost=number == 1)
        self._silent(story)
        self._partly(story)
        return story

    def _placed(self) -> Placed:
        certificates = self.materials.certificates
        return Placed(
            turn=Turn.COMMANDED,
            originators=(self.originator,),
            old=_in_cells(self.before),
            new=_in_cells(certificates),
            authorities=tuple(Vouched(certificate=one, entry=None) for one in self.authorities),
        )

    def _placed_later(self) -> Placed:
        return Placed(
            turn=Turn.UPDATED,
            originators=(self.world.catalogue.parties[SUPPLIER].entity,),
            old=_in_cells({cell: self.materials.certificates[cell] for cell in self.renewed}),
            new=_in_cells(self.renewed),
            authorities=(),
        )

    def _begun(self, story: Story, kind: DeviceKind) -> DeviceState:
        state = self.world.catalogue.device(kind)
        story.roster.append(
            RosterRow(
                device=state.device,
                kind=kind.value,
                make="First Maker",
                model="M1",
                region=("north", "south")[len(story.roster) % 2],
                before=MappingProxyType(in_cells(state)),
                certificate=state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate,
            )
        )
        return state

    def _command(self, state: DeviceState) -> bytes:
        self._counter += 1
        cells = cells_replaced(self.materials, KINDS[state.kind].cells)
        command = recovering(self.materials, cells, self._counter)
        return self.world.sent(state, command, self._counter)

    def _recovered(self, story: Story, kind: DeviceKind, *, lost: bool) -> None:
        """A device that obeys; if `lost` its answer was, and it is asked."""
        state = self._begun(story, kind)
        unheard = Exchange(turn=Turn.COMMANDED, at=AT, command=self._command(state), response=b"")
        command = self._command(state)
        done = process(state, command, AT, self.world.keys)
        (answer,) = done.out
        asked = self._asked(done.state)
        exchanges = (
            unheard,
            Exchange(
                turn=Turn.COMMANDED,
                at=AT + HOUR,
                command=command,
                response=b"" if lost else answer,
            ),
            *((replace(asked, at=AT + 2 * HOUR),) if lost else ()),
        )
        story.exchanges.append(Exchanges(device=state.device, exchanges=exchanges))
        story.read_backs.append(
            Exchanges(device=state.device, exchanges=(replace(asked, at=AT + 70 * HOUR),))
        )
        story.found.append(FoundRow(device=state.device, found=in_cells(done.state)))
        self.states[state.device] = done.state
        self._further(story, state, done.state)
        story.outcomes.append(
            OutcomeRow(device=state.device, wave=0, fate=Fate.RECOVERED, tries=2, why="")
        )

    def asked_before(self, device: EUI64) -> Exchange:
        """What the silent device would say to the broker that it knows."""
        broker = self.world.catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
        asked = self._asked(self.silent[device], broker.keys[KeyUse.KEY_AGREEMENT].handle)
        return replace(asked, at=AT + HOUR)

    def _asked(self, state: DeviceState, with_key: bytes = b"") -> Exchange:
        self._counter += 1
        broker = self.world.catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
        command = commanded(
            broker.entity,
            recipient_of(state),
            HandleKeys(keys=self.world.keys, signer=b"", broker=with_key or self.world.new_broker),
            message_code=READ_BACK_CODE,
            counter=self._counter,
            value=reading(cells_replaced(self.materials, KINDS[state.kind].cells)),
        ).command
        (said,) = process(state, command, AT, self.world.keys).out
        return Exchange(turn=Turn.READ_BACK, at=AT, command=command, response=said)

    def _further(self, story: Story, old: DeviceState, state: DeviceState) -> None:
        """One more update under the new anchors; and one by the old supplier's key, unanswered."""
        if not any(cell.role is SUPPLIER for cell in KINDS[state.kind].cells):
            return
        fresh = next(one for one in self.world.fresh if one.role is SUPPLIER)
        former = self.world.catalogue.parties[SUPPLIER]
        good = self._own(state, fresh, self.world.new_broker)
        broker = self.world.catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
        bad = self._own(old, former, broker.keys[KeyUse.KEY_AGREEMENT].handle)
        done = process(state, good, AT + 81 * HOUR, self.world.keys)
        (answer,) = done.out
        assert process(state, bad, AT + 82 * HOUR, self.world.keys).out == ()
        story.updates.append(
            Exchanges(
                device=state.device,
                exchanges=(
                    Exchange(turn=Turn.UPDATED, at=AT + 81 * HOUR, command=good, response=answer),
                    Exchange(turn=Turn.OUTDATED, at=AT + 82 * HOUR, command=bad, response=b""),
                ),
            )
        )

    def _own(self, state: DeviceState, party: Party, broker: bytes) -> bytes:
        self._counter += 1
        cells = [cell for cell in KINDS[state.kind].cells if cell in self.renewed]
        signing = TrustAnchorCellIdentifier(role=SUPPLIER, key_usage=KeyUsageBits.DIGITAL_SIGNATURE)
        mode = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
        command = UpdateCredentialsCommand(
            control=AuthorisingRemotePartyControl(
                mode=mode, authorising_cell=signing, counter=self._counter
            ),
            replacements=tuple(
                TrustAnchorReplacement(certificate=self.renewed[cell], cell=cell) for cell in cells
            ),
            path=self.materials.path,
        )
        return commanded(
            party.entity,
            recipient_of(state),
            HandleKeys(
                keys=self.world.keys,
                signer=party.keys[KeyUse.DIGITAL_SIGNATURE].handle,
                broker=broker,
            ),
            message_code=mode.message_code,
            counter=self._counter,
            value=command,
        ).command

    def _silent(self, story: Story) -> None:
        state = self._begun(story, DeviceKind.ESME)
        self.silent[state.device] = state
        unheard = Exchange(turn=Turn.COMMANDED, at=AT, command=self._command(state), response=b"")
        story.exchanges.append(Exchanges(device=state.device, exchanges=(unheard,)))
        story.outcomes.append(
            OutcomeRow(
                device=state.device, wave=1, fate=Fate.SILENT, tries=4, why="no answer in time"
            )
        )

    def _partly(self, story: Story) -> None:
        """A device that had no room for the last certificate, and one that had room for none."""
        for room, fate in ((True, Fate.PARTLY), (False, Fate.REFUSED)):
            state = self._begun(story, DeviceKind.ESME)
            command = self._command(state)
            rules = DeviceRules(faults=frozenset() if room else frozenset({Fault.ANCHOR_STORE}))
            (answer,) = process(state, command, AT, self.world.keys, rules).out
            if room:
                answer = self._with_a_failure(state, answer)
            one = Exchange(turn=Turn.COMMANDED, at=AT + HOUR, command=command, response=answer)
            story.exchanges.append(Exchanges(device=state.device, exchanges=(one,)))
            story.outcomes.append(
                OutcomeRow(device=state.device, wave=1, fate=fate, tries=1, why="no room")
            )

    def _with_a_failure(self, state: DeviceState, answer: bytes) -> bytes:
        """The same answer, but for the last cell, which the device says stayed as it was."""
        message = parse_message(answer)
        payload = read_payload(message)
        assert isinstance(payload, SecurityPayload)
        assert isinstance(payload.value, UpdateCredentialsResponse)
        outcome = payload.value.outcome
        assert outcome is not None
        *others, last = outcome.outcomes
        failed = replace(
            last,
            status=StatusCode.INSUFFICIENT_MEMORY,
            replacing_unique_id=last.existing_unique_id,
            replacing_key_identifier=last.existing_key_identifier,
        )
        said = replace(payload.value, outcome=replace(outcome, outcomes=(*others, failed)))
        header = message.header
        group = grouped(header, write_payload(header.message_code, header.category, said))
        handle = state.own[KeyUsageBits.DIGITAL_SIGNATURE].handle
        signature = self.world.keys.sign(handle, signature_input(group))
        return with_signature(group, raw_signature(signature))


def _in_cells(certificates: Mapping[TrustAnchorCellIdentifier, bytes]) -> tuple[InCell, ...]:
    return tuple(InCell(cell=cell, certificate=one) for cell, one in certificates.items())
