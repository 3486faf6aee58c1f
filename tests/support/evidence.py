"""A small recovery and all that it leaves behind, in real octets."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tests.support.evidence_people import people
from tests.support.evidence_story import HOUR, INCIDENT, NAME, Story, decision, kept
from tests.support.recovering import AT, CONTINGENCY, World, in_cells, new_world

from smki.crypto.gbcs_protection import raw_signature
from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.devices.faults import Fault
from smki.devices.rules import DeviceRules
from smki.governance import DecisionKind
from smki.headend import commanded
from smki.messages import KeyUse
from smki.profiles import (
    development,
)
from smki.recovery import Compromised, Fate, Materials, Method, cells_replaced, recovering
from smki.recovery.evidence import (
    InCell,
    Placed,
    Turn,
    Vouched,
)
from smki.recovery.evidence_rows import Exchange, Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.proving_reading import HeldCeremony
from smki.recovery.replacing import READ_BACK_CODE, reading
from smki.recovery.report import RunKind
from smki.recovery.report import Subject as About
from smki.simulator.cast import Party, cells_of
from smki.simulator.catalogue import recipient_of
from smki.simulator.sending import HandleKeys
from smki.terms import EUI64, RemotePartyRole
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

SUPPLIER: Final = RemotePartyRole.SUPPLIER
POLICIES: Final = frozenset(der.oid(oid)[2:] for _, oid in development().policies)


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
