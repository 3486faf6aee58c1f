"""What the pages of the register need of the house, put together."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.flows.displaying import ShownDecision
from smki.flows.reading_register import ReadersOfRegister
from smki.ports.confidential import Confidential
from smki.terms import Inconsistent

FILE_OCTETS: Final = 8 * 1024 * 1024  # of a paper: a long one with pictures has two megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterServices:
    """Safe for any number of threads.

    Attributes:
        readers: who reads, and what.
        files: contents of papers, by their SHA-256, apart from register and record: an attachment
            names them, and who may read the paper may have them.
        tied: the decision file of this id, as the record has it; None if there is none.
    """

    readers: ReadersOfRegister
    files: Confidential
    tied: Callable[[str], ShownDecision | None]

    def keep_file(self, octets: bytes) -> str:
        """The SHA-256 of the octets, in hexadecimal; they are durable.

        Raises:
            Unavailable: the disk is away.
        """
        digest = sha256(octets)
        if self.files.read(digest.digest()) is None:
            self.files.keep(digest.digest(), octets)
        return digest.hexdigest()

    def file(self, digest: str) -> bytes | None:
        """The octets with that SHA-256; None if they are not there.

        Raises:
            Inconsistent: others are in their place.
        """
        octets = self.files.read(bytes.fromhex(digest))
        if octets is not None and sha256(octets).hexdigest() != digest:
            raise Inconsistent(f"file {digest}: its content is another", clause="sec:L1")
        return octets
