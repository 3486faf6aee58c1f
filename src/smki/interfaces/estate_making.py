"""Makes an estate: real keys and certificates from this SMKI. Can be cut off anywhere.

    1 planned     which devices, in which homes                     simulator
    2 made        keys and requests, in several processes           adapters
    3 begun       the keys are durable: a lot                       the estate's database
    4 sent        one batch a lot, under the maker's credential     the services
    5 finished    each key has its certificate; all of the lot are in the estate, and it is no more

The next lot is made while one is issued. Whoever was cut off after step 3 asks again for the same
certificates, with the same octets; before it, nothing was asked.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from smki.adapters.device_keys import Asked, KeyMakers
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.estate_lots import SqlLots
from smki.devices import DeviceKind, DeviceState, OwnKey, TrustAnchor
from smki.interfaces.estate_issuing import Issuer
from smki.ports import Clock, Entropy
from smki.ports.estate import EstateDevice, InventoryRow, Lot, NewDevice
from smki.profiles import ProfileSettings, RowReader
from smki.simulator.homes import HOMES_MAX, SPAN, HomeFigures, Homes, first_of
from smki.terms import (
    EUI64,
    Inconsistent,
    ItemStatus,
    KeyUsage,
    Malformed,
    Refused,
    Unavailable,
)
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.xml import BatchItem, write_batch_request

LOT: Final = 10_000  # devices of a lot: some 20 MB while it is made, and bounded work to repeat
_DS, _KA = KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT

Anchors = Mapping[DeviceKind, Mapping[TrustAnchorCellIdentifier, TrustAnchor]]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What making an estate needs.

    Attributes:
        estate: where the devices go.
        issuer: asks for their certificates.
        makers: makes their keys.
        anchors: what the cells of each kind hold.
        profiles: of the environment, to read certificates by.
        figures: what homes are like.
        hw_type: content of the hwType OBJECT IDENTIFIER of new devices.
        seed: of what is drawn: kinds, makes, regions. Keys are never seeded.
        folder: where a lot's batch stands while it is sent.
        clock: the present instant.
        entropy: chance.
        progress: is told how many devices are done, of how many.
    """

    estate: SqlEstate
    issuer: Issuer
    makers: KeyMakers
    anchors: Anchors
    profiles: ProfileSettings
    figures: HomeFigures
    hw_type: bytes
    seed: int
    folder: Path
    clock: Clock
    entropy: Entropy
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made.

    Attributes:
        devices: in the estate now.
        made: of them, now.
        finished: of those, from lots that were begun before.
        seconds: that it took.
    """

    devices: int
    made: int
    finished: int
    seconds: float

    @classmethod
    def nothing(cls, estate: SqlEstate) -> Self:
        """Nothing was made."""
        return cls(devices=estate.count(), made=0, finished=0, seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A lot whose batch stands in a file.

    Attributes:
        lot: with its keys.
        rows: of its devices, once they are in the inventory.
        points: both public keys of each device.
        document: the batch.
        begun: the lot was begun before.
    """

    lot: Lot
    rows: Sequence[InventoryRow]
    points: Sequence[tuple[bytes, bytes]]
    document: Path
    begun: bool


def is_made(estate: SqlEstate, devices: int) -> bool:
    """Whether the estate has so many devices, and no lot that was begun."""
    return estate.count() >= devices and next(SqlLots(estate, SPAN).begun(), None) is None


def make_estate(making: Making, devices: int) -> Made:
    """The estate has so many devices at least; what was begun before is finished first.

    Raises:
        Refused: a certificate was refused; the lots before are in the estate, this one is no more.
        Unavailable: a service, the disk or the database is away; the same again goes on.
        Inconsistent: a certificate is not the one that was asked for.
    """
    return _Work(making).make(devices)


