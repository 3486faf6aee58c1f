"""TLS as the interface specification wants it: who may connect at all.

The handshake verifies chain, validity and revocation of the client's certificate; what the
certificate may be used for is asked anew for each request. Sessions are resumed only where TLS 1.2
clients ask for it by identifier: such a connection shows the certificate that was verified when
the session began, and the question for each request covers what has happened since.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from smki.terms import Unavailable

SUITES: Final = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """The files, all PEM, that a server shows and believes.

    Attributes:
        certificate: the server's chain, leaf first.
        key: its private key, not encrypted.
        trust: Root and Issuing ICA.
        crls: the current list of each; without them nobody is let in.
    """

    certificate: Path
    key: Path
    trust: Path
    crls: tuple[Path, ...]

    def written_at(self) -> tuple[tuple[int, int], ...]:
        """When each file was written, in ns since 1970, and its octets; 0 if it is not there."""
        return tuple(map(_written_at, (self.certificate, self.key, self.trust, *self.crls)))


def _written_at(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


class ServerTls:
    """What handshakes go by: the files as they were when `refresh` last read them.

    Nothing is added to a context that is in use, where lists would pile up for ever: a new one is
    made of the files alone, and the next handshake goes by it. A list whose time has not come, as
    when two follow each other within a second, lets nobody in: it is in force from that time on.

    Clause: sec-app-m:G
    """

    def __init__(self, files: TlsFiles, now: Callable[[], datetime]) -> None:
        self._files = files
        self._now = now
        self._written_at = files.written_at()  # first: what changes from now on is seen
        self._lists = _lists(files)
        self._current = server_context(files)
        self.listening = server_context(files)
        """The context of the listener; each of its handshakes is handed the one in force."""
        self.listening.sni_callback = self._hand_over

    def refresh(self) -> bool:
        """True if a file had changed: handshakes from now on go by the files as they are.

        False also while a list is there whose time has not come: ask again.

        A list is never exchanged for one with a lower number.

        Raises:
            Unavailable: a file cannot be used, or is half exchanged; what was in force stays so.
        """
        written_at = self._files.written_at()
        if written_at == self._written_at:
            return False
        lists = _lists(self._files)
        for issuer, (number, _) in self._lists.items():
            found = lists[issuer][0] if issuer in lists else None
            if found is None or found < number:
                raise Unavailable(
                    f"TLS: revocation list of {issuer}: number {found}, must not be"
                    f" below {number}, which is in force",
                    clause="sec-app-b:B-crl",
                    rule="tls.list",
                )
        if any(this_update > self._now() for _, this_update in lists.values()):
            return False
        self._current = server_context(self._files)
        self._written_at, self._lists = written_at, lists
        return True

    def _hand_over(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._current


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """A context that lets in whoever shows an unrevoked certificate under `trust`, none other.

    TLS 1.2 with the four listed suites, and TLS 1.3. No tickets: a ticket would carry a verified
    certificate past the next revocation list.

    Raises:
        Unavailable: a file cannot be read, or the key is not the certificate's.

    Clause: sec-app-m:G
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(SUITES))
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    try:
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(files.trust)
    except OSError as error:
        raise Unavailable(
            f"TLS: {files.certificate}, {files.key} or {files.trust} cannot be used, {error}"
        ) from error
    for crl in files.crls:
        try:
            context.load_verify_locations(crl)
        except OSError as error:
            raise _no_list(crl, error) from error
    return context


def _lists(files: TlsFiles) -> Mapping[str, tuple[int, datetime]]:
    """Number and instant of each list by the name of its issuer."""
    lists = {}
    for path in files.crls:
        try:
            crl = x509.load_pem_x509_crl(path.read_bytes())
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except (OSError, ValueError, x509.ExtensionNotFound) as error:
            raise _no_list(path, error) from error
        lists[crl.issuer.rfc4514_string()] = (number, crl.last_update_utc)
    return lists


def _no_list(path: Path, error: Exception) -> Unavailable:
    return Unavailable(f"TLS: revocation list {path} cannot be used, {error}")
