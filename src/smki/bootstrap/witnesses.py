"""Puts a witness together, in a folder of its own, apart from any SMKI.

vkey                     its public key, for the policies of those who believe it
logs                     the logs it knows, in the form of a policy: log <vkey> [<address or folder>]
keys/, passphrase        its private key, encrypted
place, identity, lock, seen/, evidence/     its memory (`adapters.witness_memory`)
cosigned/                the last checkpoint of each log with its signature
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.addresses import files_at
from smki.adapters.files import read_octets, write_durably
from smki.adapters.keys import KeyStoreSettings, make_passphrase_file, open_key_store
from smki.adapters.record import FileRecordReader
from smki.adapters.witness_memory import FolderMemory
from smki.adapters.world import SystemClock
from smki.flows.witnessing import Witness, follow
from smki.merkle.notes import VerifierKey
from smki.merkle.trust import Peer, Policy
from smki.ports import KeyAlgorithm
from smki.terms import Malformed, Refused, Unavailable

_KEY: Final = "witness"
_VKEY: Final = "vkey"
_LOGS: Final = "logs"


def make_witness(
    folder: Path,
    *,
    name: str,
    log: str,
    place: str,
    algorithm: KeyAlgorithm,
    environment: Mapping[str, str],
) -> VerifierKey:
    """A new witness is in `folder`, which knows this log; its public key.

    `log` is the log's verifier key; `place` is where its files are, empty if it only answers.

    Raises:
        Malformed: a name, key or place in no good form.
        Refused: something is in the folder already.
        Unavailable: it cannot be written.
    """
    origin = VerifierKey.parse(log).name
    logs = f"# the logs that are witnessed; more may be added\nlog {log} {place}\nquorum none\n"
    if [found.name for found in Policy.parse(logs.encode()).logs] != [origin]:
        raise Malformed("log: not one, must be one")
    VerifierKey(name=name, public_key=bytes(32))  # the name is one, before anything is made
    _make_folder(folder)
    FolderMemory.make(folder)
    if "SMKI_PASSPHRASE" not in environment and "SMKI_PASSPHRASE_FILE" not in environment:
        make_passphrase_file(_passphrase_file(folder))
    made = open_key_store(_store(folder), environment).make(_KEY, algorithm)
    key = VerifierKey.from_spki(name, made.public_key, witness=True)
    write_durably(folder / _LOGS, logs.encode())
    write_durably(folder / _VKEY, f"{key}\n".encode())  # last: with it the witness is whole
    return key


@contextmanager
def open_witness(
    folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[Witness, tuple[Peer, ...]]]:
    """The witness in `folder`, and the logs that it knows, with where their files are.

    Raises:
        Unavailable: there is none, or it runs already.
        Inconsistent: its memory is a copy.
        Refused: the passphrase does not open its key.
        Malformed: the file of logs is wrong.
    """
    if not (folder / _VKEY).exists():
        raise Unavailable(
            "witness: there is none here, make one with 'smki witness init'", where=str(folder)
        )
    key = VerifierKey.parse(read_octets(folder / _VKEY).decode("utf-8", "replace").strip())
    logs = Policy.parse(read_octets(folder / _LOGS)).logs
    memory = FolderMemory(folder)
    try:
        private = open_key_store(_store(folder), environment).open(_KEY)
        witness = Witness(
            key=key,
            sign=lambda message: private.sign([message])[0],
            memory=memory,
            clock=SystemClock(),
            logs=tuple(log.key for log in logs),
        )
        yield witness, logs
    finally:
        memory.close()


class Follower:
    """Follows one log, wherever its files are; keeps its newest checkpoint with our signature."""

    def __init__(self, folder: Path, witness: Witness, log: Peer) -> None:
        self._witness = witness
        self._log = log
        self._path = folder / "cosigned" / sha256(log.name.encode()).hexdigest()

    def follow(self) -> tuple[int, Path]:
        """The newest checkpoint is cosigned; its size, and the file that it is in.

        Raises:
            Refused: the log went back, forked, or does not extend what is remembered.
            Inconsistent: its files are damaged, or the memory is an older one.
            Unavailable: it cannot be reached; to be tried again.
        """
        with files_at(self._log.url) as files:
            done = follow(self._witness, FileRecordReader(files, str(self._log.key)))
        write_durably(self._path, done.checkpoint)
        return done.head.size, self._path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refused(
                "folder: not empty, a witness is made in a new one: its key and its memory belong"
                " together",
                where=os.fspath(folder),
                rule="witness.there",
            )
    except OSError as error:
        raise Unavailable(
            f"folder: cannot be made ({error.strerror})", where=os.fspath(folder)
        ) from error


def _store(folder: Path) -> KeyStoreSettings:
    return KeyStoreSettings(directory=folder / "keys", passphrase_file=_passphrase_file(folder))


def _passphrase_file(folder: Path) -> Path:
    return folder / "passphrase"
