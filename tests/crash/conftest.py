"""A house that is really run, in processes that are really killed; and what must hold after."""

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.forked import commands
from tests.support.founding import copied, founded

from smki.adapters.record import Problem, audit
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import SUPPLIER
from smki.flows.office import FrontOffice
from smki.flows.revocation import current_list
from smki.interfaces.client import ClientCredential, Service
from smki.interfaces.said import read_serving
from smki.interfaces.status import status_document
from smki.merkle.leaf import NO_REQUEST, LeafType, decode_certificate, decode_leaf
from smki.repository import compare_index, reindex
from smki.repository.items import body_of
from smki.terms import EUI64, BatchStatus, CertificateKind, Interface, KeyUsage, SerialNumber
from smki.wire.xml import read_items

PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Document:
    """A batch document, and the request digest of each of its items."""

    octets: bytes
    items: dict[str, bytes]


@dataclass
class House:
    """The house in one state directory: started, killed, asked, and checked."""

    state: Path
    processes: int = 1
    chunk: int = 2048
    index_seconds: int = 60
    server: "subprocess.Popen[bytes] | None" = None
    born: set[int] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are given."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "SMKI_STATE": str(self.state),
            "SMKI_HTTPS_PORT": "0",
            "SMKI_LOCAL_PORT": "-1",
            "SMKI_SFTP_PORT": "-1",
            "SMKI_BULK_TIME": "",
            "SMKI_PROCESSES": str(self.processes),
            "SMKI_CHUNK": str(self.chunk),
            "SMKI_INDEX_ROOT_SECONDS": str(self.index_seconds),
        }

    @property
    def settings(self) -> Settings:
        """Its configuration."""
        return load_settings(self.environment)

    def command(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The command, running."""
        with (self.state.parent / f"{self.state.name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "smki", *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """The server is starting."""
        self.server = self.command("serve")

    def workers(self) -> list[int]:
        """The process ids of the worker and its helpers, newest generation only."""
        if self.server is None:
            return []
        found = descendants(self.server.pid)
        self.born.update(found)
        return [pid for pid in found if not _keeps(pid)]

    def keepers(self) -> list[int]:
        """The process ids of whoever keeps the verifiable index: one, or none for a moment."""
        found = [] if self.server is None else descendants(self.server.pid)
        self.born.update(found)
        return [pid for pid in found if _keeps(pid)]

    def wait_ready(self, seconds: float = PATIENCE_SECONDS) -> float:
        """Ready; how many seconds it took."""
        begun = time.monotonic()
        while not read_serving(self.settings).get("ready"):
            ended = self.server is not None and self.server.poll() is not None
            assert not ended, self.log()
            assert time.monotonic() - begun < seconds, self.log()
            time.sleep(0.02)
        self.workers()
        return time.monotonic() - begun

    def kill_worker(self) -> bool:
        """The worker is killed, if one lives."""
        workers = self.workers()
        for pid in workers[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(workers)

    def kill_server(self) -> None:
        """The server is killed; the worker is left to notice."""
        self.workers()
        if self.server is not None:
            self.server.kill()
            self.server.wait()

    def stop(self) -> None:
        """Everything that was started is gone."""
        if self.server is not None and self.server.poll() is None:
            self.workers()
            self.server.terminate()
            self.server.wait(PATIENCE_SECONDS)
        self.server = None

    def wait_gone(self, seconds: float = PATIENCE_SECONDS) -> None:
        """No process that ever belonged to the house lives."""
        until = time.monotonic() + seconds
        while left := [pid for pid in self.born if _alive(pid)]:
            assert time.monotonic() < until, f"orphans: {left}"
            time.sleep(0.02)

    def service(self, interface: Interface) -> Service:
        """A client of the interface, at the address that is served now."""
        endpoint = {Interface.BATCH: "batch", Interface.AD_HOC: "adhoc"}[interface]
        address = read_serving(self.settings).get("endpoints", {}).get(endpoint)
        assert address, "nothing is served"
        certificate, key = credential_path(self.settings, SUPPLIER, interface)
        ca = self.settings.path("tls", "ca.pem")
        return Service(address, ClientCredential(ca=ca, certificate=certificate, key=key))

    def batch_status(self, number: int) -> BatchStatus:
        """The state of the batch, by the database."""
        with open_front(self.settings) as front:
            batch = front.workbook.batch(number)
        assert batch is not None
        return batch.status

    @property
    def python(self) -> str:
        """The interpreter that its processes run in."""
        return sys.executable

    def alive(self, pid: int) -> bool:
        """Whether that process lives."""
        return _alive(pid)

    def until(self, holds: Callable[[], bool]) -> None:
        """Waited until it holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def status(self) -> dict[str, Any]:
        """What `smki status` shows."""
        return status_document(self.settings)

    def on_list(self, serial: int) -> bool:
        """Whether the newest list of the Issuing ICA names that serial number."""
        with open_front(self.settings) as front:
            current = current_list(front, CertificateKind.ISSUING_ICA)
        assert current is not None
        return any(revoked.value == serial for revoked, _ in current.entries)

    def count(self) -> int:
        """How many certificates there are."""
        with open_front(self.settings) as front:
            return front.index.count()

    def devices(self) -> list[EUI64]:
        """The devices that have a certificate for digital signature, in the order of the record."""
        with open_front(self.settings) as front:
            rows = [
                row.identity
                for row in front.index.rows(CertificateKind.DEVICE)
                if row.usage is KeyUsage.DIGITAL_SIGNATURE
            ]
        return [identity for identity in rows if identity is not None]

    def check_published(self, certificates: Sequence[bytes]) -> None:
        """Each of these certificates is in the record once, where the index says."""
        with open_front(self.settings) as front:
            for certificate in certificates:
                serial = x509.load_der_x509_certificate(certificate).serial_number
                row = front.index.by_serial(SerialNumber(serial))
                assert row is not None
                _, body = decode_certificate(front.reader.leaf(row.entry))
                assert body.certificate == certificate

    def log(self) -> str:
        """The end of what its processes wrote."""
        path = self.state.parent / f"{self.state.name}.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def check(self, numbers: Sequence[int], documents: Sequence[Document]) -> None:
        """Exactly one certificate for each request, all in the record, the index rebuilt equal."""
        with open_front(self.settings) as front:
            requests, issued = _certificates(front)
            for number, document in zip(numbers, documents, strict=True):
                _check_batch(front, number, document, requests)
            assert not front.workbook.open_entries()
            assert max(issued.values()) == 1, "a serial number twice in the record"
            asked = {times for digest, times in requests.items() if digest != NO_REQUEST}
            assert asked == {1}, "two certificates for one request"
            _check_lists(front)
            problems = [
                one
                for one in audit(self.settings.path("record"), self.settings.log_vkey)
                if isinstance(one, Problem)
            ]
            assert problems == []
            assert list(compare_index(front.reader, front.index, front.describe)) == []
            before = list(front.index.rows())
            assert len(before) == len(issued) == front.index.count()
            reindex(front.reader, front.index, front.describe)
            assert list(front.index.rows()) == before


def _certificates(front: FrontOffice) -> tuple[Counter[bytes], Counter[int]]:
    """How often each request digest and each serial number is in the record."""
    requests: Counter[bytes] = Counter()
    serials: Counter[int] = Counter()
    for leaf in front.reader.leaves(0, front.reader.checkpoint().size):
        if decode_leaf(leaf).type is LeafType.CERTIFICATE:
            _, body = decode_certificate(leaf)
            requests[body.request] += 1
            serials[x509.load_der_x509_certificate(body.certificate).serial_number] += 1
    return requests, serials


def _check_batch(
    front: FrontOffice, number: int, document: Document, requests: Counter[bytes]
) -> None:
    batch = front.workbook.batch(number)
    assert batch is not None
    assert (batch.status, batch.done) == (BatchStatus.COMPLETED, len(document.items))
    outcomes = list(front.workbook.outcomes(number))
    assert [one.item for one in outcomes] == list(document.items)
    for one in outcomes:
        assert one.entry is not None, one
        _, body = decode_certificate(front.reader.leaf(one.entry))
        assert body.request == document.items[one.item]
        assert requests[body.request] == 1, f"{one.item}: {requests[body.request]} certificates"


def _check_lists(front: FrontOffice) -> None:
    newest: dict[bytes, int] = {}
    for leaf in front.reader.leaves(0, front.reader.checkpoint().size):
        decoded = decode_leaf(leaf)
        if decoded.type in (LeafType.CRL, LeafType.ARL):
            crl = x509.load_der_x509_crl(body_of(front.reader, decoded))
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            issuer = crl.issuer.public_bytes()
            assert number > newest.get(issuer, 0), f"CRL {number} after {newest.get(issuer)}"
            newest[issuer] = number


def descendants(pid: int) -> list[int]:
    """The living children of the process and theirs, parents first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with suppress(OSError):
            one = waiting.pop(0)
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
            children = [int(child) for child in text.split()]
            found += children
            waiting += children
    return found


def _keeps(pid: int) -> bool:
    try:
        return b"keeper" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished house, to be copied."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("processes are found through /proc, which this system does not have")
    return copied(founded(tmp_path_factory), tmp_path_factory.mktemp("model") / "state")


@pytest.fixture
def house(model: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of the finished house; gone afterwards, with all its processes."""
    state = tmp_path / "state"
    shutil.copytree(model, state, ignore=shutil.ignore_patterns("*.sock"))
    made = House(state)
    yield made
    made.stop()
    made.wait_gone()


@pytest.fixture
def empty_house(tmp_path: Path) -> House:
    """A house in a directory where nothing is yet."""
    return House(tmp_path / "state")


@pytest.fixture(scope="session")
def make_document(model: Path) -> Callable[[int], Document]:
    """A document of so many fresh requests."""

    def make(count: int) -> Document:
        path = model.parent / f"batch-{os.urandom(4).hex()}.xml"
        words = [
            str(commands() / "smki"),
            "batch",
            "make",
            "--count",
            str(count),
            "--out",
            str(path),
        ]
        subprocess.run(words, env=House(model).environment, stdout=subprocess.DEVNULL, check=True)
        octets = path.read_bytes()
        items = {
            item: sha256(base64.b64decode(text)).digest() for item, text in read_items([octets])
        }
        assert len(items) == count
        return Document(octets, items)

    return make


@pytest.fixture
def chance() -> random.Random:
    """Random moments; the seed is printed, and SMKI_SEED gives it again."""
    seed = int(os.environ.get("SMKI_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(json.dumps({"SMKI_SEED": seed}) + "\n")
    return random.Random(seed)  # noqa: S311 - moments of kills, no secrets
