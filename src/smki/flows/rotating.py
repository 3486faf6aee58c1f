"""Rotation of device certificates, from the supplier's wish to the device that shows the new one.

    1 CS02c   the device makes a key pair and sends its certification request
    2 CSR     the ad hoc service issues the certificate that replaces the device's present one
    3 CS02d   the device is given the certificate, and uses the new key from then on
    4 CS02e   the device shows the certificate that it uses: the proof

Each step's result is durable before the next begins, so that a rotation that was cut off goes on
where it was, and is issued one certificate. What a device did whose answer was lost, it is asked:
by CS02e, before anything is done again. Devices go on beside each other; a device's own
certificates one after the other.

Clause: gbcs:CS02c, sec-app-m:2.4
"""

import base64
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final, TypeAlias

from smki.crypto.gbcs_protection import public_point, signature_holds
from smki.devices import DeviceKind
from smki.headend import (
    Alerted,
    Answered,
    Given,
    GivenUp,
    HeadEnd,
    Order,
    PartyKeys,
    Recipient,
    commanded,
)
from smki.headend.waiting import CommandKey
from smki.ports.rotations import RotationNote, Rotations
from smki.profiles.reading import public_key_octets
from smki.steps.answers import AdHocAnswer
from smki.terms import EUI64, AdHocStatus, KeyUsage, Malformed, Refused, SmkiError, Unavailable
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.device_credentials import KeyUsageCommand, UpdateDeviceCertificateCode
from smki.wire.gbcs.frame import GbcsMessage
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits

BEGINNINGS: Final = 2  # a device may have forgotten the key that waits: begun anew once
REQUESTS: Final = 3  # a device whose answer was lost obeys no repetition, but a new command
DELIVERIES: Final = 3  # of a certificate, while the device shows that it uses the old one

_DS: Final = KeyUsage.DIGITAL_SIGNATURE
_KA: Final = KeyUsage.KEY_AGREEMENT
_BITS: Final = {_DS: KeyUsageBits.DIGITAL_SIGNATURE, _KA: KeyUsageBits.KEY_AGREEMENT}
_Code = UpdateDeviceCertificateCode
_NO_LONGER_WAITS: Final = frozenset(
    {_Code.NO_CORRESPONDING_KEY_PAIR_GENERATED, _Code.WRONG_PUBLIC_KEY}
)


class Step(Enum):
    """A step of a rotation; the value is how people name it."""

    REQUESTED = "CS02c"
    CERTIFIED = "CSR"
    DELIVERED = "CS02d"
    SHOWN = "CS02e"


