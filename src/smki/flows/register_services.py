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
        files: contents of papers, apart from register and record: an attachment names them by
            their SHA-256, and who may read the paper may have them.
        tied: the decision file of this id, as the record has it; None if there is none.
    """

    readers: ReadersOfRegister
    files: Confidential
    tied: Callable[[str], ShownDecision | None]

    def keep_file(self, paper: str, octets: bytes) -> str:
        """The SHA-256 of the octets, in hexadecimal; they are durable as a file of that paper.

        Raises:
            Unavailable: the disk is away.

        Clause: sec:M4.13
        """
        digest = sha256(octets).hexdigest()
        if self.files.read(_place(paper, digest)) is None:
            self.files.keep(_place(paper, digest), octets)
        return digest

    def file(self, paper: str, digest: str) -> bytes | None:
        """The octets with that SHA-256 that were kept as a file of that paper; None if there are none.

        Raises:
            Inconsistent: others are in their place.

        Clause: sec:M4.13
        """
        octets = self.files.read(_place(paper, digest))
        if octets is not None and sha256(octets).hexdigest() != digest:
            raise Inconsistent(f"file {digest}: its content is another", clause="sec:L1")
        return octets


def _place(paper: str, digest: str) -> bytes:
    """Where a paper's file is: no other paper that names its digest leads there."""
    return sha256(f"{digest}\n{paper}".encode()).digest()
