"""Update Security Credentials: CS02b and CS02g, the commands that replace trust anchors.

    UpdateCredentialsCommand ::= SEQUENCE {
        authorisingRemotePartyControl  AuthorisingRemotePartyControl,
        replacements                   SEQUENCE OF TrustAnchorReplacement,
        certificationPathCertificates  SEQUENCE OF Certificate,
        executionDateTime              GeneralizedTime OPTIONAL }
    AuthorisingRemotePartyControl ::= SEQUENCE {
        credentialsReplacementMode                  CredentialsReplacementMode,
        plaintextSymmetricKey                   [0] OCTET STRING OPTIONAL,        -- mode 9 only
        applyTimeBasedCPVChecks                 [1] INTEGER { apply(0), disapply(1) } DEFAULT apply,
        authorisingRemotePartyTACellIdentifier  [2] TrustAnchorCellIdentifier OPTIONAL,
        authorisingRemotePartySeqNumber         [3] SeqNumber,
        newRemotePartyFloorSeqNumber            [4] SeqNumber OPTIONAL,
        newRemotePartySpecialistFloorSeqNumber  [5] SEQUENCE OF SpecialistSeqNumber OPTIONAL,
        otherRemotePartySeqNumberChanges        [6] SEQUENCE OF RemotePartySeqNumberChange OPTIONAL }
    SpecialistSeqNumber ::= SEQUENCE { seqNumberUsage INTEGER { prepaymentTopUp(0) }, seqNumber SeqNumber }
    RemotePartySeqNumberChange ::= SEQUENCE {
        otherRemotePartyRole                    RemotePartyRole,
        otherRemotePartyFloorSeqNumber          SeqNumber,
        newRemotePartySpecialistFloorSeqNumber  SEQUENCE OF SpecialistSeqNumber OPTIONAL }
    TrustAnchorReplacement ::= SEQUENCE {
        replacementCertificate  Certificate,
        targetTrustAnchorCell   TrustAnchorCellIdentifier }
    UpdateCredentialsResponse ::= SEQUENCE {
        commandAccepted   NULL,
        executionOutcome  ExecutionOutcome OPTIONAL }     -- absent: future dated, or a cancellation
    UpdateCredentialsAlert ::= SEQUENCE {
        alertCode          INTEGER,
        executionDateTime  GeneralizedTime,
        executionOutcome   ExecutionOutcome }
    ExecutionOutcome ::= SEQUENCE {
        authorisingRemotePartySeqNumber  SeqNumber,
        credentialsReplacementMode       CredentialsReplacementMode,
        remotePartySeqNumberChanges      SEQUENCE OF RemotePartySeqNumberChange,
        replacementOutcomes              SEQUENCE OF ReplacementOutcome }
    ReplacementOutcome ::= SEQUENCE {
        affectedTrustAnchorCell        TrustAnchorCellIdentifier,
        statusCode                     StatusCode,
        existingSubjectUniqueID        OCTET STRING,
        existingSubjectKeyIdentifier   OCTET STRING,
        replacingSubjectUniqueID       OCTET STRING,
        replacingSubjectKeyIdentifier  OCTET STRING }

Certificates are kept as they came: path validation reads them. Whether a command may do what it
asks is the device's to judge.

Clause: gbcs:CS02b
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from smki.terms import RemotePartyRole
from smki.wire.gbcs.asn1 import (
    Element,
    Field,
    Integer,
    Named,
    Null,
    Octets,
    SequenceOf,
    SequenceType,
    Time,
    named,
)
from smki.wire.gbcs.trust_anchors import (
    REMOTE_PARTY_ROLE,
    SEQ_NUMBER,
    STATUS_CODE,
    TRUST_ANCHOR_CELL_IDENTIFIER,
    StatusCode,
    TrustAnchorCellIdentifier,
)

ALERT_CODE_MAX: Final = 0xFFFF
CANCELLATION: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The execution date and time that cancels a future dated command."""


class CredentialsReplacementMode(IntEnum):
    """Whose credentials a command replaces, and by whose authority."""

    ROOT_BY_SUPPLIER = 0
    ROOT_BY_WAN_PROVIDER = 1
    SUPPLIER_BY_SUPPLIER = 2
    NETWORK_OPERATOR_BY_NETWORK_OPERATOR = 3
    ACCESS_CONTROL_BROKER_BY_ACB = 4
    WAN_PROVIDER_BY_WAN_PROVIDER = 5
    TRANS_COS_BY_TRANS_COS = 6
    SUPPLIER_BY_TRANS_COS = 7
    ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY = 8
    ANY_BY_CONTINGENCY = 9
    LOAD_CONTROLLER_BY_LOAD_CONTROLLER = 10
    LOAD_CONTROLLER_BY_SUPPLIER = 11

    @property
    def message_code(self) -> int:
        """The message code that a command of this mode has."""
        return 0x0100 + self if self <= self.ANY_BY_CONTINGENCY else 0x0125 + self - 10


