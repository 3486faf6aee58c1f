"""Where the keys of one authority live, as configuration says it; and the store it means.

Each authority has settings of its own, so that one can sign in a token and another in software.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from smki.adapters.keys.passphrases import passphrase_from
from smki.adapters.keys.software import SoftwareKeyStore
from smki.ports.keys import KeyStore
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
    """

    kind: KeyStoreKind = KeyStoreKind.SOFTWARE
    directory: Path | None = None
    passphrase_file: Path | None = None


def open_key_store(settings: KeyStoreSettings, environment: Mapping[str, str]) -> KeyStore:
    """The store that the settings mean, open.

    Raises:
        Refused: a setting or secret is missing, or the secret does not open the store.
        Unavailable: the store cannot be reached.
    """
    if settings.directory is None:
        raise _missing("directory", settings.kind)
    return SoftwareKeyStore(
        settings.directory, passphrase_from(environment, settings.passphrase_file)
    )


def _missing(setting: str, kind: KeyStoreKind) -> Refused:
    return Refused(
        f"key store: no {setting} in the settings, kind {kind.value} needs it",
        where=setting,
        rule="keys.settings",
    )
