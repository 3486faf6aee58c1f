"""A folder of keys for reading messages: `<eui64>-<ds|ka|pp-ka>.pem` and `.key`.

Certificates or bare public keys (PEM), and private keys (PKCS#8), at the top level. For tests and
for looking at messages; the keys of a real service are in a key store.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from smki.crypto.gbcs_protection import shared_secret
from smki.messages import KeyUse, KnownKey
from smki.terms import EUI64, RemotePartyRole, Unavailable

_NAME: Final = re.compile(r"([0-9A-Fa-f]{16})-(ds|ka|pp-ka)\.(pem|key)")
_BROKER: Final = RemotePartyRole.ACCESS_CONTROL_BROKER.organisational_unit
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_FILE_OCTETS_MAX: Final = 65_536


@dataclass(slots=True)
class FolderKeyRing:
    """`messages.KeyRing` over what a folder held when it was read.

    Attributes:
        notes: files that are named like keys and could not be read, with the reason.
    """

    notes: list[str] = field(default_factory=list)
    _points: dict[tuple[EUI64, KeyUse], KnownKey] = field(default_factory=dict)
    _private: dict[EUI64, EllipticCurvePrivateKey] = field(default_factory=dict)
    _units: dict[EUI64, str] = field(default_factory=dict)

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """The public key, if the folder has it."""
        known = self._points.get((entity, use))
        return () if known is None else (known,)

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """Z, if the folder has the private key agreement key."""
        private = self._private.get(entity)
        return () if private is None else (shared_secret(private, point),)

    def take(self, path: Path, entity: EUI64, use: KeyUse) -> None:
        """The key in the file is in the ring.

        Raises:
            OSError, ValueError, TypeError: it is not a file with a P-256 key.
        """
        if path.stat().st_size > _FILE_OCTETS_MAX:
            raise ValueError(f"more than {_FILE_OCTETS_MAX} octets")
        content = path.read_bytes()
        if path.suffix == ".key":
            private = load_pem_private_key(content, None)
            if not isinstance(private, EllipticCurvePrivateKey):
                raise TypeError("not a P-256 key")
            if use is KeyUse.KEY_AGREEMENT:
                self._private[entity] = private
            known = KnownKey(entity=entity, point=_point(private.public_key()))
            self._points.setdefault((entity, use), known)
        elif _CERTIFICATE in content:
            certificate = x509.load_pem_x509_certificate(content)
            self._points[entity, use] = KnownKey(
                entity=entity,
                point=_point(certificate.public_key()),
                serial=f"{certificate.serial_number:032X}",
            )
            self._units[entity] = next(_organisational_units(certificate), "")
        else:
            point = _point(load_pem_public_key(content))
            self._points[entity, use] = KnownKey(entity=entity, point=point)

    def brokers(self) -> Sequence[EUI64]:
        """Whose certificate has the broker's role; and after them, whose role nothing says."""
        agreeing = sorted({entity for entity, use in self._points if use is KeyUse.KEY_AGREEMENT})
        return (
            *(entity for entity in agreeing if self._units.get(entity) == _BROKER),
            *(entity for entity in agreeing if entity not in self._units),
        )


def read_keys(folder: Path) -> FolderKeyRing:
    """The keys in `folder`; what cannot be read is noted.

    Raises:
        Unavailable: the folder itself cannot be read.
    """
    ring = FolderKeyRing()
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise Unavailable(
            f"folder of keys: cannot be read ({error.strerror})", where=str(folder)
        ) from error
    for path in paths:
        if match := _NAME.fullmatch(path.name):
            entity, use = EUI64.parse(match[1]), KeyUse(match[2])
            try:
                ring.take(path, entity, use)
            except (OSError, ValueError, TypeError, x509.UnsupportedGeneralNameType) as error:
                ring.notes.append(f"{path.name}: cannot be read ({error})")
    return ring


def _organisational_units(certificate: x509.Certificate) -> Iterator[str]:
    for attribute in certificate.subject.get_attributes_for_oid(
        x509.NameOID.ORGANIZATIONAL_UNIT_NAME
    ):
        yield str(attribute.value)


def _point(key: object) -> bytes:
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise TypeError("not a P-256 key")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
