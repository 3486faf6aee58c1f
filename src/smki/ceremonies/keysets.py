"""A key in custody: sealed under a wrapping key that is split among custodians. One file.

    key set   canonical JSON:
      format       "smki-key-set-1"
      key          its name, as `root-oca`; of a rehearsal `rehearsal-root-oca`
      purpose      `rehearsal` or `live`
      algorithm    `p256`, `rsa2048` or `symmetric`
      fingerprint  SHA-256 of the public key's SubjectPublicKeyInfo, or of the symmetric key
      number       1 for the first set of shares, one more each time they are refreshed
      set          16 random octets
      quorum, of_one_organisation
      holders      list of {"box", "credential", "custodian", "organisation", "share"}
      earlier      list of {"custodians", "set"}: sets whose shares open nothing any more
      sealed       the private key (PKCS#8) or symmetric key, `sealing.seal`

`share` is the SHA-256 of the share's words: who altered one is told apart. `box` is the share for
its custodian's credential (`sealing.lock`). All but `sealed` and the boxes is the header under which
the key is sealed; the file holds nothing that opens it, and the public key of a contingency key
does not stand in it. A copy of an earlier file is still opened by the shares of that time.

Clause: sec-app-l:3
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Final, TypeVar

from smki.ceremonies.custodians import (
    SHARES,
    Custodian,
    CustodyRule,
    Purpose,
    must_be_appointed,
    rsa_key,
)
from smki.ceremonies.fields import Fields, malformed, read_document, text64
from smki.ceremonies.sealing import KEY_OCTETS, lock, seal
from smki.ceremonies.words import IDENTIFIERS, split
from smki.merkle.canonical import JSON, encode_json
from smki.ports import Entropy
from smki.terms import Refused

FORMAT: Final = "smki-key-set-1"
FILE_MAX: Final = (
    2 * 1024 * 1024
)  # octets; a thousand earlier sets of 16 custodians have half of it
SET_OCTETS: Final = 16
NUMBERS: Final = range(1, 1_001)
REHEARSAL: Final = "rehearsal-"
_HOLDER: Final = ("box", "credential", "custodian", "organisation", "share")
_KEYS: Final = (
    "algorithm",
    "earlier",
    "fingerprint",
    "format",
    "holders",
    "key",
    "number",
    "of_one_organisation",
    "purpose",
    "quorum",
    "sealed",
    "set",
)
_Member = TypeVar("_Member", bound=Enum)


class Algorithm(Enum):
    """What kind of key is in custody."""

    P256 = "p256"
    RSA2048 = "rsa2048"
    SYMMETRIC = "symmetric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A custodian's part in a set of shares.

    Attributes:
        custodian: identifier.
        organisation: whose staff they were when the set was made.
        credential: SHA-256 of their certificate, in hexadecimal digits.
        share: SHA-256 of the share's words, in hexadecimal digits.
        box: the share, encrypted to the credential.
    """

    custodian: str
    organisation: str
    credential: str
    share: str
    box: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A set of shares that was replaced.

    Attributes:
        set: its 16 octets.
        custodians: identifiers of those who had its shares.
    """

    set: bytes
    custodians: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """A key in custody; the attributes are those of its file.

    Attributes:
        key: its name.
        purpose: rehearsal or live.
        algorithm: what kind of key.
        fingerprint: of the public key, or of the symmetric key.
        number: of the set of shares, from 1.
        set: 16 octets that name the set of shares.
        quorum: so many custodians open it.
        of_one_organisation: most of them of one organisation.
        holders: who has a share, in the order of the shares.
        earlier: the sets before this one.
        sealed: the key.
    """

    key: str
    purpose: Purpose
    algorithm: Algorithm
    fingerprint: str
    number: int
    set: bytes
    quorum: int
    of_one_organisation: int
    holders: tuple[Holder, ...]
    earlier: tuple[Earlier, ...]
    sealed: bytes

    @property
    def identifier(self) -> int:
        """The 15 bits by which the words of a share name the set."""
        return identifier_of(self.set)

    @property
    def rule(self) -> CustodyRule:
        """How many custodians open it."""
        return CustodyRule(
            quorum=self.quorum,
            custodians=len(self.holders),
            of_one_organisation=self.of_one_organisation,
        )

    def holder(self, custodian: str) -> tuple[int, Holder] | None:
        """Index of the share and part of that custodian; None if they have none."""
        return next(
            ((n, one) for n, one in enumerate(self.holders) if one.custodian == custodian), None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A key that is to be put into custody. Shows no octet of it.

    Attributes:
        key: its name.
        purpose: rehearsal or live.
        algorithm: what kind of key.
        fingerprint: of the public key, or of the symmetric key.
        octets: PKCS#8 in DER, or the symmetric key.
    """

    key: str
    purpose: Purpose
    algorithm: Algorithm
    fingerprint: str
    octets: bytes

    def __repr__(self) -> str:
        return f"Secret({self.key}, {self.algorithm.value}, {self.fingerprint[:16]})"


