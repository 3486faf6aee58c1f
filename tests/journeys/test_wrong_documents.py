"""Documents and bodies that are refused as a whole; nothing is stored, the server goes on."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from smki.terms import EUI64, Interface
from smki.wire.xml import MAX_ITEMS, write_batch_request

if TYPE_CHECKING:
    from tests.journeys.conftest import House

pytestmark = pytest.mark.clause("sec-app-m:F")
SLOW_SECONDS = 29  # a body that stalls is cut off long before, one of a CSR anyway in thirty
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
OPEN: Final = {
    Interface.AD_HOC: (b"DeviceCertificateSigningRequest", b"CertificateSigningRequest"),
    Interface.BATCH: (b"SubmitCSRBatch", b'DeviceCSR ID="a"'),
}


def document(interface: Interface, content: bytes, before: bytes = b"") -> bytes:
    """A document of the service with this in place of the CSR."""
    root, item = OPEN[interface]
    name = item.split()[0]
    return (
        HEAD
        + before
        + (b'<%b ID="x"><Version>1.0</Version>' % root)
        + (b"<%b>%b</%b></%b>" % (item, content, name, root))
    )


def laughs(interface: Interface) -> bytes:
    """Entities that expand to ten to the ninth."""
    levels = b"".join(
        b'<!ENTITY l%d "%b">' % (n, (b"&l%d;" % (n - 1)) * 10 if n else b"AAAA") for n in range(10)
    )
    root = OPEN[interface][0]
    return document(interface, b"&l9;", b"<!DOCTYPE %b [%b]>" % (root, levels))


def external(interface: Interface) -> bytes:
    """An entity that is a file of the server."""
    doctype = b'<!DOCTYPE %b [<!ENTITY e SYSTEM "file:///etc/hostname">]>' % OPEN[interface][0]
    return document(interface, b"&e;", doctype)


def nested(interface: Interface) -> bytes:
    """Elements in elements, five thousand deep."""
    return document(interface, b"<a>" * 5_000 + b"</a>" * 5_000)


WRONG: dict[str, Callable[[Interface], bytes]] = {
    "a billion laughs": laughs,
    "an external entity": external,
    "deep nesting": nested,
    "an empty body": lambda _: b"",
    "not XML": lambda _: b"\x00\xff certificate, please",
    "cut short": lambda interface: document(interface, b"AAAA")[:-5],
    "something after the end": lambda interface: document(interface, b"AAAA") + b"<more/>",
    "an element too many": lambda interface: document(interface, b"AAAA<b/>"),
    "another document": lambda interface: document(
        Interface.BATCH if interface is Interface.AD_HOC else Interface.AD_HOC, b"AAAA"
    ),
    "no length of base64": lambda interface: document(interface, b"AAA=A"),
    "armour": lambda interface: document(interface, b"-----BEGIN"),
    "a namespace": lambda interface: document(interface, b"AAAA").replace(
        b' ID="x"', b' ID="x" xmlns="urn:x"', 1
    ),
}


@pytest.mark.parametrize("interface", [Interface.AD_HOC, Interface.BATCH])
@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("nothing_stored")
def test_a_wrong_document_is_a_format_error(house: House, interface: Interface, name: str) -> None:
    """HTTP 200 with status FORMAT_ERROR and FM:AA1, at once; no file of the server is shown."""
    started = time.monotonic()
    status, answer = house.post(interface, WRONG[name](interface))
    assert status == 200
    assert b"FORMAT_ERROR" in answer
    assert b"<ErrorCode>FM:AA1</ErrorCode>" in answer
    assert socket.gethostname().encode() not in answer
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("text", [b"%%%%", b"MA AA", b"", b"AA=="])
@pytest.mark.usefixtures("nothing_stored")
def test_what_is_not_base64_is_a_wrong_request_in_a_right_document(
    house: House, text: bytes
) -> None:
    """The request's text is judged with the request: CSR_ERROR, so that a batch loses one item."""
    status, answer = house.post(Interface.AD_HOC, document(Interface.AD_HOC, text))
    assert status == 200
    assert b"<Status>CSR_ERROR</Status>" in answer
    assert b"<ErrorCode>CR:CC" in answer


