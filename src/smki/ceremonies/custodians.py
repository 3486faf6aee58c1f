"""Key custodians: who may hold a share of a key, how many there are, how many of them open it.

    custodian   canonical JSON: "approved", "certificate" (base64 of DER), "identifier",
                "nominated_by", "organisation", "salt", "verified_by", "verified_how", "verified_on"

`salt` is 32 random octets: the SHA-256 of the file commits to it and tells nothing of the person.
How many custodians there are and how many open a key no public document says; the defaults are
ours. Nothing here holds a share.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.ceremonies.fields import malformed, read_document, text64
from smki.merkle.canonical import encode_json
from smki.terms import Finding, Refused, instant_text

CLAUSE: Final = "sec-app-l:3"
SALT_OCTETS: Final = 32
FILE_MAX: Final = 16 * 1024  # octets; a certificate has two thousand
SHARES: Final = range(2, 17)  # SLIP-39 takes at most 16 shares; one alone would be no quorum
RSA_BITS_LEAST: Final = 2048
_KEYS: Final = (
    "approved",
    "certificate",
    "identifier",
    "nominated_by",
    "organisation",
    "salt",
    "verified_by",
    "verified_how",
    "verified_on",
)


class Purpose(Enum):
    """What the keys of a ceremony are for: never both.

    Clause: sec-app-l:3
    """

    REHEARSAL = "rehearsal"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRule:
    """How many custodians there are, how many open a key, and how many one organisation has.

    Attributes:
        quorum: m, so many custodians together open a key.
        custodians: n, so many have a share.
        of_one_organisation: most of them that one organisation may have.

    Raises:
        Refused: not 2 <= m <= n <= 16, or one organisation could open a key alone.

    Clause: sec-app-l:3
    """

    quorum: int = 3
    custodians: int = 5
    of_one_organisation: int = 1

    def __post_init__(self) -> None:
        if not (self.quorum in SHARES and self.quorum <= self.custodians < SHARES.stop):
            raise _refused(
                "rule",
                f"{self.quorum} of {self.custodians}, must be 2 or more of at most"
                f" {SHARES.stop - 1}",
            )
        if not 1 <= self.of_one_organisation < self.quorum:
            raise _refused(
                "rule",
                f"{self.of_one_organisation} of one organisation, must be 1 to {self.quorum - 1}:"
                " it could open a key alone",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodian:
    """Somebody who may hold shares; the attributes are the keys of the file.

    Attributes:
        identifier: what transcripts call them, as `custodian-1`.
        organisation: whose staff they are.
        certificate: DER of the credential that their shares are encrypted to; RSA.
        nominated_by: who proposed them.
        approved: id of the authority's decision.
        verified_by: who checked their identity.
        verified_how: by which documents.
        verified_on: when.
        salt: 32 random octets.
    """

    identifier: str
    organisation: str
    certificate: bytes
    nominated_by: str
    approved: str
    verified_by: str
    verified_how: str
    verified_on: datetime
    salt: bytes

    @property
    def credential(self) -> str:
        """SHA-256 of the certificate, in hexadecimal digits."""
        return sha256(self.certificate).hexdigest()

    @property
    def commitment(self) -> str:
        """SHA-256 of the file, in hexadecimal digits: what a transcript says of the appointment."""
        return sha256(encode_custodian(self)).hexdigest()


def encode_custodian(custodian: Custodian) -> bytes:
    """The octets of the custodian's file."""
    return encode_json(
        {
            "approved": custodian.approved,
            "certificate": text64(custodian.certificate),
            "identifier": custodian.identifier,
            "nominated_by": custodian.nominated_by,
            "organisation": custodian.organisation,
            "salt": text64(custodian.salt),
            "verified_by": custodian.verified_by,
            "verified_how": custodian.verified_how,
            "verified_on": instant_text(custodian.verified_on),
        }
    )


def parse_custodian(octets: bytes) -> Custodian:
    """The custodian of this file, with a credential that shares can be encrypted to.

    Raises:
        Malformed: not of the form above, or a certificate without an RSA key.

    Clause: sec-app-l:3
    """
    fields = read_document(octets, "custodian", FILE_MAX, _KEYS)
    custodian = Custodian(
        identifier=fields.name("identifier"),
        organisation=fields.text("organisation"),
        certificate=fields.octets("certificate"),
        nominated_by=fields.text("nominated_by"),
        approved=fields.text("approved"),
        verified_by=fields.text("verified_by"),
        verified_how=fields.text("verified_how"),
        verified_on=fields.instant("verified_on"),
        salt=fields.octets("salt", SALT_OCTETS),
    )
    rsa_key(custodian.certificate)
    return custodian


def rsa_key(certificate: bytes) -> RSAPublicKey:
    """The RSA key of this certificate (DER), of 2048 bits or more.

    Raises:
        Malformed: not a certificate, or of another key.

    Clause: sec-app-q:B
    """
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise malformed("certificate", f"{error}, must be DER") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_LEAST:
        raise malformed("certificate", "its key must be RSA, of 2048 bits or more")
    return key


def must_be_appointed(rule: CustodyRule, custodians: tuple[Custodian, ...]) -> None:
    """These are as many custodians as the rule says, all different, not too many of one house.

    Raises:
        Refused: every reason.

    Clause: sec-app-l:3
    """
    said = []
    if len(custodians) != rule.custodians:
        said.append(f"{len(custodians)} custodians, must be {rule.custodians}")
    said += [f"identifier {one} twice" for one in _twice(c.identifier for c in custodians)]
    keys = (_key_digest(one.certificate) for one in custodians)
    said += [f"two custodians with the same key {one[:16]}" for one in _twice(keys)]
    said += too_many(rule, (one.organisation for one in custodians))
    if said:
        raise Refused(
            findings=tuple(
                Finding(
                    rule="custodians.appointed",
                    message=f"custodians: {one}",
                    where="custodians",
                    clause=CLAUSE,
                )
                for one in said
            )
        )


def too_many(rule: CustodyRule, organisations: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each organisation with more people among these than the rule allows.

    Organisations are the same whatever the case and the blanks of their names.

    Clause: sec-app-l:3
    """
    counted = Counter(" ".join(one.casefold().split()) for one in organisations)
    return tuple(
        f"{count} custodians of {name!r}, must be at most {rule.of_one_organisation}"
        " of one organisation"
        for name, count in sorted(counted.items())
        if count > rule.of_one_organisation
    )


def _twice(texts: Iterable[str]) -> list[str]:
    return sorted(one for one, count in Counter(texts).items() if count > 1)


def _key_digest(certificate: bytes) -> str:
    spki = rsa_key(certificate).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).hexdigest()


def _refused(where: str, message: str) -> Refused:
    return Refused(f"custody: {message}", where=where, clause=CLAUSE, rule="custodians.rule")
