"""A throw-away IKI, a house that answers from memory, and a server on real sockets."""

import asyncio
import hashlib
import http.client
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from smki.adapters.world import SystemClock
from smki.interfaces.web import (
    Limits,
    Listener,
    ServerTls,
    TlsFiles,
    local_app,
    new_event_loop,
    secured_app,
    serving,
)
from smki.ports import Use
from smki.repository import CompleteProof
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer, BatchReceipt, BatchView, FormatError, ProofBundle
from smki.terms import (
    EUI64,
    AdHocStatus,
    BatchStatus,
    CertificateStatus,
    Inconsistent,
    Interface,
    ItemStatus,
    KeyUsage,
    Malformed,
    Refused,
    RemotePartyRole,
    SerialNumber,
    Unavailable,
)
from smki.wire.xml import BatchItem, BatchReader, RepositoryEntry, SearchQuery

DAY = timedelta(days=1)
PATIENCE = 60  # seconds, for what must come
NOW = datetime.now(UTC).replace(microsecond=0)
APIKEY = "u3bg9gt38htd0j2"
DEVICE = EUI64.parse("90-B3-D5-1F-30-01-00-0A")
SUPPLIER = EUI64.parse("90-B3-D5-1F-30-01-00-0B")
DER = bytes(range(256)) * 2
PROOF_LINES = 5_000


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Authority:
    """A CA with its key, that issues certificates and revocation lists into a folder."""

    folder: Path
    common: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def issue(
        self,
        common: str,
        key: rsa.RSAPrivateKey,
        *,
        days: int = 30,
        authority: bool = False,
    ) -> x509.Certificate:
        """A certificate for that key."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 60 * DAY)
            .not_valid_after(NOW + days * DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if common == "localhost":
            names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def crl(
        self, *, at: datetime, number: int = 1, revoked: Sequence[x509.Certificate] = ()
    ) -> Path:
        """The list (PEM file) of this CA, in the place of the one before."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(NOW + 10 * DAY)
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(
                serial_number=certificate.serial_number, revocation_date=at
            ).build()
            builder = builder.add_revoked_certificate(entry)
        path = self.folder / f"{self.common}.crl.pem"
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path


def self_signed(folder: Path, common: str) -> Authority:
    key = rsa.generate_private_key(65537, 2048)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 90 * DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return Authority(folder, common, key, builder.sign(key, hashes.SHA256()))


@dataclass
class Iki:
    """The throw-away IKI: a root, an issuing CA, a server, and clients good and bad."""

    folder: Path
    root: Authority = field(init=False)
    issuing: Authority = field(init=False)
    client_key: rsa.RSAPrivateKey = field(init=False)
    clients: dict[str, x509.Certificate] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self_signed(self.folder, "root-ica")
        stranger = self_signed(self.folder, "stranger")
        issuing_key = rsa.generate_private_key(65537, 2048)
        self.issuing = Authority(
            self.folder,
            "issuing-ica",
            issuing_key,
            self.root.issue("issuing-ica", issuing_key, authority=True),
        )
        self.client_key = rsa.generate_private_key(65537, 2048)
        for common in ("adhoc", "batch", "batch-other", "revoked", "revoked-later"):
            self.clients[common] = self.issuing.issue(common, self.client_key)
        self.clients["expired"] = self.issuing.issue("expired", self.client_key, days=-1)
        self.clients["stranger"] = stranger.issue("adhoc", self.client_key)
        for common, certificate in self.clients.items():
            self.write(f"{common}.pem", self.client_key, certificate)
        server_key = rsa.generate_private_key(65537, 2048)
        server = self.issuing.issue("localhost", server_key)
        self.write("server.pem", server_key, server, self.issuing.certificate)
        pems = [ca.certificate.public_bytes(Encoding.PEM) for ca in (self.root, self.issuing)]
        (self.folder / "trust.pem").write_bytes(b"".join(pems))

    def write(self, file: str, key: rsa.RSAPrivateKey, *chain: x509.Certificate) -> None:
        """A PEM file of key and chain."""
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem += b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        (self.folder / file).write_bytes(pem)

    def server_files(self) -> TlsFiles:
        """What the server is made of, with both lists as they are at first."""
        at = NOW - DAY
        return TlsFiles(
            certificate=self.folder / "server.pem",
            key=self.folder / "server.pem",
            trust=self.folder / "trust.pem",
            crls=(
                self.root.crl(at=at),
                self.issuing.crl(at=at, revoked=[self.clients["revoked"]]),
            ),
        )

    def client_context(self, common: str | None) -> ssl.SSLContext:
        """A client that shows that certificate, or none."""
        context = ssl.create_default_context(cafile=self.folder / "trust.pem")
        if common is not None:
            context.load_cert_chain(self.folder / f"{common}.pem")
        return context


