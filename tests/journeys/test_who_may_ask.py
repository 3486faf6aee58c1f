"""Credentials that open no door, and requests that the rules of eligibility and number refuse."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from smki.interfaces.client import ClientCredential
from smki.policy import MAXIMUM_DEVICE_CERTIFICATES
from smki.terms import EUI64, AdHocStatus, Interface, ItemStatus, KeyUsage, Refused
from smki.wire import der
from smki.wire.pkcs10 import assemble_request, device_request_info
from smki.wire.xml import AdHocRequest, write_ad_hoc_request

if TYPE_CHECKING:
    from tests.journeys.conftest import House

SUPPLIER = EUI64.parse("0A534D4B49020001")
TURNED_AWAY = (ssl.SSLError, ConnectionError)
FOLLOW_SECONDS = 60.0  # the listener looks for a newer list twice a second; a machine may be busy
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def knock(house: House, credential: ClientCredential | None, version: ssl.TLSVersion) -> bytes:
    """What comes back over TLS of one version for a request; nothing if the server just closed."""
    parts = urlsplit(house.address("batch"))
    plain = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
    context = house.tls(credential, version)
    with plain, context.wrap_socket(plain, server_hostname=parts.hostname) as connection:
        path = f"{parts.path}/CSRBatchResult?BatchId=1"
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {parts.hostname}\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: connection.recv(4096), b""))


def turned_away(house: House, credential: ClientCredential | None, version: ssl.TLSVersion) -> bool:
    """Whether the handshake failed or, as TLS 1.3 has it, nothing at all came after it."""
    try:
        return knock(house, credential, version) == b""
    except TURNED_AWAY:
        return True


@pytest.fixture(scope="module")
def stranger(house: House, tmp_path_factory: pytest.TempPathFactory) -> ClientCredential:
    """A credential of another authority, which calls itself as ours does."""
    folder = tmp_path_factory.mktemp("stranger")
    ours = x509.load_pem_x509_certificate((house.state / "tls" / "ca.pem").read_bytes())
    mine = x509.load_pem_x509_certificate(
        house.credential("supplier", Interface.BATCH).certificate.read_bytes()
    )
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(ours.subject)
        .subject_name(mine.subject)
        .public_key(key.public_key())
        .serial_number(mine.serial_number)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
    )
    for extension in mine.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    certificate = builder.sign(authority, hashes.SHA256())
    (folder / "pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return ClientCredential(
        ca=house.state / "tls" / "ca.pem", certificate=folder / "pem", key=folder / "key"
    )


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_credential_gets_through(house: House, version: ssl.TLSVersion) -> None:
    """With a credential of the interface, both versions of TLS lead to an answer."""
    answer = knock(house, house.credential("supplier", Interface.BATCH), version)
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.clause("sec-app-m:G", "sec-app-m:2")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("who", ["nobody", "stranger", "expired", "self-made"])
@pytest.mark.usefixtures("nothing_stored")
def test_who_has_no_valid_credential_is_turned_away_in_the_handshake(
    house: House,
    stranger: ClientCredential,
    tmp_path: Path,
    who: str,
    version: ssl.TLSVersion,
) -> None:
    """None, one of another authority, an expired or a self-made one: no HTTP, and nothing else."""
    credentials: dict[str, ClientCredential | None] = {
        "nobody": None,
        "stranger": stranger,
        "expired": house.further("expired"),
        "self-made": self_made(house, tmp_path),
    }
    assert turned_away(house, credentials[who], version)


def self_made(house: House, folder: Path) -> ClientCredential:
    """A certificate that signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meter")])
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return ClientCredential(
        ca=house.state / "tls" / "ca.pem", certificate=folder / "pem", key=folder / "key"
    )


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize(
    ("party", "held", "tried"),
    [
        (party, held, tried)
        for party in ("supplier", "dcc")
        for held in Interface
        for tried in (Interface.AD_HOC, Interface.BATCH)
        if held is not tried
    ],
)
@pytest.mark.usefixtures("nothing_stored")
def test_a_credential_opens_one_interface_only(
    house: House, party: str, held: Interface, tried: Interface
) -> None:
    """The credential of another interface of the same party: 403, and nothing is done."""
    service = house.service(tried, credential=house.credential(party, held))
    if tried is Interface.AD_HOC:
        ask: Callable[[], object] = partial(service.ad_hoc, "MAA=", "x")
    else:
        document = house.document_of([("a", house.device_request(house.fresh_device()))])
        ask = partial(service.submit, iter((document,)), len(document))
    with pytest.raises(Refused, match=r"HTTP 403: .*this interface opens to"):
        ask()