_MESSAGE_CODES: Final = {Step.REQUESTED: 0x000A, Step.DELIVERED: 0x000B, Step.SHOWN: 0x000C}


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationWish:
    """A device whose certificates are to be renewed.

    Attributes:
        device: its EUI-64.
        kind: of device.
        certificates: those in force (DER).
        originator: who commands: whose certificate the device's cell holds.
        keys: the originator's and the access control broker's.
        service: the answer of the ad hoc service to a certification request (bare base64).
        usages: which certificates, in this order; one that is there twice is renewed twice.
    """

    device: EUI64
    kind: DeviceKind
    certificates: Mapping[KeyUsage, bytes]
    originator: EUI64
    keys: PartyKeys
    service: Callable[[str], AdHocAnswer]
    usages: tuple[KeyUsage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A certificate (DER) that the device has shown to use, in the place of another."""

    device: EUI64
    usage: KeyUsage
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRotated:
    """A certificate that was not renewed; the rest of the device's is left alone.

    Attributes:
        device: whose.
        usage: of its key.
        step: that could not be done.
        error: why: `Refused` by the device or the service, or `Unavailable`.
        status: of the service's answer, if it is the service that refused.
    """

    device: EUI64
    usage: KeyUsage
    step: Step
    error: SmkiError
    status: AdHocStatus | None = None


Outcome: TypeAlias = Rotated | NotRotated
_Event: TypeAlias = Answered | GivenUp
_Steps: TypeAlias = Generator[Order | Outcome, _Event | None, None]
_Told: TypeAlias = Callable[[EUI64, KeyUsage, Step], object]


class Rotator:
    """Rotates certificates of many devices beside each other.

    Args:
        head_end: sends the commands.
        notes: keeps how far each has come.
        tell: is told each step that is done.
        together: devices that are under way at once.
    """

    def __init__(
        self,
        head_end: HeadEnd,
        notes: Rotations,
        *,
        tell: _Told = lambda *_: None,
        together: int = 64,
    ) -> None:
        self._head_end = head_end
        self._notes = notes
        self._tell = tell
        self._together = together
        self._under_way: dict[CommandKey, _Steps] = {}

    def rotate(self, wishes: Iterable[RotationWish]) -> Iterator[Outcome]:
        """What became of each certificate, as it becomes known.

        Raises:
            Unavailable: what happened cannot be kept.

        Clause: gbcs:CS02c, sec-app-m:2.4
        """
        coming = iter(wishes)
        yield from self._filled(coming)
        for event in self._head_end.events():
            if isinstance(event, Alerted):
                continue
            yield from self._turned(self._under_way.pop(event.key), event)
            yield from self._filled(coming)

    def _filled(self, coming: Iterator[RotationWish]) -> Iterator[Outcome]:
        """As many as may be are under way; one that needs no command at all ends at once."""
        while len(self._under_way) < self._together and (wishes := tuple(islice(coming, 1))):
            self._head_end.take_over((wishes[0].device,))
            device = _Device(wishes[0], self._notes, self._tell)
            yield from self._turned(device.steps(), None)

    def _turned(self, steps: _Steps, event: _Event | None) -> Iterator[Outcome]:
        """The device goes on with what happened, until its next command is sent."""
        try:
            while not isinstance(following := steps.send(event), Order):
                event = None
                yield following
        except StopIteration:
            return
        (key,) = self._head_end.command(following)
        self._under_way[key] = steps


class _Device:
    """The rotations of one device, in steps that wait for what becomes of their commands."""

    def __init__(self, wish: RotationWish, notes: Rotations, tell: _Told) -> None:
        self._wish = wish
        self._notes = notes
        self._tell = tell
        self._certificates = dict(wish.certificates)
        self._step = Step.REQUESTED
        self._status: AdHocStatus | None = None

    def steps(self) -> _Steps:
        """Orders, each waited for, and an outcome for each usage; ends with the first failure."""
        for usage in self._wish.usages:
            try:
                certificate = yield from self._rotated(usage)
            except SmkiError as error:
                yield NotRotated(
                    device=self._wish.device,
                    usage=usage,
                    step=self._step,
                    error=error,
                    status=self._status,
                )
                return
            self._certificates[usage] = certificate
            yield Rotated(device=self._wish.device, usage=usage, certificate=certificate)

    def _rotated(self, usage: KeyUsage) -> Generator[Order, _Event, bytes]:
        device = self._wish.device
        for _ in range(BEGINNINGS):
            note = self._notes.under_way(device, usage)
            if note is None:
                note = yield from self._requested(usage)
            certificate = note.certificate or self._certified(note)
            delivered = yield from self._delivered(usage, certificate)
            self._notes.finish(device, usage)
            if delivered:
                return certificate
        raise Refused(
            f"device {device}: no key waits for the certificate that was issued, one must;"
            " another asked the device for new keys meanwhile",
            clause="gbcs:CS02c",
            rule="rotation.key",
        )

    def _requested(self, usage: KeyUsage) -> Generator[Order, _Event, RotationNote]:
        """Step 1: the certification request of a key that the device made for it.

        If it did and its answer was lost, it is asked for another one.
        """
        value = KeyUsageCommand(key_usage=_BITS[usage])
        answer: object = Given.NO_ANSWER
        for _ in range(REQUESTS):
            answer = yield from self._asked(Step.REQUESTED, value, self._certificates[_KA])
            if answer is not Given.NO_ANSWER:
                break
        if isinstance(answer, Given):
            raise self._silent()
        if not isinstance(answer, bytes):
            raise self._refused(answer)
        note = RotationNote(device=self._wish.device, usage=usage, request=answer)
        self._notes.note(note)
        self._told(usage)
        return note

    def _certified(self, note: RotationNote) -> bytes:
        """Step 2: the certificate, from the ad hoc service.

        A request that is sent again is recognised by the service; one that was refused is
        forgotten, so that the next rotation begins with a new key.
        """
        self._step = Step.CERTIFIED
        answer = self._wish.service(base64.b64encode(note.request).decode())
        if answer.certificate is None:
            self._status = answer.status
            words = f"ad hoc service: {answer.status.value} {answer.code} {answer.text}"
            if answer.status is AdHocStatus.CA_ERROR:
                raise Unavailable(words, clause="sec-app-m:2.4", rule="rotation.service")
            self._notes.finish(note.device, note.usage)
            raise Refused(words, clause="sec-app-m:2.4", rule="rotation.service")
        self._notes.note(
            RotationNote(
                device=note.device,
                usage=note.usage,
                request=note.request,
                certificate=answer.certificate,
            )
        )
        self._told(note.usage)
        return answer.certificate

    def _delivered(self, usage: KeyUsage, certificate: bytes) -> Generator[Order, _Event, bool]:
        """Steps 3 and 4: the device shows the certificate; false if no key waits for it."""
        for _ in range(DELIVERIES):
            code = yield from self._asked(
                Step.DELIVERED, certificate, self._certificates[_KA], also=certificate
            )
            if code is _Code.SUCCESS:
                self._told(usage)
            shown = yield from self._shown(usage, certificate, sure=code is _Code.SUCCESS)
            if shown == certificate:
                self._told(usage)
                return True
            if code in _NO_LONGER_WAITS:
                return False
            if shown is None:
                raise self._silent()
            if not isinstance(code, Given):
                self._step = Step.DELIVERED
                raise self._refused(code)
        raise self._silent()

    def _shown(
        self, usage: KeyUsage, certificate: bytes, *, sure: bool
    ) -> Generator[Order, _Event, bytes | None]:
        """The certificate that the device says it uses; None if it says nothing.

        Which key agreement key it uses now is not known if its answer to the new one was lost: it
        is asked by the new one, then by the old.
        """
        old = self._certificates[_KA]
        agreements = (old,) if usage is _DS else (certificate,) if sure else (certificate, old)
        for agreement in agreements:
            value = KeyUsageCommand(key_usage=_BITS[usage])
            answer = yield from self._asked(Step.SHOWN, value, agreement, also=certificate)
            if isinstance(answer, bytes):
                return answer
            if not isinstance(answer, Given):
                raise self._refused(answer)
        return None

    def _asked(
        self, step: Step, value: object, agreement: bytes, also: bytes = b""
    ) -> Generator[Order, _Event, object]:
        """What the device answers, or why it was given up.

        The answer is the device's if it is signed by the key in force, or by that of `also`.
        """
        self._step = step
        wish, code = self._wish, _MESSAGE_CODES[step]
        recipient = Recipient(device=wish.device, kind=wish.kind, point=_point(agreement))
        signing = {_point(each) for each in (self._certificates[_DS], also) if each}

        def make(counters: range) -> tuple[bytes]:
            sent = commanded(
                wish.originator,
                recipient,
                wish.keys,
                message_code=code,
                counter=counters[0],
                value=value,
            )
            return (sent.command,)

        def holds(_: CommandKey, response: GbcsMessage) -> bool:
            return _value(response) is not None and any(
                signature_holds(public_point(point), response.signature, response.signed)
                for point in signing
            )

        event = yield Order(
            originator=wish.originator,
            devices=(wish.device,),
            message_code=code,
            make=make,
            holds=holds,
        )
        return event.why if isinstance(event, GivenUp) else _value(event.response)

    def _told(self, usage: KeyUsage) -> None:
        self._tell(self._wish.device, usage, self._step)

    def _silent(self) -> Unavailable:
        return Unavailable(
            f"device {self._wish.device}: does not answer {self._step.value}, try again: it goes on"
            " where it was",
            clause="gbcs:CS02c",
            rule="rotation.silent",
        )

    def _refused(self, code: object) -> Refused:
        name = code.name.lower() if isinstance(code, Enum) else str(code)
        return Refused(
            f"device {self._wish.device}: answers {self._step.value} with {name}, must be success",
            clause="gbcs:CS02c",
            rule="rotation.device",
        )


def _value(response: GbcsMessage) -> object:
    """What a response says; None if it cannot be read, or has no signature."""
    try:
        payload = read_payload(response)
    except Malformed:
        return None
    return payload.value if isinstance(payload, SecurityPayload) and response.signature else None


def _point(certificate: bytes) -> bytes:
    """The public key of a certificate (DER), 65 octets."""
    return public_key_octets(parse_certificate(certificate).tbs)
