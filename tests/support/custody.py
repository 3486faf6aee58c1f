"""Custodians for tests: people who do not exist, with credentials of their own making."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from smki.adapters.world import SystemEntropy
from smki.ceremonies.custodians import Custodian, CustodyRule, Purpose
from smki.ceremonies.keysets import (
    Algorithm,
    KeySet,
    Secret,
    key_name,
    put_into_custody,
    share_header,
)
from smki.ceremonies.quorum import Presented
from smki.ceremonies.sealing import unlock

AT = datetime(2031, 3, 8, 9, tzinfo=UTC)
RULE = CustodyRule()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A custodian, and the key that only they have."""

    custodian: Custodian
    key: rsa.RSAPrivateKey


@cache
def person(number: int) -> Person:
    """The custodian with this number, of an organisation of their own."""
    name = f"custodian-{number}"
    certificate, key = credential(name)
    return Person(
        custodian=Custodian(
            identifier=name,
            organisation=f"Organisation {number}",
            certificate=certificate,
            nominated_by=f"Organisation {number}",
            approved=f"PMA-{number}",
            verified_by="Quill Registration",
            verified_how="passport",
            verified_on=AT,
            salt=number.to_bytes(32, "big"),
        ),
        key=key,
    )


def credential(name: str) -> tuple[bytes, rsa.RSAPrivateKey]:
    """A certificate (DER) by its own key, and the key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=3650))
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.DER), key


def people(count: int = 5) -> tuple[Person, ...]:
    """So many custodians, of as many organisations."""
    return tuple(person(number) for number in range(1, count + 1))


def custodians(count: int = 5) -> tuple[Custodian, ...]:
    """Their appointments."""
    return tuple(one.custodian for one in people(count))


def secret(
    name: str = "root-oca", purpose: Purpose = Purpose.LIVE, octets: bytes = bytes(range(64))
) -> Secret:
    """A key to be put into custody; its octets are no key's."""
    return Secret(
        key=key_name(name, purpose),
        purpose=purpose,
        algorithm=Algorithm.P256,
        fingerprint=sha256(octets).hexdigest(),
        octets=octets,
    )


def in_custody(name: str = "root-oca", rule: CustodyRule = RULE) -> KeySet:
    """A key in the custody of as many as the rule says."""
    return put_into_custody(secret(name), rule, custodians(rule.custodians), SystemEntropy())


def words_of(held: KeySet, one: Person) -> str:
    """The share of this person, as their own machine reads it."""
    found = held.holder(one.custodian.identifier)
    assert found is not None
    index, holder = found
    return unlock(one.key, holder.box, share_header(held, index)).decode()


def presents(held: KeySet, one: Person) -> Presented:
    """This person presents their share."""
    return Presented(
        custodian=one.custodian.identifier,
        organisation=one.custodian.organisation,
        words=words_of(held, one),
    )


def moved(one: Presented, organisation: str) -> Presented:
    """The same, of somebody who works elsewhere today."""
    return replace(one, organisation=organisation)
