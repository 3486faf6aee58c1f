"""Messages read by the certificates in the repository, and by the keys that the house holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from smki.crypto.gbcs_protection import shared_secret
from smki.messages import authenticated_message, signed_group
from smki.terms import EUI64, SerialNumber
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import House

pytestmark = pytest.mark.clause("gbcs:18.4")
SUPPLIER = EUI64.parse("0A-53-4D-4B-49-02-00-01")
BROKER = EUI64.parse("0A-53-4D-4B-49-04-00-04")
DEVICE = EUI64.parse("0A-53-4D-4B-49-0D-00-01")
PAYLOAD = bytes.fromhex("300403020780")


def _private(state: Path, party: str, entity: EUI64, use: str) -> ec.EllipticCurvePrivateKey:
    path = state / "parties" / party / f"{entity.digits}-{use}.key"
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


@pytest.fixture
def command(original: House, tmp_path: Path) -> Path:
    """A command by the sample supplier and the sample broker; the device's public key beside it."""
    device = ec.generate_private_key(ec.SECP256R1()).public_key()
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / f"{DEVICE.digits}-ka.pem").write_bytes(
        device.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    header = GroupingHeader(
        category=MessageCategory.COMMAND,
        counter=1000,
        originator=SUPPLIER,
        recipient=DEVICE,
        message_code=0x000A,
    )
    signer = _private(original.state, "supplier", SUPPLIER, "ds")
    group = signed_group(header, PAYLOAD, lambda octets: signer.sign(octets, ec.ECDSA(SHA256())))
    point = device.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = shared_secret(_private(original.state, "dcc", BROKER, "ka"), point)
    path = tmp_path / "command.hex"
    path.write_text(authenticated_message(header, group, secret).hex())
    return path


def _serial(state: Path, name: str) -> str:
    content = (state / "parties" / name).read_bytes()
    return str(SerialNumber(x509.load_pem_x509_certificate(content).serial_number))


def test_the_repository_says_whose_signature_it_is(original: House, command: Path) -> None:
    """By no key but the repository's: the certificate that verified it is named; no key, no MAC."""
    code, shown = original.json("gbcs", "show", str(command), "--repository")
    assert code == 0
    assert (shown["signature"], shown["mac"]) == ("valid", "unknown")
    serial = _serial(original.state, f"supplier/{SUPPLIER.digits}-ds.pem")
    assert shown["findings"]["signature"]["keys"] == [
        {"entity": SUPPLIER.digits, "serial": serial, "standing": "in use"}
    ]
    reason = shown["findings"]["mac"]["reason"]
    assert str(BROKER) in reason
    assert str(DEVICE) in reason


def test_the_broker_of_the_house_checks_a_mac(original: House, command: Path) -> None:
    """With the device's public key, and the broker's private one that the house has, the MAC holds."""
    keys = str(command.parent / "keys")
    code, shown = original.json("gbcs", "show", str(command), "--repository", "--keys", keys)
    assert (code, shown["signature"], shown["mac"]) == (0, "valid", "valid")
    out = original.run("gbcs", "show", str(command), "--repository", "--keys", keys)[1]
    serial = _serial(original.state, f"supplier/{SUPPLIER.digits}-ds.pem")
    assert f"signature     holds, by certificate {serial} (in use) of {SUPPLIER}" in out
    assert f"mac           holds, by the key of {DEVICE}" in out


def test_what_does_not_hold_says_why(original: House, command: Path) -> None:
    """Another payload: the keys that are known verify neither, and the exit code is 1."""
    command.write_text(command.read_text().replace("0780", "0388"))
    keys = str(command.parent / "keys")
    code, shown = original.json("gbcs", "show", str(command), "--repository", "--keys", keys)
    assert (code, shown["signature"], shown["mac"]) == (1, "invalid", "invalid")
    said = shown["findings"]["signature"]["said"]
    assert said.startswith(
        f"DOES NOT HOLD: digital signature key of originator {SUPPLIER}: the one"
    )


def test_without_an_smki_there_is_no_repository(tmp_path: Path, original: House) -> None:
    """The flag needs an SMKI, and says so with exit code 3."""
    (tmp_path / "message").write_text("df00")
    code, said = original.json(
        "gbcs", "show", str(tmp_path / "message"), "--repository", SMKI_STATE=str(tmp_path / "no")
    )
    assert (code, said["error"]["family"]) == (3, "unavailable")


def test_a_store_that_does_not_open_is_left_out(house: House, command: Path) -> None:
    """Signatures need no private key: the store's fault is told, and they are checked."""
    chosen: dict[str, Any] = {"SMKI_KEYS": '{"messages": {"store": "pkcs11"}}'}
    code, shown = house.json("gbcs", "show", str(command), "--repository", **chosen)
    assert (code, shown["signature"]) == (0, "valid")
