from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from smki.terms import (
    EUI64,
    AdHocStatus,
    BatchStatus,
    CertificateStatus,
    ItemStatus,
    KeyUsage,
    Malformed,
    RemotePartyRole,
    SerialNumber,
)
from smki.wire.xml import (
    AdHocRequest,
    AdHocResponse,
    BatchItem,
    BatchResult,
    BatchSubmitted,
    MalformedDocument,
    RepositoryEntry,
    ResultReader,
    SearchQuery,
    parse_ad_hoc_request,
    parse_ad_hoc_response,
    parse_batch_status,
    parse_data_request,
    parse_data_response,
    parse_search_request,
    parse_search_response,
    stream_batch_result,
    write_ad_hoc_request,
    write_ad_hoc_response,
    write_batch_request,
    write_batch_status,
    write_data_request,
    write_data_response,
    write_search_request,
    write_search_response,
)

NASTY = "<&>\"'\r\n\t \x00\x1b\ud800 ü € \U0001f50c ]]> <!DOCTYPE"
DEVICE = EUI64.parse("90-b3-d5-1f-30-01-00-0a")
ENTRY = RepositoryEntry(
    serial=SerialNumber(0x0A1B),
    identity=DEVICE,
    device=True,
    status=CertificateStatus.IN_USE,
    role=None,
    usage=KeyUsage.DIGITAL_SIGNATURE,
    manufacturing=True,
)
SUPPLIER = RepositoryEntry(
    serial=SerialNumber(0x7F << 120),
    identity=EUI64.parse("90-b3-d5-1f-30-01-00-0b"),
    device=False,
    status=CertificateStatus.REVOKED,
    role=RemotePartyRole.SUPPLIER,
    usage=KeyUsage.KEY_AGREEMENT,
    manufacturing=False,
)
ROOT = RepositoryEntry(
    serial=SerialNumber(1),
    identity=None,
    device=False,
    status=CertificateStatus.IN_USE,
    role=RemotePartyRole.ROOT,
    usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
    manufacturing=False,
)
GOOD = write_ad_hoc_request(AdHocRequest(document_id="r-1", version="1.0", csr_text="AAECAw=="))

