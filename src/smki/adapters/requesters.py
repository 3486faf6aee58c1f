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
    load_pem_private_key,
)

from smki.terms import EUI64, KeyUsage, Malformed, RemotePartyRole
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
        public_key: the 65-octet point, or SubjectPublicKeyInfo of an RSA key.
    """

    request: bytes
    key: bytes
    public_key: bytes


def request_for_device(device: EUI64, usage: KeyUsage, hw_type: bytes) -> RequestWithKey:
    """A device CSR for a fresh P-256 key; `hw_type` is the content octets of the OID.

    Clause: sec-app-m:F
    """
    key = ec.generate_private_key(ec.SECP256R1())
    info = device_request_info(device=device, hw_type=hw_type, usage=usage, point=_point(key))
    return _signed(key, info)


def request_for_organisation(
    entity: EUI64,
    role: RemotePartyRole,
    usage: KeyUsage,
    common_name: str | None = None,
    *,
    pem: bytes | None = None,
) -> RequestWithKey:
    """An organisation CSR for a fresh P-256 key, or for the one in `pem`.

    Raises:
        Malformed: `pem` is not PKCS#8 of a P-256 key.

    Clause: sec-app-m:F
    """
    key = ec.generate_private_key(ec.SECP256R1()) if pem is None else _load(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Malformed("key: not one for ECDSA, an organisation's must be")
    info = organisation_request_info(
        entity=entity, role=role, common_name=common_name, usage=usage, point=_point(key)
    )
    return _signed(key, info)


def request_for_system(
    organisation: str, role_code: str, common_name: str, *, pem: bytes | None = None
) -> RequestWithKey:
    """A CSR for an IKI credential, for a fresh RSA-2048 key, or for the one in `pem`.

    Raises:
        Malformed: `pem` is not PKCS#8 of an RSA key.

    Clause: sec-app-m:G
    """
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if pem is None
        else _load(pem)
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Malformed("key: not one for RSA, a system's must be")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = system_request_info(
        organisation=organisation,
        role_code=role_code,
        common_name=common_name,
        public_key=public,
    )
    signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    request = assemble_request(info, signature, SHA256_WITH_RSA)
    return RequestWithKey(request=request, key=_pem(key), public_key=public)


def _signed(key: ec.EllipticCurvePrivateKey, info: bytes) -> RequestWithKey:
    signature = key.sign(info, ec.ECDSA(hashes.SHA256()))
    request = assemble_request(info, signature)
    return RequestWithKey(request=request, key=_pem(key), public_key=_point(key))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _load(pem: bytes) -> object:
    try:
        return load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise Malformed(f"key: not PKCS#8 in PEM without a passphrase ({error})") from error


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
