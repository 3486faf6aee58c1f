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
from smki.adapters.keys.tokens import Pkcs11KeyStore
from smki.ports.keys import AgreementKeyStore
from smki.terms import Refused


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


def open_key_store(settings: KeyStoreSettings, environment: Mapping[str, str]) -> AgreementKeyStore:
    """The store that the settings mean, open.

    Raises:
        Refused: a setting or secret is missing, or the secret does not open the store.
        Unavailable: the store cannot be reached.
    """
    match settings.kind:
        case KeyStoreKind.SOFTWARE:
            return _software(settings, environment)
        case KeyStoreKind.PKCS11:
            return _token(settings, environment)
        case _:
            assert_never(settings.kind)


def _software(settings: KeyStoreSettings, environment: Mapping[str, str]) -> SoftwareKeyStore:
    if settings.directory is None:
        raise _missing("directory", settings.kind)
    passphrase = passphrase_from(environment, settings.passphrase_file)
    return SoftwareKeyStore(settings.directory, passphrase)


def _token(settings: KeyStoreSettings, environment: Mapping[str, str]) -> Pkcs11KeyStore:
    if settings.module is None:
        raise _missing("module", settings.kind)
    if not settings.token:
        raise _missing("token", settings.kind)
    pin = secret_from(environment, settings.pin_variable, settings.pin_file)
    try:
        return Pkcs11KeyStore(settings.module, settings.token, pin.decode())
    except UnicodeDecodeError as error:
        raise Refused(
            f"PIN: not UTF-8 (octet {error.start}), must be", rule="keys.pin.encoding"
        ) from error


def _missing(setting: str, kind: KeyStoreKind) -> Refused:
    return Refused(
        f"key store: no {setting} in the settings, kind {kind.value} needs it",
        where=setting,
        rule="keys.settings",
    )