WRITTEN: dict[str, bytes] = {
    "ad hoc request": GOOD,
    "ad hoc answer": write_ad_hoc_response(
        AdHocResponse(
            document_id="r-1",
            build=NASTY,
            transaction_id=1,
            status=AdHocStatus.SUCCESS,
            certificate=b"der",
        )
    ),
    "ad hoc error": write_ad_hoc_response(
        AdHocResponse(
            document_id=None,
            build="1",
            transaction_id=2**63,
            status=AdHocStatus.FORMAT_ERROR,
            code="FM:AA1",
            text=NASTY,
        )
    ),
    "batch": b"".join(write_batch_request('b"&<', [("i0", "AAAA"), ("i1", "")])),
    "batch taken": write_batch_status(
        BatchSubmitted(document_id="b", build="1", status=BatchStatus.PENDING, number=7)
    ),
    "batch refused": write_batch_status(
        BatchSubmitted(
            document_id=None, build="1", status=BatchStatus.FORMAT_ERROR, code="FM:AA2", text=NASTY
        )
    ),
    "result": b"".join(
        stream_batch_result(
            BatchResult(document_id="b", build="1", status=BatchStatus.COMPLETED, number=7),
            [
                BatchItem("i0", ItemStatus.SUCCESS, b"der"),
                BatchItem("i1", ItemStatus.CSR_ERROR, None, "CR:CC1", NASTY),
            ],
        )
    ),
    "result pending": b"".join(
        stream_batch_result(
            BatchResult(document_id="b", build="1", status=BatchStatus.PENDING, number=7)
        )
    ),
    "result unknown": b"".join(
        stream_batch_result(
            BatchResult(
                document_id=None,
                build="1",
                status=BatchStatus.FORMAT_ERROR,
                code="FM:AA3",
                text=NASTY,
            )
        )
    ),
    "search": write_search_request(SearchQuery(identity=DEVICE, device=True)),
    "search organisation": write_search_request(SearchQuery(identity=DEVICE, device=False)),
    "found": write_search_response(200, "Success", "a-1", [ENTRY, SUPPLIER]),
    "not found": write_search_response(402, NASTY, "a-2"),
    "data request": write_data_request(SerialNumber(0xA1B)),
    "data": write_data_response(200, "Success", "a-3", (ENTRY, b"der")),
    "data root": write_data_response(200, "Success", "a-3", (ROOT, b"der")),
    "no data": write_data_response(401, "wrong", "a-4"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_valid(name: str) -> None:
    """Every document that we write is valid by the schema, whatever the texts in it."""
    source = files("smki.wire.xml").joinpath("schemas/messages.xsd").read_bytes()
    schema = etree.XMLSchema(etree.fromstring(source))
    document = etree.fromstring(WRITTEN[name])
    assert schema.validate(document), schema.error_log
    assert not document.nsmap


@pytest.mark.clause("sec-app-m:2.4")
@pytest.mark.parametrize(
    "response",
    [
        AdHocResponse(
            document_id="é" * 32,
            build="smki <1> & \n co",
            transaction_id=9,
            status=AdHocStatus.SUCCESS,
            certificate=bytes(range(256)),
        ),
        AdHocResponse(
            document_id=None,
            build="",
            transaction_id=1,
            status=AdHocStatus.ISSUANCE_ANOMALY,
            code="CA:X1",
            text='"quoted" \t & <tagged>',
        ),
    ],
)
def test_ad_hoc_answers_are_read_as_written(response: AdHocResponse) -> None:
    """An answer read is the answer written, escapes and all."""
    assert parse_ad_hoc_response(write_ad_hoc_response(response)) == response


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize(
    "answer",
    [
        BatchSubmitted(document_id="b" * 256, build="1", status=BatchStatus.PENDING, number=2**62),
        BatchSubmitted(
            document_id=None,
            build="1",
            status=BatchStatus.WORKFLOW_ERROR,
            code="WF:BB2",
            text="a & b",
        ),
    ],
)
def test_first_answers_are_read_as_written(answer: BatchSubmitted) -> None:
    """A first answer read is the one written."""
    assert parse_batch_status(write_batch_status(answer)) == answer


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_results_are_read_as_written(step: int) -> None:
    """A result read in parts of any size is the one written, in order."""
    header = BatchResult(document_id="b", build="1", status=BatchStatus.COMPLETED, number=7)
    items = [
        BatchItem("i0", ItemStatus.SUCCESS, bytes(range(256))),
        BatchItem("i1", ItemStatus.INELIGIBLE, None, "IN:A1", "<no>"),
    ]
    document = b"".join(stream_batch_result(header, items))
    reader = ResultReader(document[at : at + step] for at in range(0, len(document), step))
    assert list(reader) == items
    assert reader.header == header


def test_results_are_written_in_parts() -> None:
    """A large result comes in parts of about 64 KiB, items taken only as they are needed."""
    header = BatchResult(document_id="b", build="1", status=BatchStatus.COMPLETED, number=7)
    taken = 0

    def items() -> Any:
        nonlocal taken
        for taken in range(10_000):
            yield BatchItem(f"i{taken}", ItemStatus.SUCCESS, bytes(450))

    parts = stream_batch_result(header, items())
    assert 65_536 <= len(next(parts)) < 80_000
    assert taken < 200
    assert max(map(len, parts)) < 80_000
    assert taken == 9_999


@pytest.mark.clause("sec-app-o:web-service")
def test_repository_answers_are_read_as_written() -> None:
    """Search and retrieval read what was written: entries, certificate, reference."""
    found = parse_search_response(WRITTEN["found"])
    assert (found.code, found.audit_reference, found.entries) == (200, "a-1", (ENTRY, SUPPLIER))
    data = parse_data_response(WRITTEN["data"])
    assert (data.entries, data.certificates) == ((ENTRY,), (b"der",))
    assert parse_data_response(WRITTEN["data root"]).entries == (ROOT,)
    assert parse_data_response(WRITTEN["no data"]).entries == ()
    assert parse_search_request(WRITTEN["search"]) == SearchQuery(identity=DEVICE, device=True)
    assert parse_data_request(WRITTEN["data request"]) == SerialNumber(0xA1B)


@pytest.mark.clause("sec-app-o:web-service")
def test_repository_texts_are_bare() -> None:
    """Clients compare texts as they stand: no blanks, upper-case serial, decimal role, no prefix."""
    assert WRITTEN["found"].decode().partition("\n")[2] == (
        "<CertificateSearchResponse><ResponseCode>200</ResponseCode>"
        "<ResponseMessage>Success</ResponseMessage><AuditReference>a-1</AuditReference>"
        "<Result><CertificateSerial>00000000000000000000000000000A1B</CertificateSerial>"
        "<CertificateSubjectAltName>90-B3-D5-1F-30-01-00-0A</CertificateSubjectAltName>"
        "<CertificateStatus>I</CertificateStatus><CertificateUsage>DS</CertificateUsage>"
        "<ManufacturingFlag>true</ManufacturingFlag></Result>"
        "<Result><CertificateSerial>7F000000000000000000000000000000</CertificateSerial>"
        "<CertificateSubjectName>90-B3-D5-1F-30-01-00-0B</CertificateSubjectName>"
        "<CertificateStatus>R</CertificateStatus><CertificateRole>2</CertificateRole>"
        "<CertificateUsage>KA</CertificateUsage><ManufacturingFlag>false</ManufacturingFlag>"
        "</Result></CertificateSearchResponse>\n"
    )


@pytest.mark.clause("sec-app-m:2.4")
@pytest.mark.parametrize(
    ("body", "rule", "document_id"),
    [
        (b"", "xml.invalid", None),
        (b"\xff", "xml.invalid", None),
        (GOOD[:-40], "xml.invalid", "r-1"),
        (GOOD + b"<more/>", "xml.invalid", "r-1"),
        (GOOD.replace(b"AAEC", b"&none;"), "xml.invalid", "r-1"),
        (b"<!DOCTYPE a>" + GOOD, "xml.doctype", None),
        (GOOD.replace(b"\n", b"\n<!-- <!DOCTYPE x> -->", 1), "xml.doctype", None),
        (GOOD.decode().encode("utf-16"), "xml.encoding", None),
        (GOOD.decode().encode("utf-32-le"), "xml.encoding", None),
        (GOOD.replace(b"UTF-8", b"UTF-7").replace(b"1.0</", b"+ADEALgAw-</"), "xml.schema", "r-1"),
        (b"<a " + b" ".join(b'a%d=""' % i for i in range(20_000)) + b"/>", "xml.size", None),
        (b"<a>" * 300, "xml.invalid", None),
        (GOOD.replace(b"DeviceCertificateSigningRequest", b"Other"), "xml.root", None),
        (GOOD.replace(b"<Dev", b"<x:Dev").replace(b"</Dev", b"</x:Dev"), "xml.invalid", "r-1"),
        (GOOD.replace(b' ID="', b' xmlns="urn:x" ID="'), "xml.root", None),
        (GOOD.replace(b' ID="r-1"', b""), "xml.schema", None),
        (GOOD.replace(b"r-1", b""), "xml.schema", None),
        (GOOD.replace(b"r-1", b"r" * 33), "xml.schema", None),
        (GOOD.replace(b' ID="', b' other="" ID="'), "xml.schema", "r-1"),
        (GOOD.replace(b">1.0<", b">1.1<"), "xml.schema", "r-1"),
        (GOOD.replace(b"AAECAw==", b"A"), "xml.schema", "r-1"),
        (GOOD.replace(b"AAECAw==", b"<b/>"), "xml.schema", "r-1"),
    ],
)
def test_a_wrong_request_is_malformed(body: bytes, rule: str, document_id: str | None) -> None:
    """Each fault is refused by its rule, with the document's ID where it could be read."""
    with pytest.raises(MalformedDocument) as caught:
        parse_ad_hoc_request(body)
    assert (caught.value.rule, caught.value.document_id) == (rule, document_id)


def test_a_declared_encoding_does_not_matter() -> None:
    """What is declared as UTF-7 is read as UTF-8 all the same: no octet means two things."""
    request = parse_ad_hoc_request(GOOD.replace(b"UTF-8", b"UTF-7"))
    assert request == AdHocRequest(document_id="r-1", version="1.0", csr_text="AAECAw==")


@pytest.mark.parametrize(
    "parse", [parse_search_request, parse_data_request, parse_search_response, parse_batch_status]
)
@pytest.mark.parametrize("body", [b"", b"<a/>", GOOD, WRITTEN["search"].replace(b"90-", b"9-")])
def test_other_messages_are_malformed_too(parse: Callable[[bytes], Any], body: bytes) -> None:
    """Another document, or a text that is no identifier, is Malformed, nothing else."""
    with pytest.raises(Malformed):
        parse(body)


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda at, new: GOOD[:at] + new + GOOD[at + len(new) :],
        st.integers(0, len(GOOD)),
        st.binary(max_size=6),
    )
)
def test_any_octets_are_a_request_or_malformed(body: bytes) -> None:
    """Total: a value, or MalformedDocument; nothing else is ever raised."""
    try:
        request = parse_ad_hoc_request(body)
    except MalformedDocument:
        return
    assert 1 <= len(request.document_id) <= 32


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    """Whatever a text holds, the document that carries it is valid and says it again."""
    answer = BatchSubmitted(
        document_id=None, build="1", status=BatchStatus.WORKFLOW_ERROR, code="WF:BB2", text=text
    )
    said = parse_batch_status(write_batch_status(answer)).text
    assert len(said) == len(text)
    assert all(a in (b, "\ufffd") for a, b in zip(said, text, strict=True))