@pytest.mark.parametrize("interface", [Interface.AD_HOC, Interface.BATCH])
@pytest.mark.parametrize("media_type", ["text/xml", "application/json", ""])
@pytest.mark.usefixtures("nothing_stored")
def test_a_wrong_content_type_is_refused(
    house: House, interface: Interface, media_type: str
) -> None:
    """HTTP 415 with FORMAT_ERROR, whatever the body is."""
    status, answer = house.post(interface, document(interface, b"AAAA"), media_type=media_type)
    assert status == 415
    assert b"<ErrorCode>FM:AA1</ErrorCode>" in answer


@pytest.mark.clause("sec-app-m:2.3.1.7")
@pytest.mark.usefixtures("nothing_stored")
def test_one_more_than_a_batch_may_have_rejects_the_whole(house: House) -> None:
    """50,001 requests: FORMAT_ERROR with FM:AA2, and no batch."""
    items = ((f"i{n}", "MAA=") for n in range(MAX_ITEMS + 1))
    body = b"".join(write_batch_request("too-many", items))
    status, answer = house.post(Interface.BATCH, body)
    assert status == 200
    assert b"<BatchStatus>FORMAT_ERROR</BatchStatus>" in answer
    assert b"<ErrorCode>FM:AA2</ErrorCode>" in answer
    assert b"BatchId" not in re.sub(rb"<ErrorText>.*</ErrorText>", b"", answer)


@pytest.mark.usefixtures("nothing_stored")
def test_two_requests_of_one_id_reject_the_whole(house: House) -> None:
    """An ID used twice in a batch: FORMAT_ERROR with FM:AA1, though each request is good."""
    text = house.document_of(
        [(item, house.device_request(house.fresh_device())) for item in ("a", "b", "c")]
    )
    status, answer = house.post(Interface.BATCH, text.replace(b'ID="c"', b'ID="a"'))
    assert (status, b"<ErrorCode>FM:AA1</ErrorCode>" in answer) == (200, True), answer


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.4")
@pytest.mark.usefixtures("nothing_stored")
def test_a_slow_body_is_cut_off(house: House, known_devices: Iterator[EUI64]) -> None:
    """A body that stalls is answered 408 and closed; meanwhile others are served."""

    def stall(interface: Interface) -> tuple[bytes, float]:
        parts = urlsplit(house.address(interface.value))
        path = parts.path + ("/SubmitCSRBatch" if interface is Interface.BATCH else "")
        context = house.credential("supplier", interface).context()
        host, port = parts.hostname or "", parts.port or 0
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/xml\r\n"
            "Content-Length: 1000\r\n\r\n<"
        )
        plain = socket.create_connection((host, port), timeout=SLOW_SECONDS)
        with context.wrap_socket(plain, server_hostname=host) as connection:
            started = time.monotonic()
            connection.sendall(head.encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
            return answer, time.monotonic() - started

    with ThreadPoolExecutor(4) as pool:
        stalled = list(pool.map(stall, (Interface.AD_HOC, Interface.BATCH)))
        assert house.stored()[0] > 0
    for answer, seconds in stalled:
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert seconds < SLOW_SECONDS


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("asked", ["abc", "-1", "0", "", "99999999", "9" * 400, "1.0", "1%2C0"])
@pytest.mark.usefixtures("nothing_stored")
def test_a_batch_that_is_nobodys_is_unknown(house: House, asked: str) -> None:
    """A BatchId that is not a number, or of no batch: FORMAT_ERROR with FM:AA3."""
    assert_unknown(house, f"?BatchId={asked}")


@pytest.mark.parametrize("query", ["", "?batchid=1", "?BatchId=1&BatchId=2"])
def test_no_batch_or_two_are_unknown(house: House, query: str) -> None:
    """No BatchId, or more than one: FORMAT_ERROR with FM:AA3."""
    assert_unknown(house, query)


@pytest.mark.parametrize("owner", ["manufacturer", "network", "dcc"])
def test_a_batch_of_another_party_is_unknown(house: House, owner: str) -> None:
    """Who did not send the batch is told what is told of a batch that never was."""
    request = house.device_request(house.fresh_device())
    number = house.submit(house.document_of([("one", request)]), owner)
    assert len(house.finished(number, owner)[1]) == 1
    assert_unknown(house, f"?BatchId={number}")


def assert_unknown(house: House, query: str) -> None:
    """Result and proof are not there for the supplier."""
    parts = urlsplit(house.address("batch"))
    context = house.credential("supplier", Interface.BATCH).context()
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=60, context=context
    )
    with contextlib.closing(connection):
        connection.request("GET", f"{parts.path}/CSRBatchResult{query}")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200
        assert b"<BatchStatus>FORMAT_ERROR</BatchStatus>" in body
        assert b"<ErrorCode>FM:AA3</ErrorCode>" in body
        connection.request("GET", f"{parts.path}/CSRBatchProof{query}")
        proof = connection.getresponse()
        proof.read()
        assert proof.status == 404