def key_name(name: str, purpose: Purpose) -> str:
    """The name of a key for this purpose: a rehearsal's can never be taken for a real one."""
    return REHEARSAL + name if purpose is Purpose.REHEARSAL else name


def put_into_custody(
    secret: Secret,
    rule: CustodyRule,
    custodians: tuple[Custodian, ...],
    entropy: Entropy,
    earlier: tuple[Earlier, ...] = (),
) -> KeySet:
    """The key is sealed under a fresh wrapping key, of which each custodian has a share.

    Raises:
        Refused: the custodians are not as the rule says.

    Clause: sec-app-l:3
    """
    must_be_appointed(rule, custodians)
    name = entropy.octets(SET_OCTETS)
    while identifier_of(name) in {identifier_of(one.set) for one in earlier}:
        name = entropy.octets(SET_OCTETS)
    wrapping = entropy.octets(KEY_OCTETS)
    shares = split(wrapping, rule.quorum, rule.custodians, identifier_of(name))
    made = KeySet(
        key=secret.key,
        purpose=secret.purpose,
        algorithm=secret.algorithm,
        fingerprint=secret.fingerprint,
        number=len(earlier) + 1,
        set=name,
        quorum=rule.quorum,
        of_one_organisation=rule.of_one_organisation,
        holders=(),
        earlier=earlier,
        sealed=b"",
    )
    holders = tuple(
        Holder(
            custodian=one.identifier,
            organisation=one.organisation,
            credential=one.credential,
            share=share_digest(words),
            box=lock(rsa_key(one.certificate), words.encode(), share_header(made, n), entropy),
        )
        for n, (one, words) in enumerate(zip(custodians, shares, strict=True))
    )
    whole = replace(made, holders=holders)
    return replace(whole, sealed=seal(wrapping, secret.octets, header_of(whole), entropy))


def refreshed(
    held: KeySet,
    secret: Secret,
    rule: CustodyRule,
    custodians: tuple[Custodian, ...],
    entropy: Entropy,
) -> KeySet:
    """The same key under a fresh wrapping key with fresh shares; those before open nothing here.

    Raises:
        Refused: another key, or the custodians are not as the rule says.

    Clause: sec-app-l:3
    """
    wanted = (held.key, held.purpose, held.algorithm, held.fingerprint)
    if wanted != (secret.key, secret.purpose, secret.algorithm, secret.fingerprint):
        raise Refused(
            f"refresh: {secret.key} with fingerprint {secret.fingerprint[:16]}, must be {held.key}"
            f" with {held.fingerprint[:16]}: a refresh changes shares and never the key",
            clause="sec-app-l:3",
            rule="ceremony.refresh",
        )
    before = Earlier(set=held.set, custodians=tuple(one.custodian for one in held.holders))
    return put_into_custody(secret, rule, custodians, entropy, (*held.earlier, before))


def identifier_of(name: bytes) -> int:
    """The 15 bits by which words name the set with this name."""
    return int.from_bytes(name[:2], "big") % IDENTIFIERS.stop


def share_digest(words: str) -> str:
    """What a key set says of a share: a share has 256 random bits, so it tells nothing of it."""
    return sha256(words.encode()).hexdigest()


