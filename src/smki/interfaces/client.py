"""A client of the services, as a user's own system would be: real TLS, its own credential.

Knows the messages and nothing of the house behind them.
"""

import http.client
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from smki.terms import BatchStatus, Malformed, Refused, SerialNumber, Unavailable
from smki.wire.xml import (
    AdHocRequest,
    AdHocResponse,
    BatchItem,
    BatchResult,
    BatchSubmitted,
    RepositoryAnswer,
    ResultReader,
    SearchQuery,
    parse_ad_hoc_response,
    parse_batch_status,
    parse_data_response,
    parse_search_response,
    write_ad_hoc_request,
    write_data_request,
    write_search_request,
)

XML: Final = "application/xml;charset=UTF-8"
_TIMEOUT_SECONDS: Final = 120
_PART: Final = 1 << 16
_UNFINISHED: Final = frozenset(
    {
        BatchStatus.PENDING,
        BatchStatus.PARSING,
        BatchStatus.QUEUED,
        BatchStatus.PROCESSING,
        BatchStatus.PAUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredential:
    """Whom to trust, and who we are: PEM files; None for the loopback listener."""

    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """The TLS context of this client.

        Raises:
            Unavailable: a file is missing or not what it should be.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise Unavailable(
                f"credential {self.certificate}: cannot be used ({error})", where=str(self.ca)
            ) from error
        return context


class Service:
    """One address of the services."""

    def __init__(self, address: str, credential: ClientCredential | None) -> None:
        self._parts = urlsplit(address)
        self._context = credential.context() if credential else None

    def ad_hoc(self, text: str, document_id: str) -> tuple[AdHocResponse, bytes]:
        """The answer to an ad hoc CSR (bare base64), and its octets."""
        request = AdHocRequest(document_id=document_id, version="1.0", csr_text=text)
        return self.ad_hoc_document(write_ad_hoc_request(request))

    def ad_hoc_document(self, document: bytes) -> tuple[AdHocResponse, bytes]:
        """The answer to a whole ad hoc request document, and its octets.

        Raises:
            Refused: the credential does not open this interface.
            Unavailable: the service cannot be reached.
        """
        answer = self._exchange("POST", self._parts.path, document)
        return parse_ad_hoc_response(answer), answer

    def submit(self, parts: Iterable[bytes], length: int) -> tuple[BatchSubmitted, bytes]:
        """The first answer to a batch, and its octets."""
        answer = self._exchange("POST", f"{self._parts.path}/SubmitCSRBatch", parts, length)
        return parse_batch_status(answer), answer

    def result(
        self, number: int, keep: Callable[[bytes], object] | None = None
    ) -> tuple[BatchResult, list[BatchItem]]:
        """State or result of a batch; `keep` is given the answer's octets as they come."""
        path = f"{self._parts.path}/CSRBatchResult?BatchId={number}"
        with self._answer("GET", path) as parts:
            reader = ResultReader(_kept(parts, keep))
            items = list(reader)
        if reader.header is None:
            raise Unavailable("result: ended before its header", where=path)
        return reader.header, items

    def finished(
        self, number: int, tell: Callable[[str], object], keep: Callable[[bytes], object]
    ) -> tuple[BatchResult, list[BatchItem]]:
        """The result of a batch, waited for; `tell` is given its state each time it was asked."""
        pause = 0.1
        while True:
            octets: list[bytes] = []
            header, items = self.result(number, octets.append)
            tell(header.status.value)
            if header.status not in _UNFINISHED:
                for part in octets:
                    keep(part)
                return header, items
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)

    def proof(self, number: int, keep: Callable[[bytes], object]) -> None:
        """The proof of a finished batch, handed to `keep` in parts."""
        with self._answer("GET", f"{self._parts.path}/CSRBatchProof?BatchId={number}") as parts:
            for part in parts:
                keep(part)

    def search(self, query: SearchQuery, apikey: str) -> RepositoryAnswer:
        """What the repository has of a device or organisation."""
        path = f"/services/certificatesearch?apikey={apikey}"
        return parse_search_response(
            self._exchange("POST", path, write_search_request(query), missing=402)
        )

    def retrieve(self, serial: SerialNumber, apikey: str) -> RepositoryAnswer:
        """The certificate with that serial number."""
        path = f"/services/retrievecertificate?apikey={apikey}"
        return parse_data_response(
            self._exchange("POST", path, write_data_request(serial), missing=402)
        )

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes],
        length: int | None = None,
        *,
        missing: int = 200,
    ) -> bytes:
        size = len(body) if isinstance(body, bytes) else length
        with self._answer(method, path, body, size, missing=missing) as parts:
            return b"".join(parts)

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        length: int | None = None,
        *,
        missing: int = 200,
    ) -> Iterator[Iterator[bytes]]:
        connection = self._connection()
        headers = {"Content-Type": XML} if body is not None else {}
        if length is not None:
            headers["Content-Length"] = str(length)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            if response.status not in (200, missing):
                text = response.read(4096).decode("utf-8", "replace").strip()
                raise _error(response.status, text, path)
            yield iter(lambda: response.read(_PART), b"")
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"service at {self._parts.netloc}: cannot be reached or broke off ({error})",
                where=path,
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(
            host, port, timeout=_TIMEOUT_SECONDS, context=self._context
        )


def _error(status: int, text: str, path: str) -> Refused | Malformed | Unavailable:
    message = f"HTTP {status}: {text or 'no text'}"
    if status >= 500:
        return Unavailable(message, where=path)
    if status in (401, 403):
        return Refused(message, where=path)
    return Malformed(message, where=path)


def _kept(parts: Iterator[bytes], keep: Callable[[bytes], object] | None) -> Iterator[bytes]:
    for part in parts:
        if keep:
            keep(part)
        yield part
