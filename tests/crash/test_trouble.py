"""What is away is waited for; a batch's fault stays its own; a house in disagreement stops."""

import os
import queue
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smki.adapters.record.disk import Disk
from smki.bootstrap import open_front, open_office, with_helpers
from smki.flows.batch import receive_batch, sweep_spool
from smki.flows.issue import issue_chunk, settle
from smki.flows.revocation import publish_list
from smki.interfaces.worker import _Worker
from smki.registration import requester_for
from smki.terms import BatchStatus, CertificateKind, Interface, Unavailable


def _receive(house: Any, octets: bytes) -> int:
    with open_front(house.settings) as front:
        party = front.registry.party("supplier")
        assert party is not None
        receipt = receive_batch(front, requester_for(party, Interface.BATCH, None), [octets])
    assert receipt.number is not None
    return receipt.number


def _wait_status(house: Any, number: int, wanted: BatchStatus) -> None:
    house.until(lambda: house.batch_status(number) is wanted)


@pytest.mark.slow
def test_an_append_that_nobody_knows_of_is_not_repeated(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails after an append was decided and while it is settled: no list number twice."""
    real, broken = Disk.settle, [True]

    def failing(disk: Disk, paths: Sequence[str], *, again: bool = False) -> None:
        if broken[0] and paths[0] != "pending":
            raise Unavailable("record: cannot write (the disk is away)")
        real(disk, paths, again=again)

    with open_office(house.settings, house.environment) as office:
        monkeypatch.setattr(Disk, "settle", failing)
        with pytest.raises(Unavailable) as raised:
            publish_list(office, CertificateKind.ISSUING_ICA)
        assert raised.value.rule == "record.unknown"
        broken[0] = False
        settle(office)
        publish_list(office, CertificateKind.ISSUING_ICA)
    house.check((), ())


def test_documents_that_nobody_owns_go(house: Any, make_document: Any) -> None:
    """A document without a batch goes after a day, one with a batch and a young one stay."""
    number = _receive(house, make_document(1).octets)
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    spool = house.state / "spool"
    for name in ("orphan.xml", ".unfinished", "young.xml"):
        (spool / name).write_bytes(b"<x/>")
    for path in spool.iterdir():
        if path.name != "young.xml":
            os.utime(path, (long_ago, long_ago))
    with open_front(house.settings) as front:
        batch = front.workbook.batch(number)
        assert sweep_spool(front) == 2
    assert batch is not None
    assert sorted(path.name for path in spool.iterdir()) == sorted([batch.document, "young.xml"])


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:F")
def test_a_document_that_went_missing_stops_its_batch_alone(house: Any, make_document: Any) -> None:
    """Without its document a batch is a WORKFLOW_ERROR; the one after it is worked off."""
    first, second = make_document(4), make_document(4)
    lost, kept = _receive(house, first.octets), _receive(house, second.octets)
    with open_front(house.settings) as front:
        batch = front.workbook.batch(lost)
        assert batch is not None
        front.spool.discard(batch.document)
    house.start()
    house.wait_ready()
    _wait_status(house, kept, BatchStatus.COMPLETED)
    _wait_status(house, lost, BatchStatus.WORKFLOW_ERROR)


@pytest.mark.slow
def test_a_house_that_disagrees_with_itself_says_so(house: Any, make_document: Any) -> None:
    """The worker stops with code 4, is not started again, and status shows why; 4 at the end."""
    house.start()
    house.wait_ready()
    octets = b"not what the journal wrote"
    with open_front(house.settings) as front:
        front.workbook.open_entry(batch=None, chunk=0, intents=octets)
    house.kill_worker()
    house.until(lambda: "problem" in house.status())
    shown = house.status()
    assert not shown["ready"]
    assert "inconsistent: journal entry" in shown["problem"]
    house.server.terminate()
    assert house.server.wait(180) == 4


@pytest.mark.slow
def test_a_spool_that_is_away_is_waited_for(house: Any, make_document: Any) -> None:
    """While the folder of documents is away the batch waits; back, it goes on by itself."""
    document = make_document(4)
    house.start()
    house.wait_ready()
    spool, away = house.state / "spool", house.state / "away"
    worker = house.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    number = _receive(house, document.octets)
    spool.rename(away)
    os.kill(worker, signal.SIGCONT)
    house.until(lambda: "spool: cannot" in house.log())
    assert house.batch_status(number) is not BatchStatus.WORKFLOW_ERROR
    spool.rmdir()  # somebody made it anew, empty
    away.rename(spool)
    _wait_status(house, number, BatchStatus.COMPLETED)
    house.stop()
    house.check((number,), (document,))


@pytest.mark.slow
def test_helpers_end_with_their_worker(house: Any, make_document: Any) -> None:
    """A killed worker leaves no helper process behind."""
    document = make_document(1500)
    house.processes = 2
    house.start()
    house.wait_ready()
    number = _receive(house, document.octets)
    _wait_status(house, number, BatchStatus.COMPLETED)
    helpers = house.workers()[1:]
    assert helpers
    house.kill_worker()
    house.until(lambda: not any(house.alive(pid) for pid in helpers))
    house.wait_ready()


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:F")
def test_a_fault_of_ours_stays_with_its_batch(
    house: Any, make_document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that brings out a fault is a WORKFLOW_ERROR; the worker goes on with the next."""
    numbers = [_receive(house, make_document(4).octets) for _ in range(2)]
    real = issue_chunk

    def faulty(*arguments: Any, **options: Any) -> None:
        if options["batch"] == numbers[0]:
            raise KeyError("a fault")
        real(*arguments, **options)

    monkeypatch.setattr("smki.flows.batch.issue_chunk", faulty)
    stop = threading.Event()
    with (
        open_office(house.settings, house.environment) as office,
        with_helpers(office, house.settings, house.environment, 1) as helped,
    ):
        worker = _Worker(house.settings, *helped, queue.SimpleQueue(), stop)
        working = threading.Thread(target=worker.run)
        working.start()
        _wait_status(house, numbers[1], BatchStatus.COMPLETED)
        stop.set()
        working.join()
    assert house.batch_status(numbers[0]) is BatchStatus.WORKFLOW_ERROR