def header_of(held: KeySet) -> JSON:
    """What the key is sealed with: everything but the octets of seal and boxes."""
    holders: list[JSON] = [
        {
            "credential": one.credential,
            "custodian": one.custodian,
            "organisation": one.organisation,
            "share": one.share,
        }
        for one in held.holders
    ]
    return {**_plain(held), "holders": holders}


def share_header(held: KeySet, index: int) -> JSON:
    """What a share is boxed with: of which key and set, and which share it is."""
    return {
        "index": index,
        "key": held.key,
        "purpose": held.purpose.value,
        "set": text64(held.set),
    }


def encode_key_set(held: KeySet) -> bytes:
    """The octets of the file."""
    holders: list[JSON] = [
        {
            "box": text64(one.box),
            "credential": one.credential,
            "custodian": one.custodian,
            "organisation": one.organisation,
            "share": one.share,
        }
        for one in held.holders
    ]
    return encode_json({**_plain(held), "holders": holders, "sealed": text64(held.sealed)})


def parse_key_set(octets: bytes) -> KeySet:
    """The key in custody that this file holds.

    Raises:
        Malformed: not of the form above.
        Refused: a rule that no custody may have.

    Clause: sec-app-l:3
    """
    fields = read_document(octets, "key set", FILE_MAX, _KEYS)
    if fields.value("format") != FORMAT:
        raise malformed("key set", f"format: must be {FORMAT}", where="format")
    held = KeySet(
        key=fields.name("key"),
        purpose=_member(Purpose, fields, "purpose"),
        algorithm=_member(Algorithm, fields, "algorithm"),
        fingerprint=fields.digest("fingerprint"),
        number=fields.number("number", NUMBERS),
        set=fields.octets("set", SET_OCTETS),
        quorum=fields.number("quorum", SHARES),
        of_one_organisation=fields.number("of_one_organisation", range(1, SHARES.stop)),
        holders=tuple(_holder(one) for one in fields.many("holders")),
        earlier=tuple(_earlier(one) for one in fields.many("earlier")),
        sealed=fields.octets("sealed"),
    )
    if held.rule.custodians != len({one.custodian for one in held.holders}):
        raise malformed("key set", "a custodian twice, must have one share", where="holders")
    if held.number != len(held.earlier) + 1:
        raise malformed("key set", "number: must be one more than earlier sets", where="number")
    if held.key.startswith(REHEARSAL) is not (held.purpose is Purpose.REHEARSAL):
        raise malformed("key set", "name and purpose disagree", where="purpose")
    return held


def _plain(held: KeySet) -> dict[str, JSON]:
    earlier: list[JSON] = [
        {"custodians": list(one.custodians), "set": text64(one.set)} for one in held.earlier
    ]
    return {
        "algorithm": held.algorithm.value,
        "earlier": earlier,
        "fingerprint": held.fingerprint,
        "format": FORMAT,
        "key": held.key,
        "number": held.number,
        "of_one_organisation": held.of_one_organisation,
        "purpose": held.purpose.value,
        "quorum": held.quorum,
        "set": text64(held.set),
    }


def _holder(value: JSON) -> Holder:
    fields = Fields(value, "key set: holder", _HOLDER)
    return Holder(
        custodian=fields.name("custodian"),
        organisation=fields.text("organisation"),
        credential=fields.digest("credential"),
        share=fields.digest("share"),
        box=fields.octets("box"),
    )


def _earlier(value: JSON) -> Earlier:
    fields = Fields(value, "key set: earlier", ("custodians", "set"))
    names: Iterable[JSON] = fields.many("custodians")
    custodians = tuple(
        Fields({"name": one}, "key set: earlier", ("name",)).name("name") for one in names
    )
    return Earlier(set=fields.octets("set", SET_OCTETS), custodians=custodians)


def _member(kinds: type[_Member], fields: Fields, key: str) -> _Member:
    for one in kinds:
        if one.value == fields.value(key):
            return one
    known = ", ".join(str(one.value) for one in kinds)
    raise malformed("key set", f"{key}: must be one of {known}", where=key)
