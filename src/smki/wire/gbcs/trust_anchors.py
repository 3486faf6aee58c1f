"""What a device's trust anchor cells are called and hold: CS02a and CS02f, and the common types.

    TrustAnchorCellIdentifier ::= SEQUENCE {
        trustAnchorCellRemotePartyRole  RemotePartyRole,
        trustAnchorCellKeyUsage         KeyUsage,
        trustAnchorCellUsage            CellUsage DEFAULT management }
    ProvideDetailsCommand ::= SEQUENCE {
        authorisingRemotePartyTACellIdentifier  TrustAnchorCellIdentifier,
        remotePartyRolesCredentialsRequired     SEQUENCE OF RemotePartyRole }
    ProvideDetailsResponse ::= SEQUENCE OF RemotePartyDetails
    RemotePartyDetails ::= SEQUENCE {
        remotePartyRole          RemotePartyRole,
        statusCode               StatusCode,
        currentSeqNumber         SeqNumber OPTIONAL,              -- both present if and only if
        trustAnchorCellsDetails  SEQUENCE OF TrustAnchorCellContents OPTIONAL }       -- success
    TrustAnchorCellContents ::= SEQUENCE {
        trustAnchorCellKeyUsage       KeyUsage,
        trustAnchorCellUsage          CellUsage DEFAULT management,
        existingSubjectUniqueID       OCTET STRING (SIZE(8)),     -- zero octets for root
        existingSubjectKeyIdentifier  OCTET STRING (SIZE(8)) }

Names are descriptive where the document's own were not seen.

Clause: gbcs:CS02a
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from smki.terms import RemotePartyRole
from smki.wire.gbcs.asn1 import (
    ENUMERATED,
    Bits,
    Few,
    Field,
    Integer,
    Named,
    Octets,
    SequenceOf,
    SequenceType,
    named,
)

IDENTIFIER_OCTETS: Final = 8


class KeyUsageBits(IntFlag):
    """KeyUsage ::= BIT STRING; a cell has one or two of them, a request may name any.

    Clause: rfc5280:4.2.1.3
    """

    DIGITAL_SIGNATURE = 1 << 0
    NON_REPUDIATION = 1 << 1
    KEY_ENCIPHERMENT = 1 << 2
    DATA_ENCIPHERMENT = 1 << 3
    KEY_AGREEMENT = 1 << 4
    KEY_CERT_SIGN = 1 << 5
    CRL_SIGN = 1 << 6
    ENCIPHER_ONLY = 1 << 7
    DECIPHER_ONLY = 1 << 8


class CellUsage(IntEnum):
    """What a cell's key is for: a supplier may have a second one for top-ups alone."""

    MANAGEMENT = 0
    PRE_PAYMENT_TOP_UP = 1


