"""A whole house served by its own command, and those who come to its doors over real sockets."""

import base64
import contextlib
import dataclasses
import http.client
import os
import secrets
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.support.forked import behind, commands
from tests.support.founding import copied, founded, quick_stores

from smki.adapters.files import write_durably
from smki.adapters.requesters import request_for_device, request_for_system
from smki.bootstrap import Settings, initialise, load_settings, open_front, open_office
from smki.bootstrap.initialising import credential_path
from smki.flows.office import FrontOffice, Office
from smki.flows.registering import credential_for
from smki.interfaces.client import XML, ClientCredential, Service
from smki.interfaces.operations import perform
from smki.interfaces.said import read_serving
from smki.interfaces.status import status_document
from smki.merkle.leaf import LeafType, decode_certificate
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.terms import EUI64, CertificateKind, Interface, ItemStatus, KeyUsage
from smki.wire import der
from smki.wire.encodings import write_pem
from smki.wire.xml import AdHocResponse, BatchItem, BatchResult, write_batch_request

HARDWARE = der.oid(DEVELOPMENT_HARDWARE)[2:]
RANGE = bytes.fromhex("0A534D4B4A")  # locally administered, and not the range of `smki batch make`
START_SECONDS = 180.0
VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
Items = list[tuple[str, bytes]]

OF_ITSELF = {LeafType.INDEX_ROOT, LeafType.CONFIGURATION}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _ClockAt:
    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclasses.dataclass(slots=True, kw_only=True)
