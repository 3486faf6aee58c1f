"""Keys for key agreement, in files and in a token: the same claims of both."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.keys import Pkcs11KeyStore, SoftwareKeyStore
from smki.adapters.keys.token_library import token_library
from smki.adapters.keys.tokens import TURN
from smki.crypto.gbcs_protection import shared_secret
from smki.ports.keys import AgreementKeyStore, KeyAlgorithm
from smki.terms import Inconsistent, Malformed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.clause("gbcs:18.4")
_names = (f"agreement-{number}" for number in count())


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@pytest.fixture(params=["software", "pkcs11"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> AgreementKeyStore:
    """A store of each kind."""
    if request.param == "software":
        return SoftwareKeyStore(tmp_path / "keys", b"correct horse battery staple", cost=16)
    token = request.getfixturevalue("token")
    return Pkcs11KeyStore(token.module, token.label, token.pin)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return next(_names)


def test_both_sides_agree(any_store: AgreementKeyStore, name: str) -> None:
    """Z is what each other side computes, in order, by the key as made and as opened again."""
    others = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    made = any_store.make_agreement(name)
    opened = any_store.open_agreement(name)
    assert (opened.public_key, opened.algorithm) == (made.public_key, KeyAlgorithm.P256)
    wanted = [shared_secret(other, made.public_key[-65:]) for other in others]
    points = [_point(other.public_key()) for other in others]
    assert made.agree(points) == opened.agree(points) == wanted
    assert made.agree(()) == []


def test_it_proves_that_it_is_held(
    any_store: AgreementKeyStore, name: str, holds: Callable[..., bool]
) -> None:
    """A key for agreement signs the certification request for itself."""
    key = any_store.make_agreement(name)
    assert holds(key, b"request", key.sign((b"request",))[0])


@pytest.mark.parametrize("wrong", [b"", b"\x04" + bytes(64), b"\x02" + bytes(32), bytes(65)])
def test_what_is_no_point_is_malformed(
    any_store: AgreementKeyStore, name: str, wrong: bytes
) -> None:
    """A point off the curve, which would betray the key, reaches neither file key nor token."""
    key = any_store.make_agreement(name)
    good = _point(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(Malformed, match="must be an uncompressed point of P-256"):
        key.agree((good, wrong))


def test_other_keys_do_not_agree(any_store: AgreementKeyStore, name: str) -> None:
    """A key of another algorithm, or none, is refused."""
    any_store.make(name, KeyAlgorithm.RSA2048)
    with pytest.raises(Refused, match="not one for key agreement") as caught:
        any_store.open_agreement(name)
    assert caught.value.rule == "keys.agreement"
    with pytest.raises(Refused, match="none named 'gone' here"):
        any_store.open_agreement("gone")
    with pytest.raises(Refused, match="must not be replaced"):
        any_store.make_agreement(name)


def test_a_signing_key_in_a_token_does_not_agree(request: pytest.FixtureRequest, name: str) -> None:
    """The token holds what a key is for: one that was made to sign is refused."""
    token = request.getfixturevalue("token")
    store = Pkcs11KeyStore(token.module, token.label, token.pin)
    store.make(name, KeyAlgorithm.P256)
    with pytest.raises(Refused, match="not one for key agreement"):
        store.open_agreement(name)


def test_a_key_for_agreement_never_leaves_the_token(
    request: pytest.FixtureRequest, name: str
) -> None:
    """It is sensitive and not extractable; after agreeing no secret stays in the token."""
    pkcs11 = pytest.importorskip("pkcs11")
    token = request.getfixturevalue("token")
    store = Pkcs11KeyStore(token.module, token.label, token.pin)
    points = [_point(ec.generate_private_key(ec.SECP256R1()).public_key())] * (TURN + 1)
    assert len(set(store.make_agreement(name).agree(points))) == 1
    library = token_library(str(token.module))

    def look(held: Any) -> tuple[bool, bool, int]:
        found = held.session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=name)
        kept = held.session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})
        return (
            found[pkcs11.Attribute.EXTRACTABLE],
            found[pkcs11.Attribute.NEVER_EXTRACTABLE],
            len(list(kept)),
        )

    assert library.call(token.label, token.pin, look) == (False, True, 0)


def test_halves_of_two_pairs_are_found_by_agreeing(
    request: pytest.FixtureRequest, name: str
) -> None:
    """A private key under another's public key is found when it is opened."""
    pkcs11 = pytest.importorskip("pkcs11")
    token = request.getfixturevalue("token")
    store = Pkcs11KeyStore(token.module, token.label, token.pin)
    other = next(_names)
    store.make_agreement(name)
    store.make_agreement(other)
    library = token_library(str(token.module))

    def swap(held: Any) -> None:
        public, label = pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.Attribute.LABEL
        held.session.get_key(object_class=public, label=name).destroy()
        held.session.get_key(object_class=public, label=other)[label] = name

    library.call(token.label, token.pin, swap)
    library._thread.submit(library._begin_anew).result()  # forgets the handles looked up
    with pytest.raises(Inconsistent, match="not one pair"):
        store.open_agreement(name)
