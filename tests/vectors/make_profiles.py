"""Makes the golden vectors of the profiles: `python tests/vectors/make_profiles.py`.

One certificate of every kind and one list of every authority, the same octets on every run. Keys on
P-256 are small numbers, so those certificates and lists are signed, deterministically (RFC 6979).
RSA moduli are hashed from a name and nobody has their factors: what would be signed is all there is.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki import profiles
from smki.profiles.table import PROFILES, Algorithm
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire import der

GOLDEN: Final = Path(__file__).parent / "profiles" / "profiles.json"
_K = CertificateKind
_NOW: Final = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)
_SUBJECTS: Final[Mapping[CertificateKind, profiles.Subject]] = {
    _K.ROOT_OCA: profiles.AuthoritySubject(common_name="DA", role=RemotePartyRole.ROOT),
    _K.ISSUING_OCA: profiles.AuthoritySubject(
        common_name="D1", role=RemotePartyRole.ISSUING_AUTHORITY
    ),
    _K.ORGANISATION: profiles.OrganisationSubject(
        entity=EUI64.parse("0A-53-4D-4B-49-02-00-01"),
        role=RemotePartyRole.SUPPLIER,
        common_name="Énergie & Co",
    ),
    _K.ROOT_DCA: profiles.AuthoritySubject(common_name="D350"),
    _K.ISSUING_DCA: profiles.AuthoritySubject(common_name="D357"),
    _K.DEVICE: profiles.DeviceSubject(
        device=EUI64.parse("0A-53-4D-4B-49-D0-00-01"),
        hw_type=der.oid(profiles.DEVELOPMENT_HARDWARE)[2:],
    ),
    _K.ROOT_ICA: profiles.AuthoritySubject(common_name="Golden IKI Root"),
    _K.ISSUING_ICA: profiles.AuthoritySubject(common_name="Golden IKI Issuing"),
    _K.IKI_OFFICER: profiles.OfficerSubject(
        organisation="Énergie & Co", role_code="02", common_name="Officer 1"
    ),
    **{
        kind: profiles.SystemSubject(
            organisation="Énergie & Co", role_code="02", common_name=kind.value
        )
        for kind in (_K.IKI_AD_HOC, _K.IKI_BATCH, _K.IKI_FILE_SIGNING)
    },
    _K.IKI_SERVER: profiles.ServerSubject(dns_names=("smki.example",), addresses=("127.0.0.1",)),
}


def make() -> dict[str, dict[str, str]]:
    """For each kind, in hexadecimal: `public_key`, `tbs`, `certificate`, `tbs_crl`, `crl`.

    `certificate` and `crl` are there on P-256 only, `tbs_crl` and `crl` for authorities only.
    """
    settings = profiles.development()
    issuers: dict[CertificateKind, profiles.Issuer] = {}
    golden: dict[str, dict[str, str]] = {}
    for kind in CertificateKind:
        draft = _draft(kind, issuers.get(kind.issuer), settings)
        tbs = profiles.compose(draft, settings)
        made = {"public_key": draft.public_key, "tbs": tbs}
        signed = _signed(kind.issuer, tbs)
        if signed:
            made["certificate"] = profiles.assemble(tbs, signed, kind)
        if kind.is_authority:
            # Only its name and key identifier are read, so a signature of zeros does.
            issuers[kind] = profiles.issuer_from_certificate(
                profiles.assemble(tbs, bytes(70), kind), settings
            )
            made |= _crl(issuers[kind])
        golden[kind.value] = {name: octets.hex() for name, octets in made.items()}
    return golden


def _draft(
    kind: CertificateKind, issuer: profiles.Issuer | None, settings: profiles.ProfileSettings
) -> profiles.Draft:
    first, last = profiles.validity(kind, _NOW, settings)
    usage = KeyUsage.DIGITAL_SIGNATURE
    return profiles.Draft(
        kind=kind,
        serial=SerialNumber.from_random(sha256(f"serial {kind.value}".encode()).digest()),
        issuer=issuer,
        subject=_SUBJECTS[kind],
        usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING if kind.is_authority else usage,
        public_key=_public_key(kind),
        not_before=first,
        not_after=last,
        wrapped_contingency_key=bytes(range(96)) if kind is _K.ROOT_OCA else None,
    )


def _crl(issuer: profiles.Issuer) -> dict[str, bytes]:
    revoked = [(SerialNumber(0x7F00), _NOW), (SerialNumber(0x80), _NOW + timedelta(hours=1))]
    tbs = profiles.compose_crl(issuer, revoked, 300, _NOW, _NOW + timedelta(days=2))
    signed = _signed(issuer.kind, tbs)
    made = {"tbs_crl": tbs}
    return made | {"crl": profiles.assemble_crl(tbs, signed, issuer)} if signed else made


def _private_key(kind: CertificateKind) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(1 + list(CertificateKind).index(kind), ec.SECP256R1())


def _public_key(kind: CertificateKind) -> bytes:
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if PROFILES[kind].algorithm is Algorithm.ECDSA_SHA256:
        return _private_key(kind).public_key().public_bytes(*form)
    parts = [sha256(f"{kind.value} {number}".encode()).digest() for number in range(8)]
    modulus = int.from_bytes(b"".join(parts), "big") | 1 << 2047 | 1
    return rsa.RSAPublicNumbers(65537, modulus).public_key().public_bytes(*form)


def _signed(kind: CertificateKind, octets: bytes) -> bytes:
    """A signature by the authority of this kind; empty if its key is RSA."""
    if PROFILES[kind].algorithm is not Algorithm.ECDSA_SHA256:
        return b""
    return _private_key(kind).sign(octets, ec.ECDSA(SHA256(), deterministic_signing=True))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
