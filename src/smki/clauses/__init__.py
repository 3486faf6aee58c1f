"""The catalogue of the documents' clauses in our own words, and who in the tree claims each.

A clause is found by its id, `sec:L3.16` or `sec-app-m:2.3.1.7`; what serves it is found by reading
the sources (`scan`), never by hand. Holds no text of the documents, reads no file, judges nothing.
"""

from smki.clauses.catalogue import CLAUSES, DOCUMENTS, find
from smki.clauses.claims import Claim, Claims, scan, scan_tests
from smki.clauses.model import Clause, Document, Status
from smki.clauses.report import check, claims_from_json, claims_to_json, to_markdown

__all__ = [
    "CLAUSES",
    "DOCUMENTS",
    "Claim",
    "Claims",
    "Clause",
    "Document",
    "Status",
    "check",
    "claims_from_json",
    "claims_to_json",
    "find",
    "scan",
    "scan_tests",
    "to_markdown",
]
