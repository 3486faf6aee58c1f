"""A ceremony's folder on a disk, and private keys in the memory of the process.

    journal         entries, one a line; a last line without its end was never acknowledged
    <name>          files beside it, for their owner alone

One process holds a ceremony: the journal is locked while it is open.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from smki.adapters.files import make_folder, sync_folder, write_durably
from smki.adapters.keys.private_files import make_private_directory
from smki.adapters.keys.software import PrivateKey, SoftwareSigningKey, generate
from smki.ports import KeyAlgorithm
from smki.terms import Inconsistent, Refused, Unavailable

JOURNAL = "journal"


class CeremonyFolder:
    """`ports.ceremony.Ledger` over a folder, which is made if it is not there.

    Raises:
        Refused: others can look into the folder.
        Unavailable: another process holds the ceremony, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        make_private_directory(folder)
        self._folder = folder
        try:
            self._journal = (folder / JOURNAL).open("ab+")
            (folder / JOURNAL).chmod(0o600)
            sync_folder(folder)
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._journal.close()
            raise Unavailable(
                "ceremony: another process holds it, must be one at a time", where=os.fspath(folder)
            ) from None
        except OSError as error:
            raise self._unavailable(JOURNAL, error) from error

    def close(self) -> None:
        """Another process may hold the ceremony."""
        self._journal.close()

    def entries(self) -> Sequence[bytes]:
        """Everything that was appended, in order."""
        try:
            octets = (self._folder / JOURNAL).read_bytes()
        except OSError as error:
            raise self._unavailable(JOURNAL, error) from error
        return octets.split(b"\n")[:-1]

    def append(self, entry: bytes) -> None:
        """The entry is the last one, durable; what was torn before it is gone."""
        try:
            whole = sum(len(one) + 1 for one in self.entries())
            self._journal.truncate(whole)
            self._journal.write(entry + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise self._unavailable(JOURNAL, error) from error

    def keep(self, name: str, octets: bytes) -> None:
        """The file has this content; one with another content is never replaced."""
        found = self.read(name)
        if found is not None and found != octets:
            raise Refused(
                f"ceremony: file {name} is there with another content, is never replaced",
                where=os.fspath(self._folder / name),
                rule="ceremony.file",
            )
        if found is None:
            self.replace(name, octets)

    def replace(self, name: str, octets: bytes) -> None:
        """The file has this content instead of the one before."""
        path = self._folder / name
        try:
            make_folder(path.parent, 0o700)
        except OSError as error:
            raise self._unavailable(name, error) from error
        write_durably(path, octets, private=True)

    def read(self, name: str) -> bytes | None:
        """Its content; None if there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(name, error) from error

    def destroy(self, name: str) -> None:
        """The file was overwritten in place and is gone."""
        path = self._folder / name
        try:
            with path.open("rb+") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable(name, error) from error

    def _unavailable(self, name: str, error: OSError) -> Unavailable:
        return Unavailable(
            f"ceremony: {name}: cannot be read or written ({error.strerror})",
            where=os.fspath(self._folder),
        )


class MemoryKey(SoftwareSigningKey):
    """`ports.ceremony.BareKey`: in memory, and its octets can be had."""

    __slots__ = ("_private",)

    def __init__(self, key: PrivateKey) -> None:
        super().__init__(key, deterministic=True)
        self._private = key

    def octets(self) -> bytes:
        """PKCS#8, DER, not encrypted: to be sealed at once."""
        return self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


class MemoryKeys:
    """`ports.ceremony.BareKeys`."""

    def make(self, algorithm: KeyAlgorithm) -> MemoryKey:
        """A new key."""
        return MemoryKey(generate(algorithm))

    def load(self, octets: bytes) -> MemoryKey:
        """The key of these octets.

        Raises:
            Inconsistent: they are no key.
        """
        try:
            key = load_der_private_key(octets, None)
        except (ValueError, TypeError) as error:
            raise Inconsistent("ceremony: what was sealed is no key") from error
        if not isinstance(key, PrivateKey):
            raise Inconsistent("ceremony: what was sealed is a key of another algorithm")
        return MemoryKey(key)
