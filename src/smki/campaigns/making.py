"""Commands of a campaign, many at a time: what they have alike is made once, the rest for each.

    once       for each kind of cells, the command as `headend` makes it for two devices that are
               alike in nothing: where the two differ is what is filled in, and a third one proves it
    for each   counter and device are filled in, signed all together, and wrapped in the access
               control broker's MAC if the use case asks for it
    answered   the payload that a device sends that replaced everything is alike too: what is in
               that form says so; everything else is read whole

Clause: gbcs:CS02b, gbcs:7.2.7
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smki.crypto.gbcs_protection import Purpose, derive_key, message_mac, raw_signature
from smki.devices.modes import MODES
from smki.devices.replacing import seq_number_changes
from smki.devices.use_cases import Shape, use_case_of
from smki.headend import PartyKeys, Recipient
from smki.recovery import Anchors, Identified, Materials, recovering
from smki.terms import EUI64, Inconsistent
from smki.wire.gbcs.forms import Form, Formed, Likeness, form_between
from smki.wire.gbcs.frame import (
    MAC_OCTETS,
    SIGNATURE_OCTETS,
    GbcsMessage,
    GroupingHeader,
    MessageCategory,
    grouped,
    signature_input,
    signed_group,
    with_mac,
    with_signature,
)
from smki.wire.gbcs.payloads import write_payload
from smki.wire.gbcs.trust_anchors import StatusCode, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    ExecutionOutcome,
    ReplacementOutcome,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

_SIGNED_AT_ONCE: Final = 256  # some 1.5 MB of commands: they stay in the processor's cache
_ID_OCTETS: Final = 8  # of a subject and of a key
_Cells = tuple[TrustAnchorCellIdentifier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What must be known of a device to command it.

    Attributes:
        recipient: the device as senders know it.
        cells: its trust anchor cells.
        signing: its public key for digital signatures, 65 octets: its answers are proven by it.
    """

    recipient: Recipient
    cells: _Cells
    signing: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanding:
    """By whose authority devices are commanded, and what is placed on them.

    Attributes:
        originator: entity identifier of the party that commands: recovery, contingency, or another.
        reader: entity identifier of the access control broker that devices know afterwards.
        keys: sign for the one, agree for the other.
        materials: what is placed.
        placed: by what each certificate of the materials is told.
    """

    originator: EUI64
    reader: EUI64
    keys: PartyKeys
    materials: Materials
    placed: Anchors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """What differs between commands of a form: different in every octet from other samples."""

    octet: int

    def octets(self, count: int) -> bytes:
        return bytes((self.octet,)) * count


_FIRST, _SECOND, _PROOF = (_Sample(octet=octet) for octet in (0x11, 0x22, 0x43))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    """Of commands to devices with the same cells, with counters of the same length.

    Attributes:
        cells: that the devices have.
        counter: octets of the counter.
        shape: what protects the command.
        signed: what a signature is over.
        message: the whole; what fills it is what fills `signed`, then the protection.
        success: of the payload of the answer if everything was replaced.
        counted: where in it the counter is.
    """

    cells: _Cells
    counter: int
    shape: Shape
    signed: Form
    message: Form
    success: Likeness
    counted: slice


