"""Appendix D: the registration authority's policies and procedures (SMKI RAPP)."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-d",
        title="SEC Appendix D, SMKI Registration Authority Policies and Procedures",
        version="not read; single facts from other appendices and modification pages",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-d:3",
        title="Registration",
        summary="Parties, their roles and identifiers, and their officers are registered after being verified.",
        who="DCC",
        status=Status.PARTLY,
        note="Parties are registered without verification; the procedure, and officers, come with registration in full.",
    ),
    Clause(
        id="sec-app-d:5.4",
        title="Credentials of systems",
        summary="A system's credential is issued on a request, one for each interface.",
        who="DCC",
        status=Status.TODO,
        note="Issued so already; the steps around it come with registration.",
    ),
)
