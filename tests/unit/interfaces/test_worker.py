"""What the worker says is wrong: also when it has nothing to do, and for as long as it lasts."""

import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.founding import copied, founded

from smki.adapters.helpers import helpers
from smki.adapters.requesters import request_for_device
from smki.bootstrap import load_settings, open_office
from smki.flows.batch import receive_batch
from smki.flows.office import Office
from smki.interfaces import worker as module
from smki.interfaces.trouble import Trouble
from smki.interfaces.waiting import Message
from smki.interfaces.worker import _Worker
from smki.ports import KeyAlgorithm, SigningKey
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.registration import requester_for
from smki.terms import EUI64, BatchStatus, CertificateKind, Interface, KeyUsage, Unavailable
from smki.wire import der
from smki.wire.encodings import write_pem
from smki.wire.xml import write_batch_request


@dataclasses.dataclass(frozen=True)
class ClockAt:
    """A clock that stands."""

    instant: datetime

    def now(self) -> datetime:
        """The instant."""
        return self.instant


class Away:
    """A key in a token that is away until it is back."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.back = False

    @property
    def algorithm(self) -> KeyAlgorithm:
        """That of the key."""
        return self._key.algorithm

    @property
    def public_key(self) -> bytes:
        """That of the key."""
        return self._key.public_key

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """Signs if it is back."""
        if not self.back:
            raise Unavailable("token: 'ca' does not answer")
        return self._key.sign(messages)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Office]]:
    """A small house and its office."""
    state = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("worker") / "state")
    environment = {"SMKI_STATE": str(state)}
    settings = load_settings(environment)
    with open_office(settings, environment) as opened:
        yield settings, opened


@pytest.fixture
def make_worker(
    office: tuple[Any, Office], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[_Worker, Trouble]]:
    """A worker over the office, some of its keys exchanged; it never sleeps."""
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0)
    monkeypatch.setattr(module, "_CHORES_SECONDS", 0)
    settings, opened = office

    def make(**keys: SigningKey) -> tuple[_Worker, Trouble]:
        exchanged = {CertificateKind(name.replace("_", "-")): key for name, key in keys.items()}
        changed = dataclasses.replace(opened, keys={**opened.keys, **exchanged})
        said = Trouble()
        worker = _Worker(
            settings, changed, helpers(1, dict), queue.SimpleQueue(), threading.Event(), said
        )
        return worker, said

    return make


def full(folder: Path, octets: int) -> None:
    """As a disk without room."""
    raise Unavailable(f"folder {folder.name}: cannot be written to (No space left on device)")


def test_a_full_disk_is_noticed_without_any_work(
    make_worker: Callable[..., tuple[_Worker, Trouble]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is to be done and nothing could be: told; then there is room again: nothing told."""
    worker, trouble = make_worker()
    worker._advance()
    assert trouble.said == ""
    with monkeypatch.context() as patch:
        patch.setattr(module, "prove_room", full)
        worker._next_proof = 0.0
        for _ in range(3):
            worker._advance()
            assert "No space left on device" in trouble.said
    worker._advance()
    assert trouble.said == ""


def test_a_token_that_is_away_is_noticed_without_any_work(
    make_worker: Callable[..., tuple[_Worker, Trouble]], office: tuple[Any, Office]
) -> None:
    """No request comes in while a token is away: told all the same, until it is back."""
    away = Away(office[1].keys[CertificateKind.ISSUING_DCA])
    worker, trouble = make_worker(issuing_dca=away)
    worker._advance()
    assert "token: 'ca' does not answer" in trouble.said
    worker._advance()
    assert "token: 'ca' does not answer" in trouble.said
    away.back = True
    worker._advance()
    assert trouble.said == ""


def test_a_step_that_does_not_end_is_told() -> None:
    """A database that took a question and never answers: told after a minute; trouble goes first."""
    trouble = Trouble()
    assert trouble.said_at(1e9) == ""  # no step was begun yet
    trouble.step = 1_000.0
    assert trouble.said_at(1_059.0) == ""
    assert "a step has lasted 61 s" in trouble.said_at(1_061.0)
    trouble.issuing = "token: 'ca' does not answer"
    assert trouble.said_at(1_061.0) == "token: 'ca' does not answer"


@pytest.mark.clause("sec-app-m:F")
def test_another_authoritys_token_keeps_no_device_waiting(
    make_worker: Callable[..., tuple[_Worker, Trouble]], office: tuple[Any, Office]
) -> None:
    """The Issuing OCA's token is away: that is told, and device certificates are issued all the same."""
    front = office[1].front
    party = front.registry.party("supplier")
    assert party is not None
    device = EUI64(bytes.fromhex("0A534D4B4A000001"))
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    made = request_for_device(device, KeyUsage.DIGITAL_SIGNATURE, hardware)
    text = "".join(write_pem(made.request).decode().splitlines()[1:-1])
    document = write_batch_request("b", [("i", text)])
    receipt = receive_batch(front, requester_for(party, Interface.BATCH, None), document)
    assert receipt.number is not None
    worker, trouble = make_worker(issuing_oca=Away(office[1].keys[CertificateKind.ISSUING_OCA]))
    for _ in range(5):
        worker._advance()
        assert "token: 'ca' does not answer" in trouble.said
    batch = front.workbook.batch(receipt.number)
    assert batch is not None
    assert batch.status is BatchStatus.COMPLETED
    assert [one.code for one in front.workbook.outcomes(receipt.number)] == [""]


@pytest.mark.clause("sec-app-b:B-crl")
def test_another_authoritys_token_keeps_no_list_waiting(
    make_worker: Callable[..., tuple[_Worker, Trouble]], office: tuple[Any, Office]
) -> None:
    """Both lists are due and the Issuing OCA's token is away: the other list is made and handed out."""
    settings, opened = office
    file = settings.path("tls", "issuing-ica.crl.pem")
    before, moment = file.read_bytes(), file.stat().st_mtime_ns
    worker, trouble = make_worker(issuing_oca=Away(opened.keys[CertificateKind.ISSUING_OCA]))
    worker._advance()
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before, moment)  # nothing is due
    tomorrow = dataclasses.replace(
        opened.front, clock=ClockAt(datetime.now(UTC) + timedelta(days=1))
    )
    worker._office = dataclasses.replace(worker._office, front=tomorrow)
    worker._next_proof = worker._next_chores = 0.0
    worker._advance()
    assert "token: 'ca' does not answer" in trouble.said
    assert file.read_bytes() != before


def test_who_waited_too_long_is_told_so(
    make_worker: Callable[..., tuple[_Worker, Trouble]], office: tuple[Any, Office]
) -> None:
    """What came in too long ago is not begun, whatever it asks; what comes now is."""
    worker, _ = make_worker()
    answers: list[Any] = []
    late = time.monotonic() - office[0].checkpoint_seconds - 1
    size = office[1].record.checkpoint().size
    asked = {"authority": "issuing-ica"}
    worker._answer([Message("refresh", asked, answers.append, late)])
    worker._answer([Message(module.AD_HOC, {}, answers.append, late)])
    assert [one["error"]["rule"] for one in answers] == ["lodging.late"] * 2
    assert office[1].record.checkpoint().size == size
    worker._answer([Message("refresh", asked, answers.append, time.monotonic())])
    assert answers[2]["result"]["authority"] == "issuing-ica"
    assert office[1].record.checkpoint().size == size + 1
