"""Private keys: `ports.keys` over encrypted files, or over a PKCS#11 token.

Makes, opens and uses keys; decides nothing about what may be signed.
"""

from smki.adapters.keys.passphrases import make_passphrase_file, passphrase_from
from smki.adapters.keys.settings import KeyStoreKind, KeyStoreSettings, open_key_store
from smki.adapters.keys.software import SoftwareKeyStore, SoftwareSigningKey

__all__ = [
    "KeyStoreKind",
    "KeyStoreSettings",
    "SoftwareKeyStore",
    "SoftwareSigningKey",
    "make_passphrase_file",
    "open_key_store",
    "passphrase_from",
]