class StatusCode(IntEnum):
    """What became of one role or one replacement; numbers as in RFC 5934.

    Clause: gbcs:CS02a
    """

    SUCCESS = 0
    BAD_CERTIFICATE = 5
    NO_TRUST_ANCHOR = 10
    INSUFFICIENT_MEMORY = 17
    TRUST_ANCHOR_NOT_FOUND = 25
    RESOURCES_BUSY = 30
    OTHER = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchorCellIdentifier:
    """The name of a trust anchor cell."""

    role: RemotePartyRole
    key_usage: KeyUsageBits
    cell_usage: CellUsage = CellUsage.MANAGEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvideDetailsCommand:
    """CS02a, CS02f: who asks, by the cell that knows them, for the cells of which roles."""

    authorising_cell: TrustAnchorCellIdentifier
    roles: tuple[RemotePartyRole, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchorCellContents:
    """What one cell holds.

    Attributes:
        key_usage: of the cell.
        cell_usage: of the cell.
        subject_unique_id: 8 octets, the EUI-64 of the certificate's subject; zeros for root.
        subject_key_identifier: 8 octets.
    """

    key_usage: KeyUsageBits
    cell_usage: CellUsage = CellUsage.MANAGEMENT
    subject_unique_id: bytes
    subject_key_identifier: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePartyDetails:
    """What a device holds of one role; counter and cells are there if and only if success.

    Attributes:
        role: that was asked for.
        status: success, or why there is nothing more.
        counter: of the last update that was accepted from the role.
        cells: in the device's order.
    """

    role: RemotePartyRole
    status: StatusCode
    counter: int | None = None
    cells: tuple[TrustAnchorCellContents, ...] | None = None


def _whole(details: RemotePartyDetails) -> str:
    there = (details.counter is not None, details.cells is not None)
    if there == ((details.status is StatusCode.SUCCESS),) * 2:
        return ""
    return f"status {int(details.status)} with counter or cells {'there' if any(there) else 'away'}"


REMOTE_PARTY_ROLE: Final = Named(
    {
        RemotePartyRole.ROOT: "root",
        RemotePartyRole.RECOVERY: "recovery",
        RemotePartyRole.SUPPLIER: "supplier",
        RemotePartyRole.NETWORK_OPERATOR: "networkOperator",
        RemotePartyRole.ACCESS_CONTROL_BROKER: "accessControlBroker",
        RemotePartyRole.TRANSITIONAL_COS: "transitionalCoS",
        RemotePartyRole.WAN_PROVIDER: "wanProvider",
        RemotePartyRole.ISSUING_AUTHORITY: "issuingAuthority",
        RemotePartyRole.LOAD_CONTROLLER: "loadController",
        RemotePartyRole.OTHER: "other",
    }
)
KEY_USAGE: Final = Bits(
    {
        KeyUsageBits.DIGITAL_SIGNATURE: "digitalSignature",
        KeyUsageBits.NON_REPUDIATION: "nonRepudiation",
        KeyUsageBits.KEY_ENCIPHERMENT: "keyEncipherment",
        KeyUsageBits.DATA_ENCIPHERMENT: "dataEncipherment",
        KeyUsageBits.KEY_AGREEMENT: "keyAgreement",
        KeyUsageBits.KEY_CERT_SIGN: "keyCertSign",
        KeyUsageBits.CRL_SIGN: "cRLSign",
        KeyUsageBits.ENCIPHER_ONLY: "encipherOnly",
        KeyUsageBits.DECIPHER_ONLY: "decipherOnly",
    }
)
CELL_USAGE: Final = named(CellUsage)
STATUS_CODE: Final = named(StatusCode, tag=ENUMERATED)
SEQ_NUMBER: Final = Integer()
IDENTIFIER: Final = Octets(IDENTIFIER_OCTETS)

TRUST_ANCHOR_CELL_IDENTIFIER: Final = Few(
    SequenceType(
        TrustAnchorCellIdentifier,
        Field("trustAnchorCellRemotePartyRole", "role", REMOTE_PARTY_ROLE),
        Field("trustAnchorCellKeyUsage", "key_usage", KEY_USAGE),
        Field("trustAnchorCellUsage", "cell_usage", CELL_USAGE, default=CellUsage.MANAGEMENT),
    )
)
PROVIDE_DETAILS_COMMAND: Final = SequenceType(
    ProvideDetailsCommand,
    Field(
        "authorisingRemotePartyTACellIdentifier", "authorising_cell", TRUST_ANCHOR_CELL_IDENTIFIER
    ),
    Field("remotePartyRolesCredentialsRequired", "roles", SequenceOf(REMOTE_PARTY_ROLE)),
)
TRUST_ANCHOR_CELL_CONTENTS: Final = SequenceType(
    TrustAnchorCellContents,
    Field("trustAnchorCellKeyUsage", "key_usage", KEY_USAGE),
    Field("trustAnchorCellUsage", "cell_usage", CELL_USAGE, default=CellUsage.MANAGEMENT),
    Field("existingSubjectUniqueID", "subject_unique_id", IDENTIFIER),
    Field("existingSubjectKeyIdentifier", "subject_key_identifier", IDENTIFIER),
)
REMOTE_PARTY_DETAILS: Final = SequenceType(
    RemotePartyDetails,
    Field("remotePartyRole", "role", REMOTE_PARTY_ROLE),
    Field("statusCode", "status", STATUS_CODE),
    Field("currentSeqNumber", "counter", SEQ_NUMBER, optional=True),
    Field(
        "trustAnchorCellsDetails", "cells", SequenceOf(TRUST_ANCHOR_CELL_CONTENTS), optional=True
    ),
    holds=_whole,
)
PROVIDE_DETAILS_RESPONSE: Final = SequenceOf(REMOTE_PARTY_DETAILS)