class Clock:
    """The server's clock, which a test may set back."""

    back = timedelta()

    def now(self) -> datetime:
        """What it shows."""
        return SystemClock().now() - self.back


class House:
    """Answers from memory; remembers what it was asked. `withdrawn` holds revoked names."""

    def __init__(self) -> None:
        self.withdrawn: set[str] = set()
        self.csrs: list[str] = []
        self.answers: list[Use] = []
        self.batches: dict[int, tuple[str, str, int, bytes]] = {}

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """By the common name: `adhoc...` and `batch...` open their interface."""
        subject = x509.load_der_x509_certificate(certificate).subject
        common = str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        if common in self.withdrawn:
            raise Refused("credential: revoked", clause="sec-app-m:G", rule="credential.revoked")
        if not common.startswith(interface.value):
            raise Refused(
                f"credential: {common}, must be for {interface.value}",
                clause="sec-app-m:G",
                rule="credential.interface",
            )
        return Requester(
            party=common, name=common, identities=(), interface=interface, credential=None
        )

    def format_error(self, requester: Requester, error: Malformed) -> FormatError:
        """The two codes for documents."""
        code = "FM:AA2" if error.rule == "batch.count" else "FM:AA1"
        return FormatError(transaction_id=77, code=code, text=f"{requester.party}: {error}")

    async def ad_hoc(self, requester: Requester, csr_text: str) -> AdHocAnswer:
        """An error for the text AAAA, a certificate for any other."""
        assert requester.interface is Interface.AD_HOC
        self.csrs.append(csr_text)
        if csr_text == "AAAA":
            return AdHocAnswer(
                transaction_id=5, status=AdHocStatus.CSR_ERROR, code="CR:CC1", text="<not> a CSR"
            )
        return AdHocAnswer(transaction_id=6, status=AdHocStatus.SUCCESS, certificate=DER)

    def receive_batch(self, requester: Requester, parts: Iterable[bytes]) -> BatchReceipt:
        """Reads and counts."""
        reader, digest = BatchReader(), hashlib.sha256()
        for part in parts:
            digest.update(part)
            reader.feed(part)
        header = reader.close()
        number = len(self.batches) + 1
        self.batches[number] = (
            requester.party,
            header.document_id,
            header.items,
            digest.digest(),
        )
        return BatchReceipt(
            document_id=header.document_id, status=BatchStatus.PENDING, number=number
        )

    def batch_result(self, requester: Requester, number: int | None) -> BatchView:
        """COMPLETED at once."""
        party, document_id, count, _ = self.batches.get(number or 0, ("", "", 0, b""))
        if party != requester.party:
            return BatchView(
                document_id=None, status=BatchStatus.FORMAT_ERROR, code="FM:AA3", text="unknown"
            )
        items = (BatchItem(f"i{i}", ItemStatus.SUCCESS, DER) for i in range(count))
        return BatchView(
            document_id=document_id, status=BatchStatus.COMPLETED, number=number, items=items
        )

    def batch_proof(self, requester: Requester, number: int | None) -> ProofBundle | None:
        """Two parts."""
        known = self.batches.get(number or 0)
        if known is None or known[0] != requester.party:
            return None
        return ProofBundle(parts=(b"proof ", b"of it"))

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """Answers at once."""
        return nullcontext() if seconds else None

    def search(self, apikey: str, query: SearchQuery) -> Sequence[RepositoryEntry]:
        """Among two entries."""
        self._check(apikey)
        return tuple(entry for entry in ENTRIES if entry.identity == query.identity)

    def retrieve(self, apikey: str, serial: SerialNumber) -> tuple[RepositoryEntry, bytes] | None:
        """Among two entries."""
        self._check(apikey)
        return next(((entry, DER) for entry in ENTRIES if entry.serial == serial), None)

    def answered(self, use: Use) -> None:
        """Remembered."""
        self.answers.append(use)

    def complete(self, identity: EUI64) -> CompleteProof:
        """Of so many lines as the device has, cut off for the supplier; not made yet for others."""
        if identity not in (DEVICE, SUPPLIER):
            raise Unavailable("identity map: there is none yet", where="/state/secret")
        return CompleteProof(
            entries=(1, 2), size=3, checkpoint_size=4, parts=self._lines(whole=identity == DEVICE)
        )

    def asked(self, apikey: str, identity: EUI64) -> CompleteProof:
        """The same, for who has the key."""
        if apikey != APIKEY:
            raise Refused("an API key that is nobody's")
        return self.complete(identity)

    @staticmethod
    def _lines(*, whole: bool) -> Iterator[bytes]:
        for number in range(PROOF_LINES):
            yield b"%06d %s\n" % (number, b"A" * 1_000)
        if not whole:
            raise Inconsistent("record: damaged")

    def status(self) -> Mapping[str, object]:
        """Ready."""
        return {"ready": True}

    def _check(self, apikey: str) -> None:
        if apikey != APIKEY:
            raise Refused("API key: unknown", clause="sec-app-p:1", rule="apikey.unknown")


