"""Private keys: `ports.keys` over encrypted files, or over a PKCS#11 token.

Makes, opens and uses keys; decides nothing about what may be signed.
"""

from smki.adapters.keys.passphrases import make_passphrase_file, passphrase_from
from smki.adapters.keys.settings import KeyStoreKind, KeyStoreSettings, open_key_store
from smki.adapters.keys.software import (
    SoftwareAgreementKey,
    SoftwareKeyStore,
    SoftwareSigningKey,
    offers,
)
from smki.adapters.keys.tokens import Pkcs11KeyStore, TokenAgreementKey, TokenSigningKey

__all__ = [
    "KeyStoreKind",
    "KeyStoreSettings",
    "Pkcs11KeyStore",
    "SoftwareAgreementKey",
    "SoftwareKeyStore",
    "SoftwareSigningKey",
    "TokenAgreementKey",
    "TokenSigningKey",
    "make_passphrase_file",
    "offers",
    "open_key_store",
    "passphrase_from",
]
