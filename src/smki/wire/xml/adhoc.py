"""The messages of the ad hoc device CSR web service.

The CSR stays base64 text: decoding it, and saying what is wrong with it, is the CSR decoder's.
"""

from dataclasses import dataclass
from typing import Final

from smki.terms import AdHocStatus
from smki.wire.xml.reading import octets_of, parse_document
from smki.wire.xml.writing import HEAD, base64_text, error_element, identifier, tagged

VERSION: Final = "1.0"
REQUEST: Final = "DeviceCertificateSigningRequest"
RESPONSE: Final = "DeviceCertificateSigningResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHocRequest:
    """One device CSR.

    Attributes:
        document_id: attribute ID, 1 to 32 characters; the answer repeats it.
        version: of the interface, `1.0`.
        csr_text: the CSR as it stands in the document: base64, or what passes for it by the schema.

    Clause: sec-app-m:2.4
    """

    document_id: str
    version: str
    csr_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHocResponse:
    """The answer to one device CSR.

    Attributes:
        document_id: attribute ID of the request, if it could be read.
        build: of the software that answers.
        transaction_id: the service's own reference, positive.
        status: the outcome.
        certificate: DER, on success; None otherwise.
        code: error code; empty on success.
        text: what was wrong; empty on success.

    Clause: sec-app-m:2.4
    """

    document_id: str | None
    build: str
    transaction_id: int
    status: AdHocStatus
    certificate: bytes | None = None
    code: str = ""
    text: str = ""


def parse_ad_hoc_request(body: bytes) -> AdHocRequest:
    """The request that `body` holds, valid by the schema.

    Raises:
        MalformedDocument: it is none; with its ID where that could be read.

    Clause: sec-app-m:2.4
    """
    root = parse_document(body, REQUEST)
    version, csr = root
    return AdHocRequest(document_id=root.get("ID"), version=version.text, csr_text=csr.text or "")


def write_ad_hoc_request(request: AdHocRequest) -> bytes:
    """The document of `request`.

    Clause: sec-app-m:2.4
    """
    return (
        f"{HEAD}<{REQUEST}{identifier(request.document_id)}>{tagged('Version', request.version)}"
        f"{tagged('CertificateSigningRequest', request.csr_text)}</{REQUEST}>\n"
    ).encode()


def write_ad_hoc_response(response: AdHocResponse) -> bytes:
    """The document of `response`.

    Clause: sec-app-m:2.4
    """
    outcome = (
        error_element(response.code, response.text)
        if response.certificate is None
        else f"<Certificate>{base64_text(response.certificate)}</Certificate>"
    )
    return (
        f"{HEAD}<{RESPONSE}{identifier(response.document_id)}>{tagged('Version', VERSION)}"
        f"{tagged('Build', response.build)}<TransactionId>{response.transaction_id}</TransactionId>"
        f"<Status>{response.status.value}</Status>{outcome}</{RESPONSE}>\n"
    ).encode()


def parse_ad_hoc_response(body: bytes) -> AdHocResponse:
    """The answer that `body` holds, valid by the schema.

    Raises:
        MalformedDocument: it is none.

    Clause: sec-app-m:2.4
    """
    root = parse_document(body, RESPONSE)
    certificate = root.findtext("Certificate")
    return AdHocResponse(
        document_id=root.get("ID"),
        build=root.findtext("Build"),
        transaction_id=int(root.findtext("TransactionId")),
        status=AdHocStatus(root.findtext("Status")),
        certificate=None if certificate is None else octets_of(certificate),
        code=root.findtext("Error/ErrorCode", ""),
        text=root.findtext("Error/ErrorText", ""),
    )
