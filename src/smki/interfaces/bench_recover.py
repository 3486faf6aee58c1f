"""How fast devices are recovered, beside the bare cryptography of it.

To recover a device is to lease it, to make its command, which is signed and kept before it is sent,
to verify its answer and judge it cell by cell, and to keep that with the evidence: by the carrier that
carries real campaigns, over its tables on disk. The limit is a signature over such commands and a
verification of such answers, which are there already, in between; these commands have no MAC.

The time inside the simulated devices, which verify what they are sent and sign what they answer, is
measured apart and not counted. Devices share keys with others of their kind, from a pool; what an
inventory knows of a device is at hand.
"""

import os
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from smki.adapters.helpers import rare_garbage_collection
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.campaigns import Carrier, Commanding, Target
from smki.crypto.gbcs_protection import public_point, raw_signature, signature_holds
from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.headend import HeadEnd, Recipient
from smki.messages import KeyUse
from smki.ports.campaigns import Became, CampaignState, Member
from smki.ports.links import FromDevice
from smki.profiles import development
from smki.recovery import CampaignPlan, Compromised, Fate, Identified, Materials, Method
from smki.recovery.replacing import ROOT_CELL
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast, Party, anchor_of, cells_of
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.simulator.sending import HandleKeys
from smki.terms import EUI64, Inconsistent, RemotePartyRole
from smki.wire.certificate import issued_point
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

Progress = Callable[[str, int, int], None]

MODES: Final = (
    CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY,
    CredentialsReplacementMode.ANY_BY_CONTINGENCY,
)
_REGION: Final = "all"
_POOL: Final = 16  # devices of each kind that have keys of their own; the others have theirs
_LOOK: Final = 20  # commands and answers in a look at the limit: some 2 ms
_EVERY: Final = 256  # devices between two looks, at the most ...
_LOOKS: Final = 50  # ... and so many looks at the least: one alone says little on a busy machine
_WARM: Final = 70  # canaries, of all kinds: forms, statements and caches are there after them
_NAME: Final = "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: devices recovered.
        processes: always one.
        mode: of the commands: 8 by the recovery key, 9 by the contingency key.
        seconds: for all of them, without the time inside devices.
        per_second: devices a second by that.
        limit_per_second: the same with their cryptography alone.
        ratio: of the two.
        device_seconds: inside the simulated devices.
        command_octets: of the longest command.
        kept_octets: on disk for each device when it is recovered, its evidence whole.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    mode: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    device_seconds: float
    command_octets: int
    kept_octets: int
    peak_rss_mib: float


class _Devices:
    """Devices as they are wanted, gone when they have answered; what is known of them; the line."""

    def __init__(self, keys: ScalarKeys, catalogue: Catalogue) -> None:
        self._keys = keys
        kinds = tuple(DeviceKind)
        self._pool = [catalogue.device(kind) for _ in range(_POOL) for kind in kinds]
        self._known = list(map(_target, self._pool))
        self._sent: list[tuple[EUI64, bytes]] = []
        self._said: deque[FromDevice] = deque()
        self.exchanged: deque[tuple[bytes, bytes, bytes]] = deque(maxlen=_LOOK)
        self.seconds = 0.0
        self.octets = 0

    def kind(self, device: EUI64) -> DeviceKind:
        """What the device is: kinds come in turn."""
        return self._pool[int(device) % len(self._pool)].kind

    def targets(self, devices: Sequence[EUI64]) -> dict[EUI64, Target]:
        """What the inventory knows of these."""
        found = {}
        for device in devices:
            known = self._known[int(device) % len(self._known)]
            like = known.recipient
            recipient = Recipient(device=device, kind=like.kind, point=like.point)
            found[device] = Target(recipient=recipient, cells=known.cells, signing=known.signing)
        return found

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        self._sent.append((device, message))

    def events(self, until: datetime) -> Iterator[FromDevice]:
        """What the devices answer that have a message."""
        del until  # everything happens at once
        begun = time.perf_counter()
        self._said.extend(self._answer(device, message) for device, message in self._sent)
        self._sent.clear()
        self.seconds += time.perf_counter() - begun
        while self._said:
            yield self._said.popleft()

    def _answer(self, device: EUI64, message: bytes) -> FromDevice:
        at, place = self.now, int(device) % len(self._pool)
        state: DeviceState = replace(self._pool[place], device=device)
        (said,) = process(state, message, at, self._keys).out
        self.octets = max(self.octets, len(message))
        self.exchanged.append((message, said, self._known[place].signing))
        return FromDevice(device=device, message=said, at=at)


def _target(state: DeviceState) -> Target:
    signing = state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate
    return Target(
        recipient=recipient_of(state),
        cells=KINDS[state.kind].cells,
        signing=issued_point(signing),
    )


@dataclass(slots=True)
class _Limit:
    """Looks at the bare cryptography, in between: of what went to and fro just now."""

    keys: HandleKeys
    devices: _Devices
    seconds: float = 0.0
    count: int = 0

    def look(self) -> None:
        """One look more."""
        some = [
            (parse_message(command).signed, point, parse_message(answer))
            for command, answer, point in self.devices.exchanged
        ]
        begun = time.perf_counter()
        for signed, point, answer in some:
            raw_signature(self.keys.sign(signed))
            signature_holds(public_point(point), answer.signature, answer.signed)
        self.seconds += time.perf_counter() - begun
        self.count += len(some)


