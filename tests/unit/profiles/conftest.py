"""Throw-away hierarchies of every kind, and the reference certificates, for the profile tests."""

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from smki import profiles
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire import der

K = CertificateKind
NOW = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)
HEADER = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02", re.DOTALL)
SUBJECTS: Mapping[CertificateKind, profiles.Subject] = {
    K.ROOT_OCA: profiles.AuthoritySubject(common_name="ZA", role=RemotePartyRole.ROOT),
    K.ISSUING_OCA: profiles.AuthoritySubject(
        common_name="Z1", role=RemotePartyRole.ISSUING_AUTHORITY
    ),
    K.ORGANISATION: profiles.OrganisationSubject(
        entity=EUI64.parse("90-B3-D5-1F-30-01-00-00"),
        role=RemotePartyRole.SUPPLIER,
        common_name="GITTESTSUPPLIER",
    ),
    K.ROOT_DCA: profiles.AuthoritySubject(common_name="E350"),
    K.ISSUING_DCA: profiles.AuthoritySubject(common_name="E357"),
    K.DEVICE: profiles.DeviceSubject(
        device=EUI64.parse("00db1234567890a0"),
        hw_type=der.oid(profiles.DEVELOPMENT_HARDWARE)[2:],
    ),
    K.ROOT_ICA: profiles.AuthoritySubject(common_name="Development IKI Root"),
    K.ISSUING_ICA: profiles.AuthoritySubject(common_name="Development IKI Issuing"),
    K.IKI_OFFICER: profiles.OfficerSubject(
        organisation="Énergie & Co", role_code="02", common_name="Officer 1"
    ),
    K.IKI_AD_HOC: profiles.SystemSubject(
        organisation="Supplier", role_code="02", common_name="adhoc-1"
    ),
    K.IKI_BATCH: profiles.SystemSubject(
        organisation="Supplier", role_code="02", common_name="batch-1"
    ),
    K.IKI_FILE_SIGNING: profiles.SystemSubject(
        organisation="Supplier", role_code="02", common_name="files-1"
    ),
    K.IKI_SERVER: profiles.ServerSubject(dns_names=("localhost",), addresses=("127.0.0.1", "::1")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A throw-away certificate with its draft and key."""

    draft: profiles.Draft
    tbs: bytes
    der: bytes
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def sign(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, octets: bytes) -> bytes:
    """A deterministic signature, so that golden files compare."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), SHA256())
    return key.sign(octets, ec.ECDSA(SHA256(), deterministic_signing=True))


@pytest.fixture(scope="session")
def settings() -> profiles.ProfileSettings:
    """The development settings."""
    return profiles.development()


@pytest.fixture(scope="session")
def hierarchy(settings: profiles.ProfileSettings) -> Mapping[CertificateKind, Made]:
    """One certificate of every kind, each signed by the one above it."""
    made: dict[CertificateKind, Made] = {}
    for number, kind in enumerate(K, 1):
        of_iki = kind.value.startswith("iki") or kind.value.endswith("ica")
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
            rsa.generate_private_key(65537, 2048)
            if of_iki
            else ec.derive_private_key(number, ec.SECP256R1())
        )
        above = made.get(kind.issuer)
        first, last = profiles.validity(kind, NOW, settings)
        draft = profiles.Draft(
            kind=kind,
            serial=SerialNumber(int.from_bytes(bytes([number] * 16), "big")),
            issuer=None if above is None else profiles.issuer_from_certificate(above.der, settings),
            subject=SUBJECTS[kind],
            usage=(
                KeyUsage.CERTIFICATE_AND_CRL_SIGNING
                if kind.is_authority
                else KeyUsage.DIGITAL_SIGNATURE
            ),
            public_key=key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
            not_before=first,
            not_after=last,
            wrapped_contingency_key=bytes(96) if kind is K.ROOT_OCA else None,
        )
        tbs = profiles.compose(draft, settings)
        signer = key if above is None else above.key
        octets = profiles.assemble(tbs, sign(signer, tbs), kind)
        made[kind] = Made(draft=draft, tbs=tbs, der=octets, key=key)
    return made


@pytest.fixture(scope="session")
def signer() -> Callable[[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, bytes], bytes]:
    """Signs octets with a key of the hierarchy."""
    return sign


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of the reference data."""
    root = Path(__file__).parents[3]
    folder = root / os.environ.get("SMKI_VECTORS", "../shared/vectors")
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder}; set SMKI_VECTORS")
    return folder


def _armoured(text: str) -> list[bytes]:
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.DOTALL)
    return [base64.b64decode(block) for block in blocks]


@pytest.fixture(scope="session")
def reference(vectors: Path) -> Mapping[str, bytes]:
    """Every distinct certificate of the reference data by the first place it was found in."""
    found: dict[bytes, str] = {}
    for file in sorted(vectors.glob("keys/**/*.pem")):
        for octets in _armoured(file.read_text()):
            found.setdefault(octets, str(file.relative_to(vectors / "keys")))
    store = json.loads((vectors / "zaz1/keystore.json").read_text())
    for entity, usages in store.items():
        for certificates in usages.values():
            for row in certificates.values():
                octets = base64.b64decode("".join(_bare(row["certificate"])))
                found.setdefault(octets, f"{entity}/{row['name']}")
    for file in sorted(vectors.glob("rtds/*.HEX")):
        message = bytes.fromhex(file.read_text())
        for match in HEADER.finditer(message):
            length = int.from_bytes(match[0][2:4], "big") + 4
            octets = message[match.start() : match.start() + length]
            found.setdefault(octets, file.name)
    return {name + "#" + octets[15:31].hex(): octets for octets, name in found.items()}


def _bare(text: str) -> list[str]:
    return [line for line in text.split() if "-----" not in line and "CERT" not in line]


@pytest.fixture
def another(
    hierarchy: Mapping[CertificateKind, Made], settings: profiles.ProfileSettings
) -> Callable[[CertificateKind, str, object], bytes]:
    """A TBSCertificate of a kind whose draft has one field changed."""

    def change(kind: CertificateKind, field: str, value: object) -> bytes:
        changes: dict[str, object] = {field: value}
        return profiles.compose(replace(hierarchy[kind].draft, **changes), settings)  # type: ignore[arg-type]  # one field of many types

    return change
