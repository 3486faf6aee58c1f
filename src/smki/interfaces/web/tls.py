"""TLS as the interface specification wants it: who may connect at all.

The handshake verifies chain, validity and revocation of the client's certificate; what the
certificate may be used for is asked anew for each request. Sessions are resumed only where TLS 1.2
clients ask for it by identifier: such a connection shows the certificate that was verified when
the session began, and the question for each request covers what has happened since.
"""

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from smki.terms import Unavailable

SUITES: Final = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-SHA256",
)


def server_context(
    *, certificate: Path, key: Path, trust: Path, crls: Iterable[Path]
) -> ssl.SSLContext:
    """A context that lets in whoever shows an unrevoked certificate under `trust`, none other.

    TLS 1.2 with the four listed suites, and TLS 1.3. No tickets: a ticket would carry a verified
    certificate past the next revocation list.

    Args:
        certificate: the server's chain, PEM, leaf first.
        key: its private key, PEM, not encrypted.
        trust: Root and Issuing ICA, PEM.
        crls: the current lists of both, PEM; without them nobody is let in.

    Raises:
        Unavailable: a file cannot be read.

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
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(trust)
    except OSError as error:
        raise Unavailable(
            f"TLS: {certificate}, {key} or {trust} cannot be used, {error}"
        ) from error
    for crl in crls:
        load_crl(context, crl)
    return context


def load_crl(context: ssl.SSLContext, crl: Path) -> None:
    """Handshakes from now on go by this list too, if its thisUpdate is later than those loaded.

    OpenSSL takes the list with the latest thisUpdate: one of the same second changes nothing, so
    whoever issues lists gives each a later one.

    Raises:
        Unavailable: the file (PEM) cannot be read.

    Clause: sec-app-m:G
    """
    try:
        context.load_verify_locations(crl)
    except OSError as error:
        raise Unavailable(f"TLS: revocation list {crl} cannot be used, {error}") from error
