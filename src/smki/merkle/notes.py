"""Signed notes: a text, and below it lines that sign it.

    note      = text LF *signature-line           text ends in LF
    line      = U+2014 SP name SP base64(key id u32 || signature) LF
    key id    = first 4 octets of SHA-256(name || LF || algorithm u8 || public key)
    vkey      = name + key id in hex + base64(algorithm u8 || public key), parted by plus signs

Signatures are a list: those of unknown keys are passed over, which is how algorithms are added
and keys are changed. Ed25519 (algorithm 1, 32-octet key, 64-octet signature) is what is known
here. No private key here: who signs hands in a function.

Clause: c2sp:signed-note
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from smki.terms import Malformed, Refused

ED25519: Final = 1
_KEY_OCTETS: Final = 32
_KEY_ID_OCTETS: Final = 4
_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")  # rfc8410:4
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
        public_key: 32 octets of Ed25519.

    Clause: c2sp:signed-note
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not self.name.isprintable():
            raise _malformed(f"key name {self.name[:80]!r}, must be without blanks and plus signs")
        if len(self.public_key) != _KEY_OCTETS:
            raise _malformed(f"Ed25519 key of {len(self.public_key)} octets, must be {_KEY_OCTETS}")

    @classmethod
    def from_spki(cls, name: str, spki: bytes) -> "VerifierKey":
        """The key in this SubjectPublicKeyInfo (DER), under `name`.

        Raises:
            Malformed: not an Ed25519 key.
        """
        if not spki.startswith(_SPKI_PREFIX):
            raise _malformed("SubjectPublicKeyInfo is not of an Ed25519 key, must be")
        return cls(name=name, public_key=spki[len(_SPKI_PREFIX) :])

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that `text` writes.

        Raises:
            Malformed: not `name+hash+base64`, an unknown algorithm, or a hash that is not its own.
        """
        found = _VKEY.fullmatch(text)
        if not found:
            raise _malformed(f"verifier key {text[:80]!r}, must be name+hash+base64")
        octets = _unbase64(found[3], "verifier key")
        if octets[:1] != bytes((ED25519,)):
            raise _malformed(f"verifier key algorithm {octets[:1].hex()}, must be 01 (Ed25519)")
        key = cls(name=found[1], public_key=octets[1:])
        if key.key_id.hex() != found[2]:
            raise _malformed(f"verifier key hash {found[2]}, must be {key.key_id.hex()}")
        return key

    @property
    def key_id(self) -> bytes:
        """The 4 octets that tell keys of one name apart."""
        named = self.name.encode() + b"\n" + bytes((ED25519,)) + self.public_key
        return sha256(named).digest()[:_KEY_ID_OCTETS]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes((ED25519,)) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether this key made `signature` over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One signature below a note: who signed, with which key, and what came out."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


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
        lines = tuple(_parse_line(line) for line in below[:-1].split("\n"))
        return cls(text=f"{text}\n".encode(), signatures=lines)

    def __bytes__(self) -> bytes:
        return self.text + b"\n" + "".join(map(str, self.signatures)).encode()

    def verify(self, keys: Sequence[VerifierKey]) -> None:
        """At least one of `keys` signed the text, and none of them signed another.

        Raises:
            Refused: no signature of a known key, or one that does not hold.

        Clause: c2sp:signed-note
        """
        known = {(key.name, key.key_id): key for key in keys}
        believed = 0
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not key.signed(self.text, line.signature):
                raise _refused(f"note: the signature of {line.name} does not hold, must")
            believed += 1
        if not believed:
            names = ", ".join(sorted({line.name for line in self.signatures}))
            raise _refused(f"note: signed by {names}, must be signed by one of the known keys")


def sign_note(
    text: bytes, signers: Sequence[tuple[VerifierKey, Callable[[bytes], bytes]]]
) -> SignedNote:
    """The note of `text`, signed by each of `signers` in order; `text` ends in a newline.

    Clause: c2sp:signed-note
    """
    lines = tuple(
        SignatureLine(name=key.name, key_id=key.key_id, signature=sign(text))
        for key, sign in signers
    )
    return SignedNote(text=text, signatures=lines)


def _parse_line(line: str) -> SignatureLine:
    found = _LINE.fullmatch(line)
    octets = _unbase64(found[2], "signature line") if found else b""
    if not found or len(octets) <= _KEY_ID_OCTETS:
        raise _malformed(f"signature line {line[:80]!r}, must be a dash, a name and base64")
    return SignatureLine(
        name=found[1], key_id=octets[:_KEY_ID_OCTETS], signature=octets[_KEY_ID_OCTETS:]
    )


def _unbase64(text: str, what: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _malformed(f"{what}: not base64, must be ({error})") from error
    if base64.b64encode(octets).decode() != text:
        raise _malformed(f"{what}: base64 with stray bits, must be in its only form")
    return octets


def _malformed(message: str) -> Malformed:
    return Malformed(message, clause=_CLAUSE, rule="note.form")


def _refused(message: str) -> Refused:
    return Refused(message, clause=_CLAUSE, rule="note.signature")
