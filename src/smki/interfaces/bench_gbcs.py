"""How fast commands that replace trust anchors are made and verified, beside their cryptography.

A command is an Update Security Credentials by a supplier with three certificates: signed by the
supplier, wrapped in the access control broker's MAC, then admitted by a device, which reads it,
finds the authority, and checks counter, MAC and signature. The limit is the same signatures, key
agreements, derivations and MACs over octets that are there already, in between.
"""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from smki.crypto.gbcs_protection import (
    Purpose,
    derive_key,
    mac_holds,
    message_mac,
    public_point,
    raw_signature,
    signature_holds,
)
from smki.devices import DeviceState, NotAdmitted
from smki.devices.admitting import admit
from smki.devices.kinds import BROKER_KA, SUPPLIER_DS
from smki.messages import KeyUse
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.terms import Inconsistent, RemotePartyRole
from smki.wire.gbcs.frame import GbcsMessage, parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)

_TOGETHER: Final = 100  # commands between two looks at the limit: some 20 ms
_MODE: Final = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class GbcsFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: commands made and verified.
        processes: always one.
        seconds: for all of them.
        per_second: commands a second by that.
        limit_per_second: the same with their cryptography alone.
        ratio: of the two.
        made_per_second: commands a second, made.
        verified_per_second: commands a second, verified.
        octets: of a command.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    made_per_second: float
    verified_per_second: float
    octets: int
    peak_rss_mib: float


class _Pair:
    """A supplier and a device: what is made, verified, and computed barely."""

    def __init__(self) -> None:
        at = datetime.now(UTC)
        self._keys = ScalarKeys(os.urandom)
        self._catalogue = Catalogue(self._keys, Cast(self._keys, at, development()), at)
        example = self._catalogue.update(_MODE)
        self._device: DeviceState = example.device
        self._recipient = recipient_of(example.device)
        self.message: GbcsMessage = parse_message(example.sent.command)
        payload = read_payload(self.message)
        if not isinstance(payload, SecurityPayload) or not isinstance(
            payload.value, UpdateCredentialsCommand
        ):
            raise Inconsistent("benchmark: the example is no update of security credentials")
        self._command = payload.value
        self._supplier = self._catalogue.parties[RemotePartyRole.SUPPLIER]
        self._broker = self._catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
        self._counter = self._command.control.counter

    def make(self) -> bytes:
        """A command with the next counter."""
        self._counter += 1
        command = replace(
            self._command, control=replace(self._command.control, counter=self._counter)
        )
        return self._catalogue.senders.send(
            self._supplier.entity,
            self._supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            self._recipient,
            message_code=_MODE.message_code,
            counter=self._counter,
            value=command,
        ).command

    def verify(self, octets: bytes) -> None:
        """The device admits it.

        Raises:
            Inconsistent: it does not.
        """
        admitted = admit(self._device, octets, self._keys)
        if isinstance(admitted, NotAdmitted):
            raise Inconsistent(f"benchmark: not admitted, {admitted.message}")

    def bare_make(self) -> None:
        """The cryptography of making one."""
        message = self.message
        raw_signature(
            self._keys.sign(self._supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle, message.signed)
        )
        broker = self._broker.keys[KeyUse.KEY_AGREEMENT].handle
        key = self._key(self._keys.agree(broker, self._recipient.point))
        message_mac(key, message.header.originator, message.authenticated)

    def bare_verify(self) -> None:
        """The cryptography of verifying one."""
        message, anchors = self.message, self._device.anchors
        own = self._device.own[KeyUsageBits.KEY_AGREEMENT].handle
        key = self._key(self._keys.agree(own, anchors[BROKER_KA].point))
        mac_holds(key, message.header.originator, message.authenticated, message.mac)
        supplier = public_point(anchors[SUPPLIER_DS].point)
        signature_holds(supplier, message.signature, message.signed)

    def _key(self, secret: bytes) -> bytes:
        header = self.message.header
        return derive_key(
            secret,
            Purpose.COMMAND_MAC,
            originator=header.originator,
            counter=header.counter,
            recipient=header.recipient,
        )


def bench_gbcs(count: int, progress: Callable[[str, int, int], None]) -> GbcsFigures:
    """So many commands were made and verified.

    Raises:
        Inconsistent: a device did not admit what was made for it.
    """
    pair = _Pair()
    making = verifying = bare = 0.0
    done = 0
    while done < count:
        some = min(_TOGETHER, count - done)
        begin = time.perf_counter()
        made = [pair.make() for _ in range(some)]
        middle = time.perf_counter()
        for octets in made:
            pair.verify(octets)
        end = time.perf_counter()
        for _ in range(some):
            pair.bare_make()
            pair.bare_verify()
        bare += time.perf_counter() - end
        making, verifying = making + middle - begin, verifying + end - middle
        done += some
        progress("commands", done, count)
    seconds = making + verifying
    return GbcsFigures(
        count=count,
        processes=1,
        seconds=round(seconds, 3),
        per_second=round(count / seconds, 1),
        limit_per_second=round(count / bare, 1),
        ratio=round(bare / seconds, 3),
        made_per_second=round(count / making, 1),
        verified_per_second=round(count / verifying, 1),
        octets=len(pair.message.octets),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )
