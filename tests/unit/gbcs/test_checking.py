"""Several keys of one entity: each is tried, what verified is named, and why nothing did is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.crypto.gbcs_protection import shared_secret
from smki.messages import (
    KeyRings,
    KeyUse,
    KnownKey,
    Verdict,
    authenticated_message,
    check,
    read_document,
    signed_group,
)
from smki.terms import EUI64
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, parse_message

pytestmark = pytest.mark.clause("gbcs:18.4")
Private = ec.EllipticCurvePrivateKey
SUPPLIER, BROKER, DEVICE = (EUI64(bytes((at,)) * 8) for at in (1, 2, 3))
HEADER = GroupingHeader(
    category=MessageCategory.COMMAND,
    counter=7,
    originator=SUPPLIER,
    recipient=DEVICE,
    message_code=0x000A,
)
PAYLOAD = bytes.fromhex("300403020780")


def _key() -> Private:
    return ec.generate_private_key(ec.SECP256R1())


def _point(key: Private) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Ring:
    """Keys by entity and use; the private ones of who is among `held`."""

    keys: dict[tuple[EUI64, KeyUse], list[Private]]
    held: tuple[EUI64, ...] = ()
    standing: str = ""
    bare: bool = False
    asked: list[EUI64] = field(default_factory=list)

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """All of them, numbered from 1 as serial numbers."""
        found = self.keys.get((entity, use), [])
        return [
            KnownKey(
                entity=entity,
                point=_point(key),
                serial="" if self.bare else f"{at}",
                standing=self.standing,
            )
            for at, key in enumerate(found, 1)
        ]

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """Of who is held; it is noted who was asked."""
        self.asked.append(entity)
        found = self.keys.get((entity, KeyUse.KEY_AGREEMENT), []) if entity in self.held else []
        return [shared_secret(key, point) for key in found]

    def brokers(self) -> Sequence[EUI64]:
        """One."""
        return (BROKER,)


@pytest.fixture
def cast() -> dict[tuple[EUI64, KeyUse], list[Private]]:
    """Three keys of each, of which the second is the one that is used."""
    uses = (
        (SUPPLIER, KeyUse.DIGITAL_SIGNATURE),
        (BROKER, KeyUse.KEY_AGREEMENT),
        (DEVICE, KeyUse.KEY_AGREEMENT),
    )
    return {which: [_key() for _ in range(3)] for which in uses}


@pytest.fixture
def command(cast: dict[tuple[EUI64, KeyUse], list[Private]]) -> bytes:
    """A command by the second key of each."""
    signer = cast[SUPPLIER, KeyUse.DIGITAL_SIGNATURE][1]
    group = signed_group(HEADER, PAYLOAD, lambda octets: signer.sign(octets, ec.ECDSA(SHA256())))
    broker, device = (cast[who, KeyUse.KEY_AGREEMENT][1] for who in (BROKER, DEVICE))
    return authenticated_message(HEADER, group, shared_secret(broker, _point(device)))


@pytest.mark.parametrize("held", [(BROKER,), (DEVICE,), (BROKER, DEVICE)])
def test_the_key_that_verifies_is_named(cast: Any, command: bytes, held: Any) -> None:
    """Of three candidates each the second: signature and MAC hold, by those, whichever side is held."""
    found = check(parse_message(command), (), Ring(cast, held, "revoked"))
    assert (found.signature, found.mac) == (Verdict.VALID, Verdict.VALID)
    (signed_by,), (other_side,) = found.of_signature.keys, found.of_mac.keys
    assert (signed_by.entity, signed_by.serial, signed_by.standing) == (SUPPLIER, "2", "revoked")
    assert other_side.serial == "2"
    assert other_side.entity not in held[:1]


def test_none_of_several_is_told(cast: Any, command: bytes) -> None:
    """If another key made it, how many were tried is said, and between whom a MAC must be."""
    for keys in cast.values():
        del keys[1]
    found = check(parse_message(command), (), Ring(cast, (BROKER,)))
    assert (found.signature, found.mac) == (Verdict.INVALID, Verdict.INVALID)
    assert "none of 2 verifies it, must" in found.of_signature.reason
    assert "none of 4 verifies it, must" in found.of_mac.reason
    assert f"{BROKER} and {DEVICE}" in found.of_mac.reason


def test_what_is_missing_is_told(cast: Any, command: bytes) -> None:
    """Without keys nothing is checked, and which would be needed is said; a pre-command needs none."""
    message = parse_message(command)
    found = check(message, (), Ring(cast))
    assert (found.signature, found.mac) == (Verdict.VALID, Verdict.UNKNOWN)
    assert "the private key agreement key of one" in found.of_mac.reason
    nothing = check(message, (), KeyRings())
    assert (nothing.signature, nothing.mac) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert f"originator {SUPPLIER}" in nothing.of_signature.reason
    assert "who the broker is is not known" in nothing.of_mac.reason


@pytest.mark.clause("gbcs:CS02b")
def test_the_contingency_key_is_in_no_certificate(cast: Any) -> None:
    """Certificates of the originator say nothing of such a command; the bare key does."""
    header = replace(HEADER, message_code=0x0109)
    contingency = _key()
    octets = signed_group(
        header, PAYLOAD, lambda octets: contingency.sign(octets, ec.ECDSA(SHA256()))
    )
    message = parse_message(octets)
    found = check(message, (), Ring(cast))
    assert found.signature is Verdict.UNKNOWN
    assert f"{SUPPLIER.digits}-ds.pem" in found.of_signature.reason
    bare = Ring({(SUPPLIER, KeyUse.DIGITAL_SIGNATURE): [contingency]}, bare=True)
    assert check(message, (), bare).signature is Verdict.VALID
    wrong = Ring(cast, bare=True)
    assert check(message, (), wrong).signature is Verdict.INVALID


def test_several_rings_are_one(cast: Any, command: bytes) -> None:
    """A key that two rings know is tried once, as the first knows it; private keys of any are used."""
    first, second = Ring(cast, (), "in use"), Ring(cast, (DEVICE,), "elsewhere")
    both = KeyRings(rings=(first, second))
    assert len(both.points(SUPPLIER, KeyUse.DIGITAL_SIGNATURE)) == 3
    assert both.brokers() == (BROKER,)
    found = check(parse_message(command), (), both)
    assert (found.signature, found.mac) == (Verdict.VALID, Verdict.VALID)
    assert found.of_signature.keys[0].standing == "in use"


def test_a_document_says_the_same_to_people_and_programs(cast: Any, command: bytes) -> None:
    """Verdict, keys and a sentence; what cannot be read is an error beside what can."""
    document: Any = read_document(command, Ring(cast, (), "in use"))
    signature = document["findings"]["signature"]
    assert signature["verdict"] == document["signature"] == "valid"
    assert signature["said"] == f"holds, by certificate 2 (in use) of {SUPPLIER}"
    assert signature["keys"] == [{"entity": SUPPLIER.digits, "serial": "2", "standing": "in use"}]
    assert document["findings"]["mac"]["said"].startswith("not checked: it is between")
    broken: Any = read_document(command[:-1], KeyRings())
    assert list(broken) == ["error"]
    assert "offset" in broken["error"]["where"]
