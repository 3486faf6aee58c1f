"""Signed notes: a text, and below it lines that sign it.

    note      = text LF *signature-line           text ends in LF
    line      = U+2014 SP name SP base64(key id u32 || signature) LF
    key id    = first 4 octets of SHA-256(name || LF || algorithm u8 || public key)
    vkey      = name + key id in hex + base64(algorithm u8 || public key), parted by plus signs

Signatures are a list: those of unknown keys are passed over, which is how algorithms are added
and keys are changed. Which algorithms there are, and what they sign, stands in `signatures`. No
private key here: who signs hands in a function.

Clause: c2sp:signed-note
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.signatures import (
    TIME_OCTETS,
    Algorithm,
    signature_holds,
    signature_time,
    signed_octets,
)
from smki.terms import Malformed, Refused

_KEY_ID_OCTETS: Final = 4
_SPKI_PREFIXES: Final = {
    Algorithm.ED25519: bytes.fromhex("302a300506032b6570032100"),  # rfc8410:4
    Algorithm.ML_DSA_44: bytes.fromhex("30820532300b06096086480165030403110382052100"),
}
NOTE_MAX_OCTETS: Final = 128 * 1024  # 16 signatures of 5 kB must fit; c2sp:signed-note
_CLAUSE: Final = "c2sp:signed-note"
_NAME: Final = re.compile(r"[^\s+]+")
_LINE: Final = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY: Final = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key under a name, as `name+hash+base64`.

    Attributes:
        name: the name in the signature lines; no blanks, no plus signs.
        public_key: 32 octets of Ed25519, or 1,312 of ML-DSA-44.
        algorithm: how it signs.

    Clause: c2sp:signed-note
    """

    name: str
    public_key: bytes
    algorithm: Algorithm = Algorithm.ED25519

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not self.name.isprintable():
            raise _malformed(f"key name {self.name[:80]!r}, must be without blanks and plus signs")
        if len(self.public_key) != self.algorithm.key_octets:
            raise _malformed(
                f"{self.algorithm.name} key of {len(self.public_key)} octets,"
                f" must be {self.algorithm.key_octets}"
            )

    @classmethod
    def from_spki(cls, name: str, spki: bytes, *, witness: bool = False) -> "VerifierKey":
        """The key in this SubjectPublicKeyInfo (DER), under `name`; of a `witness`, or of a log.

        Raises:
            Malformed: neither an Ed25519 nor an ML-DSA-44 key.
        """
        for algorithm, prefix in _SPKI_PREFIXES.items():
            if spki.startswith(prefix):
                cosigns = witness and algorithm is Algorithm.ED25519
                return cls(
                    name=name,
                    public_key=spki[len(prefix) :],
                    algorithm=Algorithm.COSIGNATURE if cosigns else algorithm,
                )
        raise _malformed("SubjectPublicKeyInfo of another key, must be of Ed25519 or ML-DSA-44")

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that `text` writes.

        Raises:
            Malformed: not `name+hash+base64`, an unknown algorithm, or a hash that is not its own.
        """
        found = _VKEY.fullmatch(text)
        if not found:
            raise _malformed(f"verifier key {text[:80]!r}, must be name+hash+base64")
        octets = unbase64(found[3], "verifier key")
        if octets[0] not in tuple(Algorithm):
            raise _malformed(
                f"verifier key algorithm {octets[:1].hex()}, must be 01 (Ed25519),"
                " 04 (Ed25519 cosignature) or 06 (ML-DSA-44)"
            )
        key = cls(name=found[1], public_key=octets[1:], algorithm=Algorithm(octets[0]))
        if key.key_id.hex() != found[2]:
            raise _malformed(f"verifier key hash {found[2]}, must be {key.key_id.hex()}")
        return key

    @property
    def key_id(self) -> bytes:
        """The 4 octets that tell keys of one name apart."""
        named = self.name.encode() + b"\n" + bytes((self.algorithm,)) + self.public_key
        return sha256(named).digest()[:_KEY_ID_OCTETS]

    def __str__(self) -> str:
        encoded = write_base64(bytes((self.algorithm,)) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether this key made `signature` over `text`."""
        return signature_holds(self.algorithm, self.name, self.public_key, text, signature)

    def sign(
        self, text: bytes, sign: Callable[[bytes], bytes], seconds: int = 0
    ) -> "SignatureLine":
        """The line by which this key signs `text`, at that time; `sign` has the private key.

        Raises:
            Malformed: the key cannot sign such a text.

        Clause: c2sp:signed-note, c2sp:tlog-cosignature
        """
        time = seconds.to_bytes(TIME_OCTETS, "big") if self.algorithm.timed else b""
        made = sign(signed_octets(self.algorithm, self.name, text, seconds))
        return SignatureLine(name=self.name, key_id=self.key_id, signature=time + made)

    def time(self, line: "SignatureLine") -> int:
        """Seconds since 1970 that this key's line says; zero if it says no time."""
        return signature_time(self.algorithm, line.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One signature below a note: who signed, with which key, and what came out."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> "SignatureLine":
        """The signature that a line says, without its end.

        Raises:
            Malformed: not a signature line.
        """
        found = _LINE.fullmatch(line)
        octets = unbase64(found[2], "signature line") if found else b""
        if not found or len(octets) <= _KEY_ID_OCTETS:
            raise _malformed(f"signature line {line[:80]!r}, must be a dash, a name and base64")
        return cls(name=found[1], key_id=octets[:_KEY_ID_OCTETS], signature=octets[_KEY_ID_OCTETS:])

    def __str__(self) -> str:
        return f"\u2014 {self.name} {write_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """A text and the lines that claim to sign it.

    Attributes:
        text: the octets that are signed, ending in a newline.
        signatures: the lines below, in order; one or more.

    Clause: c2sp:signed-note
    """

    text: bytes
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, octets: bytes) -> "SignedNote":
        """The note in these octets; nobody's word yet.

        Raises:
            Malformed: not a signed note.

        Clause: c2sp:signed-note
        """
        if len(octets) > NOTE_MAX_OCTETS:
            raise _malformed(f"note of {len(octets)} octets, must be at most {NOTE_MAX_OCTETS}")
        try:
            whole = octets.decode()
        except UnicodeDecodeError as error:
            raise _malformed(f"note is not UTF-8 at octet {error.start}, must be") from error
        if any(character < " " and character != "\n" for character in whole):
            raise _malformed("note holds a control character, must not")
        text, parted, below = whole.rpartition("\n\n")
        if not parted or not below.endswith("\n"):
            raise _malformed("note has no signatures after an empty line, must have")
        lines = tuple(SignatureLine.parse(line) for line in below[:-1].split("\n"))
        return cls(text=f"{text}\n".encode(), signatures=lines)

    def __bytes__(self) -> bytes:
        return self.text + b"\n" + "".join(map(str, self.signatures)).encode()

    def verify(self, keys: Sequence[VerifierKey]) -> None:
        """At least one of `keys` signed the text, and none of them signed another.

        Raises:
            Refused: no signature of a known key, or one that does not hold.

        Clause: c2sp:signed-note
        """
        if not self.signers(keys):
            names = ", ".join(sorted({line.name for line in self.signatures}))
            raise _refused(f"note: signed by {names}, must be signed by one of the known keys")

    def signers(self, keys: Sequence[VerifierKey]) -> dict[VerifierKey, SignatureLine]:
        """Those of `keys` that signed the text, each with its line; none of them signed another.

        Raises:
            Refused: a signature of a known key does not hold.

        Clause: c2sp:signed-note
        """
        known = {(key.name, key.key_id): key for key in keys}
        found: dict[VerifierKey, SignatureLine] = {}
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not key.signed(self.text, line.signature):
                raise _refused(f"note: the signature of {line.name} does not hold, must")
            found[key] = line
        return found

    def with_lines(self, lines: Iterable[SignatureLine]) -> "SignedNote":
        """The note with these lines below its own; of one key only the first line counts."""
        by_key: dict[tuple[str, bytes], SignatureLine] = {}
        for line in (*self.signatures, *lines):
            by_key.setdefault((line.name, line.key_id), line)
        return SignedNote(text=self.text, signatures=tuple(by_key.values()))


def sign_note(
    text: bytes, signers: Sequence[tuple[VerifierKey, Callable[[bytes], bytes]]]
) -> SignedNote:
    """The note of `text`, signed by each of `signers` in order; `text` ends in a newline.

    Clause: c2sp:signed-note
    """
    lines = tuple(key.sign(text, sign) for key, sign in signers)
    return SignedNote(text=text, signatures=lines)


def unbase64(text: str, what: str) -> bytes:
    """The octets that `text` writes in base64, in its only form.

    Raises:
        Malformed: another character, or stray bits.
    """
    octets = read_base64(text)
    if octets is None:
        raise _malformed(f"{what}: {text[:60]!r} is not base64 in its only form, must be")
    return octets


def _malformed(message: str) -> Malformed:
    return Malformed(message, clause=_CLAUSE, rule="note.form")


def _refused(message: str) -> Refused:
    return Refused(message, clause=_CLAUSE, rule="note.signature")
