"""The certification authorities in force, as their own certificates show them."""

from collections.abc import Mapping
from dataclasses import dataclass

from smki.profiles import Issuer
from smki.terms import CertificateKind, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One certification authority.

    Attributes:
        certificate: DER of its certificate.
        issuer: how what it signs names it.
    """

    certificate: bytes
    issuer: Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """The authorities by the kind of their certificates: three roots, three issuing ones.

    Clause: sec-app-b:1, sec-app-a:1, sec-app-q:1
    """

    authorities: Mapping[CertificateKind, Authority]

    def authority(self, kind: CertificateKind) -> Authority:
        """The authority whose own certificate is of this kind.

        Raises:
            Unavailable: there is none yet.
        """
        try:
            return self.authorities[kind]
        except KeyError:
            raise Unavailable(
                f"no {kind.value} certificate, one must be in force: run 'smki init'"
            ) from None

    def issuer_of(self, kind: CertificateKind) -> Authority:
        """The authority that signs certificates of this kind."""
        return self.authority(kind.issuer)

    def chain_of(self, kind: CertificateKind) -> tuple[bytes, ...]:
        """DER of the certificates above one of this kind, the issuing one first, the root last."""
        issuing = self.issuer_of(kind)
        root = self.issuer_of(kind.issuer)
        if root.certificate == issuing.certificate:
            return (root.certificate,)
        return (issuing.certificate, root.certificate)