class TimeBasedChecks(IntEnum):
    """Whether the validity periods on a certification path count."""

    APPLY = 0
    DISAPPLY = 1


class SeqNumberUsage(IntEnum):
    """What a separate counter of a remote party is for."""

    PREPAYMENT_TOP_UP = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialistSeqNumber:
    """A floor for a counter that is kept apart."""

    usage: SeqNumberUsage
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePartySeqNumberChange:
    """The floor that counters of a role must exceed from now on."""

    role: RemotePartyRole
    floor: int
    specialist_floors: tuple[SpecialistSeqNumber, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisingRemotePartyControl:
    """By whose authority, in which way, and with which counters afterwards.

    Attributes:
        mode: must agree with the message code.
        symmetric_key: opens the contingency public key; mode 9 alone.
        time_based_checks: whether validity periods count.
        authorising_cell: whose key the signature is checked with; absent where the access
            control broker is known by its MAC.
        counter: the originator counter of the grouping header.
        new_floor: for the role whose credentials change.
        new_specialist_floors: for its counters that are kept apart.
        other_changes: floors of other roles.
    """

    mode: CredentialsReplacementMode
    symmetric_key: bytes | None = None
    time_based_checks: TimeBasedChecks = TimeBasedChecks.APPLY
    authorising_cell: TrustAnchorCellIdentifier | None = None
    counter: int
    new_floor: int | None = None
    new_specialist_floors: tuple[SpecialistSeqNumber, ...] | None = None
    other_changes: tuple[RemotePartySeqNumberChange, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchorReplacement:
    """A certificate (DER), and the cell that is to hold it."""

    certificate: bytes
    cell: TrustAnchorCellIdentifier


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCredentialsCommand:
    """CS02b, CS02g.

    Attributes:
        control: by whose authority and how.
        replacements: each stands or falls by itself.
        path: certificates (DER) between the replacements and the root cell.
        execution: when; at once if absent; `CANCELLATION` cancels.
    """

    control: AuthorisingRemotePartyControl
    replacements: tuple[TrustAnchorReplacement, ...]
    path: tuple[bytes, ...]
    execution: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementOutcome:
    """What became of one replacement; after a failure, replacing ids are the existing ones."""

    cell: TrustAnchorCellIdentifier
    status: StatusCode
    existing_unique_id: bytes
    existing_key_identifier: bytes
    replacing_unique_id: bytes
    replacing_key_identifier: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOutcome:
    """What became of a command: counters, and each replacement in its order."""

    counter: int
    mode: CredentialsReplacementMode
    changes: tuple[RemotePartySeqNumberChange, ...]
    outcomes: tuple[ReplacementOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCredentialsResponse:
    """The command was accepted; its outcome, unless it is future dated or a cancellation."""

    outcome: ExecutionOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCredentialsAlert:
    """What became of a future dated command, when its time had come."""

    alert_code: int
    execution: datetime
    outcome: ExecutionOutcome


MODE: Final = Named(
    {
        CredentialsReplacementMode.ROOT_BY_SUPPLIER: "rootBySupplier",
        CredentialsReplacementMode.ROOT_BY_WAN_PROVIDER: "rootByWanProvider",
        CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER: "supplierBySupplier",
        CredentialsReplacementMode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR: (
            "networkOperatorByNetworkOperator"
        ),
        CredentialsReplacementMode.ACCESS_CONTROL_BROKER_BY_ACB: "accessControlBrokerByACB",
        CredentialsReplacementMode.WAN_PROVIDER_BY_WAN_PROVIDER: "wanProviderByWanProvider",
        CredentialsReplacementMode.TRANS_COS_BY_TRANS_COS: "transCoSByTransCoS",
        CredentialsReplacementMode.SUPPLIER_BY_TRANS_COS: "supplierByTransCoS",
        CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY: (
            "anyExceptAbnormalRootByRecovery"
        ),
        CredentialsReplacementMode.ANY_BY_CONTINGENCY: "anyByContingency",
        CredentialsReplacementMode.LOAD_CONTROLLER_BY_LOAD_CONTROLLER: (
            "loadControllerByLoadController"
        ),
        CredentialsReplacementMode.LOAD_CONTROLLER_BY_SUPPLIER: "loadControllerBySupplier",
    }
)
ALERT_CODE: Final = Integer(ALERT_CODE_MAX)
CERTIFICATE: Final = Element()
TIME: Final = Time()
OCTETS: Final = Octets()

_SPECIALIST_SEQ_NUMBERS: Final = SequenceOf(
    SequenceType(
        SpecialistSeqNumber,
        Field("seqNumberUsage", "usage", named(SeqNumberUsage)),
        Field("seqNumber", "counter", SEQ_NUMBER),
    )
)
_SEQ_NUMBER_CHANGES: Final = SequenceOf(
    SequenceType(
        RemotePartySeqNumberChange,
        Field("otherRemotePartyRole", "role", REMOTE_PARTY_ROLE),
        Field("otherRemotePartyFloorSeqNumber", "floor", SEQ_NUMBER),
        Field(
            "newRemotePartySpecialistFloorSeqNumber",
            "specialist_floors",
            _SPECIALIST_SEQ_NUMBERS,
            optional=True,
        ),
    )
)
_CONTROL: Final = SequenceType(
    AuthorisingRemotePartyControl,
    Field("credentialsReplacementMode", "mode", MODE),
    Field("plaintextSymmetricKey", "symmetric_key", OCTETS, 0, optional=True),
    Field(
        "applyTimeBasedCPVChecks",
        "time_based_checks",
        named(TimeBasedChecks),
        1,
        default=TimeBasedChecks.APPLY,
    ),
    Field(
        "authorisingRemotePartyTACellIdentifier",
        "authorising_cell",
        TRUST_ANCHOR_CELL_IDENTIFIER,
        2,
        optional=True,
    ),
    Field("authorisingRemotePartySeqNumber", "counter", SEQ_NUMBER, 3),
    Field("newRemotePartyFloorSeqNumber", "new_floor", SEQ_NUMBER, 4, optional=True),
    Field(
        "newRemotePartySpecialistFloorSeqNumber",
        "new_specialist_floors",
        _SPECIALIST_SEQ_NUMBERS,
        5,
        optional=True,
    ),
    Field(
        "otherRemotePartySeqNumberChanges", "other_changes", _SEQ_NUMBER_CHANGES, 6, optional=True
    ),
)
UPDATE_CREDENTIALS_COMMAND: Final = SequenceType(
    UpdateCredentialsCommand,
    Field("authorisingRemotePartyControl", "control", _CONTROL),
    Field(
        "replacements",
        "replacements",
        SequenceOf(
            SequenceType(
                TrustAnchorReplacement,
                Field("replacementCertificate", "certificate", CERTIFICATE),
                Field("targetTrustAnchorCell", "cell", TRUST_ANCHOR_CELL_IDENTIFIER),
            )
        ),
    ),
    Field("certificationPathCertificates", "path", SequenceOf(CERTIFICATE)),
    Field("executionDateTime", "execution", TIME, optional=True),
)
EXECUTION_OUTCOME: Final = SequenceType(
    ExecutionOutcome,
    Field("authorisingRemotePartySeqNumber", "counter", SEQ_NUMBER),
    Field("credentialsReplacementMode", "mode", MODE),
    Field("remotePartySeqNumberChanges", "changes", _SEQ_NUMBER_CHANGES),
    Field(
        "replacementOutcomes",
        "outcomes",
        SequenceOf(
            SequenceType(
                ReplacementOutcome,
                Field("affectedTrustAnchorCell", "cell", TRUST_ANCHOR_CELL_IDENTIFIER),
                Field("statusCode", "status", STATUS_CODE),
                Field("existingSubjectUniqueID", "existing_unique_id", OCTETS),
                Field("existingSubjectKeyIdentifier", "existing_key_identifier", OCTETS),
                Field("replacingSubjectUniqueID", "replacing_unique_id", OCTETS),
                Field("replacingSubjectKeyIdentifier", "replacing_key_identifier", OCTETS),
            )
        ),
    ),
)
UPDATE_CREDENTIALS_RESPONSE: Final = SequenceType(
    UpdateCredentialsResponse,
    Field("commandAccepted", "", Null()),
    Field("executionOutcome", "outcome", EXECUTION_OUTCOME, optional=True),
)
UPDATE_CREDENTIALS_ALERT: Final = SequenceType(
    UpdateCredentialsAlert,
    Field("alertCode", "alert_code", ALERT_CODE),
    Field("executionDateTime", "execution", TIME),
    Field("executionOutcome", "outcome", EXECUTION_OUTCOME),
)
