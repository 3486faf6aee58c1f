"""How fast devices are recovered, beside the bare cryptography of it.

A recovery is a contingency command made for a device, signed, kept before it is sent, its answer
verified and judged cell by cell, and kept as evidence. The limit is a signature and a verification over
octets that are there already, in between. There is no MAC in these commands. The time inside the
devices, which are real ones, each with keys of its own, is measured apart and not counted.
"""

import os
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.sql.store import Store
from smki.campaigns import Carrier, Commanding, Target
from smki.crypto.gbcs_protection import public_point, raw_signature, signature_holds
from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.headend import HeadEnd
from smki.ports.campaigns import Became, CampaignState, Member
from smki.ports.links import FromDevice
from smki.profiles import development
from smki.recovery import CampaignPlan, Compromised, Fate, Identified, Materials, Method
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast, Party, anchor_of, cells_of
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.simulator.keys import ECDSA_SHA256, loaded
from smki.terms import EUI64, Inconsistent, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_NAME: Final = "benchmark"
_LOOK: Final = 20  # signatures and verifications in a look at the limit: some 2 ms
_EVERY: Final = 256  # devices between two looks
_REGION: Final = "all"
_MODE: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: devices recovered.
        processes: always one.
        seconds: for all of them, without the time inside devices.
        per_second: devices a second by that.
        limit_per_second: the same with their cryptography alone.
        ratio: of the two.
        device_seconds: inside the simulated devices, and making them.
        octets: of a command, the longest.
        evidence_octets: kept for each device, tables and indexes and all.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    device_seconds: float
    octets: int
    evidence_octets: int
    peak_rss_mib: float


class _Devices:
    """Real devices, made when they are wanted and gone when they have answered; a line to them."""

    def __init__(self, keys: ScalarKeys, catalogue: Catalogue) -> None:
        self._keys = keys
        self._catalogue = catalogue
        self._kinds = tuple(DeviceKind)
        self._states: dict[EUI64, DeviceState] = {}
        self._waiting: deque[tuple[EUI64, bytes]] = deque()
        self.seconds = 0.0
        self.octets = 0

    def kind(self, device: EUI64) -> DeviceKind:
        """What the device is: kinds come in turn."""
        return self._kinds[int(device) % len(self._kinds)]

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def targets(self, devices: Sequence[EUI64]) -> dict[EUI64, Target]:
        """What the inventory knows of these; each is made now."""
        begun = time.perf_counter()
        found = {device: self._target(device) for device in devices}
        self.seconds += time.perf_counter() - begun
        return found

    def _target(self, device: EUI64) -> Target:
        kind = self.kind(device)
        state = self._catalogue.device(kind)
        if state.device != device:
            raise Inconsistent(f"benchmark: device {device} is wanted, {state.device} is the next")
        self._states[device] = state
        signing = state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate
        return Target(
            recipient=recipient_of(state),
            cells=KINDS[kind].cells,
            signing=parse_certificate(signing).tbs.public_key[-65:],
        )

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        self._waiting.append((device, message))

    def events(self, until: datetime) -> Iterator[FromDevice]:
        """What devices answer, each when it is asked for."""
        del until  # everything happens at once
        while self._waiting:
            device, message = self._waiting.popleft()
            begun = time.perf_counter()
            at = self.now
            done = process(self._states.pop(device), message, at, self._keys)
            self.octets = max(self.octets, len(message))
            self.seconds += time.perf_counter() - begun
            for said in done.out:
                yield FromDevice(device=device, message=said, at=at)


