"""The messages of the repository web service: search and retrieval.

As published clients send and read them: plain texts without padding, no namespace, no prefix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from smki.terms import EUI64, CertificateStatus, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire.xml.reading import octets_of, parse_document
from smki.wire.xml.writing import HEAD, base64_text, tagged

SEARCH_REQUEST: Final = "CertificateSearchRequest"
SEARCH_RESPONSE: Final = "CertificateSearchResponse"
DATA_REQUEST: Final = "CertificateDataRequest"
DATA_RESPONSE: Final = "CertificateDataResponse"

SUBJECT_NAME: Final = "CertificateSubjectName"
SUBJECT_ALT_NAME: Final = "CertificateSubjectAltName"
MAX_RESPONSE_OCTETS: Final = 16 * 1024 * 1024  # some 40,000 results: more than any one identity has

_USAGES: Final = {usage.code: usage for usage in KeyUsage}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What is searched for.

    Attributes:
        identity: Device ID, or Entity Identifier of an organisation.
        device: True if it was asked as a device (`CertificateSubjectAltName`).

    Clause: sec-app-o:web-service
    """

    identity: EUI64
    device: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEntry:
    """What the repository says of one certificate.

    Attributes:
        serial: its serial number.
        identity: Device ID or Entity Identifier of its subject; None if it has none.
        device: True for a device certificate.
        status: its standing.
        role: remote party role of an organisation certificate; None otherwise.
        usage: its key usage.
        manufacturing: issued for manufacture rather than for replacement in the field.

    Clause: sec-app-o:web-service
    """

    serial: SerialNumber
    identity: EUI64 | None
    device: bool
    status: CertificateStatus
    role: RemotePartyRole | None
    usage: KeyUsage
    manufacturing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAnswer:
    """An answer of the repository, as a client reads it.

    Attributes:
        code: 200, 401 or 402.
        message: the same in words.
        audit_reference: opaque, unique.
        entries: what was found.
        certificates: DER of each, in a retrieval; empty in a search.
    """

    code: int
    message: str
    audit_reference: str
    entries: tuple[RepositoryEntry, ...] = ()
    certificates: tuple[bytes, ...] = ()


def parse_search_request(body: bytes) -> SearchQuery:
    """The search that `body` asks for.

    Raises:
        Malformed: not the document, or its text is not an EUI-64.

    Clause: sec-app-o:web-service
    """
    (criterion,) = parse_document(body, SEARCH_REQUEST)
    return SearchQuery(
        identity=EUI64.parse((criterion.text or "").strip()),
        device=criterion.tag == SUBJECT_ALT_NAME,
    )


def parse_data_request(body: bytes) -> SerialNumber:
    """The serial number of the certificate that `body` asks for.

    Raises:
        Malformed: not the document, or its text is not a serial number.

    Clause: sec-app-o:web-service
    """
    (serial,) = parse_document(body, DATA_REQUEST)
    return SerialNumber.parse((serial.text or "").strip())


def write_search_request(query: SearchQuery) -> bytes:
    """The document of `query`.

    Clause: sec-app-o:web-service
    """
    criterion = tagged(_name_tag(device=query.device), str(query.identity))
    return f"{HEAD}<{SEARCH_REQUEST}>{criterion}</{SEARCH_REQUEST}>\n".encode()


def write_data_request(serial: SerialNumber) -> bytes:
    """The document that asks for the certificate with this serial number.

    Clause: sec-app-o:web-service
    """
    criterion = tagged("CertificateSerial", str(serial))
    return f"{HEAD}<{DATA_REQUEST}>{criterion}</{DATA_REQUEST}>\n".encode()


def write_search_response(
    code: int, message: str, audit_reference: str, entries: Sequence[RepositoryEntry] = ()
) -> bytes:
    """The answer to a search; nothing found and wrong parameters have no entries.

    Clause: sec-app-o:web-service
    """
    results = "".join(
        f"<Result>{_serial(entry)}{_name(entry)}{_status(entry)}{_standing(entry)}</Result>"
        for entry in entries
    )
    return _response(SEARCH_RESPONSE, code, message, audit_reference, results)


