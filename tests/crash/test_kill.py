"""Kill -9: nothing that was accepted is lost, nothing is issued twice."""

import base64
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from smki.adapters.requesters import request_for_device
from smki.bootstrap.samples import SAMPLES
from smki.interfaces.said import read_serving
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.terms import (
    EUI64,
    AdHocStatus,
    BatchStatus,
    CertificateKind,
    Interface,
    KeyUsage,
    SmkiError,
)
from smki.wire import der

MakeDocument = Callable[[int], Any]
READY_SECONDS = 180.0  # a few on a quiet machine; it is shared with other tests


def _submit(house: Any, octets: bytes) -> int | None:
    """The number of the batch; None if the answer was lost."""
    with suppress(SmkiError, AssertionError):
        half = len(octets) // 2
        parts = iter((octets[:half], octets[half:]))
        submitted, _ = house.service(Interface.BATCH).submit(parts, len(octets))
        number = submitted.number
        return None if number is None else int(number)
    return None


def _send(house: Any, octets: bytes, answered: list[int | None]) -> None:
    answered.append(_submit(house, octets))


def _submit_until_answered(house: Any, octets: bytes) -> int:
    while (number := _submit(house, octets)) is None:
        house.wait_ready()
    return number


def _wait_completed(house: Any, number: int) -> None:
    until = time.monotonic() + 180
    while (status := house.batch_status(number)) is not BatchStatus.COMPLETED:
        assert status not in (BatchStatus.WORKFLOW_ERROR, BatchStatus.TAMPERED), house.log()
        assert time.monotonic() < until, house.log()
        time.sleep(0.05)


def _kill(house: Any, *, server: bool) -> None:
    """Worker or server dies now, and the house is ready again soon."""
    if server:
        house.kill_server()
        house.start()
    elif not house.kill_worker():
        return
    house.wait_ready(READY_SECONDS)


def _story(
    house: Any, make_document: MakeDocument, chance: random.Random, kills: int, size: int
) -> None:
    """Batches of that size, one after the other, until so many kills fell inside them."""
    numbers, documents = [], []
    house.start()
    house.wait_ready()
    done = 0
    while done < kills:
        document = make_document(size)
        answered: list[int | None] = []
        sender = threading.Thread(target=_send, args=(house, document.octets, answered))
        sender.start()
        for _ in range(min(4, kills - done)):
            time.sleep(chance.uniform(0, 0.5))
            _kill(house, server=done % 2 == 1)
            done += 1
        sender.join()
        number = answered[0] or _submit_until_answered(house, document.octets)
        assert _submit_until_answered(house, document.octets) == number
        numbers.append(number)
        documents.append(document)
        if done >= kills or chance.random() < 0.5:  # else the next one comes while it is worked on
            _wait_completed(house, number)
    for number in numbers:
        _wait_completed(house, number)
    header, items = house.service(Interface.BATCH).finished(numbers[-1], lambda _: None, len)
    assert header.status is BatchStatus.COMPLETED
    assert [item.item for item in items] == list(documents[-1].items)
    house.stop()
    house.wait_gone()
    house.check(numbers, documents)


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_six_kills(house: Any, make_document: MakeDocument, chance: random.Random) -> None:
    """Worker and server killed in turn at random moments of batches: one certificate a request."""
    house.chunk = 100
    _story(house, make_document, chance, 6, 700)


@pytest.mark.soak
@pytest.mark.clause("sec-app-m:2.3.1.9")
@pytest.mark.parametrize(("processes", "chunk"), [(1, 2048), (2, 300)])
def test_sixty_kills(
    house: Any, make_document: MakeDocument, chance: random.Random, processes: int, chunk: int
) -> None:
    """The same with sixty kills, also with helper processes: none is left an orphan."""
    house.processes, house.chunk = processes, chunk
    _story(house, make_document, chance, 60, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.soak)])
def test_initialising_is_killed(empty_house: Any, chance: random.Random, kills: int) -> None:
    """`smki init` killed so often finishes, and nothing of it was made twice."""
    for _ in range(kills):
        making = empty_house.command("init")
        time.sleep(chance.uniform(0.3, 3.0))
        making.send_signal(signal.SIGKILL)
        making.wait()
    assert empty_house.command("init").wait(180) == 0, empty_house.log()
    empty_house.start()
    try:
        empty_house.wait_ready()
    finally:
        empty_house.stop()
    empty_house.wait_gone()
    empty_house.check((), ())
    samples = sum(len(one.certificates) + len(one.interfaces) for one in SAMPLES)
    authorities = sum(kind.is_authority for kind in CertificateKind)
    assert empty_house.count() == samples + authorities + 1  # the server's own


def _ad_hoc_client(house: Any, device: EUI64, stop: threading.Event, issued: list[bytes]) -> None:
    """Replaces the certificate of a device; a request without an answer is sent again."""
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    while not stop.is_set():
        request = request_for_device(device, KeyUsage.DIGITAL_SIGNATURE, hardware).request
        text = base64.b64encode(request).decode()
        while not stop.is_set():
            with suppress(SmkiError, AssertionError):
                answer, _ = house.service(Interface.AD_HOC).ad_hoc(text, "crash")
                if answer.status is AdHocStatus.SUCCESS:
                    assert answer.certificate is not None
                    issued.append(answer.certificate)
                    break
            time.sleep(0.05)


@pytest.mark.slow
def test_load_and_kills(house: Any, make_document: MakeDocument, chance: random.Random) -> None:
    """Four ad hoc clients beside two batches and kills: what was answered is in the record."""
    first = make_document(8)
    house.chunk = 100
    house.start()
    house.wait_ready()
    numbers = [_submit_until_answered(house, first.octets)]
    _wait_completed(house, numbers[0])
    stop, issued = threading.Event(), list[bytes]()
    devices = _devices(house)
    clients = [
        threading.Thread(target=_ad_hoc_client, args=(house, device, stop, issued))
        for device in devices
    ]
    documents = [first, make_document(700), make_document(700)]
    for client in clients:
        client.start()
    try:
        for document in documents[1:]:
            numbers.append(_submit_until_answered(house, document.octets))
            for turn in range(2):
                time.sleep(chance.uniform(0, 0.5))
                _kill(house, server=turn == 1)
        for number in numbers:
            _wait_completed(house, number)
    finally:
        stop.set()
        for client in clients:
            client.join()
    house.stop()
    house.wait_gone()
    house.check(numbers, documents)
    assert issued
    house.check_published(issued)


def _devices(house: Any) -> list[EUI64]:
    """The devices of the first, small batch."""
    return list(house.devices())[:4]


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_asking_for_status_is_not_serving(house: Any) -> None:
    """Many who ask for status at once neither hinder a server from starting nor see one."""
    asking = [
        subprocess.Popen([house.python, "-c", _ASK], env=house.environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    (house.state / "serving.json").write_text('{"ready": true}')
    try:
        time.sleep(1)
        house.start()
        house.wait_ready()
    finally:
        for one in asking:
            one.terminate()
    shown = b"".join(one.communicate()[0] for one in asking)
    assert b"stale" not in shown
    assert read_serving(house.settings)["pid"] == house.server.pid != os.getpid()


_ASK = """
import os, sys
from smki.bootstrap import load_settings
from smki.interfaces.said import read_serving
settings = load_settings(os.environ)
while True:
    said = read_serving(settings)
    if said and "pid" not in said:
        print("stale", flush=True)
"""