ENTRIES = (
    RepositoryEntry(
        serial=SerialNumber(0x0A1B),
        identity=DEVICE,
        device=True,
        status=CertificateStatus.IN_USE,
        role=None,
        usage=KeyUsage.DIGITAL_SIGNATURE,
        manufacturing=True,
    ),
    RepositoryEntry(
        serial=SerialNumber(0x7F << 120),
        identity=SUPPLIER,
        device=False,
        status=CertificateStatus.IN_USE,
        role=RemotePartyRole.SUPPLIER,
        usage=KeyUsage.KEY_AGREEMENT,
        manufacturing=False,
    ),
)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Served:
    """A running server: where it is, and ways to talk to it."""

    house: House
    iki: Iki
    clock: Clock
    tls: ServerTls
    secured: int
    local: int

    def connection(self, common: str | None) -> http.client.HTTPConnection:
        """HTTP over TLS with that certificate; plain for None."""
        if common is None:
            return http.client.HTTPConnection("localhost", self.local, timeout=PATIENCE)
        return http.client.HTTPSConnection(
            "localhost", self.secured, timeout=PATIENCE, context=self.iki.client_context(common)
        )

    def ask(
        self,
        common: str | None,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        kind: str = "application/xml;charset=UTF-8",
        method: str = "",
    ) -> Answer:
        """One request on a connection of its own."""
        connection = self.connection(common)
        headers = {} if body is None else {"content-type": kind}
        method = method or ("GET" if body is None else "POST")
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def iki(tmp_path_factory: pytest.TempPathFactory) -> Iki:
    return Iki(tmp_path_factory.mktemp("iki"))


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    for file in ("checkpoint", "tile/0/000", "tile/entries/x001/234.p/7", "secret"):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.encode())
    return folder


def run_server(iki: Iki, record: Path, limits: Limits, use: Callable[[Served], None]) -> None:
    """Serves in a thread of its own while `use` runs."""
    house, clock = House(), Clock()
    tls = ServerTls(iki.server_files(), clock.now)
    ready: threading.Event = threading.Event()
    ports: list[int] = []
    loop = new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        listeners = (
            Listener(
                app=secured_app(house, build="test 1", record=record, limits=limits, proofs=house),
                host="127.0.0.1",
                port=0,
                tls=tls.listening,
                limits=limits,
            ),
            Listener(
                app=local_app(house, record=record, limits=limits, proofs=house),
                host="127.0.0.1",
                port=0,
                limits=limits,
            ),
        )
        async with serving(listeners) as bound:
            ports.extend(bound)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        use(Served(house, iki, clock, tls, *ports))
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        assert not thread.is_alive()


@pytest.fixture
def serve_while(iki: Iki, record: Path) -> Callable[[Callable[[Served], None]], None]:
    """Serves while the given function runs, then stops within a second or two."""
    return lambda use: run_server(iki, record, Limits(shutdown_seconds=1), use)


@pytest.fixture
def serve_within(iki: Iki, record: Path) -> Callable[[Limits, Callable[[Served], None]], None]:
    """Serves within those limits while the given function runs."""
    return lambda limits, use: run_server(iki, record, limits, use)


def as_fixture(iki: Iki, record: Path, limits: Limits) -> Iterator[Served]:
    """The running server as a generator, for fixtures."""
    given: list[Served] = []
    up, down = threading.Event(), threading.Event()

    def hold(served: Served) -> None:
        given.append(served)
        up.set()
        down.wait()

    holder = threading.Thread(target=run_server, args=(iki, record, limits, hold))
    holder.start()
    assert up.wait(PATIENCE)
    yield given[0]
    down.set()
    holder.join(PATIENCE)


@pytest.fixture(scope="module")
def served(iki: Iki, record: Path) -> Iterator[Served]:
    """A server with the limits of real life."""
    yield from as_fixture(iki, record, Limits())


@pytest.fixture(scope="module")
def impatient(iki: Iki, record: Path) -> Iterator[Served]:
    """A server that waits a second for anything, or less."""
    limits = Limits(
        handshake_seconds=2.0,
        headers_seconds=1.0,
        idle_seconds=1,
        small_body_seconds=0.5,
        grace_seconds=0.5,
        octets_per_second=10_000,
        stall_seconds=0.5,
        shutdown_seconds=1,
    )
    yield from as_fixture(iki, record, limits)
