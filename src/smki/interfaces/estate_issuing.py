"""How the certificates of an estate are asked for: of the server, or of the house itself.

Either way a batch that was sent before is known again by its octets, and nothing of it is issued
twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from smki.adapters.helpers import Helpers, rare_garbage_collection
from smki.bootstrap import Settings, open_office, with_helpers
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import SAMPLES
from smki.flows.batch import IN_VAIN, batch_result, process_batch, receive_batch
from smki.flows.office import Office
from smki.interfaces.client import ClientCredential, Service
from smki.interfaces.said import read_serving
from smki.ports import Batch
from smki.registration import requester_for
from smki.steps import Requester
from smki.terms import BatchStatus, Inconsistent, Interface, Refused, Unavailable
from smki.wire.xml import BatchItem

MAKER: Final = SAMPLES[0].party.party  # of devices: the sample manufacturer
_PART: Final = 1 << 16

Done = Callable[[int], None]


class Issuer(Protocol):
    """Asks for the certificates of a batch."""

    through: str

    def send(self, document: Path) -> int:
        """The batch is with the service, now or since it was sent before; its number.

        Raises:
            Refused: the service will never work on it.
            Unavailable: it cannot be reached, or cannot take it now.
        """
        ...

    def items(self, number: int, done: Done) -> Iterable[BatchItem]:
        """The outcomes of the batch, waited for; `done` is told how many there are so far.

        Raises:
            Refused: the batch came to nothing.
            Unavailable: as for `send`.
        """
        ...


@contextmanager
def open_issuer(
    settings: Settings, environment: Mapping[str, str], processes: int
) -> Iterator[Issuer]:
    """The batched service if a server runs, else the house itself with so many processes.

    Raises:
        Unavailable: neither is to be had.
    """
    address = read_serving(settings).get("endpoints", {}).get("batch")
    if address is not None:
        certificate, key = credential_path(settings, MAKER, Interface.BATCH)
        ca = settings.path("tls", "ca.pem")
        credential = ClientCredential(ca=ca, certificate=certificate, key=key)
        yield OverNetwork(Service(address, credential))
        return
    with (
        open_office(settings, environment) as opened,
        with_helpers(opened, settings, environment, processes) as (office, examine),
        rare_garbage_collection(),
    ):
        yield InProcess(settings, office, examine)


class OverNetwork:
    """Through the batched service, with the manufacturer's credential."""

    through = "the batched service"

    def __init__(self, service: Service) -> None:
        self._service = service

    def send(self, document: Path) -> int:
        """The batch is with the service; its number."""
        with document.open("rb") as file:
            parts = iter(lambda: file.read(_PART), b"")
            answer, _ = self._service.submit(parts, document.stat().st_size)
        if answer.number is None:
            raise _refused(f"answered {answer.status.value} {answer.code} {answer.text}")
        return answer.number

    def items(self, number: int, done: Done) -> Iterable[BatchItem]:
        """The outcomes of the batch, waited for; how many there are is known at the end only."""
        header, items = self._service.finished(number, lambda _: None, lambda _: None)
        if header.status is not BatchStatus.COMPLETED:
            raise _refused(f"{header.status.value} {header.code} {header.text}")
        done(len(items))
        return items


class InProcess:
    """By the house itself, whose record is locked meanwhile."""

    through = "this process"

    def __init__(self, settings: Settings, office: Office, examine: Helpers) -> None:
        self._settings = settings
        self._office = office
        self._examine = examine

    def send(self, document: Path) -> int:
        """The batch is received; its number."""
        with document.open("rb") as file:
            parts = iter(lambda: file.read(_PART), b"")
            receipt = receive_batch(self._office.front, requester_of(self._office), parts)
        if receipt.number is None:
            raise _refused(f"{receipt.code} {receipt.text}")
        return receipt.number

    def items(self, number: int, done: Done) -> Iterable[BatchItem]:
        """The outcomes of the batch, which is worked off here from wherever it stands."""
        batch = self._batch(number)
        if batch.status not in (BatchStatus.COMPLETED, *IN_VAIN):
            self._must_be_open(batch)
            for processed in process_batch(
                self._office, batch, self._examine, self._settings.chunk
            ):
                done(processed)
        view = batch_result(self._office.front, requester_of(self._office), number)
        if view.status is not BatchStatus.COMPLETED:
            raise _refused(f"{view.status.value} {view.code} {view.text}")
        return view.items

    def _batch(self, number: int) -> Batch:
        batch = self._office.front.workbook.batch(number)
        if batch is None:
            raise Inconsistent(f"batch {number}: received and not there, must be")
        return batch

    def _must_be_open(self, batch: Batch) -> None:
        """What a server would wait for is not gone round."""
        settings, now = self._settings, self._office.front.clock.now()
        if batch.status is BatchStatus.PENDING and not settings.approve_batches:
            wanted = "approval by the registration authority"
        elif settings.nightly_capacity or not settings.processing_window.contains(now.time()):
            wanted = "the processing window, which a server keeps: run 'smki serve'"
        else:
            return
        raise Unavailable(
            f"batch {batch.number}: waits for {wanted}; afterwards the same command goes on",
            clause="sec-app-m:F",
        )


def requester_of(office: Office) -> Requester:
    """The maker of the devices, as who asks.

    Raises:
        Unavailable: it is not registered.
    """
    party = office.front.registry.party(MAKER)
    if party is None:
        raise Unavailable(
            f"party {MAKER}: is not registered, must be: run 'smki init', which makes sample parties"
        )
    return requester_for(party, Interface.BATCH, None)


def _refused(found: str) -> Refused:
    return Refused(
        f"batch of device requests: {found}, must be worked on",
        clause="sec-app-m:2.3.1.7",
        rule="estate.batch",
    )
