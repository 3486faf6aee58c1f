"""PKCS#10 certification requests: octets ⇄ values, for devices, organisations and IKI systems.

    CertificationRequest ::= SEQUENCE {
        certificationRequestInfo  SEQUENCE {
            version        INTEGER (0),
            subject        Name,
            subjectPKInfo  SubjectPublicKeyInfo,
            attributes     [0] IMPLICIT SET OF Attribute },   -- one: extensionRequest
        signatureAlgorithm        AlgorithmIdentifier,
        signature                 BIT STRING }

Reading is strict: DER only, and exactly the content that the interface specification lists. One
thing is left open on purpose, as that specification says: whether a requested extension is marked
critical. It may be left out or TRUE; FALSE written out is not DER and is refused.
No signature is checked here and no point is put on its curve: that is `crypto`.

Clause: rfc2986:4.2
"""

from smki.wire.pkcs10.reading import (
    EC_REQUEST_OCTETS_MAX,
    RSA_REQUEST_OCTETS_MAX,
    parse_device_request,
    parse_organisation_request,
    parse_system_request,
)
from smki.wire.pkcs10.rules import RULES
from smki.wire.pkcs10.writing import (
    ECDSA_WITH_SHA256,
    SHA256_WITH_RSA,
    assemble_request,
    device_request_info,
    organisation_request_info,
    system_request_info,
)

__all__ = [
    "ECDSA_WITH_SHA256",
    "EC_REQUEST_OCTETS_MAX",
    "RSA_REQUEST_OCTETS_MAX",
    "RULES",
    "SHA256_WITH_RSA",
    "assemble_request",
    "device_request_info",
    "organisation_request_info",
    "parse_device_request",
    "parse_organisation_request",
    "parse_system_request",
    "system_request_info",
]
