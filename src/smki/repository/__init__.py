"""The only writer of the record: lodges, indexes, proves, serves. Effects go through ports.

Decides nothing about who may have a certificate and signs no certificate.
"""

from smki.repository.auditing import RootAuditor, audit_roots
from smki.repository.comparing import compare_index
from smki.repository.completeness import (
    Complete,
    CompleteProof,
    prove_complete,
    verify_complete,
)
from smki.repository.consistency import check_extends
from smki.repository.identities import IdentityReader, index_root_of
from smki.repository.index_roots import lodge_root
from smki.repository.items import body_of, item_of, metadata_of
from smki.repository.keeping import MapKeeper
from smki.repository.lodging import (
    lodge,
    lodge_ceremony,
    lodge_commitment,
    lodge_crl,
    lodge_leaf,
    lodge_leaves,
    milliseconds,
    publish,
)
from smki.repository.looking import Looked, Looker
from smki.repository.proving import Proven, prove, verify_proof
from smki.repository.rows import (
    IndexProgress,
    catch_up,
    reindex,
    row_of,
    rows_of,
)
from smki.repository.searching import (
    Found,
    Retrieved,
    retrieve,
    search_devices,
    search_organisations,
    standing,
)

__all__ = [
    "Complete",
    "CompleteProof",
    "Found",
    "IdentityReader",
    "IndexProgress",
    "Looked",
    "Looker",
    "MapKeeper",
    "Proven",
    "Retrieved",
    "RootAuditor",
    "audit_roots",
    "body_of",
    "catch_up",
    "check_extends",
    "compare_index",
    "index_root_of",
    "item_of",
    "lodge",
    "lodge_ceremony",
    "lodge_commitment",
    "lodge_crl",
    "lodge_leaf",
    "lodge_leaves",
    "lodge_root",
    "metadata_of",
    "milliseconds",
    "prove",
    "prove_complete",
    "publish",
    "reindex",
    "retrieve",
    "row_of",
    "rows_of",
    "search_devices",
    "search_organisations",
    "standing",
    "verify_complete",
    "verify_proof",
]
