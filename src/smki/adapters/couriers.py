"""`ports.couriers.Courier` in a folder: a file for each message, sealed in CMS for its reader.

    NAME.p7m   EnvelopedData (RFC 5652), DER, AES-256-CBC, one recipient for each certificate
    NAME.txt   in the clear, for who has no certificate

`openssl cms -decrypt -inform DER -in NAME.p7m -inkey KEY.pem` opens one. Carrying is for whoever
watches the folder.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.envelopes import seal
from smki.adapters.files import write_durably

_SHOWN: Final = 60  # characters of a name that a file shows, so that none is too long for a disk
_DIGITS: Final = 12  # of its digest, so that no two are the same


class CourierFolder:
    """One file for each message; its owner alone reads the folder's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, name: str, text: str, certificates: tuple[bytes, ...]) -> str:
        """The message is a durable file; its path."""
        octets = text.encode()
        path = self._folder / f"{_file_name(name)}.{'p7m' if certificates else 'txt'}"
        write_durably(path, seal(octets, certificates) if certificates else octets, private=True)
        return str(path)


def _file_name(name: str) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name)
    return f"{plain[:_SHOWN]}-{sha256(name.encode()).hexdigest()[:_DIGITS]}"