@pytest.mark.clause("sec-app-m:G")
def test_a_revoked_credential_opens_nothing_any_more(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """From the revocation on: 403 on an open connection, and no handshake for a new one."""
    credential = house.further("revoked-adhoc")
    serial = x509.load_pem_x509_certificate(credential.certificate.read_bytes()).serial_number
    device = next(known_devices)
    parts = urlsplit(house.address("adhoc"))
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=60, context=credential.context()
    )

    def post() -> tuple[int, bytes]:
        text = base64.b64encode(house.device_request(device)).decode()
        body = write_ad_hoc_request(AdHocRequest(document_id="x", version="1.0", csr_text=text))
        connection.request("POST", parts.path, body, {"Content-Type": "application/xml"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    with contextlib.closing(connection):
        assert b"<Status>SUCCESS</Status>" in post()[1]
        done = house.perform("revoke", serial=f"{serial:X}")
        before = house.stored()
        status, answer = post()
    assert (status, b"revoked" in answer) == (403, True)
    assert done["crl_number"] > 1
    for version in VERSIONS:
        deadline = time.monotonic() + FOLLOW_SECONDS
        while not turned_away(house, credential, version):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert house.stored() == before
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.SUCCESS
    again = house.perform("revoke", serial=f"{serial:X}")
    assert again["crl_number"] >= done["crl_number"]


def test_what_was_never_issued_cannot_be_revoked(house: House) -> None:
    """Revoking a serial number that is no credential is refused and changes nothing."""
    before = house.stored()
    with pytest.raises(Refused, match="no registered IKI credential"):
        house.perform("revoke", serial="1" * 32)
    assert house.stored() == before


@pytest.mark.clause("sec-app-m:2.4")
@pytest.mark.usefixtures("nothing_stored")
def test_the_ad_hoc_service_only_replaces(house: House) -> None:
    """A device without an earlier certificate is UNKNOWN_DEVICE."""
    answer = house.ad_hoc(house.device_request(house.fresh_device()))
    assert (answer.status, answer.code[:2]) == (AdHocStatus.UNKNOWN_DEVICE, "UD")


@pytest.mark.clause("sec:L3.16")
@pytest.mark.usefixtures("nothing_stored")
def test_who_is_not_eligible_is_refused_by_the_ad_hoc_service(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """A network operator with a credential for it: WORKFLOW_ERROR, for no row permits it."""
    request = house.device_request(next(known_devices))
    answer = house.ad_hoc(request, "network", house.further("network-adhoc"))
    assert (answer.status, answer.code[:2]) == (AdHocStatus.WORKFLOW_ERROR, "WF")


@pytest.mark.clause("sec:L3.16")
def test_a_commissioned_device_is_for_its_own_supplier(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """Of another supplier, or of none: WORKFLOW_ERROR, INELIGIBLE in a batch; its own may."""
    device = next(known_devices)
    other = EUI64.parse("0A534D4B49020002")
    for responsible in (None, str(other)):
        more = {} if responsible is None else {"responsible": responsible}
        house.perform("device", device=str(device), status="commissioned", **more)
        before = house.stored()
        answer = house.ad_hoc(house.device_request(device))
        assert answer.status is AdHocStatus.WORKFLOW_ERROR
        for party in ("supplier", "manufacturer", "network", "dcc"):
            item = house.batch([("one", house.device_request(device))], party)["one"]
            assert (item.status, item.code[:2]) == (ItemStatus.INELIGIBLE, "IN"), party
        assert house.stored() == before
    house.perform("device", device=str(device), responsible=str(SUPPLIER))
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.SUCCESS
    house.perform("device", device=str(device), status="decommissioned")
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.WORKFLOW_ERROR


@pytest.mark.clause("sec:L3.16")
def test_communications_devices_in_service_are_for_the_dcc(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """A commissioned communications hub function: the DCC may replace, the supplier may not."""
    device = next(known_devices)
    house.perform("device", device=str(device), status="commissioned", communications=True)
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.WORKFLOW_ERROR
    assert house.ad_hoc(house.device_request(device), "dcc").status is AdHocStatus.SUCCESS


@pytest.mark.clause("sec:L11.key-reuse")
def test_one_key_is_for_one_device_and_one_usage(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """The key of a certificate asked for again, for another device or usage, is an anomaly."""
    key = ec.generate_private_key(ec.SECP256R1())
    first, second = next(known_devices), next(known_devices)
    signing, agreeing = KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT
    assert house.ad_hoc(request_with(key, first, signing)).status is AdHocStatus.SUCCESS
    before = house.stored()
    for device, usage in ((second, signing), (first, agreeing), (second, agreeing)):
        request = request_with(key, device, usage)
        answer = house.ad_hoc(request)
        assert (answer.status, answer.code[:2]) == (AdHocStatus.ISSUANCE_ANOMALY, "CA")
        item = house.batch([("one", request)])["one"]
        assert (item.status, item.certificate) == (ItemStatus.ISSUANCE_ANOMALY, None)
    assert house.stored() == before
    assert house.ad_hoc(request_with(key, first, signing)).status is AdHocStatus.SUCCESS


@pytest.mark.clause("sec:L11.key-reuse")
def test_one_key_twice_in_one_batch_is_an_anomaly(house: House) -> None:
    """Two devices with one key in the same batch: the first is issued, the second is not."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = KeyUsage.DIGITAL_SIGNATURE
    items = [(item, request_with(key, house.fresh_device(), usage)) for item in ("a", "b")]
    outcomes = house.batch(items)
    assert outcomes["a"].status is ItemStatus.SUCCESS
    assert outcomes["b"].status is ItemStatus.ISSUANCE_ANOMALY


def request_with(key: ec.EllipticCurvePrivateKey, device: EUI64, usage: KeyUsage) -> bytes:
    """A CSR (DER) for a key that is there already."""
    numbers = key.public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    info = device_request_info(
        device=device, hw_type=der.oid("2.25.1")[2:], usage=usage, point=point
    )
    return assemble_request(info, key.sign(info, ec.ECDSA(hashes.SHA256())))


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_the_hundred_and_first_certificate_is_an_anomaly(house: House) -> None:
    """100 for a device are issued, the next is an anomaly until a review raises its limit."""
    device = house.fresh_device()
    items = [(f"n{n}", house.device_request(device)) for n in range(MAXIMUM_DEVICE_CERTIFICATES)]
    assert len(items) == 100
    assert {one.status for one in house.batch(items).values()} == {ItemStatus.SUCCESS}
    before = house.stored()
    answer = house.ad_hoc(house.device_request(device))
    assert (answer.status, answer.code[:2]) == (AdHocStatus.ISSUANCE_ANOMALY, "CA")
    item = house.batch([("one", house.device_request(device))])["one"]
    assert item.status is ItemStatus.ISSUANCE_ANOMALY
    assert house.stored() == before
    house.perform("device", device=str(device), limit=101, reason="its supplier's test bench")
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.SUCCESS
    assert house.ad_hoc(house.device_request(device)).status is AdHocStatus.ISSUANCE_ANOMALY


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_the_limit_is_counted_inside_a_batch(house: House) -> None:
    """102 requests for one device in one batch: 100 certificates and two anomalies."""
    device = house.fresh_device()
    outcomes = house.batch([(f"n{n}", house.device_request(device)) for n in range(102)])
    refused = [item for item, one in outcomes.items() if one.certificate is None]
    assert refused == ["n100", "n101"]
    assert {outcomes[item].status for item in refused} == {ItemStatus.ISSUANCE_ANOMALY}


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_the_limit_holds_against_many_at_once(house: House, known_devices: Iterator[EUI64]) -> None:
    """Twelve replacements at the same time where three more may be issued: three are issued."""
    device = next(known_devices)
    house.perform("device", device=str(device), limit=4)
    requests = [house.device_request(device) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = [answer.status for answer in pool.map(house.ad_hoc, requests)]
    assert answers.count(AdHocStatus.SUCCESS) == 3
    assert answers.count(AdHocStatus.ISSUANCE_ANOMALY) == 9


@pytest.mark.clause("sec:L11.key-reuse")
def test_one_key_for_many_devices_at_once_is_issued_once(
    house: House, known_devices: Iterator[EUI64]
) -> None:
    """Eight devices with one key at the same time: one certificate, seven anomalies."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = KeyUsage.DIGITAL_SIGNATURE
    requests = [request_with(key, next(known_devices), usage) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.status for answer in pool.map(house.ad_hoc, requests)]
    assert answers.count(AdHocStatus.SUCCESS) == 1
    assert answers.count(AdHocStatus.ISSUANCE_ANOMALY) == 7


def test_the_earlier_certificate_is_no_longer_in_use(house: House) -> None:
    """A replacement turns the device's earlier one for that usage to N; the other usage stays."""
    device = house.fresh_device()
    usages = {"ds": KeyUsage.DIGITAL_SIGNATURE, "ka": KeyUsage.KEY_AGREEMENT}
    house.batch([(item, house.device_request(device, usage)) for item, usage in usages.items()])
    answer = house.ad_hoc(house.device_request(device))
    assert answer.certificate is not None
    newest = x509.load_der_x509_certificate(answer.certificate).serial_number
    with house.front() as front:
        rows = front.index.by_identity(device)
    standing = [(row.usage.code, row.status.value, row.serial.value == newest) for row in rows]
    assert standing == [("DS", "N", False), ("KA", "I", False), ("DS", "I", True)]
