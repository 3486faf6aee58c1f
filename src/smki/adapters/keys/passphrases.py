"""Passphrases and PINs: from the environment or from a file of their own, never a command line.

An argument of a command can be read by every user of a machine, and stays in shell histories.
"""

import base64
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.keys.private_files import create_private, read_private
from smki.terms import Refused

_VARIABLE: Final = "SMKI_PASSPHRASE"
PASSPHRASE_OCTETS: Final = 32  # random octets in a made passphrase: as strong as the cipher's key
_CHECK_OCTETS: Final = 4  # that tell it from what people think of
_MADE: Final = re.compile(rb"[A-Za-z0-9_-]{48}")


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

    The passphrase is 48 letters, digits, '-' and '_', from 32 random octets and a check of them.

    Raises:
        Refused: there is a file of that name.
        Unavailable: it cannot be written.
    """
    octets = os.urandom(PASSPHRASE_OCTETS)
    try:
        create_private(path, base64.urlsafe_b64encode(octets + _check(octets)) + b"\n")
    except FileExistsError:
        raise Refused(
            "passphrase file: there is one, must not be replaced: the keys under it would be lost",
            where=str(path),
            rule="keys.passphrase.exists",
        ) from None


def is_made(passphrase: bytes) -> bool:
    """Whether it was made by `make_passphrase_file`: nobody can guess it, so nothing is to be stretched.

    Of what people think of, or another program makes, one in four billion would be taken for made.
    """
    if not _MADE.fullmatch(passphrase):
        return False
    octets = base64.urlsafe_b64decode(passphrase)
    return octets[PASSPHRASE_OCTETS:] == _check(octets[:PASSPHRASE_OCTETS])


def _check(octets: bytes) -> bytes:
    return sha256(octets).digest()[:_CHECK_OCTETS]


def _content(path: Path) -> bytes:
    try:
        return read_private(path).removesuffix(b"\n").removesuffix(b"\r")
    except FileNotFoundError:
        raise Refused(
            "secret: no such file, must be there: restore it from where you keep copies",
            where=str(path),
            rule="keys.secret.missing",
        ) from None
