"""Where the root keys are: a store of their own, under a passphrase of their own.

The folder can be kept on a disk that is attached for a renewal only; nothing that serves opens it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smki.adapters.keys import KeyStoreSettings, open_key_store
from smki.adapters.keys.passphrases import passphrase_from
from smki.ports import KeyStore
from smki.terms import Refused, Unavailable

_VARIABLES: Final = ("SMKI_PASSPHRASE", "SMKI_PASSPHRASE_FILE")


def root_passphrase_file(folder: Path) -> Path:
    """Where the passphrase of the root keys is, if no variable gives it."""
    return folder / "passphrase"


def root_passphrase(folder: Path, environment: Mapping[str, str]) -> bytes:
    """The passphrase of the root keys.

    Raises:
        Refused: none is given.
        Unavailable: its file cannot be read.
    """
    return passphrase_from(for_roots(environment), root_passphrase_file(folder))


def for_roots(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment in which `SMKI_ROOT_PASSPHRASE` (or `..._FILE`), if given, is the passphrase."""
    own = {name: environment.get(name.replace("SMKI_", "SMKI_ROOT_")) for name in _VARIABLES}
    if not any(own.values()):
        return environment
    others = {name: value for name, value in environment.items() if name not in _VARIABLES}
    return others | {name: value for name, value in own.items() if value}


def open_roots(folder: Path, environment: Mapping[str, str], *, new: bool = False) -> KeyStore:
    """The store of the root keys; made if `new`.

    Raises:
        Refused: the passphrase does not open it, or none is given.
        Unavailable: it is not there.
    """
    keys = folder / "keys"
    if not new and not keys.is_dir():
        raise Unavailable(
            "root keys: not there, a root's revocation list needs them: attach the disk that holds"
            " them and name their folder with --root, or name what else is to be renewed",
            where=str(keys),
            clause="sec-app-b:B-crl",
            rule="keys.roots",
        )
    store = KeyStoreSettings(directory=keys, passphrase_file=root_passphrase_file(folder))
    try:
        return open_key_store(store, for_roots(environment))
    except Refused as error:
        raise Refused(
            f"root keys: {error.message}. Their passphrase is that of SMKI_ROOT_PASSPHRASE or"
            " SMKI_ROOT_PASSPHRASE_FILE, else of the file 'passphrase' beside them",
            where=error.where,
            clause="sec-app-b:B-crl",
            rule=error.rule,
        ) from error
