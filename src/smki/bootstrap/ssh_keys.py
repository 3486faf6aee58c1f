"""The key by which clients know the SFTP server, and the one of the sample party.

The server's key lies beside that of its TLS certificate, readable by the owner only; whoever has a
copy of it can pass for this server, and no more. It is made once: who has kept its fingerprint is
warned if another turns up.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from smki.adapters.files import read_octets, write_durably
from smki.bootstrap.samples import SUPPLIER
from smki.bootstrap.settings import Settings
from smki.flows.office import FrontOffice
from smki.flows.registering import give_sshkey
from smki.terms import Unavailable
from smki.wire.ssh_keys import fingerprint, parse_ssh_public_key

HOST: Final = ("tls", "sftp.key")
SAMPLE: Final = ("parties", SUPPLIER, "sftp.key")


def host_key(settings: Settings) -> bytes:
    """The private key of the SFTP server, in OpenSSH's form; made if there is none yet.

    Raises:
        Unavailable: it cannot be read or written.
    """
    return _key(settings.path(*HOST))


def host_fingerprint(settings: Settings) -> str | None:
    """The fingerprint that clients see; None before the key was made."""
    try:
        return fingerprint(parse_ssh_public_key(read_octets(_public(settings.path(*HOST)))).digest)
    except Unavailable:
        return None


def open_to_sample(settings: Settings, front: FrontOffice) -> None:
    """The sample supplier has a key, and it is registered."""
    path = settings.path(*SAMPLE)
    _key(path)
    give_sshkey(front, SUPPLIER, read_octets(_public(path)))


def _key(path: Path) -> bytes:
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        public = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        octets = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        # The public half first: where the private one is, both are, and neither is replaced.
        write_durably(_public(path), public + b"\n")
        write_durably(path, octets, private=True)
    return read_octets(path)


def _public(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")
