"""People of a recovery, each with a credential of the infrastructure's own hierarchy."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from tests.support.recovering import AT

from smki.profiles import (
    AuthoritySubject,
    Draft,
    OfficerSubject,
    Subject,
    SystemSubject,
    assemble,
    compose,
    development,
    issuer_from_certificate,
)
from smki.recovery.evidence import (
    Signed,
)
from smki.terms import CertificateKind, KeyUsage, SerialNumber

K: Final = CertificateKind


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A certificate of the infrastructure's own hierarchy, and its key."""

    certificate: bytes
    key: rsa.RSAPrivateKey

    def sign(self, octets: bytes) -> Signed:
        """A detached signature over the octets."""
        signer = x509.load_der_x509_certificate(self.certificate)
        builder = PKCS7SignatureBuilder().set_data(octets).add_signer(signer, self.key, SHA256())
        options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
        return Signed(certificate=self.certificate, signature=builder.sign(Encoding.DER, options))


class People:
    """Officers of the authority, and file signers of a maker and of who commands."""

    def __init__(self) -> None:
        self._serial = 1
        self.root = self._made(K.ROOT_ICA, AuthoritySubject(common_name="IKI Root"), None)
        self.issuing = self._made(
            K.ISSUING_ICA, AuthoritySubject(common_name="IKI Issuing"), self.root
        )
        self.chair = self._officer("The authority", "chair")
        self.secretary = self._officer("The authority", "secretary")
        self.maker = self._signer("First Meter Maker")
        self.commander = self._signer("The DCC")

    def _officer(self, organisation: str, name: str) -> Credential:
        subject = OfficerSubject(organisation=organisation, role_code="00", common_name=name)
        return self._made(K.IKI_OFFICER, subject, self.issuing)

    def _signer(self, organisation: str) -> Credential:
        subject = SystemSubject(organisation=organisation, role_code="02", common_name="files-1")
        return self._made(K.IKI_FILE_SIGNING, subject, self.issuing)

    def _made(
        self, kind: CertificateKind, subject: Subject, issuer: Credential | None
    ) -> Credential:
        key = rsa.generate_private_key(65537, 2048)
        self._serial += 1
        usage = (
            KeyUsage.CERTIFICATE_AND_CRL_SIGNING
            if kind.is_authority
            else KeyUsage.DIGITAL_SIGNATURE
        )
        tbs = compose(
            Draft(
                kind=kind,
                serial=SerialNumber((1 << 120) + self._serial),
                issuer=issuer_from_certificate(issuer.certificate) if issuer else None,
                subject=subject,
                usage=usage,
                public_key=key.public_key().public_bytes(
                    Encoding.DER, PublicFormat.SubjectPublicKeyInfo
                ),
                not_before=AT - timedelta(days=1),
                not_after=AT + timedelta(days=400),
            ),
            development(),
        )
        signature = (issuer.key if issuer else key).sign(tbs, padding.PKCS1v15(), SHA256())
        return Credential(certificate=assemble(tbs, signature, kind), key=key)


@lru_cache(1)
def people() -> People:
    """The same for a whole run: their keys take a second to make."""
    return People()
