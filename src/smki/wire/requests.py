"""What a certification request asks for, once its octets have been read.

The values that `wire.pkcs10` parses into; no octet of the request is trusted yet: whether its
signature holds is `registration`'s question.
"""

from dataclasses import dataclass

from smki.terms import EUI64, KeyUsage, RemotePartyRole


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """A device CSR: one P-256 key for one usage of one device.

    Attributes:
        device: the Device ID in hwSerialNum.
        hw_type: content octets of the hwType OBJECT IDENTIFIER.
        usage: digital signature or key agreement.
        point: the public key, 65 octets, `04 || x || y`; not yet known to be on the curve.
        digest: SHA-256 over the whole DER of the request.

    Clause: sec-app-m:F
    """

    device: EUI64
    hw_type: bytes
    usage: KeyUsage
    point: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRequest:
    """An organisation CSR: one P-256 key for one usage of one entity in one role.

    Attributes:
        entity: the Entity Identifier in uniqueIdentifier.
        role: the remote party role in OU.
        common_name: the CN, where there is one.
        usage: digital signature or key agreement.
        point: the public key, 65 octets.
        digest: SHA-256 over the whole DER of the request.

    Clause: sec-app-m:F
    """

    entity: EUI64
    role: RemotePartyRole
    common_name: str | None
    usage: KeyUsage
    point: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRequest:
    """A CSR for an IKI credential: an RSA-2048 key of a system or an officer.

    Attributes:
        organisation: O, the trading name.
        role_code: OU, the remote party role as two hexadecimal digits.
        common_name: CN, the unique name of the authorised system or officer.
        public_key: SubjectPublicKeyInfo, DER.
        digest: SHA-256 over the whole DER of the request.

    Clause: sec-app-m:G
    """

    organisation: str
    role_code: str
    common_name: str
    public_key: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A parsed request with what is needed to check its signature.

    Attributes:
        request: what is asked for.
        info: DER of CertificationRequestInfo, the octets that are signed.
        signature: content of the signature BIT STRING, without the octet of unused bits.

    Clause: rfc2986:4.2
    """

    request: DeviceRequest | OrganisationRequest | SystemRequest
    info: bytes
    signature: bytes
