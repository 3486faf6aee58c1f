"""What a certificate is about to say: subjects, issuers, drafts. Values only."""

from dataclasses import dataclass
from datetime import datetime

from smki.profiles import table
from smki.terms import (
    EUI64,
    CertificateKind,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSubject:
    """A device: its Device ID, and the content octets of its hwType OID.

    Clause: sec-app-a:B
    """

    device: EUI64
    hw_type: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationSubject:
    """A remote party: its Entity Identifier, its role, and a common name if it has one.

    Clause: sec-app-b:B
    """

    entity: EUI64
    role: RemotePartyRole
    common_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySubject:
    """A certification authority: its common name; the OU of its role if it is an OCA.

    Clause: sec-app-b:B
    """

    common_name: str
    role: RemotePartyRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSubject:
    """An authorised system or a file signer of an organisation; role as two hexadecimal digits.

    Clause: sec-app-m:G
    """

    organisation: str
    role_code: str
    common_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSubject:
    """An Authorised Responsible Officer of an organisation; role as two hexadecimal digits.

    Clause: sec-app-q:B
    """

    organisation: str
    role_code: str
    common_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSubject:
    """A server of the infrastructure: host names and IP addresses; the first is its common name.

    Clause: rfc5280:4.2.1.6
    """

    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


Subject = (
    DeviceSubject
    | OrganisationSubject
    | AuthoritySubject
    | SystemSubject
    | OfficerSubject
    | ServerSubject
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A certification authority as its certificates and CRLs name it.

    Attributes:
        kind: the kind of its own certificate.
        name: DER of that certificate's subject: copied, never rebuilt.
        key_identifier: that certificate's subjectKeyIdentifier.

    Clause: rfc5280:4.1.2.4
    """

    kind: CertificateKind
    name: bytes
    key_identifier: bytes

    @property
    def algorithm(self) -> table.Algorithm:
        """How this authority signs."""
        return table.PROFILES[self.kind].algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a certificate will say.

    Attributes:
        kind: its profile.
        serial: its serial number.
        issuer: who will sign; None if and only if it signs itself.
        subject: whose key it is.
        usage: key usage.
        public_key: SubjectPublicKeyInfo, DER.
        not_before: first second, with time zone.
        not_after: last second, with time zone.
        wrapped_contingency_key: the wrapped contingency public key, in a Root OCA certificate.
        live: it is to be a live certificate, not one for tests, where the environment has both.
    """

    kind: CertificateKind
    serial: SerialNumber
    issuer: Issuer | None
    subject: Subject
    usage: KeyUsage
    public_key: bytes
    not_before: datetime
    not_after: datetime
    wrapped_contingency_key: bytes | None = None
    live: bool = False
