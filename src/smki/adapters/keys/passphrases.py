"""Passphrases and PINs: from the environment or from a file of their own, never a command line.

An argument of a command can be read by every user of a machine, and stays in shell histories.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from smki.adapters.keys.private_files import create_private, read_private
from smki.terms import Refused

_VARIABLE: Final = "SMKI_PASSPHRASE"
PASSPHRASE_OCTETS: Final = 32  # random octets in a made passphrase: as strong as the cipher's key


def passphrase_from(environment: Mapping[str, str], file: Path | None) -> bytes:
    """The passphrase: `SMKI_PASSPHRASE`, else the file that `SMKI_PASSPHRASE_FILE` names, else `file`.

    Raises:
        Refused: none is given, it is empty, or its file is missing or open to others.
        Unavailable: its file cannot be read.
    """
    return secret_from(environment, _VARIABLE, file)


def secret_from(environment: Mapping[str, str], variable: str, file: Path | None) -> bytes:
    """The secret: `variable`, else the file that `variable` with `_FILE` names, else `file`.

    One line end after the content of a file is not part of the secret.

    Raises:
        Refused: none is given, it is empty, or its file is missing or open to others.
        Unavailable: its file cannot be read.
    """
    if variable in environment:
        secret, where = os.fsencode(environment[variable]), variable
    else:
        named = environment.get(f"{variable}_FILE")
        path = Path(named) if named else file
        if path is None:
            raise Refused(
                f"secret: none given, set {variable} or {variable}_FILE in the environment, or"
                " name its file in the configuration",
                rule="keys.secret.missing",
            )
        secret, where = _content(path), str(path)
    if not secret:
        raise Refused("secret: empty, must not be", where=where, rule="keys.secret.empty")
    return secret


def make_passphrase_file(path: Path) -> None:
    """A file with a fresh random passphrase is there, for its owner alone. Never replaces one.

    The passphrase is 43 letters, digits, '-' and '_', from 32 random octets.

    Raises:
        Refused: there is a file of that name.
        Unavailable: it cannot be written.
    """
    passphrase = base64.urlsafe_b64encode(os.urandom(PASSPHRASE_OCTETS)).rstrip(b"=")
    try:
        create_private(path, passphrase + b"\n")
    except FileExistsError:
        raise Refused(
            "passphrase file: there is one, must not be replaced: the keys under it would be lost",
            where=str(path),
            rule="keys.passphrase.exists",
        ) from None


def _content(path: Path) -> bytes:
    try:
        return read_private(path).removesuffix(b"\n").removesuffix(b"\r")
    except FileNotFoundError:
        raise Refused(
            "secret: no such file, must be there: restore it from where you keep copies",
            where=str(path),
            rule="keys.secret.missing",
        ) from None