class House:
    """An SMKI in a folder of its own, and the process that serves it.

    Attributes:
        state: its state directory.
        model: the state directory of the SMKI that was founded for all tests.
        variables: its configuration, as environment variables.
        process: the server; None while it is not served.
    """

    state: Path
    model: Path
    variables: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return load_settings(self.variables)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands: nothing of ours but its own configuration."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("SMKI_")}
        return others | self.variables

    def move_in(self) -> None:
        """It is there, as `smki init` makes it: a copy of the model; it is not served."""
        copied(self.model, self.state)

    def initialise(self) -> None:
        """It is made, as `smki init` makes it; it is not served."""
        with quick_stores():
            initialise(self.settings, self.variables, bare=False, tell=lambda _: None)

    def start(self, command: str = "run") -> str:
        """It is ready; what the command told until then. `serve` was loaded already."""
        words = [commands() / "smki"] if command == "serve" else [sys.executable, "-m", "smki"]
        story = self.state.parent / f"{self.state.name}.story"
        with story.open("wb") as file:
            self.process = subprocess.Popen(
                [*words, command],
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not read_serving(self.settings).get("ready"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(signal.SIGKILL)
                pytest.fail(f"the house did not become ready:\n{story.read_text()}")
            time.sleep(0.05)
        return story.read_text()

    def stop(self, number: int = signal.SIGINT) -> int:
        """It is not served any more; the exit code of the command."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            os.kill(behind(process.pid), number)
        return process.wait(START_SECONDS)

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The end of a command of `smki` in this state directory; it was loaded already."""
        return subprocess.run(
            [commands() / "smki", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def status(self) -> dict[str, Any]:
        """What `smki status` says."""
        return status_document(self.settings)

    @property
    def worker(self) -> int:
        """The process that holds the keys."""
        assert self.process is not None
        pid = behind(self.process.pid)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        (worker,) = (
            child
            for child in children
            if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        )
        return behind(int(worker))

    @staticmethod
    def until(holds: Callable[[], bool], otherwise: str) -> None:
        """Waited until it holds."""
        end = time.monotonic() + START_SECONDS
        while not holds():
            assert time.monotonic() < end, otherwise
            time.sleep(0.05)

    def certificates_by_request(self) -> Counter[bytes]:
        """How many device certificates each request (by its digest) has in the record."""
        with self.front() as front:
            return Counter(
                decode_certificate(front.reader.leaf(row.entry))[1].request
                for row in front.index.rows(CertificateKind.DEVICE)
            )

    def stored(self) -> tuple[int, int]:
        """Entries of the log, and number of certificates.

        But for what the house lodges of itself: roots of its map, and its configuration.
        """
        document: dict[str, Any] = {}

        def answered() -> bool:
            document.update({"problem": ""} | self.status())
            return "has not answered" not in document["problem"]  # as on a busy machine

        self.until(answered, "the database is too slow for a status")
        size = document["log"]["size"]
        with self.front() as front:
            own = sum(leaf[1] in OF_ITSELF for leaf in front.reader.leaves(0, size))
        return size - own, document["certificates"]

    @contextlib.contextmanager
    def front(self) -> Iterator[FrontOffice]:
        """A front office beside those that serve."""
        with open_front(self.settings) as front:
            yield front

    def perform(self, operation: str, **arguments: object) -> dict[str, Any]:
        """What the registration authority has done."""
        return perform(self.settings, self.variables, operation, arguments)

    def credential(self, party: str, interface: Interface) -> ClientCredential:
        """The credential of a sample party for an interface."""
        certificate, key = credential_path(self.settings, party, interface)
        ca = self.state / "tls" / "ca.pem"
        return ClientCredential(ca=ca, certificate=certificate, key=key)

    def further(self, name: str) -> ClientCredential:
        """A credential made for the tests by `issue_further`."""
        folder = self.state / "further"
        return ClientCredential(
            ca=self.state / "tls" / "ca.pem",
            certificate=folder / f"{name}.pem",
            key=folder / f"{name}.key",
        )

    def address(self, name: str) -> str:
        """An endpoint, as `smki status` names it."""
        return str(read_serving(self.settings)["endpoints"][name])

    def service(
        self,
        interface: Interface,
        party: str = "supplier",
        credential: ClientCredential | None = None,
    ) -> Service:
        """A service as a party uses it."""
        return Service(
            self.address(interface.value), credential or self.credential(party, interface)
        )

    def post(
        self, interface: Interface, body: bytes, *, media_type: str = XML, path: str | None = None
    ) -> tuple[int, bytes]:
        """HTTP status and body of the answer to any octets, sent as the supplier."""
        parts = urlsplit(self.address(interface.value))
        if path is None:
            path = "/SubmitCSRBatch" if interface is Interface.BATCH else ""
        connection = http.client.HTTPSConnection(
            parts.hostname or "",
            parts.port,
            timeout=60,
            context=self.credential("supplier", interface).context(),
        )
        with contextlib.closing(connection):
            connection.request("POST", parts.path + path, body, {"Content-Type": media_type})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ad_hoc(
        self,
        request: bytes,
        party: str = "supplier",
        credential: ClientCredential | None = None,
    ) -> AdHocResponse:
        """The answer to one CSR (DER)."""
        service = self.service(Interface.AD_HOC, party, credential)
        text = base64.b64encode(request).decode()
        return service.ad_hoc(text, f"t{secrets.token_hex(8)}")[0]

    def submit(self, document: bytes, party: str = "supplier") -> int:
        """The number of a batch that was taken in."""
        service = self.service(Interface.BATCH, party)
        submitted, answer = service.submit(iter((document,)), len(document))
        assert submitted.number is not None, answer
        return submitted.number

    def finished(
        self, number: int, party: str = "supplier"
    ) -> tuple[BatchResult, dict[str, BatchItem]]:
        """The result of a batch, waited for; its items by ID."""
        service = self.service(Interface.BATCH, party)
        header, items = service.finished(number, lambda _: None, lambda _: None)
        return header, {item.item: item for item in items}

    def batch(self, items: Items, party: str = "supplier") -> dict[str, BatchItem]:
        """The outcomes of a batch of CSRs (DER)."""
        return self.finished(self.submit(self.document_of(items), party), party)[1]

    def tls(self, credential: ClientCredential | None, version: ssl.TLSVersion) -> ssl.SSLContext:
        """A client's context for one version of TLS, with or without a credential."""
        context = ssl.create_default_context(cafile=self.state / "tls" / "ca.pem")
        context.minimum_version = context.maximum_version = version
        if credential is not None:
            context.load_cert_chain(credential.certificate, credential.key)
        return context

    @staticmethod
    def document_of(items: Items) -> bytes:
        """A SubmitCSRBatch document of these CSRs (DER)."""
        texts = ((item, base64.b64encode(request).decode()) for item, request in items)
        return b"".join(write_batch_request(f"t{secrets.token_hex(8)}", texts))

    @staticmethod
    def fresh_device() -> EUI64:
        """A device that nobody has seen."""
        return EUI64(RANGE + os.urandom(3))

    @staticmethod
    def device_request(device: EUI64, usage: KeyUsage = KeyUsage.DIGITAL_SIGNATURE) -> bytes:
        """A CSR (DER) of the device, for a fresh key."""
        return request_for_device(device, usage, HARDWARE).request

    @staticmethod
    def moved(front: FrontOffice, by: timedelta) -> FrontOffice:
        """The front office with its clock put forward (or back)."""
        return dataclasses.replace(front, clock=_ClockAt(instant=datetime.now(UTC) + by))


def issue_further(
    house: House, office: Office, name: str, party: str, interface: Interface, role: str
) -> None:
    """A further credential of a party, kept with its key beside those of the samples."""
    trading = next(one.name for one in office.front.registry.parties() if one.party == party)
    made = request_for_system(trading, role, name)
    published = credential_for(office, party, interface, made.request)
    chain = office.hierarchy.chain_of(interface.credential)
    pem = b"".join(write_pem(one, "CERTIFICATE") for one in (published.certificate, chain[0]))
    kept = house.further(name)
    write_durably(kept.key, made.key, private=True)
    write_durably(kept.certificate, pem)


@pytest.fixture(scope="session")
def new_house(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Mapping[str, str]], House]]:
    """Makes houses, not served yet; all are stopped at the end."""
    made: list[House] = []

    def make(configuration: Mapping[str, str]) -> House:
        state = tmp_path_factory.mktemp("house") / "state"
        variables = {
            "SMKI_STATE": str(state),
            "SMKI_VECTORS": os.environ.get("SMKI_VECTORS", str(VECTORS)),
            "SMKI_HTTPS_PORT": "0",
            "SMKI_LOCAL_PORT": "0",
            "SMKI_SFTP_PORT": "0",
            "SMKI_BULK_TIME": "",
            **configuration,
        }
        made.append(House(state=state, model=founded(tmp_path_factory), variables=variables))
        return made[-1]

    yield make
    for house in made:
        house.stop()


@pytest.fixture(scope="session")
def house(new_house: Callable[[Mapping[str, str]], House]) -> House:
    """The house that most tests share: sample parties, and credentials to be turned away.

    `expired` was issued three years ago for two; `revoked-*` are good until a test revokes them;
    `network-adhoc` is of a party that no row of the eligibility table lets use that service.
    A party may use all the room for uploads.
    """
    house = new_house({"SMKI_PARTY_UPLOADS": "8"})
    house.move_in()
    with open_office(house.settings, house.variables) as office:
        issue_further(house, office, "revoked-adhoc", "supplier", Interface.AD_HOC, "02")
        issue_further(house, office, "revoked-batch", "supplier", Interface.BATCH, "02")
        issue_further(house, office, "network-adhoc", "network", Interface.AD_HOC, "03")
        past = dataclasses.replace(
            office, front=House.moved(office.front, -timedelta(days=3 * 365))
        )
        issue_further(house, past, "expired", "supplier", Interface.AD_HOC, "02")
    house.start()
    return house


@pytest.fixture(scope="session")
def known_devices(house: House) -> Iterator[EUI64]:
    """Devices that have a certificate for digital signature already; none is given twice."""
    devices = [house.fresh_device() for _ in range(400)]
    outcomes = house.batch([(f"d{n}", house.device_request(one)) for n, one in enumerate(devices)])
    assert {one.status for one in outcomes.values()} == {ItemStatus.SUCCESS}
    return iter(devices)


@pytest.fixture
def nothing_stored(house: House, known_devices: Iterator[EUI64]) -> Iterator[None]:
    """Whatever the test does leaves log and index as they were, and the services at work."""
    before = house.stored()
    yield
    assert house.stored() == before
    answer = house.ad_hoc(house.device_request(next(known_devices)))
    assert answer.status.value == "SUCCESS", answer


@pytest.fixture(scope="session")
def openssl() -> Callable[..., str]:
    """Runs OpenSSL; what it printed, and a failure if it did."""

    def run(*words: str, stdin: bytes | None = None) -> str:
        try:
            done = subprocess.run(
                ["openssl", *words], input=stdin, capture_output=True, check=False, timeout=600
            )
        except FileNotFoundError:
            pytest.skip("openssl is not installed: chains not checked by it")
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode("utf-8", "replace")

    return run


@pytest.fixture(scope="session")
def kinds_of() -> Callable[[House], dict[CertificateKind, list[bytes]]]:
    """Reads every certificate of a house's record, by kind."""

    def read(house: House) -> dict[CertificateKind, list[bytes]]:
        with house.front() as front:
            return {
                kind: [
                    decode_certificate(front.reader.leaf(row.entry))[1].certificate
                    for row in front.index.rows(kind)
                ]
                for kind in CertificateKind
            }

    return read
