import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from smki.terms import AdHocStatus, BatchStatus
from smki.wire.xml import (
    AdHocRequest,
    ResultReader,
    parse_ad_hoc_response,
    parse_batch_status,
    parse_data_response,
    parse_search_response,
    write_ad_hoc_request,
    write_batch_request,
)

AD_HOC = "/1.0/PortalCSR/DeviceCertificateSigningRequest"
SUBMIT = "/1.0/PortalCSRBatch/SubmitCSRBatch"
RESULT = "/1.0/PortalCSRBatch/CSRBatchResult"
PROOF = "/1.0/PortalCSRBatch/CSRBatchProof"
SEARCH = "/services/certificatesearch?apikey=u3bg9gt38htd0j2"
RETRIEVE = "/services/retrievecertificate?apikey=u3bg9gt38htd0j2"
GOOD = write_ad_hoc_request(AdHocRequest(document_id="r-1", version="1.0", csr_text="AAECAw=="))
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    b'<DeviceCertificateSigningRequest ID="r-1"><Version>&b;</Version>'
    b"<CertificateSigningRequest/></DeviceCertificateSigningRequest>"
)


def batch(count: int, document_id: str = "b-1") -> Iterator[bytes]:
    return write_batch_request(document_id, ((f"i{i}", "AAAA") for i in range(count)))


@pytest.mark.clause("sec-app-m:2.4")
def test_an_ad_hoc_request_is_answered_with_its_id(served: Any) -> None:
    """A good request: HTTP 200, XML, the request's ID, build, reference and certificate."""
    answer = served.ask("adhoc", AD_HOC, GOOD)
    response = parse_ad_hoc_response(answer.body)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml;charset=UTF-8")
    assert (response.document_id, response.build, response.transaction_id) == ("r-1", "test 1", 6)
    assert response.status is AdHocStatus.SUCCESS
    assert response.certificate == bytes(range(256)) * 2
    assert served.house.csrs[-1] == "AAECAw=="


@pytest.mark.clause("sec-app-m:2.4")
def test_a_refusal_is_an_answer(served: Any) -> None:
    """A CSR that is refused: HTTP 200 with status, code and text, escaped."""
    request = AdHocRequest(document_id="r-2", version="1.0", csr_text="AAAA")
    answer = served.ask("adhoc", AD_HOC, write_ad_hoc_request(request))
    response = parse_ad_hoc_response(answer.body)
    assert answer.status == 200
    assert (response.status, response.code) == (AdHocStatus.CSR_ERROR, "CR:CC1")
    assert response.text == "<not> a CSR"