def asked(house: House, path: str, body: str) -> tuple[int, str]:
    """HTTP status and body of the local repository's answer."""
    request = urllib.request.Request(  # noqa: S310  # an address of our own house
        house.address("repository_local") + path,
        body.encode(),
        {"Content-Type": "application/xml"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the same
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def search(identity: str) -> str:
    """A search for a device."""
    inner = f"<CertificateSubjectAltName>{identity}</CertificateSubjectAltName>"
    return f"<CertificateSearchRequest>{inner}</CertificateSearchRequest>"


@pytest.mark.clause("sec-app-o:web-service", "sec-app-p:1")
def test_the_repository_answers_as_specified(house: House, known_devices: Iterator[EUI64]) -> None:
    """200 for what is there, 402 for nothing found, 401 for a key or criterion that is wrong."""
    device, key = str(next(known_devices)), "u3bg9gt38htd0j2"
    service = "/services/certificatesearch?apikey="
    assert asked(house, service + key, search(device))[0] == 200
    assert asked(house, service + key, search(str(house.fresh_device())))[0] == 402
    assert asked(house, service + key, search("90-B3"))[0] == 401
    for wrong in ("", "u3bg9gt38htd0j3", key + "2", "%00", "x" * 5000):
        status, answer = asked(house, service + wrong, search(device))
        assert status == 401
        assert "<ResponseCode>401</ResponseCode>" in answer
        assert "<Result>" not in answer
    serial = (
        "<CertificateDataRequest><CertificateSerial>{}</CertificateSerial></CertificateDataRequest>"
    )
    retrieve = "/services/retrievecertificate?apikey="
    assert asked(house, retrieve + key, serial.format("1" * 32))[0] == 402
    assert asked(house, retrieve + key, serial.format("xyz"))[0] == 401
    assert asked(house, retrieve + "nobody", serial.format("1" * 32))[0] == 401


def test_the_local_listener_offers_no_other_service(house: House) -> None:
    """On loopback without TLS there is neither the ad hoc nor the batched service."""
    for path in chain(
        (urlsplit(house.address("adhoc")).path,),
        (urlsplit(house.address("batch")).path + "/SubmitCSRBatch",),
    ):
        assert asked(house, path, "<x/>")[0] == 404
    with urllib.request.urlopen(  # noqa: S310  # an address of our own house
        house.address("repository_local") + "/log/checkpoint", timeout=60
    ) as answer:
        assert answer.read().decode().startswith(house.status()["log"]["origin"])
