"""The signatures that a note may carry, and the octets that each of them signs.

    01  Ed25519             signature 64                    over the text
    04  cosignature/v1      time u64 || signature 64        over "cosignature/v1" LF "time <t>" LF text
    06  ML-DSA-44           time u64 || signature 2420      over cosigned_message:
            label "subtree/v1" LF 00, cosigner name <1..255>, time u64, origin <1..255>,
            start u64 = 0, end u64 = size, root 32

A time is in seconds since 1970; zero, which only 06 allows, says nothing of the time. 06 says
nothing of extension lines. A log signs with 01, and with 06 beside it; a witness with 04 or 06.

Clause: c2sp:signed-note, c2sp:tlog-cosignature
"""

from enum import IntEnum
from typing import Final, assert_never

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from smki.merkle.heads import TreeHead
from smki.terms import Malformed, Refused

TIME_OCTETS: Final = 8
_CLAUSE: Final = "c2sp:tlog-cosignature"
_LABEL: Final = b"subtree/v1\n\0"
_NAME_OCTETS: Final = 255  # a length of one octet stands before it


class Algorithm(IntEnum):
    """What the octet before a public key says of its signatures."""

    ED25519 = 1
    COSIGNATURE = 4
    ML_DSA_44 = 6

    @property
    def key_octets(self) -> int:
        """Length of a public key."""
        return 1312 if self is Algorithm.ML_DSA_44 else 32

    @property
    def timed(self) -> bool:
        """Whether a time stands before the signature, and is signed."""
        return self is not Algorithm.ED25519


def signed_octets(algorithm: Algorithm, name: str, text: bytes, seconds: int) -> bytes:
    """What the key of `name` signs to sign a note of this text at that time.

    Raises:
        Malformed: the text is no checkpoint, as 06 needs one, or a name is too long for it.

    Clause: c2sp:tlog-cosignature
    """
    match algorithm:
        case Algorithm.ED25519:
            return text
        case Algorithm.COSIGNATURE:
            return b"cosignature/v1\ntime %d\n" % seconds + text
        case Algorithm.ML_DSA_44:
            head = TreeHead.parse(text)
            return b"".join(
                (
                    _LABEL,
                    _counted(name.encode()),
                    seconds.to_bytes(TIME_OCTETS, "big"),
                    _counted(head.origin.encode()),
                    bytes(TIME_OCTETS),
                    head.size.to_bytes(TIME_OCTETS, "big"),
                    head.root,
                )
            )
        case _:
            assert_never(algorithm)


def signature_holds(
    algorithm: Algorithm, name: str, public_key: bytes, text: bytes, signature: bytes
) -> bool:
    """Whether the key made the signature, the octets after the key id, over this text.

    Raises:
        Refused: the cryptography that is installed does not know ML-DSA-44.

    Clause: c2sp:signed-note, c2sp:tlog-cosignature
    """
    seconds = signature_time(algorithm, signature)
    if seconds >> 63:  # a time must not exceed 2^63 - 1
        return False
    bare = signature[TIME_OCTETS:] if algorithm.timed else signature
    try:
        _load(algorithm, public_key).verify(bare, signed_octets(algorithm, name, text, seconds))
    except (InvalidSignature, Malformed):
        return False
    return True


def signature_time(algorithm: Algorithm, signature: bytes) -> int:
    """Seconds since 1970 at which it was signed, as it says itself; zero if it says nothing."""
    return int.from_bytes(signature[:TIME_OCTETS], "big") if algorithm.timed else 0


def _load(algorithm: Algorithm, public_key: bytes) -> Ed25519PublicKey | MLDSA44PublicKey:
    if algorithm is not Algorithm.ML_DSA_44:
        return Ed25519PublicKey.from_public_bytes(public_key)
    try:
        return MLDSA44PublicKey.from_public_bytes(public_key)
    except UnsupportedAlgorithm as error:
        raise Refused(
            "ML-DSA-44: not known to the installed cryptography library, must be to verify it",
            clause=_CLAUSE,
            rule="note.algorithm",
        ) from error


def _counted(octets: bytes) -> bytes:
    if not 1 <= len(octets) <= _NAME_OCTETS:
        raise Malformed(
            f"ML-DSA-44: name of {len(octets)} octets, must be 1 to {_NAME_OCTETS}",
            clause=_CLAUSE,
            rule="note.form",
        )
    return bytes((len(octets),)) + octets
