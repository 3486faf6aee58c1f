import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from smki.interfaces.web import Limits
from smki.interfaces.web.protocol import ServiceProtocol
from smki.terms import Unavailable
from smki.wire.xml import (
    AdHocRequest,
    parse_batch_status,
    write_ad_hoc_request,
    write_batch_request,
)

PATIENCE = 60  # seconds, for what must come
TRIES = 20
AD_HOC = "/1.0/PortalCSR/DeviceCertificateSigningRequest"
SUBMIT = "/1.0/PortalCSRBatch/SubmitCSRBatch"
GOOD = write_ad_hoc_request(AdHocRequest(document_id="r-1", version="1.0", csr_text="AAECAw=="))
SUITES = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA256",
)


def secure(served: Any, common: str | None, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """A TLS connection on which the server has spoken, so that a refusal has come through."""
    raw = socket.create_connection(("localhost", served.secured), PATIENCE)
    context = context or served.iki.client_context(common)
    return context.wrap_socket(raw, server_hostname="localhost")


def status_line(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /log/checkpoint HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return connection.recv(15)


def refused(served: Any, common: str | None, context: ssl.SSLContext | None = None) -> bool:
    """No HTTP is spoken: an alert, a reset or an end, as version and timing have it."""
    try:
        with secure(served, common, context) as tls:
            return status_line(tls) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def still_serves(served: Any) -> bool:
    """At the first question; one that is impatient may close on who is held up on his way."""
    for _ in range(TRIES - 1):
        try:
            return bool(served.ask("adhoc", AD_HOC, GOOD).status == 200)
        except (ssl.SSLError, ConnectionError):
            time.sleep(0.1)
    return bool(served.ask("adhoc", AD_HOC, GOOD).status == 200)


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("common", [None, "stranger", "expired", "revoked"])
def test_the_handshake_refuses(served: Any, common: str | None, version: ssl.TLSVersion) -> None:
    """No certificate, another CA's, an expired and a revoked one: no HTTP, under either version."""
    context = served.iki.client_context(common)
    context.minimum_version = context.maximum_version = version
    assert refused(served, common, context)
    assert still_serves(served)


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize("suite", SUITES)
def test_the_listed_suites_of_tls_1_2(served: Any, suite: str) -> None:
    """Each of the four suites of the specification is spoken."""
    context = served.iki.client_context("adhoc")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with secure(served, "adhoc", context) as tls:
        assert (tls.cipher() or ("",))[0] == suite
        assert status_line(tls) == b"HTTP/1.1 200 OK"


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize(
    "suite", ["AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES256-GCM-SHA384"]
)
def test_no_other_suite(served: Any, suite: str) -> None:
    """A suite that is not listed is refused."""
    context = served.iki.client_context("adhoc")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError), secure(served, "adhoc", context):
        pass


@pytest.mark.clause("sec-app-m:G")
def test_tls_1_3_without_tickets(served: Any) -> None:
    """TLS 1.3 is spoken, and no ticket is given that would outlive a revocation."""
    with secure(served, "adhoc") as tls:
        assert status_line(tls) == b"HTTP/1.1 200 OK"
        assert tls.version() == "TLSv1.3"
        assert tls.session is None or not tls.session.has_ticket


@pytest.mark.clause("sec-app-m:G")
def test_a_newer_revocation_list_takes_effect(served: Any) -> None:
    """A certificate that connected is refused once a later list names it; others go on.

    Also if the later list bears the same second as the one before, or an earlier one: its number
    counts. A list with a lower number is not taken.
    """
    with secure(served, "revoked-later") as tls:
        assert status_line(tls) == b"HTTP/1.1 200 OK"
    clients, issuing = served.iki.clients, served.iki.issuing
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    issuing.crl(at=at, number=7, revoked=[clients["revoked"], clients["revoked-later"]])
    assert served.tls.refresh()
    assert refused(served, "revoked-later")
    assert still_serves(served)
    issuing.crl(at=at + timedelta(days=2), number=6, revoked=[clients["revoked"]])
    with pytest.raises(Unavailable, match=r"number 6, must not be below 7"):
        served.tls.refresh()
    assert refused(served, "revoked-later")


@pytest.mark.clause("sec-app-m:G")
def test_a_list_whose_time_has_not_come_turns_nobody_away(served: Any) -> None:
    """Of two lists in one second the later is dated ahead: until then the earlier is in force."""
    clients, issuing = served.iki.clients, served.iki.issuing
    ahead = datetime.now(UTC).replace(microsecond=0)
    served.clock.back = timedelta(minutes=10)
    issuing.crl(at=ahead, number=12, revoked=[clients["revoked"], clients["adhoc"]])
    assert not served.tls.refresh()
    assert still_serves(served)
    served.clock.back = timedelta()
    assert served.tls.refresh()
    assert refused(served, "adhoc")
    issuing.crl(at=ahead, number=13, revoked=[clients["revoked"]])
    assert served.tls.refresh()
    assert still_serves(served)


@pytest.mark.clause("sec-app-m:G")
def test_superseded_lists_do_not_pile_up(served: Any) -> None:
    """After many lists a handshake goes by one list of each authority, as at the beginning."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    for number in range(20, 25):
        served.iki.issuing.crl(at=at, number=number, revoked=[served.iki.clients["revoked"]])
        assert served.tls.refresh()
        assert not served.tls.refresh()  # nothing changed since
    given: list[ssl.SSLContext] = []

    class Connection:
        context = property(fset=lambda _, context: given.append(context))

    served.tls.listening.sni_callback(Connection(), None, served.tls.listening)
    assert given[0].cert_store_stats()["crl"] == 2
    assert served.tls.listening.cert_store_stats()["crl"] == 2
    assert refused(served, "revoked")
    assert still_serves(served)


@pytest.mark.clause("sec-app-m:G")
def test_a_renewed_certificate_is_shown_without_a_restart(served: Any) -> None:
    """New handshakes see the new certificate; while its files do not fit together, the old one."""
    iki, folder = served.iki, served.iki.folder

    def shown() -> int:
        with secure(served, "adhoc") as tls:
            octets = tls.getpeercert(binary_form=True)
        assert octets is not None
        return x509.load_der_x509_certificate(octets).serial_number

    before, kept = shown(), (folder / "server.pem").read_bytes()
    key = rsa.generate_private_key(65537, 2048)
    renewed = iki.issuing.issue("localhost", key)
    iki.write("server.pem", iki.client_key, renewed, iki.issuing.certificate)
    with pytest.raises(Unavailable, match="cannot be used"):
        served.tls.refresh()
    assert shown() == before
    iki.write("server.pem", key, renewed, iki.issuing.certificate)
    assert served.tls.refresh()
    assert shown() == renewed.serial_number
    (folder / "server.pem").write_bytes(kept)


def answer_of(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    held = b""
    try:
        while part := connection.recv(4096):
            held += part
    except (ssl.SSLError, ConnectionError):
        pass
    return held


@pytest.mark.parametrize("path", [AD_HOC, SUBMIT])
def test_a_slow_body_is_cut_off(impatient: Any, path: str) -> None:
    """A body that stops after its first octets: 408, and the connection is closed; nothing kept."""
    began = time.monotonic()
    before = (len(impatient.house.csrs), len(impatient.house.batches))
    with secure(impatient, "adhoc" if path == AD_HOC else "batch") as tls:
        tls.sendall(
            f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\n"
            "content-length: 1000\r\n\r\n<a".encode()
        )
        assert answer_of(tls).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began > 0.3
    assert (len(impatient.house.csrs), len(impatient.house.batches)) == before
    assert still_serves(impatient)


def test_a_dripping_body_is_cut_off(impatient: Any) -> None:
    """A batch that goes on for ever, a few octets at a time, is cut off by its rate."""
    answers: list[bytes] = []
    with secure(impatient, "batch") as tls:
        tls.sendall(
            f"POST {SUBMIT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\n"
            "transfer-encoding: chunked\r\n\r\n".encode()
        )
        reading = threading.Thread(target=lambda: answers.append(answer_of(tls)))
        reading.start()
        while reading.is_alive():
            try:
                tls.sendall(b"1\r\n \r\n")
            except OSError:
                break
            time.sleep(0.05)
        reading.join(PATIENCE)
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert still_serves(impatient)


def test_a_body_that_breaks_off_is_forgotten(impatient: Any) -> None:
    """The client goes away in the middle of a batch: nothing is kept, the server goes on."""
    before = len(impatient.house.batches)
    with secure(impatient, "batch") as tls:
        tls.sendall(
            f"POST {SUBMIT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\n"
            'content-length: 100000\r\n\r\n<SubmitCSRBatch ID="a">'.encode()
        )
        time.sleep(0.1)
    assert still_serves(impatient)
    assert len(impatient.house.batches) == before


def test_a_slow_handshake_is_closed(impatient: Any) -> None:
    """A connection that never begins TLS is closed."""
    with socket.create_connection(("localhost", impatient.secured), PATIENCE) as raw:
        assert answer_of(raw) == b""
    assert still_serves(impatient)


@pytest.mark.parametrize("sent", [b"", b"GET /log/checkpoint HTTP/1.1\r\nhost: ", b"\r\n"])
def test_slow_headers_are_closed(impatient: Any, sent: bytes) -> None:
    """A connection whose headers do not end is closed, also if not an octet of them came."""
    with secure(impatient, "adhoc") as tls:
        tls.sendall(sent)
        assert answer_of(tls) == b""
    assert still_serves(impatient)


def test_endless_headers_are_closed(served: Any) -> None:
    """More than 64 KiB of headers: closed, long before they end."""
    with secure(served, "adhoc") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nx: ")
        with pytest.raises((ssl.SSLError, ConnectionError)):  # noqa: PT012  # which send it is varies
            for _ in range(400):
                tls.sendall(b"a" * 10_000)
                time.sleep(0.001)
    assert still_serves(served)


@pytest.mark.clause("sec-app-m:2.4")
def test_an_idle_connection_is_closed(impatient: Any) -> None:
    """After an answer and the idle time without a request, the connection is closed."""

    def idle() -> float:
        with secure(impatient, "adhoc") as tls:
            began = time.monotonic()
            assert status_line(tls) == b"HTTP/1.1 200 OK"
            answer_of(tls)
            return time.monotonic() - began

    seconds = next((tried for _ in range(TRIES) if (tried := idle()) < 5), None)
    assert seconds is not None, "what is idle has five seconds, not one"
    assert seconds > 0.5


def test_a_client_that_does_not_read_is_closed(
    impatient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that leaves a large result unread is closed; the result is not made for nobody."""
    lost: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
    losing = ServiceProtocol.connection_lost

    def connection_lost(self: ServiceProtocol, exc: Exception | None) -> None:
        losing(self, exc)
        lost.put(self.client or ("", 0))

    monkeypatch.setattr(ServiceProtocol, "connection_lost", connection_lost)
    items = ((f"i{i}", "AAAA") for i in range(20_000))
    body = b"".join(write_batch_request("b", items))
    number = parse_batch_status(impatient.ask("batch", SUBMIT, body).body).number
    with secure(impatient, "batch") as tls:
        path = f"/1.0/PortalCSRBatch/CSRBatchResult?BatchId={number}"
        tls.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        while lost.get(timeout=PATIENCE)[1] != tls.getsockname()[1]:
            pass  # others, from before
        held = answer_of(tls)
    assert held.startswith(b"HTTP/1.1 200 ")
    assert b"</CSRBatchResult>" not in held
    assert still_serves(impatient)


@pytest.mark.clause("sec-app-m:G")
def test_a_large_batch_with_the_wrong_credential_hears_why(served: Any) -> None:
    """The refusal is sent at once and the connection closed, however much was to follow."""
    with secure(served, "adhoc") as tls:
        tls.sendall(
            f"POST {SUBMIT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\n"
            "content-length: 60000000\r\n\r\n<SubmitCSRBatch".encode()
        )
        answer = answer_of(tls)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"must be for batch" in answer


def test_connections_are_bounded(
    serve_within: Callable[[Limits, Callable[[Any], None]], None],
) -> None:
    """The fourth connection of three is closed at once; when one goes, there is room again."""

    def use(served: Any) -> None:
        def connected() -> socket.socket:
            return opened.enter_context(
                socket.create_connection(("localhost", served.local), PATIENCE)
            )

        with ExitStack() as opened:
            for _ in range(3):
                connected()
            assert answer_of(connected()) == b""
        for _ in range(TRIES):
            try:
                assert served.ask(None, "/status").status == 200
                break
            except ConnectionError:  # it has not noticed yet that they are gone
                time.sleep(0.1)
        else:
            pytest.fail("there is no room again")

    serve_within(Limits(connections=3, headers_seconds=600, shutdown_seconds=1), use)


def test_what_is_not_http_is_closed(served: Any) -> None:
    """Octets that are no HTTP: 400 and closed, on either listener."""
    with secure(served, "adhoc") as tls:
        tls.sendall(b"\x00\x01\x02\r\n\r\n")
        assert answer_of(tls).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("localhost", served.secured), 10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer_of(raw)
    assert still_serves(served)
