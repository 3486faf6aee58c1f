"""Appendix O: the interfaces of the repository."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-o",
        title="SEC Appendix O, SMKI Repository Interface Design Specification",
        version="not read; from a published client",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-o:web-service",
        title="Repository web service",
        summary="Search by identifier and retrieval by serial number, with an API key, as published clients send them.",
        who="DCC",
        status=Status.PARTLY,
        note="Only the two operations that are known; the section number is not.",
    ),
    Clause(
        id="sec-app-o:sftp",
        title="Repository bulk files",
        summary="A daily delta and a full file over SFTP.",
        who="DCC",
        status=Status.TODO,
        note="Comes with the repository work; the files' form could not be read and will be ours.",
    ),
    Clause(
        id="sec-app-o:portal",
        title="Repository portal",
        summary="Search and download in a browser.",
        who="DCC",
        status=Status.PARTLY,
        note="Certificates, lists, documents, decisions and configurations. The section was not read.",
    ),
)
