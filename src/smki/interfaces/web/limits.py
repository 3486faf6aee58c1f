"""How much of time, octets and connections one client may have. Each number with its reason."""

from dataclasses import dataclass
from typing import Final

from smki.wire.xml import MAX_BATCH_OCTETS, SMALL_DOCUMENT_OCTETS

# Enough for a CSR of 60 kB: it is wrong, and deserves the exact answer rather than a closed door.
SMALL_BODY_OCTETS: Final = SMALL_DOCUMENT_OCTETS
# 50,000 CSRs of about 470 to 570 octets are 23 to 27 MiB: twice that, and room for white space.
BATCH_BODY_OCTETS: Final = MAX_BATCH_OCTETS
UPLOADS: Final = 8  # sixteen megabytes, and a fifth of the threads
PARTY_UPLOADS: Final = (
    2  # one that comes in and one that is tried again: four parties fill the house
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one listener. Tests inject shorter times.

    Attributes:
        handshake_seconds: for the TLS handshake: two round trips and two RSA signatures.
        headers_seconds: from the first octet of a request to the end of its headers.
        header_octets: of one request; browsers and clients send less than 2 KiB.
        idle_seconds: between requests on one connection.
        small_body_seconds: waiting for a body of one CSR or query; the target response is 30 s.
        batch_body_seconds: waiting for the body of a batch: 64 MiB at 75 kB/s.
        grace_seconds: a body may pause this long before its rate counts.
        octets_per_second: the least rate of a body after that; a modem's.
        stall_seconds: a client may leave what was sent to it unread this long.
        uploads: batches that come in at once; each takes a thread and two megabytes.
        party_uploads: of them one party's, whatever credentials it uses: a party that is slow or
            greedy leaves room for others.
        connections: open at once on one listener; each costs some 100 KiB.
        shutdown_seconds: what is under way may take to finish when the server stops.

    Clause: sec-app-m:2.4
    """

    handshake_seconds: float = 10.0
    headers_seconds: float = 10.0
    header_octets: int = 65_536
    idle_seconds: int = 300
    small_body_seconds: float = 30.0
    batch_body_seconds: float = 900.0
    grace_seconds: float = 10.0
    octets_per_second: int = 4_096
    stall_seconds: float = 60.0
    uploads: int = UPLOADS
    party_uploads: int = PARTY_UPLOADS
    connections: int = 1_000
    shutdown_seconds: int = 5
