"""The other side: keys and certification requests of parties, devices and systems.

The infrastructure never holds these keys. They are made here for the sample parties, for tests and
for whoever develops against it, as the parties themselves would make them.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from smki.terms import EUI64, KeyUsage, RemotePartyRole
from smki.wire.pkcs10 import (
    SHA256_WITH_RSA,
    assemble_request,
    device_request_info,
    organisation_request_info,
    system_request_info,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithKey:
    """A certification request and the private key that signed it.

    Attributes:
        request: PKCS#10, DER.
        key: PKCS#8, PEM, not encrypted: it belongs to whoever asked for it.
    """

    request: bytes
    key: bytes


def request_for_device(device: EUI64, usage: KeyUsage, hw_type: bytes) -> RequestWithKey:
    """A device CSR for a fresh P-256 key; `hw_type` is the content octets of the OID.

    Clause: sec-app-m:F
    """
    key = ec.generate_private_key(ec.SECP256R1())
    info = device_request_info(device=device, hw_type=hw_type, usage=usage, point=_point(key))
    return _signed(key, info)


def request_for_organisation(
    entity: EUI64, role: RemotePartyRole, usage: KeyUsage, common_name: str | None = None
) -> RequestWithKey:
    """An organisation CSR for a fresh P-256 key.

    Clause: sec-app-m:F
    """
    key = ec.generate_private_key(ec.SECP256R1())
    info = organisation_request_info(
        entity=entity, role=role, common_name=common_name, usage=usage, point=_point(key)
    )
    return _signed(key, info)


def request_for_system(organisation: str, role_code: str, common_name: str) -> RequestWithKey:
    """A CSR for an IKI credential, for a fresh RSA-2048 key.

    Clause: sec-app-m:G
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = system_request_info(
        organisation=organisation,
        role_code=role_code,
        common_name=common_name,
        public_key=public,
    )
    signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    return RequestWithKey(request=assemble_request(info, signature, SHA256_WITH_RSA), key=_pem(key))


def _signed(key: ec.EllipticCurvePrivateKey, info: bytes) -> RequestWithKey:
    signature = key.sign(info, ec.ECDSA(hashes.SHA256()))
    return RequestWithKey(request=assemble_request(info, signature), key=_pem(key))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
