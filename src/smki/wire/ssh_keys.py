"""Public keys as OpenSSH writes them in one line, and their fingerprints. No private key is read.

line         algorithm SP base64(blob) [SP comment]
fingerprint  "SHA256:" base64(SHA-256 of the blob) without padding
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from smki.terms import Malformed, Refused

LINE_MAX_OCTETS: Final = 16 * 1024
RSA_LEAST_BITS: Final = 2048
ALGORITHMS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_CLAUSE: Final = "sec-app-p:1.2"
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshPublicKey:
    """A public key.

    Attributes:
        algorithm: name of its kind, as `ssh-ed25519`.
        digest: SHA-256 of its blob, 32 octets.
    """

    algorithm: str
    digest: bytes


def parse_ssh_public_key(octets: bytes) -> SshPublicKey:
    """The key in a file of one line, as `ssh-keygen` writes it beside the private one.

    Raises:
        Malformed: no public key in this form.
        Refused: of a kind or a length that is not taken.

    Clause: sec-app-p:1.2
    """
    words = octets.strip().split(None, 2)
    if len(octets) > LINE_MAX_OCTETS or len(words) < 2 or b"\n" in octets.strip():
        raise _malformed("not one line 'algorithm base64 comment'")
    algorithm = words[0].decode("ascii", "replace")
    if algorithm not in ALGORITHMS:
        raise _refused(f"{algorithm[:60]!r}, must be one of {', '.join(ALGORITHMS)}")
    try:
        blob = base64.b64decode(words[1], validate=True)
        key = load_ssh_public_key(b" ".join(words[:2]))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise _malformed(f"not the base64 of a key ({error})") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_LEAST_BITS:
        raise _refused(f"RSA of {key.key_size} bits, must have at least {RSA_LEAST_BITS}")
    return SshPublicKey(algorithm=algorithm, digest=sha256(blob).digest())


def fingerprint(digest: bytes) -> str:
    """How OpenSSH prints the key with this SHA-256."""
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def parse_fingerprint(text: str) -> bytes:
    """The SHA-256 that a fingerprint prints.

    Raises:
        Malformed: no fingerprint of that form.
    """
    if not _FINGERPRINT.fullmatch(text):
        raise Malformed(
            f"fingerprint {text[:60]!r}, must be SHA256: and 43 characters of base64",
            clause=_CLAUSE,
            rule="sshkey.fingerprint",
        )
    return base64.b64decode(text.removeprefix("SHA256:") + "=")


def _malformed(what: str) -> Malformed:
    return Malformed(
        f"SSH public key: {what}, must be as in a file .pub of ssh-keygen",
        clause=_CLAUSE,
        rule="sshkey.form",
    )


def _refused(what: str) -> Refused:
    return Refused(f"SSH public key: {what}", clause=_CLAUSE, rule="sshkey.kind")