def write_data_response(
    code: int,
    message: str,
    audit_reference: str,
    found: tuple[RepositoryEntry, bytes] | None = None,
) -> bytes:
    """The answer to a retrieval: an entry and the certificate's DER, if it was found.

    Clause: sec-app-o:web-service
    """
    result = ""
    if found is not None:
        entry, certificate = found
        result = (
            f"<CertificateResponse>{_name(entry)}{_serial(entry)}{_status(entry)}"
            f"<CertificateBody>{base64_text(certificate)}</CertificateBody>"
            f"{_standing(entry)}</CertificateResponse>"
        )
    return _response(DATA_RESPONSE, code, message, audit_reference, result)


def parse_search_response(body: bytes) -> RepositoryAnswer:
    """The answer to a search that `body` holds.

    Raises:
        Malformed: it is none.

    Clause: sec-app-o:web-service
    """
    root = parse_document(body, SEARCH_RESPONSE, limit=MAX_RESPONSE_OCTETS)
    return _answer(root, root.findall("Result"), ())


def parse_data_response(body: bytes) -> RepositoryAnswer:
    """The answer to a retrieval that `body` holds.

    Raises:
        Malformed: it is none.

    Clause: sec-app-o:web-service
    """
    root = parse_document(body, DATA_RESPONSE)
    bodies = root.findall("CertificateResponse/CertificateBody")
    certificates = tuple(octets_of(found.text) for found in bodies)
    return _answer(root, root.findall("CertificateResponse"), certificates)


def _response(root: str, code: int, message: str, audit_reference: str, results: str) -> bytes:
    return (
        f"{HEAD}<{root}><ResponseCode>{code}</ResponseCode>{tagged('ResponseMessage', message)}"
        f"{tagged('AuditReference', audit_reference)}{results}</{root}>\n"
    ).encode()


def _name_tag(*, device: bool) -> str:
    return SUBJECT_ALT_NAME if device else SUBJECT_NAME


def _name(entry: RepositoryEntry) -> str:
    if entry.identity is None:
        return ""
    return tagged(_name_tag(device=entry.device), str(entry.identity))


def _serial(entry: RepositoryEntry) -> str:
    return tagged("CertificateSerial", str(entry.serial))


def _status(entry: RepositoryEntry) -> str:
    return tagged("CertificateStatus", entry.status.value)


def _standing(entry: RepositoryEntry) -> str:
    role = "" if entry.role is None else tagged("CertificateRole", str(int(entry.role)))
    flag = "true" if entry.manufacturing else "false"
    return (
        f"{role}{tagged('CertificateUsage', entry.usage.code)}{tagged('ManufacturingFlag', flag)}"
    )


def _answer(root: Any, results: Sequence[Any], certificates: tuple[bytes, ...]) -> RepositoryAnswer:
    return RepositoryAnswer(
        code=int(root.findtext("ResponseCode")),
        message=root.findtext("ResponseMessage"),
        audit_reference=root.findtext("AuditReference"),
        entries=tuple(_entry(result) for result in results),
        certificates=certificates,
    )


def _entry(result: Any) -> RepositoryEntry:
    organisation = result.findtext(SUBJECT_NAME)
    device = result.findtext(SUBJECT_ALT_NAME)
    identity = organisation if device is None else device
    role = result.findtext("CertificateRole")
    return RepositoryEntry(
        serial=SerialNumber.parse(result.findtext("CertificateSerial")),
        identity=None if identity is None else EUI64.parse(identity),
        device=device is not None,
        status=CertificateStatus(result.findtext("CertificateStatus")),
        role=None if role is None else RemotePartyRole(int(role)),
        usage=_USAGES[result.findtext("CertificateUsage")],
        manufacturing=result.findtext("ManufacturingFlag") == "true",
    )
