"""The keys of issuing authorities, told by the certificates that they are of.

The first key of a kind has its name; those of later authorities have a number behind it. An authority
that another has followed signs its own revocation lists: its key stays.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from smki.ports import KeyStore, SigningKey
from smki.terms import CertificateKind, Refused
from smki.wire.certificate import parse_certificate

KeyOf = Callable[[CertificateKind, bytes], SigningKey | None]


def issuing_keys(stores: Callable[[CertificateKind], KeyStore]) -> KeyOf:
    """Finds the key of an issuing authority, in the store of its kind; each is opened once."""
    opened: dict[bytes, SigningKey] = {}

    def key_of(kind: CertificateKind, certificate: bytes) -> SigningKey | None:
        if certificate not in opened:
            store, wanted = stores(kind), public_key_in(certificate)
            for name in key_names(store, kind):
                key = store.open(name)
                if normal_key(key.public_key) == wanted:
                    opened[certificate] = key
                    break
        return opened.get(certificate)

    return key_of


def key_names(store: KeyStore, kind: CertificateKind) -> tuple[str, ...]:
    """The names of the keys of issuing authorities of that kind in the store, oldest first."""
    names = [
        name
        for name in store.names()
        if name == kind.value or name.removeprefix(f"{kind.value}-").isdecimal()
    ]
    return tuple(sorted(names, key=lambda name: (len(name), name)))


def public_key_in(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo in a certificate (DER), as the library writes it."""
    return normal_key(parse_certificate(certificate).tbs.public_key)


def normal_key(public_key: bytes) -> bytes:
    """The SubjectPublicKeyInfo as the library writes it: a token may encode it otherwise."""
    return load_der_public_key(public_key).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def must_be_here(key_of: KeyOf, kind: CertificateKind, certificate: bytes) -> SigningKey:
    """The key of the issuing authority with this certificate (DER).

    Raises:
        Refused: no key in its store is.
    """
    key = key_of(kind, certificate)
    if key is None:
        raise Refused(
            f"key of {kind.value}: none in its store is that of the certificate in force, must be:"
            " the store is another one, or of an earlier day",
            where=kind.value,
            clause="sec-app-b:B",
            rule="keys.issuing",
        )
    return key
