"""Batches: sent twice, altered, rejected, paused, forgotten; and what their proofs are worth."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smki.flows.batch import batch_result, fail_batch, forget_results
from smki.policy import RESULT_RETENTION_DAYS
from smki.registration import requester_for
from smki.repository import verify_proof
from smki.terms import BatchStatus, Interface, ItemStatus, Malformed, SmkiError
from smki.wire.xml import BatchItem, BatchSubmitted

if TYPE_CHECKING:
    from tests.journeys.conftest import House

CLOSED = "SMKI_PROCESSING_WINDOW__START", "SMKI_PROCESSING_WINDOW__END"
WAIT_SECONDS = 180.0


def some_requests(house: House, count: int) -> bytes:
    """A document of requests for as many devices."""
    requests = (house.device_request(house.fresh_device()) for _ in range(count))
    return house.document_of([(f"r{n}", request) for n, request in enumerate(requests)])


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_the_same_batch_again_is_the_same_batch(house: House) -> None:
    """Sent again, before or after it is finished, it has one number and one set of results."""
    document = some_requests(house, 300)
    size, certificates = house.stored()
    first = house.submit(document)
    assert house.submit(document) == first
    _, outcomes = house.finished(first)
    assert house.submit(document) == first
    assert house.finished(first)[1] == outcomes
    assert house.stored() == (size + 300, certificates + 300)


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_the_same_batch_from_many_hands_at_once_is_one_batch(house: House) -> None:
    """Eight at the same time: one number for all, and each request issued once."""
    document = some_requests(house, 200)
    size, certificates = house.stored()
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(house.submit, [document] * 8))
    assert len(numbers) == 1
    _, outcomes = house.finished(numbers.pop())
    assert len({one.certificate for one in outcomes.values()}) == 200
    assert house.stored() == (size + 200, certificates + 200)


def test_the_same_octets_of_two_parties_are_two_batches(house: House) -> None:
    """What another party sent before is not shown to who sends the same; it has its own batch."""
    document = some_requests(house, 3)
    first = house.submit(document, "supplier")
    second = house.submit(document, "manufacturer")
    assert first != second
    assert house.finished(second, "manufacturer")[0].status is BatchStatus.COMPLETED


def test_several_parties_batches_are_all_worked_off(house: House) -> None:
    """Sent at the same time by four parties, all finish, each item with its own certificate."""
    parties = ("supplier", "manufacturer", "network", "dcc")

    def send(party: str) -> dict[str, BatchItem]:
        return house.finished(house.submit(some_requests(house, 100), party), party)[1]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(send, parties))
    certificates = [one.certificate for outcomes in results for one in outcomes.values()]
    assert len(set(certificates)) == 400
    assert None not in certificates


def test_a_batch_that_waits_is_begun_when_the_one_before_is_done(house: House) -> None:
    """Ten small batches are worked off one after the other, without a pause between them."""
    seconds = []
    for _ in range(3):  # the quickest counts: others may be at work on the machine
        documents = [some_requests(house, 1) for _ in range(10)]
        started = time.monotonic()
        numbers = [house.submit(document) for document in documents]
        for number in numbers:
            assert becomes(house, number, BatchStatus.COMPLETED)
        seconds.append(time.monotonic() - started)
        if seconds[-1] < 8:  # nine pauses of a second would be more
            return
    pytest.fail(f"with a pause after each: {seconds} s")


@pytest.fixture(scope="module")
def proven(house: House) -> tuple[bytes, dict[str, BatchItem], str]:
    """The proof of a finished batch, its outcomes, and the public key of the log."""
    number = house.submit(some_requests(house, 40))
    _, outcomes = house.finished(number)
    parts: list[bytes] = []
    house.service(Interface.BATCH).proof(number, parts.append)
    return b"".join(parts), outcomes, house.status()["log"]["vkey"]


@pytest.mark.clause("c2sp:tlog-tiles")
def test_the_proof_of_a_batch_stands_alone(
    proven: tuple[bytes, dict[str, BatchItem], str], tmp_path: Path, house: House
) -> None:
    """With the file and the key only, every certificate of the batch is shown to be in the log."""
    proof, outcomes, key = proven
    verified = verify_proof(proof.splitlines(keepends=True), key)
    leaves = b"".join(leaf for _, leaf in verified.entries)
    assert len(verified.entries) == len(outcomes)
    assert all(one.certificate and one.certificate in leaves for one in outcomes.values())
    assert verified.head.size <= house.status()["log"]["size"]


@pytest.mark.clause("c2sp:tlog-tiles")
def test_a_mutated_proof_is_not_one(proven: tuple[bytes, dict[str, BatchItem], str]) -> None:
    """Any line left out, doubled or changed in an octet, and any other key: not verified."""
    proof, _, key = proven
    lines = proof.splitlines(keepends=True)
    mutations = []
    for at, line in enumerate(lines):
        mutations.append(lines[:at] + lines[at + 1 :])
        mutations.append([*lines[:at], line, *lines[at:]])
        middle = len(line) // 2
        other = b"B" if line[middle : middle + 1] != b"B" else b"C"
        mutations.append(
            [*lines[:at], line[:middle] + other + line[middle + 1 :], *lines[at + 1 :]]
        )
    assert len(mutations) > 100
    accepted = [number for number, mutation in enumerate(mutations) if holds(mutation, key)]
    assert accepted == []
    name, number, octets = key.split("+", 2)
    stranger = base64.b64encode(bytes((1,)) + bytes(32)).decode()
    assert len(octets) == len(stranger)
    assert not holds(lines, f"{name}+{number}+{stranger}")


def holds(lines: list[bytes], key: str) -> bool:
    """Whether these lines prove anything; errors are only those that are specified."""
    try:
        return bool(verify_proof(lines, key).entries)
    except SmkiError:
        return False


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_what_was_issued_is_in_the_record_and_in_the_index(
    house: House, proven: tuple[bytes, dict[str, BatchItem], str]
) -> None:
    """Each certificate of a batch is a leaf of the log and a row of the index, the same octets."""
    wanted = {one.certificate for one in proven[1].values()}
    with house.front() as front:
        size = front.reader.checkpoint().size
        leaves = list(front.reader.leaves(0, size))
        rows = [row for row in front.index.rows() if row.entry < size]
        found = {
            certificate
            for row in rows
            for certificate in wanted
            if certificate and certificate in leaves[row.entry]
        }
        house.until(lambda: front.index.size() >= size, "the index stays behind the record")
    assert found == wanted


@pytest.fixture(scope="module")
def strict(new_house: Callable[[Mapping[str, str]], House]) -> Iterator[House]:
    """A house in which a person approves batches; made, and served without a first journey."""
    house = new_house({"SMKI_APPROVE_BATCHES": "false"})
    house.move_in()
    house.start("serve")
    yield house
    house.stop()


def state_of(house: House, number: int) -> BatchStatus:
    """What the party is told."""
    return house.service(Interface.BATCH).result(number)[0].status


def becomes(house: House, number: int, status: BatchStatus) -> bool:
    """Whether the batch comes to that state soon."""
    deadline = time.monotonic() + WAIT_SECONDS
    while state_of(house, number) is not status:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.clause("sec-app-m:F")
def test_a_batch_waits_for_approval(strict: House) -> None:
    """PENDING until it is approved, then COMPLETED; approved twice is an error of who asks."""
    number = strict.submit(some_requests(strict, 5))
    before = strict.stored()
    time.sleep(1.5)  # the worker looks once a second
    assert (state_of(strict, number), strict.stored()) == (BatchStatus.PENDING, before)
    strict.perform("approve", batch=number)
    assert strict.finished(number)[0].status is BatchStatus.COMPLETED
    assert strict.stored() == (before[0] + 5, before[1] + 5)
    with pytest.raises(Malformed, match=r"one that is COMPLETED, must be PENDING"):
        strict.perform("approve", batch=number)
    with pytest.raises(Malformed, match=r"none of that number"):
        strict.perform("reject", batch=999)


@pytest.mark.clause("sec-app-m:F")
def test_a_rejected_batch_is_not_processed(strict: House) -> None:
    """REJECTED by the registration authority: nothing issued, and no way back."""
    before = strict.stored()
    number = strict.submit(some_requests(strict, 5))
    strict.perform("reject", batch=number)
    header, outcomes = strict.finished(number)
    assert (header.status, outcomes) == (BatchStatus.REJECTED, {})
    with pytest.raises(Malformed, match=r"REJECTED, must be PENDING"):
        strict.perform("approve", batch=number)
    assert strict.stored() == before


def sent_again(house: House, document: bytes) -> BatchSubmitted:
    """The first answer to a batch."""
    return house.service(Interface.BATCH).submit(iter((document,)), len(document))[0]


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (BatchStatus.REJECTED, "WF:BB3", "REJECTED. Sent"),
        (BatchStatus.TAMPERED, "WF:BB3", "TAMPERED. Sent"),
        (BatchStatus.WORKFLOW_ERROR, "WF:BB1", "WORKFLOW_ERROR: a disk was lost. Sent"),
    ],
)
def test_a_batch_that_came_to_nothing_is_not_pending_again(
    strict: House, ended: BatchStatus, code: str, said: str
) -> None:
    """Sent again, it is answered by what became of it; with another ID it is a new batch."""
    text = some_requests(strict, 2)
    first = sent_again(strict, text)
    assert (first.status, sent_again(strict, text)) == (BatchStatus.PENDING, first)
    assert first.number is not None
    with strict.front() as front:
        if ended is BatchStatus.WORKFLOW_ERROR:
            fail_batch(front, first.number, "a disk was lost")
        else:
            front.workbook.set_status(first.number, ended, at=datetime.now(UTC))
    again = sent_again(strict, text)
    assert (again.status, again.number, again.code) == (BatchStatus.WORKFLOW_ERROR, None, code)
    assert f"sent before as batch {first.number}, which is {said}" in again.text
    assert again.document_id == first.document_id
    assert first.document_id is not None
    other = sent_again(strict, text.replace(first.document_id.encode(), b"other-id", 1))
    assert (other.status, other.document_id) == (BatchStatus.PENDING, "other-id")
    assert other.number != first.number


def spooled(house: House, text: bytes) -> Path:
    """The file in the spool that holds this document."""
    (path,) = (one for one in (house.state / "spool").iterdir() if one.read_bytes() == text)
    return path


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("how", ["another ID", "an item less", "cut short", "not XML"])
def test_a_document_that_changed_after_its_upload_is_tampered(strict: House, how: str) -> None:
    """TAMPERED, whatever was done to the stored document, and nothing of it is issued."""
    text = some_requests(strict, 5)
    before = strict.stored()
    number = strict.submit(text)
    path = spooled(strict, text)
    last = text.rindex(b"<DeviceCSR"), text.rindex(b"</SubmitCSRBatch>")
    path.chmod(0o600)
    path.write_bytes(
        {
            "another ID": text.replace(b'"r3"', b'"x3"'),
            "an item less": text[: last[0]] + text[last[1] :],
            "cut short": text[: last[0]],
            "not XML": b"",
        }[how]
    )
    strict.perform("approve", batch=number)
    assert becomes(strict, number, BatchStatus.TAMPERED)
    assert strict.finished(number)[1] == {}
    assert strict.stored() == before
    other = strict.submit(some_requests(strict, 2))
    strict.perform("approve", batch=other)
    assert strict.finished(other)[0].status is BatchStatus.COMPLETED


@pytest.mark.clause("sec-app-m:F")
def test_outside_the_processing_window_a_batch_is_paused(strict: House) -> None:
    """PAUSED while the window is closed, and COMPLETED when it is open; the same batch."""
    now = datetime.now(UTC)
    hours = [(now + timedelta(hours=after)).strftime("%H:%M") for after in (6, 7)]
    assert strict.stop() == 0
    strict.variables.update(zip(CLOSED, hours, strict=True))
    strict.start("serve")
    before = strict.stored()
    number = strict.submit(some_requests(strict, 5))
    strict.perform("approve", batch=number)
    assert becomes(strict, number, BatchStatus.PAUSED)
    assert strict.stored() == before
    assert strict.stop() == 0
    for name in CLOSED:
        del strict.variables[name]
    strict.start("serve")
    header, outcomes = strict.finished(number)
    assert header.status is BatchStatus.COMPLETED
    assert {one.status for one in outcomes.values()} == {ItemStatus.SUCCESS}
    assert strict.stored() == (before[0] + 5, before[1] + 5)


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_results_are_kept_for_thirty_days_and_then_forgotten(strict: House) -> None:
    """A day before they are all there; a day after they are unknown, and their documents gone."""
    text = some_requests(strict, 5)
    number = strict.submit(text)
    strict.perform("approve", batch=number)
    assert strict.finished(number)[0].status is BatchStatus.COMPLETED
    path = spooled(strict, text)
    stored = strict.stored()
    with strict.front() as front:
        party = front.registry.party("supplier")
        assert party is not None
        requester = requester_for(party, Interface.BATCH, None)
        day = timedelta(days=1)
        assert forget_results(strict.moved(front, RESULT_RETENTION_DAYS * day - day)) == 0
        view = batch_result(front, requester, number)
        assert (view.status, len(list(view.items))) == (BatchStatus.COMPLETED, 5)
        assert path.exists()
        assert forget_results(strict.moved(front, RESULT_RETENTION_DAYS * day + day)) >= 1
        view = batch_result(front, requester, number)
        assert (view.status, view.code) == (BatchStatus.FORMAT_ERROR, "FM:AA3")
    assert not path.exists()
    assert strict.stored() == stored


@pytest.mark.clause("sec-app-n:3.1.1")
def test_beyond_the_capacity_of_a_night_a_batch_waits_for_the_next(strict: House) -> None:
    """A window's capacity, once reached, leaves later batches PAUSED; the one begun is finished."""
    assert strict.stop() == 0
    strict.variables["SMKI_NIGHTLY_CAPACITY"] = "3"
    strict.start("serve")
    first = strict.submit(some_requests(strict, 4))
    strict.perform("approve", batch=first)
    assert strict.finished(first)[0].status is BatchStatus.COMPLETED
    second = strict.submit(some_requests(strict, 4))
    strict.perform("approve", batch=second)
    assert becomes(strict, second, BatchStatus.PAUSED)
    assert strict.stop() == 0
    del strict.variables["SMKI_NIGHTLY_CAPACITY"]
    strict.start("serve")
    assert strict.finished(second)[0].status is BatchStatus.COMPLETED