@pytest.mark.clause("sec-app-m:2.4")
@pytest.mark.parametrize(
    ("body", "document_id", "said"),
    [
        (b"{}", None, "not well-formed"),
        (b"", None, "not well-formed"),
        (LAUGHS, None, "document type declaration"),
        (GOOD.replace(b"1.0</", b"2.0</"), "r-1", "Version"),
        (GOOD.replace(b"AAECAw==", b"AA=A"), "r-1", "base64Binary"),
        (GOOD.replace(b"</Version>", b"</Vers>"), "r-1", "not well-formed"),
        (GOOD.replace(b"r-1", b"r" * 33), None, "ID"),
        (GOOD.decode().encode("utf-16"), None, "octet 00"),
    ],
)
def test_wrong_xml_is_a_format_error(
    served: Any, body: bytes, document_id: str | None, said: str
) -> None:
    """XML that is wrong: HTTP 200, FORMAT_ERROR, FM:AA1, the ID where it could be read."""
    before = len(served.house.csrs)
    answer = served.ask("adhoc", AD_HOC, body)
    response = parse_ad_hoc_response(answer.body)
    assert answer.status == 200
    assert (response.status, response.code) == (AdHocStatus.FORMAT_ERROR, "FM:AA1")
    assert response.document_id == document_id
    assert said in response.text
    assert len(served.house.csrs) == before


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", GOOD, 415),
        ("application/xml; charset=utf-16", GOOD, 415),
        ("application/xml", b"<a>" + b" " * 200_000, 413),
        ("application/xml", [b"<a>", b" " * 200_000], 413),
        ('application/xml; charset="utf-8"', GOOD, 200),
    ],
)
def test_what_is_not_a_document_has_its_http_status(
    served: Any, kind: str, body: Any, status: int
) -> None:
    """Wrong content type is 415, a body too large is 413, announced or not; both still say XML."""
    answer = served.ask("adhoc", AD_HOC, body, kind=kind)
    response = parse_ad_hoc_response(answer.body)
    assert answer.status == status
    assert (response.status is AdHocStatus.FORMAT_ERROR) == (status != 200)


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_a_batch_goes_in_and_its_result_comes_out(served: Any) -> None:
    """A batch is PENDING under a number; its owner gets a certificate for each CSR, and a proof."""
    receipt = parse_batch_status(served.ask("batch", SUBMIT, b"".join(batch(1000))).body)
    assert (receipt.document_id, receipt.status) == ("b-1", BatchStatus.PENDING)
    answer = served.ask("batch", f"{RESULT}?BatchId={receipt.number}")
    result = ResultReader([answer.body])
    items = list(result)
    assert answer.headers["content-type"] == "application/xml;charset=UTF-8"
    assert [item.item for item in items] == [f"i{i}" for i in range(1000)]
    assert result.header is not None
    assert (result.header.status, result.header.number) == (BatchStatus.COMPLETED, receipt.number)
    assert served.ask("batch", f"{PROOF}?BatchId={receipt.number}").body == b"proof of it"


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_one_csr_too_many_rejects_the_batch(served: Any) -> None:
    """50,001 CSRs: HTTP 200, FORMAT_ERROR, FM:AA2, the batch's ID; nothing is kept."""
    before = dict(served.house.batches)
    answer = served.ask("batch", SUBMIT, b"".join(batch(50_001, "big")))
    receipt = parse_batch_status(answer.body)
    assert answer.status == 200
    assert (receipt.document_id, receipt.status) == ("big", BatchStatus.FORMAT_ERROR)
    assert (receipt.number, receipt.code) == (None, "FM:AA2")
    assert served.house.batches == before


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_the_largest_batch_goes_in(served: Any) -> None:
    """50,000 CSRs, sent in chunks without a length, are taken."""
    receipt = parse_batch_status(served.ask("batch", SUBMIT, batch(50_000)).body)
    assert receipt.number is not None
    assert served.house.batches[receipt.number][2] == 50_000


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize(
    "body",
    [
        b"no xml",
        b"".join(batch(2)).replace(b'"i1"', b'"i0"'),
        b"".join(batch(2))[:-20],
        b"<!DOCTYPE a>" + b"".join(batch(1)),
        GOOD,
    ],
)
def test_a_wrong_batch_is_a_format_error(served: Any, body: bytes) -> None:
    """Not XML, an ID twice, cut short, a DOCTYPE, another document: FM:AA1, nothing is kept."""
    before = dict(served.house.batches)
    answer = served.ask("batch", SUBMIT, body)
    receipt = parse_batch_status(answer.body)
    assert (answer.status, receipt.code) == (200, "FM:AA1")
    assert receipt.status is BatchStatus.FORMAT_ERROR
    assert served.house.batches == before


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "?BatchId=",
        "?BatchId=0",
        "?BatchId=-1",
        "?BatchId=x",
        "?BatchId=99999",
        f"?BatchId={'9' * 30}",
        "?BatchId=%D9%A1",
    ],
)
def test_an_unknown_batch_is_fm_aa3(served: Any, asked: str) -> None:
    """A BatchId that is unknown, or no number: FORMAT_ERROR, FM:AA3; no proof either."""
    result = ResultReader([served.ask("batch", RESULT + asked).body])
    assert list(result) == []
    assert result.header is not None
    assert (result.header.status, result.header.code) == (BatchStatus.FORMAT_ERROR, "FM:AA3")
    assert served.ask("batch", PROOF + asked).status == 404


