"""XML messages of the SMKI services ⇄ values. Total, closed, hardened, batches in flat memory.

For any octets: a value, or `MalformedDocument` (a `Malformed`) with the document's ID where that
could be read. Nothing is decided, no CSR is decoded.
"""

from smki.wire.xml.adhoc import (
    AdHocRequest,
    AdHocResponse,
    parse_ad_hoc_request,
    parse_ad_hoc_response,
    write_ad_hoc_request,
    write_ad_hoc_response,
)
from smki.wire.xml.batch import (
    MAX_BATCH_OCTETS,
    MAX_ITEMS,
    BatchHeader,
    BatchReader,
    BatchSubmitted,
    parse_batch_status,
    read_items,
    write_batch_request,
    write_batch_status,
)
from smki.wire.xml.reading import SMALL_DOCUMENT_OCTETS, MalformedDocument
from smki.wire.xml.repository import (
    RepositoryAnswer,
    RepositoryEntry,
    SearchQuery,
    parse_data_request,
    parse_data_response,
    parse_search_request,
    parse_search_response,
    write_data_request,
    write_data_response,
    write_search_request,
    write_search_response,
)
from smki.wire.xml.results import BatchItem, BatchResult, ResultReader, stream_batch_result

__all__ = [
    "MAX_BATCH_OCTETS",
    "MAX_ITEMS",
    "SMALL_DOCUMENT_OCTETS",
    "AdHocRequest",
    "AdHocResponse",
    "BatchHeader",
    "BatchItem",
    "BatchReader",
    "BatchResult",
    "BatchSubmitted",
    "MalformedDocument",
    "RepositoryAnswer",
    "RepositoryEntry",
    "ResultReader",
    "SearchQuery",
    "parse_ad_hoc_request",
    "parse_ad_hoc_response",
    "parse_batch_status",
    "parse_data_request",
    "parse_data_response",
    "parse_search_request",
    "parse_search_response",
    "read_items",
    "stream_batch_result",
    "write_ad_hoc_request",
    "write_ad_hoc_response",
    "write_batch_request",
    "write_batch_status",
    "write_data_request",
    "write_data_response",
    "write_search_request",
    "write_search_response",
]