class Commands:
    """Makes the commands of a campaign, and knows the answer that says that all went well.

    Args:
        by: by whose authority, and what is placed.
    """

    def __init__(self, by: Commanding) -> None:
        self._by = by
        self._code = by.materials.mode.message_code
        self._forms: dict[tuple[object, int], _Forms] = {}

    def command(self, target: Target, counter: int) -> UpdateCredentialsCommand:
        """What the command to the device says.

        Raises:
            Malformed: the device has none of the cells that are to be replaced.

        Clause: gbcs:CS02b
        """
        return recovering(self._by.materials, target.cells, counter)

    def signed(self, target: Target, counter: int) -> bytes:
        """What is signed of the command to the device; neither its point nor its key is looked at.

        Raises:
            Malformed: the device has none of the cells that are to be replaced.

        Clause: gbcs:7.2.7
        """
        form = self._of(target, counter)
        return form.signed.filled(_filling(form, target, counter))

    def make(self, targets: Sequence[Target], counters: Sequence[int]) -> tuple[Formed, ...]:
        """A command for each of these devices, with its counter, as whole messages.

        Raises:
            Malformed: a device has none of the cells that are to be replaced.
            Unavailable: a key is away.

        Clause: gbcs:CS02b, gbcs:7.2.7
        """
        pairs = list(zip(targets, counters, strict=True))
        return tuple(
            made
            for begin in range(0, len(pairs), _SIGNED_AT_ONCE)
            for made in self._some(pairs[begin : begin + _SIGNED_AT_ONCE])
        )

    def _some(self, pairs: Sequence[tuple[Target, int]]) -> Iterator[Formed]:
        forms = [self._of(target, counter) for target, counter in pairs]
        fillings = [_filling(one, *pair) for one, pair in zip(forms, pairs, strict=True)]
        signed = [one.signed.filled(each) for one, each in zip(forms, fillings, strict=True)]
        signatures = self._signatures(forms, signed)
        macs = self._macs(forms, pairs, signed, signatures)
        for one, filling, signature, mac in zip(forms, fillings, signatures, macs, strict=True):
            yield Formed(form=one.message, filling=filling + signature + mac)

    def succeeded(self, target: Target, counter: int, response: GbcsMessage) -> bool:
        """Whether the answer says, in the usual octets, that every cell holds what was to be placed.

        Where it does not, it may still say so in others: then it must be read.

        Clause: gbcs:CS02b
        """
        found = self._of(target, counter)
        counted = response.payload[found.counted] == counter.to_bytes(found.counter, "big")
        return counted and found.success.holds(response.payload)

    def _signatures(self, forms: Sequence[_Forms], signed: Sequence[bytes]) -> list[bytes]:
        """All of them signed in one call of the key."""
        if not all(one.shape in _SIGNED for one in forms):
            raise Inconsistent(
                f"campaign: commands of mode {int(self._by.materials.mode)} without a signature,"
                " must have one",
                clause="gbcs:7.2.7",
                rule="campaign.shape",
            )
        return list(map(raw_signature, self._by.keys.sign_all(signed)))

    def _macs(
        self,
        forms: Sequence[_Forms],
        pairs: Sequence[tuple[Target, int]],
        signed: Sequence[bytes],
        signatures: Sequence[bytes],
    ) -> list[bytes]:
        """Empty for a command that has none; all secrets agreed on in one call of the key."""
        macs = [b""] * len(forms)
        wrapped = [number for number, one in enumerate(forms) if one.shape is Shape.BOTH]
        points = [pairs[number][0].recipient.point for number in wrapped]
        secrets = self._by.keys.agree_all(points) if points else ()
        for number, secret in zip(wrapped, secrets, strict=True):
            target, counter = pairs[number]
            key = derive_key(
                secret,
                Purpose.COMMAND_MAC,
                originator=self._by.originator,
                counter=counter,
                recipient=target.recipient.device,
            )
            authenticated = with_signature(signed_group(signed[number]), signatures[number])
            macs[number] = message_mac(key, self._by.originator, authenticated)
        return macs

    def _of(self, target: Target, counter: int) -> _Forms:
        octets = counter.bit_length() // 8 + 1
        kind = target.recipient.kind
        found = self._forms.get((kind, octets))
        if found is None or found.cells != target.cells:
            found = self._forms[kind, octets] = self._derived(target, octets)
        return found

    def _derived(self, target: Target, octets: int) -> _Forms:
        """What the commands have alike, found from two and proven by a third.

        Raises:
            Inconsistent: the third is not of the form of the two.
        """
        first, second, proof = (
            self._sample(target, sample, octets) for sample in (_FIRST, _SECOND, _PROOF)
        )
        forms = tuple(map(form_between, first.parts, second.parts))
        signed, message, answer = forms
        gaps = (octets, _ID_OCTETS, octets)  # as they are filled: counter, device, counter
        told = signed.gaps == gaps == message.gaps[:-1] and answer.gaps[0] == octets
        proven = tuple(form.filled(_PROOF.octets(sum(form.gaps))) for form in forms)
        if not told or proven != proof.parts:
            raise Inconsistent(
                f"campaign: commands to {target.recipient.kind.value} are not of one form, must be",
                clause="gbcs:7.2.7",
                rule="gbcs.form",
            )
        return _Forms(
            cells=target.cells,
            counter=octets,
            shape=first.shape,
            signed=signed,
            message=message,
            success=Likeness(answer),
            counted=slice(len(answer.pieces[0]), len(answer.pieces[0]) + octets),
        )

    def _sample(self, target: Target, sample: _Sample, octets: int) -> "_Made":
        """A command and its answer, as they are made one by one."""
        counter = int.from_bytes(sample.octets(octets), "big")
        header = GroupingHeader(
            category=MessageCategory.COMMAND,
            counter=counter,
            originator=self._by.originator,
            recipient=EUI64(sample.octets(_ID_OCTETS)),
            message_code=self._code,
        )
        command = self.command(target, counter)
        group = grouped(header, write_payload(self._code, MessageCategory.COMMAND, command))
        use_case = use_case_of(self._code)
        if use_case is None:
            raise TypeError(f"message code {self._code:04X} is no command's")
        shape = use_case.shapes(target.recipient.kind, command)[0]
        message = with_signature(group, sample.octets(SIGNATURE_OCTETS))
        if shape is Shape.BOTH:
            message = with_mac(message, sample.octets(MAC_OCTETS))
        outcome = UpdateCredentialsResponse(outcome=self._success(command, sample))
        answer = write_payload(self._code, MessageCategory.RESPONSE, outcome)
        return _Made(shape=shape, parts=(signature_input(group), message, answer))

    def _success(self, command: UpdateCredentialsCommand, sample: _Sample) -> ExecutionOutcome:
        """What a device says that replaced everything; what it held before is its own."""
        before = sample.octets(_ID_OCTETS)
        return ExecutionOutcome(
            counter=command.control.counter,
            mode=command.control.mode,
            changes=seq_number_changes(command.control, MODES[command.control.mode]),
            outcomes=tuple(
                _replaced(one.cell, self._by.placed[one.cell], before)
                for one in command.replacements
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A sample.

    Attributes:
        shape: what protects the command.
        parts: what of the command is signed; the whole of it; the payload of the answer.
    """

    shape: Shape
    parts: tuple[bytes, bytes, bytes]


def _replaced(
    cell: TrustAnchorCellIdentifier, placed: Identified, before: bytes
) -> ReplacementOutcome:
    return ReplacementOutcome(
        cell=cell,
        status=StatusCode.SUCCESS,
        existing_unique_id=before,
        existing_key_identifier=before,
        replacing_unique_id=placed.unique_id,
        replacing_key_identifier=placed.key_identifier,
    )


def _filling(form: _Forms, target: Target, counter: int) -> bytes:
    """Of grouping header and payload: the counter stands in both."""
    octets = counter.to_bytes(form.counter, "big")
    return octets + target.recipient.device.octets + octets


_SIGNED: Final = (Shape.SIGNATURE, Shape.BOTH)