@pytest.mark.clause("sec-app-m:F")
def test_a_batch_of_another_party_is_unknown(served: Any) -> None:
    """Another party gets FM:AA3 for a batch that its owner can see."""
    number = parse_batch_status(served.ask("batch", SUBMIT, b"".join(batch(1))).body).number
    result = ResultReader([served.ask("batch-other", f"{RESULT}?BatchId={number}").body])
    assert list(result) == []
    assert result.header is not None
    assert result.header.code == "FM:AA3"


@pytest.mark.clause("sec-app-m:G")
@pytest.mark.parametrize(
    ("common", "path"), [("batch", AD_HOC), ("adhoc", SUBMIT), ("adhoc", RESULT), ("adhoc", PROOF)]
)
def test_a_credential_opens_one_interface(served: Any, common: str, path: str) -> None:
    """The credential of the other interface: 403, text that names the reason, nothing done."""
    body = GOOD if path == AD_HOC else b"".join(batch(1)) if path == SUBMIT else None
    before = (len(served.house.csrs), len(served.house.batches))
    answer = served.ask(common, path, body)
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert b"must be for" in answer.body
    assert (len(served.house.csrs), len(served.house.batches)) == before


@pytest.mark.clause("sec-app-o:web-service")
def test_a_search_as_published_clients_send_it(served: Any) -> None:
    """Lower-case EUI-64, plain loopback: application/xml exactly, texts without padding."""
    body = (
        b'<?xml version="1.0" encoding="utf-8"?><CertificateSearchRequest>'
        b"<CertificateSubjectAltName>90-b3-d5-1f-30-01-00-0a</CertificateSubjectAltName>"
        b"</CertificateSearchRequest>"
    )
    for common in (None, "adhoc"):
        answer = served.ask(common, SEARCH, body, kind="application/xml")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/xml")
        assert b"<CertificateUsage>DS</CertificateUsage>" in answer.body
        assert b"<CertificateSerial>00000000000000000000000000000A1B<" in answer.body
        assert parse_search_response(answer.body).entries[0].device


@pytest.mark.clause("sec-app-o:web-service")
def test_a_retrieval_compares_serials_as_numbers(served: Any) -> None:
    """A serial without its leading zeros, in lower case, finds the certificate."""
    body = (
        b"<CertificateDataRequest><CertificateSerial>a1b</CertificateSerial>"
        b"</CertificateDataRequest>"
    )
    answer = served.ask(None, RETRIEVE, body)
    found = parse_data_response(answer.body)
    assert (answer.status, found.code, found.message) == (200, 200, "Success")
    assert found.certificates == (bytes(range(256)) * 2,)


@pytest.mark.clause("sec-app-o:web-service")
@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        (SEARCH, "90-b3-d5-1f-30-01-00-ff", 402),
        (SEARCH, "90-b3", 401),
        (SEARCH.replace("u3b", "xxx"), "90-b3-d5-1f-30-01-00-0a", 401),
        (SEARCH.partition("?")[0], "90-b3-d5-1f-30-01-00-0a", 401),
        (RETRIEVE, "ffff", 402),
        (RETRIEVE, "0", 401),
        (RETRIEVE, "xyz", 401),
        (RETRIEVE.replace("u3b", "xxx"), "a1b", 401),
    ],
)
def test_repository_says_401_and_402(served: Any, path: str, text: str, status: int) -> None:
    """Nothing found is 402; a wrong parameter or API key is 401; both say it in XML too."""
    root, tag, parse = (
        ("CertificateSearchRequest", "CertificateSubjectAltName", parse_search_response)
        if "search" in path
        else ("CertificateDataRequest", "CertificateSerial", parse_data_response)
    )
    answer = served.ask(None, path, f"<{root}><{tag}>{text}</{tag}></{root}>".encode())
    assert answer.status == status
    assert parse(answer.body).code == status
    noted = served.house.answers[-1]
    assert (noted.reference, noted.code, noted.results) == (
        parse(answer.body).audit_reference,
        status,
        0,
    )


