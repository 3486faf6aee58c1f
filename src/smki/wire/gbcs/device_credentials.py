"""A device's own keys and certificates: CS02c, CS02d and CS02e.

    IssueCredentialsCommand  ::= SEQUENCE { keyUsage KeyUsage }
    IssueCredentialsResponse ::= CHOICE {
        certificationRequest  CertificationRequest,                                   -- PKCS#10
        issueResponseCode     INTEGER { invalidKeyUsage(1), keyPairGenerationFailed(2),
                                        cRProductionFailed(3) } }
    UpdateDeviceCertificateCommand  ::= Certificate
    UpdateDeviceCertificateResponse ::= INTEGER { success(0), invalidCertificate(1),
        wrongDeviceIdentity(2), invalidKeyUsage(3), noCorrespondingKeyPairGenerated(4),
        wrongPublicKey(5), certificateStorageFailed(6), privateKeyChangeFailed(7) }
    ProvideDeviceCertificateCommand  ::= SEQUENCE { keyUsage KeyUsage }
    ProvideDeviceCertificateResponse ::= CHOICE {
        certificate          Certificate,
        provideResponseCode  INTEGER { invalidKeyUsage(1), noCertificateHeld(2),
                                       certificateRetrievalFailure(3) } }

Clause: gbcs:CS02c
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from smki.wire.gbcs.asn1 import Choice, Element, Field, Named, SequenceType, named
from smki.wire.gbcs.trust_anchors import KEY_USAGE, KeyUsageBits


class IssueResponseCode(IntEnum):
    """Why there is no certification request."""

    INVALID_KEY_USAGE = 1
    KEY_PAIR_GENERATION_FAILED = 2
    CR_PRODUCTION_FAILED = 3


class UpdateDeviceCertificateCode(IntEnum):
    """What became of a certificate that was given to its device."""

    SUCCESS = 0
    INVALID_CERTIFICATE = 1
    WRONG_DEVICE_IDENTITY = 2
    INVALID_KEY_USAGE = 3
    NO_CORRESPONDING_KEY_PAIR_GENERATED = 4
    WRONG_PUBLIC_KEY = 5
    CERTIFICATE_STORAGE_FAILED = 6
    PRIVATE_KEY_CHANGE_FAILED = 7


class ProvideResponseCode(IntEnum):
    """Why there is no certificate."""

    INVALID_KEY_USAGE = 1
    NO_CERTIFICATE_HELD = 2
    CERTIFICATE_RETRIEVAL_FAILURE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsageCommand:
    """CS02c and CS02e: for which of the device's two keys."""

    key_usage: KeyUsageBits


KEY_USAGE_COMMAND: Final = SequenceType(KeyUsageCommand, Field("keyUsage", "key_usage", KEY_USAGE))
ISSUE_CREDENTIALS_RESPONSE: Final = Choice(
    certificationRequest=(bytes, Element()),
    issueResponseCode=(
        IssueResponseCode,
        Named(
            {
                IssueResponseCode.INVALID_KEY_USAGE: "invalidKeyUsage",
                IssueResponseCode.KEY_PAIR_GENERATION_FAILED: "keyPairGenerationFailed",
                IssueResponseCode.CR_PRODUCTION_FAILED: "cRProductionFailed",
            }
        ),
    ),
)
UPDATE_DEVICE_CERTIFICATE_COMMAND: Final = Element()
UPDATE_DEVICE_CERTIFICATE_RESPONSE: Final = named(UpdateDeviceCertificateCode)
PROVIDE_DEVICE_CERTIFICATE_RESPONSE: Final = Choice(
    certificate=(bytes, Element()),
    provideResponseCode=(ProvideResponseCode, named(ProvideResponseCode)),
)