class _Field:
    """Devices, whoever recovers them, and what is kept of it."""

    def __init__(
        self, estate: SqlEstate, mode: CredentialsReplacementMode, progress: Progress
    ) -> None:
        at = datetime.now(UTC)
        keys = ScalarKeys(os.urandom)
        catalogue = Catalogue(keys, Cast(keys, at - timedelta(days=1), development()), at)
        self.devices = _Devices(keys, catalogue)
        self._commanding, party = _commanding(keys, catalogue, mode)
        self.limit = _Limit(keys=party, devices=self.devices)
        self._campaigns, self._outbox = SqlCampaigns(estate.store), SqlHeadEnd(estate.store)
        self._progress = progress

    def recover(self, count: int) -> float:
        """Seconds that it took to recover so many, without those inside devices.

        Canaries come first, as in every campaign; the clock runs once they were looked at.

        Raises:
            Inconsistent: one was not recovered.
        """
        self._enlist(count)
        done, aside = 0, 0.0
        every = max(1, min(_EVERY, count // _LOOKS))

        def hear(became: Became) -> None:
            nonlocal done, aside
            done += became.fate is Fate.RECOVERED
            if done % every == 0:
                begun = time.perf_counter()
                self.limit.look()
                self._progress("recovering", done, count + _WARM)
                aside += time.perf_counter() - begun

        carrier = Carrier(
            self._campaigns,
            _NAME,
            "one",
            head_end=HeadEnd(self.devices, self._outbox, chance=lambda: 0.5),
            targets=self.devices.targets,
            commanding=self._commanding,
            tell=hear,
        )
        carrier.carry()
        self._campaigns.let(_NAME, CampaignState.RUNNING, 0)
        self.limit.seconds, self.limit.count, self.devices.seconds, aside = 0.0, 0, 0.0, 0.0
        for _ in range(_LOOKS):  # a machine is busy at one time, and not at another
            self.limit.look()
        begun = time.perf_counter()
        carrier.carry()
        seconds = time.perf_counter() - begun - aside - self.devices.seconds
        for _ in range(_LOOKS):
            self.limit.look()
        if done != count + _WARM:
            raise Inconsistent(
                f"benchmark: {done} of {count + _WARM} devices recovered, must be all"
            )
        return seconds

    def _enlist(self, count: int) -> None:
        plan = CampaignPlan(
            incident="benchmark",
            decision="benchmark",
            compromised=Compromised.CONTINGENCY_SYMMETRIC,
            method=Method.BY_CONTINGENCY,
            expires=self.devices.now + timedelta(days=30),
            waves=(1_000,),
            per_second={_REGION: 1_000_000},  # no network: the machine alone
        )
        self._campaigns.begin(_NAME, plan, self.devices.now)

        def members() -> Iterator[Member]:
            for number in range(count + _WARM):
                device = EUI64(number.to_bytes(8, "big"))
                if number % 10_000 == 0:
                    self._progress("enlisting", number, count + _WARM)
                kind = self.devices.kind(device).value
                wave = int(number >= _WARM)
                yield Member(device=device, kind=kind, make="m", region=_REGION, wave=wave)

        self._campaigns.enlist(_NAME, members())


def bench_recover(
    folder: Path, count: int, mode: CredentialsReplacementMode, progress: Progress
) -> RecoverFigures:
    """So many devices of all kinds were recovered, and what was kept of it is in `folder`.

    Raises:
        Inconsistent: one was not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "recovery.sqlite"
    with closing(SqlEstate(f"sqlite:///{file}")) as estate, rare_garbage_collection():
        field = _Field(estate, mode, progress)
        seconds = field.recover(count)
    rate, limit = count / seconds, field.limit.count / field.limit.seconds
    return RecoverFigures(
        count=count,
        processes=1,
        mode=int(mode),
        seconds=round(seconds, 3),
        per_second=round(rate, 1),
        limit_per_second=round(limit, 1),
        ratio=round(rate / limit, 3),
        device_seconds=round(field.devices.seconds, 3),
        command_octets=field.devices.octets,
        kept_octets=file.stat().st_size // (count + _WARM),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _commanding(
    keys: ScalarKeys, catalogue: Catalogue, mode: CredentialsReplacementMode
) -> tuple[Commanding, HandleKeys]:
    """New certificates of the same parties; by the contingency key under a new root."""
    cast, old, by_contingency = catalogue.cast, catalogue.cast.hierarchy, mode is MODES[1]
    if by_contingency:
        cast.hierarchy = cast.new_hierarchy()
    new = cast.hierarchy
    fresh = [
        Party(entity=party.entity, role=role, keys=cast.certified(party.entity, role, *party.keys))
        for role, party in catalogue.parties.items()
    ]
    cast.hierarchy = old
    certificates = cells_of(new, *fresh)
    recovery = catalogue.parties[RemotePartyRole.RECOVERY]
    signer = recovery.keys[KeyUse.DIGITAL_SIGNATURE].handle
    if by_contingency:
        signer = catalogue.contingency_handle
    else:
        del certificates[ROOT_CELL]
    broker = catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
    party = HandleKeys(keys=keys, signer=signer, broker=broker.keys[KeyUse.KEY_AGREEMENT].handle)
    commanding = Commanding(
        originator=catalogue.originator_of_contingency if by_contingency else recovery.entity,
        reader=broker.entity,
        keys=party,
        materials=Materials(
            mode=mode,
            certificates=certificates,
            path=(new.issuing.certificate,),
            symmetric_key=old.symmetric_key if by_contingency else None,
            floors={},
        ),
        placed={cell: _identified(certificate) for cell, certificate in certificates.items()},
    )
    return commanding, party


def _identified(certificate: bytes) -> Identified:
    held = anchor_of(certificate)
    return Identified(unique_id=held.unique_id, key_identifier=held.key_identifier)