class _Work:
    def __init__(self, making: Making) -> None:
        self._making = making
        self._lots = SqlLots(making.estate, SPAN)
        first = self._lots.first(first_of(making.entropy.octets(2)))
        self._homes = Homes(first, making.seed, making.figures)
        self._reader = RowReader(making.profiles)
        self._done = self._finished = 0

    def make(self, wanted: int) -> Made:
        started = time.monotonic()
        total = max(0, wanted - self._making.estate.count())
        lots = self._prepare_all(total)
        with ThreadPoolExecutor(1, "lots") as beside:

            def making_next() -> Future[_Prepared | None]:
                return beside.submit(next, lots, None)

            upcoming = making_next()
            sent = self._send(upcoming.result())
            upcoming = making_next()
            while sent is not None:
                prepared, number = sent
                items = self._outcomes(prepared.lot, number, total)
                sent = self._send(upcoming.result())
                upcoming = making_next()  # beside what follows
                self._finish(prepared, items)
                self._making.progress(self._done, total)
        return Made(
            devices=self._making.estate.count(),
            made=self._done,
            finished=self._finished,
            seconds=time.monotonic() - started,
        )

    def _outcomes(self, lot: Lot, number: int, total: int) -> Iterable[BatchItem]:
        """Of the lot's batch, waited for; a batch that came to nothing ends its lot."""

        def told(certificates: int) -> None:
            self._making.progress(self._done + certificates // 2, total)

        with self._dropped_if_refused(lot):
            return self._making.issuer.items(number, told)

    @contextmanager
    def _dropped_if_refused(self, lot: Lot) -> Iterator[None]:
        """Asked again for the same, the service would answer the same."""
        try:
            yield
        except (Refused, Malformed):
            self._lots.drop(lot)
            raise

    def _prepare_all(self, total: int) -> Iterator[_Prepared]:
        """The lots that were begun before, then new ones, for so many devices in all."""
        newest = self._lots.newest()
        for lot in tuple(self._lots.begun()):
            rows = [self._homes.row(new.device) for new in lot.devices]
            yield self._prepare(lot.devices, rows, lot)
            last = lot.devices[-1].device
            newest = last if newest is None else max(newest, last)
            total -= len(lot.devices)
        planned = self._homes.rows(newest)
        while total > 0:
            rows = list(islice(planned, min(total, LOT)))
            new = [
                NewDevice(device=row.device, kind=row.kind, signing=b"", agreement=b"")
                for row in rows
            ]
            if not new:
                raise Refused(
                    f"estate: {total} devices more, must be in {HOMES_MAX} homes at most",
                    rule="estate.size",
                )
            yield self._prepare(new, rows, None)
            total -= len(new)

    def _prepare(
        self, devices: Sequence[NewDevice], rows: Sequence[InventoryRow], begun: Lot | None
    ) -> _Prepared:
        """Steps 1 and 2; of a lot that was begun before, the same octets again."""
        name = f"estate-{devices[0].device.digits}"
        hw_type = self._making.hw_type if begun is None else begun.hw_type
        document = self._making.folder / f"{name}.xml"
        new: list[NewDevice] = []
        points: list[tuple[bytes, bytes]] = []

        def items() -> Iterator[tuple[str, str]]:
            asked = (Asked(one.device.octets, one.signing, one.agreement) for one in devices)
            made = chain.from_iterable(self._making.makers.make(hw_type, asked))
            for one, keys in zip(devices, made, strict=True):
                signing, agreement = keys.signing, keys.agreement
                new.append(replace(one, signing=signing.scalar, agreement=agreement.scalar))
                points.append((signing.point, agreement.point))
                yield f"ds-{one.device.digits}", signing.request
                yield f"ka-{one.device.digits}", agreement.request

        _write(document, write_batch_request(name, items()))
        lot = begun or Lot(name=name, hw_type=hw_type, devices=new, at=self._making.clock.now())
        return _Prepared(
            lot=lot, rows=rows, points=points, document=document, begun=begun is not None
        )

    def _send(self, prepared: _Prepared | None) -> tuple[_Prepared, int] | None:
        """Steps 3 and 4: the keys are durable before anything is asked for them."""
        if prepared is None:
            return None
        if not prepared.begun:
            self._lots.begin(prepared.lot)
        with self._dropped_if_refused(prepared.lot):
            return prepared, self._making.issuer.send(prepared.document)

    def _finish(self, prepared: _Prepared, items: Iterable[BatchItem]) -> None:
        """Step 5."""
        lot = prepared.lot
        with self._dropped_if_refused(lot):
            devices = tuple(self._certified(prepared, iter(items)))
        self._lots.finish(lot, devices, self._making.clock.now())
        prepared.document.unlink(missing_ok=True)
        self._done += len(devices)
        self._finished += len(devices) if prepared.begun else 0

    def _certified(self, prepared: _Prepared, items: Iterator[BatchItem]) -> Iterator[EstateDevice]:
        making = self._making
        for new, row, (signing, agreement) in zip(
            prepared.lot.devices, prepared.rows, prepared.points, strict=True
        ):
            own = {
                KeyUsageBits.DIGITAL_SIGNATURE: OwnKey(
                    handle=new.signing,
                    certificate=self._certificate(items, new.device, _DS, signing),
                ),
                KeyUsageBits.KEY_AGREEMENT: OwnKey(
                    handle=new.agreement,
                    certificate=self._certificate(items, new.device, _KA, agreement),
                ),
            }
            state = DeviceState(
                device=new.device,
                kind=new.kind,
                hw_type=prepared.lot.hw_type,
                anchors=making.anchors[new.kind],
                own=MappingProxyType(own),
            )
            yield EstateDevice(state=state, row=row)

    def _certificate(
        self, items: Iterator[BatchItem], device: EUI64, usage: KeyUsage, point: bytes
    ) -> bytes:
        """The next outcome's certificate, which is for this very key.

        Raises:
            Refused: the outcome is no certificate.
            Inconsistent: it is another one.
        """
        item = next(items, None)
        if item is None or item.certificate is None or item.status is not ItemStatus.SUCCESS:
            found = "nothing" if item is None else f"{item.status.value} {item.code} {item.text}"
            raise Refused(
                f"device {device}: its {usage.code} request was answered {found}, must be a"
                " certificate",
                clause="sec-app-m:2.3.1.8",
                rule="estate.certificate",
            )
        fields = self._reader.read(item.certificate)
        if (fields.identity, fields.usage, fields.public_key) != (device, usage, point):
            raise Inconsistent(
                f"device {device}: the certificate for its {usage.code} key is one for"
                f" {fields.identity} and {fields.usage.code}, or for another key; stop, and run the"
                " audit",
                rule="estate.certificate",
            )
        return item.certificate


def _write(path: Path, parts: Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(parts)
    except OSError as error:
        raise Unavailable(
            f"batch of device requests: cannot be written ({error.strerror})", where=str(path)
        ) from error