@pytest.mark.clause("sec-app-o:web-service")
def test_what_is_noted_of_an_answer(served: Any) -> None:
    """Its reference, which key was sent as a digest, what was asked, and how much was found."""
    body = (
        b"<CertificateSearchRequest><CertificateSubjectAltName>90-b3-d5-1f-30-01-00-0a"
        b"</CertificateSubjectAltName></CertificateSearchRequest>"
    )
    reference = parse_search_response(served.ask(None, SEARCH, body).body).audit_reference
    noted = served.house.answers[-1]
    assert noted.key == sha256(b"u3bg9gt38htd0j2").digest()
    assert (noted.asked, noted.code, noted.results) == ("device 90-B3-D5-1F-30-01-00-0A", 200, 1)
    assert (noted.reference, noted.party) == (reference, "")
    assert noted.reference.startswith(f"{noted.at}-")


def test_audit_references_are_unique(served: Any) -> None:
    """Two answers to the same question carry different references."""
    body = (
        b"<CertificateDataRequest><CertificateSerial>1</CertificateSerial></CertificateDataRequest>"
    )
    given = {
        parse_data_response(served.ask(None, RETRIEVE, body).body).audit_reference for _ in "ab"
    }
    assert len(given) == 2


@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.parametrize("common", [None, "adhoc"])
def test_the_record_is_served_read_only(served: Any, common: str | None) -> None:
    """The checkpoint is never cached, tiles for ever; nothing beside the layout is reached."""
    checkpoint = served.ask(common, "/log/checkpoint")
    assert (checkpoint.status, checkpoint.body) == (200, b"checkpoint")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "no-cache"
    for name in ("tile/0/000", "tile/entries/x001/234.p/7"):
        tile = served.ask(common, f"/log/{name}")
        assert tile.body == name.encode()
        assert "immutable" in tile.headers["cache-control"]
    for name in (
        "secret",
        "tile/0/001",
        "tile/../secret",
        "tile/0/%2e%2e/../../secret",
        "",
        "tile",
    ):
        assert served.ask(common, f"/log/{name}").status == 404
    assert served.ask(common, "/log/checkpoint", b"new").status == 405


def test_csr_services_are_not_on_the_plain_listener(served: Any) -> None:
    """Loopback serves repository, record and status, and nothing that issues."""
    assert served.ask(None, AD_HOC, GOOD).status == 404
    assert served.ask(None, SUBMIT, b"".join(batch(1))).status == 404
    assert json.loads(served.ask(None, "/status").body) == {"ready": True}


@pytest.mark.clause("sec-app-m:G")
def test_revocation_reaches_an_open_connection(served: Any) -> None:
    """A credential revoked while its connection is open is refused at the next request."""
    connection: http.client.HTTPConnection = served.connection("adhoc")
    headers = {"content-type": "application/xml"}
    try:
        connection.request("POST", AD_HOC, body=GOOD, headers=headers)
        first = connection.getresponse()
        assert (first.status, bool(first.read())) == (200, True)
        served.house.withdrawn.add("adhoc")
        connection.request("POST", AD_HOC, body=GOOD, headers=headers)
        assert connection.getresponse().status == 403
    finally:
        served.house.withdrawn.discard("adhoc")
        connection.close()


@pytest.mark.clause("sec-app-m:G")
def test_a_resumed_session_does_not_outlive_revocation(served: Any) -> None:
    """TLS 1.2 session resumed by identifier: the certificate is known and asked about anew."""
    context: ssl.SSLContext = served.iki.client_context("adhoc")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    head = f"POST {AD_HOC} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/xml\r\n"
    request = f"{head}content-length: {len(GOOD)}\r\n\r\n".encode() + GOOD
    session: ssl.SSLSession | None = None
    statuses = []
    for withdrawn in (set[str](), {"adhoc"}):
        served.house.withdrawn.update(withdrawn)
        with (
            socket.create_connection(("localhost", served.secured), 10) as raw,
            context.wrap_socket(raw, server_hostname="localhost", session=session) as tls,
        ):
            tls.sendall(request)
            statuses.append(tls.recv(12))
            session = tls.session
    served.house.withdrawn.clear()
    assert statuses == [b"HTTP/1.1 200", b"HTTP/1.1 403"]
