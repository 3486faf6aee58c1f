"""Composes, lints and signs the certificate of an authority with its root's key.

Knows no script and no custody: whoever calls has the key open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from smki.ports import Entropy, SigningKey
from smki.profiles import (
    AuthoritySubject,
    Draft,
    ProfileSettings,
    assemble,
    compose,
    issuer_from_certificate,
    lint_certificate,
    lint_tbs,
    validity,
)
from smki.terms import CertificateKind, KeyUsage, Refused, RemotePartyRole, SerialNumber

_K = CertificateKind
_OCA_ROLES: Final = {
    _K.ROOT_OCA: RemotePartyRole.ROOT,
    _K.ISSUING_OCA: RemotePartyRole.ISSUING_AUTHORITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityNames:
    """Common names of the authorities; those of OCA and DCA have at most four characters.

    Clause: sec-app-b:B
    """

    names: Mapping[CertificateKind, str] = field(
        default_factory=lambda: MappingProxyType(
            {
                _K.ROOT_OCA: "XA",
                _K.ISSUING_OCA: "X1",
                _K.ROOT_DCA: "XD00",
                _K.ISSUING_DCA: "XD01",
                _K.ROOT_ICA: "Development IKI Root",
                _K.ISSUING_ICA: "Development IKI Issuing",
            }
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifier:
    """Certifies authorities under these profiles and names, at one instant."""

    settings: ProfileSettings
    names: AuthorityNames
    entropy: Entropy
    at: datetime

    def certify(
        self,
        kind: CertificateKind,
        public_key: bytes,
        root: bytes | None,
        signer: SigningKey,
        wrapped: bytes | None,
    ) -> bytes:
        """The certificate (DER) of the authority with this SubjectPublicKeyInfo, linted twice.

        `root` is its root's certificate, None for a root itself; `wrapped` the contingency public
        key as the Root OCA carries it.

        Raises:
            Refused: a lint found something.
            Unavailable: the key cannot be used now.

        Clause: sec-app-b:B, sec-app-a:B, sec-app-q:B, rfc5934:9
        """
        not_before, not_after = validity(kind, self.at, self.settings)
        draft = Draft(
            kind=kind,
            serial=SerialNumber.from_random(self.entropy.octets(16)),
            issuer=None if root is None else issuer_from_certificate(root, self.settings),
            subject=AuthoritySubject(common_name=self.names.names[kind], role=_OCA_ROLES.get(kind)),
            usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
            public_key=_normal(public_key),
            not_before=not_before,
            not_after=not_after,
            wrapped_contingency_key=wrapped,
        )
        tbs = compose(draft, self.settings)
        _passed(lint_tbs(tbs, self.settings, kind))
        (signature,) = signer.sign([tbs])
        certificate = assemble(tbs, signature, kind)
        _passed(lint_certificate(certificate, self.settings, kind, issuer=root or certificate))
        return certificate


def _normal(public_key: bytes) -> bytes:
    """The SubjectPublicKeyInfo as `cryptography` writes it: a token may encode it otherwise."""
    return load_der_public_key(public_key).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def _passed(findings: tuple[object, ...]) -> None:
    if findings:
        raise Refused("; ".join(str(finding) for finding in findings))
