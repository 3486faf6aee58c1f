"""Appendix Q: the infrastructure key infrastructure's certificate policy."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-q",
        title="SEC Appendix Q, IKI Certificate Policy",
        version="not read; from Appendix M Appendix G and the glossary",
    ),
)

CLAUSES: Final = (
    Clause(
        id="sec-app-q:1",
        title="IKI certificate policy",
        summary="The kinds of certificates that people, systems and file signers hold.",
        who="DCC",
        status=Status.PARTLY,
        note="Systems only; officers and file signers come with registration.",
    ),
    Clause(
        id="sec-app-q:B",
        title="IKI certificate profiles",
        summary="RSA-2048 certificates, each for one interface, and the authorities and lists above them.",
        who="DCC",
        status=Status.PARTLY,
        note="Lifetimes, identifiers and list profiles are not known: ours, in configuration.",
    ),
)