class _Contingency:
    """`headend.PartyKeys` of the contingency key, loaded; and its bare cryptography."""

    def __init__(self, keys: ScalarKeys, handle: bytes) -> None:
        self._key = loaded(handle)
        self._point = keys.point(handle)
        self._signed = os.urandom(4_096)
        self._signature = raw_signature(self.sign(self._signed))
        self.seconds = 0.0
        self.count = 0

    def sign(self, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) over `message`."""
        return self._key.sign(message, ECDSA_SHA256)

    def agree(self, point: bytes) -> bytes:
        """Nobody is read back here."""
        raise Inconsistent(f"benchmark: a device of {point.hex()} did not answer")

    def look(self) -> None:
        """One more look at the limit."""
        begun = time.perf_counter()
        for _ in range(_LOOK):
            raw_signature(self.sign(self._signed))
            signature_holds(public_point(self._point), self._signature, self._signed)
        self.seconds += time.perf_counter() - begun
        self.count += _LOOK


def bench_recover(
    folder: Path, count: int, progress: Callable[[str, int, int], None]
) -> RecoverFigures:
    """So many devices were recovered by the contingency key, and what was kept of it is in `folder`.

    Raises:
        Inconsistent: one was not.
    """
    at = datetime.now(UTC)
    keys = ScalarKeys(os.urandom)
    cast = Cast(keys, at - timedelta(days=1), development())
    catalogue = Catalogue(keys, cast, at)
    devices = _Devices(keys, catalogue)
    contingency = _Contingency(keys, catalogue.contingency_handle)
    first = int(catalogue.device(DeviceKind.ESME).device) + 1
    file = folder / "campaign.sqlite"
    with _opened(f"sqlite:///{file}") as store:
        campaigns = SqlCampaigns(store)
        _enlist(campaigns, devices, range(first, first + count), at, progress)
        done = 0

        def tell(became: Became) -> None:
            nonlocal done
            if became.fate is not Fate.RECOVERED:
                raise Inconsistent(f"benchmark: {became.device} is {became.fate}: {became.why}")
            done += 1
            if done % _EVERY == 0:
                contingency.look()
                progress("recovering", done, count)

        contingency.look()
        contingency.seconds, contingency.count = 0.0, 0
        carrier = Carrier(
            campaigns,
            _NAME,
            "one",
            head_end=HeadEnd(devices, SqlHeadEnd(store), chance=lambda: 0.5),
            targets=devices.targets,
            commanding=_commanding(catalogue, contingency),
            tell=tell,
        )
        contingency.look()
        looks = contingency.seconds
        begun = time.perf_counter()
        carrier.carry()
        seconds = time.perf_counter() - begun - devices.seconds - (contingency.seconds - looks)
    rate, limit = count / seconds, contingency.count / contingency.seconds
    return RecoverFigures(
        count=count,
        processes=1,
        seconds=round(seconds, 3),
        per_second=round(rate, 1),
        limit_per_second=round(limit, 1),
        ratio=round(rate / limit, 3),
        device_seconds=round(devices.seconds, 3),
        octets=devices.octets,
        evidence_octets=file.stat().st_size // count,
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _enlist(
    campaigns: SqlCampaigns,
    devices: _Devices,
    numbers: range,
    at: datetime,
    progress: Callable[[str, int, int], None],
) -> None:
    plan = CampaignPlan(
        incident="benchmark",
        decision="benchmark",
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        method=Method.BY_CONTINGENCY,
        expires=at + timedelta(days=30),
        waves=(1_000,),
        canaries=1,
        per_second={_REGION: 1_000_000},
    )
    campaigns.begin(_NAME, plan, at)

    def members() -> Iterator[Member]:
        for done, number in enumerate(numbers):
            device = EUI64(number.to_bytes(8, "big"))
            if done % 10_000 == 0:
                progress("enlisting", done, len(numbers))
            kind = devices.kind(device).value
            yield Member(device=device, kind=kind, make="m", region=_REGION, wave=1)

    campaigns.enlist(_NAME, members())
    campaigns.let(_NAME, CampaignState.RUNNING, 0)


def _commanding(catalogue: Catalogue, contingency: _Contingency) -> Commanding:
    """A new hierarchy, and certificates of the same parties under it."""
    cast, old = catalogue.cast, catalogue.cast.hierarchy
    new = cast.hierarchy = cast.new_hierarchy()
    fresh = [
        Party(entity=party.entity, role=role, keys=cast.certified(party.entity, role, *party.keys))
        for role, party in catalogue.parties.items()
    ]
    cast.hierarchy = old
    certificates = cells_of(new, *fresh)
    anchors = {cell: anchor_of(certificate) for cell, certificate in certificates.items()}
    return Commanding(
        originator=catalogue.originator_of_contingency,
        reader=catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER].entity,
        keys=contingency,
        materials=Materials(
            mode=_MODE,
            certificates=certificates,
            path=(new.issuing.certificate,),
            symmetric_key=old.symmetric_key,
            floors={},
        ),
        placed={
            cell: Identified(unique_id=held.unique_id, key_identifier=held.key_identifier)
            for cell, held in anchors.items()
        },
    )


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    """The database, closed afterwards."""
    store = Store(url)
    try:
        yield store
    finally:
        store.engine.dispose()
