"""Appendix B: the organisation certificate policy."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-b",
        title="SEC Appendix B, Organisation Certificate Policy",
        version="not read; from certificates, glossary and Appendix M",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-b:1",
        title="Organisation certificate policy",
        summary="The kinds of certificates of the organisation hierarchy: Root OCA, Issuing OCA and organisations.",
        who="DCC",
        status=Status.PARTLY,
        note="The policy itself could not be read; practice statements come with governance.",
    ),
    Clause(
        id="sec-app-b:4.3",
        title="Certificate issuance",
        summary="What the authority does between an accepted request and an issued certificate (RFC 3647 section 4.3).",
        who="DCC",
        status=Status.PARTLY,
        note="The policy's own text could not be read; the number is that of the framework it follows.",
    ),
    Clause(
        id="sec-app-b:B",
        title="Organisation certificate profiles",
        summary="Field by field what an organisation, Issuing OCA and Root OCA certificate hold, the wrapped contingency key included.",
        who="DCC",
        status=Status.PARTLY,
        note="Organisation and Issuing OCA certificates follow published ones; Root OCA by analogy.",
    ),
    Clause(
        id="sec-app-b:B-crl",
        title="Organisation CRL and ARL profiles",
        summary="What the revocation lists hold, how often they are issued and how long they stand.",
        who="DCC",
        status=Status.PARTLY,
        note="Intervals are recalled and therefore configuration; withholding has a form of our own.",
    ),
)
