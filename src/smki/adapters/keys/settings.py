"""Where the keys of one authority live, as configuration says it; and the store it means.

Each authority has settings of its own, so that one can sign in a token and another in software.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import assert_never

from smki.adapters.keys.passphrases import passphrase_from, secret_from
from smki.adapters.keys.software import SoftwareKeyStore
from smki.ports.keys import KeyStore
from smki.terms import Refused, Unavailable


class KeyStoreKind(Enum):
    """The kinds of key store; the value is the word in the configuration."""

    SOFTWARE = "software"
    PKCS11 = "pkcs11"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStoreSettings:
    """Where keys live.

    Attributes:
        kind: in files or in a token.
        directory: software: the folder of the key files.
        passphrase_file: software: read if the environment gives no passphrase.
        module: pkcs11: the library that the token's maker supplies.
        token: pkcs11: the token's label.
        pin_variable: pkcs11: environment variable with the user PIN; with `_FILE` added, of
            the variable that names a file with it.
        pin_file: pkcs11: read if the environment gives no PIN.
    """

    kind: KeyStoreKind = KeyStoreKind.SOFTWARE
    directory: Path | None = None
    passphrase_file: Path | None = None
    module: Path | None = None
    token: str = ""
    pin_variable: str = "SMKI_PIN"
    pin_file: Path | None = None


def open_key_store(settings: KeyStoreSettings, environment: Mapping[str, str]) -> KeyStore:
    """The store that the settings mean, open.

    Raises:
        Refused: a setting or secret is missing, or the secret does not open the store.
        Unavailable: the store cannot be reached.
    """
    match settings.kind:
        case KeyStoreKind.SOFTWARE:
            if settings.directory is None:
                raise _missing("directory", settings.kind)
            passphrase = passphrase_from(environment, settings.passphrase_file)
            return SoftwareKeyStore(settings.directory, passphrase)
        case KeyStoreKind.PKCS11:
            if settings.module is None or not settings.token:
                raise _missing("token" if settings.module else "module", settings.kind)
            pin = secret_from(environment, settings.pin_variable, settings.pin_file)
            return _token_store(settings.module, settings.token, pin)
        case _:
            assert_never(settings.kind)


def _token_store(module: Path, token: str, pin: bytes) -> KeyStore:
    try:
        from smki.adapters.keys.tokens import Pkcs11KeyStore  # noqa: PLC0415 - extra `hsm`
    except ModuleNotFoundError as error:
        raise Unavailable(
            "token: the package python-pkcs11 is not installed, must be: install smki[hsm]",
            where=error.name or "",
        ) from error
    return Pkcs11KeyStore(module, token, pin)


def _missing(setting: str, kind: KeyStoreKind) -> Refused:
    return Refused(
        f"key store: no {setting} in the settings, kind {kind.value} needs it",
        where=setting,
        rule="keys.settings",
    )
