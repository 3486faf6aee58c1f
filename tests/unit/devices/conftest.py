import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest
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

from smki.crypto import key_identifier
from smki.crypto.gbcs_protection import shared_secret
from smki.devices import KINDS, Clock, DeviceKind, DeviceState, OwnKey, TrustAnchor, kinds
from smki.devices.path import held
from smki.simulator import ScalarKeys
from smki.terms import EUI64
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.frame import GbcsMessage, parse_message, read_message_file
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier

ROOT: Final = Path(__file__).parents[3]
KINDS_BY_LAST_DIGIT: Final = dict(zip("0123456", DeviceKind, strict=True))
PARTIES: Final = {
    "recovery": "90b3d51f30000001",
    "broker": "90b3d51f30000002",
    "transitional": "90b3d51f30000004",
    "wan": "90b3d51f30000007",
    "supplier": "90b3d51f30010000",
    "operator": "90b3d51f30020000",
    "load": "90b3d51f30010008",
}
CELLS: Final = {
    kinds.RECOVERY: ("recovery", "ds"),
    kinds.SUPPLIER_DS: ("supplier", "ds"),
    kinds.SUPPLIER_KA: ("supplier", "ka"),
    kinds.SUPPLIER_TOP_UP: ("supplier", "pp-ka"),
    kinds.NETWORK_OPERATOR_DS: ("operator", "ds"),
    kinds.NETWORK_OPERATOR_KA: ("operator", "ka"),
    kinds.BROKER_DS: ("broker", "ds"),
    kinds.BROKER_KA: ("broker", "ka"),
    kinds.TRANSITIONAL_COS: ("transitional", "ds"),
    kinds.WAN_PROVIDER: ("wan", "ds"),
    kinds.LOAD_CONTROLLER_DS: ("load", "ds"),
    kinds.LOAD_CONTROLLER_KA: ("load", "ka"),
}


def _point(key: object) -> bytes:
    assert isinstance(key, EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class ReferenceKeys(ScalarKeys):
    """Keys of devices whose private keys are not published.

    What such a device shares with a party is computed from the party's key, which is; it signs
    with a key of ours. A handle is the device's key agreement public key.
    """

    def __init__(self, parties: Mapping[bytes, EllipticCurvePrivateKey]) -> None:
        super().__init__(random.Random(1).randbytes)  # noqa: S311 -- keys that protect nothing
        self._parties = parties
        self._own, self.signing_point = self.generate(KeyUsageBits.DIGITAL_SIGNATURE)

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """By a key that was made here, or by ours in place of one that was not published."""
        return super().sign(handle if len(handle) == 32 else self._own, message)

    def agree(self, handle: bytes, point: bytes) -> bytes:
        """Z, computed from the other side."""
        return shared_secret(self._parties[point], handle)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The reference data as devices need it."""

    folder: Path
    anchors: Mapping[TrustAnchorCellIdentifier, TrustAnchor]
    keys: ReferenceKeys

    def message(self, name: str) -> GbcsMessage:
        """The published message of that name."""
        path = self.folder / "rtds" / f"{name}_GBCS.HEX"
        return parse_message(read_message_file(path.read_bytes()))

    def certificate(self, name: str) -> bytes:
        """A published certificate, DER."""
        pem = (self.folder / "keys" / f"{name}.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)

    def device(self, device: EUI64) -> DeviceState:
        """A device that holds the reference certificates, its clock not trusted."""
        kind = KINDS_BY_LAST_DIGIT[device.digits[-1]]
        own = {}
        for usage, name in (
            (KeyUsageBits.DIGITAL_SIGNATURE, "ds"),
            (KeyUsageBits.KEY_AGREEMENT, "ka"),
        ):
            certificate = self.certificate(f"{device.digits}-{name}")
            own[usage] = OwnKey(
                handle=held(parse_certificate(certificate)).point, certificate=certificate
            )
        return DeviceState(
            device=device,
            kind=kind,
            hw_type=bytes.fromhex("2A863A0001848FB90F01020201"),
            anchors=MappingProxyType({cell: self.anchors[cell] for cell in KINDS[kind].cells}),
            own=MappingProxyType(own),
            clock=Clock(reliable=False),
        )


@pytest.fixture(scope="session")
def reference_house() -> House:
    """The reference data as devices need it."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT / "../shared/vectors"))
    if not (folder / "rtds").is_dir():
        pytest.skip(f"no reference data in {folder}: set SMKI_VECTORS")
    parties = {}
    for path in (folder / "keys").glob("9*-ka.key"):
        private = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(private, EllipticCurvePrivateKey)
        parties[_point(private.public_key())] = private
    house = House(folder=folder, anchors={}, keys=ReferenceKeys(parties))
    root = _point(load_pem_public_key((folder / "keys/pki/za-root-public.pem").read_bytes()))
    issuing = parse_certificate((folder / "keys/pki/z1-issuing.der").read_bytes())
    anchors = {
        kinds.ROOT: TrustAnchor(
            unique_id=bytes(8),
            key_identifier=key_identifier(root),
            point=root,
            subject=issuing.tbs.issuer,
        )
    }
    for cell, (party, name) in CELLS.items():
        certificate = house.certificate(f"{PARTIES[party]}-{name}")
        anchors[cell] = held(parse_certificate(certificate))
    return House(folder=folder, anchors=MappingProxyType(anchors), keys=house.keys)


@pytest.fixture(scope="session")
def seeded(reference_house: House) -> Callable[[GbcsMessage], DeviceState]:
    """The device that a published command is for."""
    return lambda message: reference_house.device(message.header.recipient)
