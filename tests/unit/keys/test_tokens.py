import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from smki.adapters.keys import KeyStoreKind, KeyStoreSettings, Pkcs11KeyStore, open_key_store
from smki.adapters.keys.token_library import token_library
from smki.adapters.keys.tokens import TURN
from smki.ports.keys import KeyAlgorithm, SigningKey
from smki.terms import Inconsistent, Refused, Unavailable

Holds = Callable[[SigningKey, bytes, bytes], bool]
_names = (f"key-{number}" for number in count())


class Token(Protocol):
    """The token of these tests."""

    module: Path
    folder: Path
    label: str
    pin: str


@pytest.fixture
def store(token: Token) -> Pkcs11KeyStore:
    """The store over the token."""
    return Pkcs11KeyStore(token.module, token.label, token.pin)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return next(_names)


@pytest.fixture
def in_token(token: Token) -> Callable[[Callable[[Any], Any]], Any]:
    """Does something to the token behind the store's back, with the session of the owner."""
    library = token_library(str(token.module))

    def do(work: Callable[[Any], Any]) -> Any:
        return library.call(token.label, token.pin, lambda held: work(held.session))

    return do


@pytest.fixture
def lose_library(token: Token) -> Callable[[], None]:
    """Finalises the module, as a driver that crashed and came back: every handle is void."""
    library = token_library(str(token.module))

    def lose() -> None:
        library._thread.submit(library._library.finalize).result()

    return lose


@pytest.fixture
def unplugged(token: Token) -> Iterator[Callable[[], None]]:
    """The token is away until the returned function brings it back; back in any case at the end."""
    away = token.folder.with_name("unplugged")
    token.folder.rename(away)
    token.folder.mkdir()

    def plug_in() -> None:
        shutil.rmtree(token.folder)
        away.rename(token.folder)

    yield plug_in
    if away.exists():
        plug_in()


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P256, KeyAlgorithm.RSA2048])
def test_a_key_made_in_a_token_signs(
    store: Pkcs11KeyStore, token: Token, holds: Holds, name: str, algorithm: KeyAlgorithm
) -> None:
    """Signatures hold, in the order of the messages, from the key as made and as opened again."""
    made = store.make(name, algorithm)
    opened = Pkcs11KeyStore(token.module, token.label, token.pin).open(name)
    assert opened.public_key == made.public_key
    assert opened.algorithm is algorithm
    assert name in store.names()
    for key in (made, opened):
        messages = (b"first", b"", b"third" * 1000)
        signatures = key.sign(messages)
        assert [holds(made, *pair) for pair in zip(messages, signatures, strict=True)] == [True] * 3
        assert not holds(made, b"other", signatures[0])
    assert made.sign(()) == []


def test_a_key_never_leaves_the_token(
    store: Pkcs11KeyStore, name: str, in_token: Callable[[Callable[[Any], Any]], Any]
) -> None:
    """The private key was made inside, is sensitive and not extractable, and always was."""
    pkcs11 = pytest.importorskip("pkcs11")
    store.make(name, KeyAlgorithm.P256)
    wanted = ("SENSITIVE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE", "LOCAL", "PRIVATE", "TOKEN")

    def look(session: Any) -> list[bool]:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=name)
        assert key[pkcs11.Attribute.EXTRACTABLE] is False
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        return [key[getattr(pkcs11.Attribute, attribute)] for attribute in wanted]

    assert in_token(look) == [True] * len(wanted)


def test_eight_threads_sign_at_once(store: Pkcs11KeyStore, holds: Holds, name: str) -> None:
    """Eight threads, a store of their own each second one, sign 50 messages each: all hold."""
    first = store.make(name, KeyAlgorithm.P256)

    def work(thread: int) -> list[bool]:
        key = store.open(name) if thread % 2 else first
        messages = [f"{thread} {number}".encode() for number in range(50)]
        singly = [key.sign((message,))[0] for message in messages[:25]]
        pairs = zip(messages, singly + key.sign(messages[25:]), strict=True)
        return [holds(first, *pair) for pair in pairs]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[True] * 50] * 8


def test_a_long_batch_is_signed_in_order(store: Pkcs11KeyStore, holds: Holds, name: str) -> None:
    """More messages than one turn of the owner thread takes come back in order, none missing."""
    key = store.make(name, KeyAlgorithm.P256)
    messages = [str(number).encode() for number in range(TURN + 3)]
    signatures = key.sign(messages)
    assert len(signatures) == TURN + 3
    for at in (0, TURN - 1, TURN, TURN + 2):
        assert holds(key, messages[at], signatures[at])


def test_a_key_is_never_replaced(store: Pkcs11KeyStore, name: str) -> None:
    """Making a key of a name that is taken is refused, and the key is as it was."""
    key = store.make(name, KeyAlgorithm.P256)
    with pytest.raises(Refused, match="must not be replaced") as caught:
        store.make(name, KeyAlgorithm.RSA2048)
    assert caught.value.rule == "keys.name.taken"
    assert store.open(name).public_key == key.public_key


def test_of_many_makers_one_wins(store: Pkcs11KeyStore, name: str) -> None:
    """Of four threads that make a key of one name at once, one does, and the others are refused."""

    def make(_: int) -> bytes | None:
        try:
            return store.make(name, KeyAlgorithm.P256).public_key
        except Refused:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(4)))
    assert [key for key in made if key] == [store.open(name).public_key]


def test_ed25519_stays_in_software(store: Pkcs11KeyStore, name: str) -> None:
    """A key for checkpoints is refused with where to keep it."""
    with pytest.raises(Refused, match="keep this one in a software store"):
        store.make(name, KeyAlgorithm.ED25519)
    assert name not in store.names()


def test_names_that_are_missing_or_none_are_refused(store: Pkcs11KeyStore) -> None:
    """A name without a key is refused, and so is what cannot be a name."""
    with pytest.raises(Refused, match="none named 'gone' here"):
        store.open("gone")
    with pytest.raises(Refused, match="lower-case letters"):
        store.open("../gone")
    with pytest.raises(Refused, match="lower-case letters"):
        store.make("Gone", KeyAlgorithm.P256)


def test_a_key_that_can_leave_is_refused(
    store: Pkcs11KeyStore, name: str, in_token: Callable[[Callable[[Any], Any]], Any]
) -> None:
    """A key that somebody else made extractable is not used."""
    pkcs11 = pytest.importorskip("pkcs11")
    in_token(
        lambda session: session.generate_keypair(
            pkcs11.KeyType.RSA,
            2048,
            label=name,
            store=True,
            private_template={pkcs11.Attribute.EXTRACTABLE: True},
        )
    )
    with pytest.raises(Refused, match="can leave the token") as caught:
        store.open(name)
    assert caught.value.rule == "keys.token.extractable"


def test_halves_of_two_pairs_are_inconsistent(
    store: Pkcs11KeyStore, name: str, in_token: Callable[[Callable[[Any], Any]], Any]
) -> None:
    """A private key whose public key of the same name is another's is found when it is opened."""
    pkcs11 = pytest.importorskip("pkcs11")
    other = next(_names)
    store.make(name, KeyAlgorithm.P256)
    store.make(other, KeyAlgorithm.P256)

    def swap(session: Any) -> None:
        label = pkcs11.Attribute.LABEL
        session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=name).destroy()
        session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=other)[label] = name

    in_token(swap)
    fresh = token_library(store._library._path)
    fresh._thread.submit(fresh._begin_anew).result()  # forgets the handles that were looked up
    with pytest.raises(Inconsistent, match="not one pair"):
        store.open(name)
    with pytest.raises(Inconsistent, match="1 private and 0 public keys"):
        store.open(other)


def test_other_kinds_of_key_are_inconsistent(
    store: Pkcs11KeyStore, name: str, in_token: Callable[[Callable[[Any], Any]], Any]
) -> None:
    """A key on another curve, which no certificate of ours can name, is not opened."""
    pkcs11 = pytest.importorskip("pkcs11")
    p384 = bytes.fromhex("06052b81040022")
    attributes = pkcs11.Attribute
    in_token(
        lambda session: session.generate_keypair(
            pkcs11.KeyType.EC,
            label=name,
            store=True,
            public_template={attributes.EC_PARAMS: p384},
            private_template={attributes.SENSITIVE: True, attributes.EXTRACTABLE: False},
        )
    )
    with pytest.raises(Inconsistent, match="neither P-256 nor RSA of 2048 bits"):
        store.open(name)


def test_a_lost_session_is_opened_again(
    store: Pkcs11KeyStore, holds: Holds, name: str, lose_library: Callable[[], None]
) -> None:
    """After the module was finalised under it, the next signature is made as if nothing had been."""
    key = store.make(name, KeyAlgorithm.P256)
    lose_library()
    assert holds(key, b"message", key.sign((b"message",))[0])
    lose_library()
    assert name in store.names()
    lose_library()
    assert store.open(name).public_key == key.public_key


def test_a_token_comes_back(
    store: Pkcs11KeyStore,
    holds: Holds,
    name: str,
    request: pytest.FixtureRequest,
    lose_library: Callable[[], None],
) -> None:
    """While the token is away signing is unavailable, with advice; when it is back, it goes on."""
    key = store.make(name, KeyAlgorithm.P256)
    plug_in = request.getfixturevalue("unplugged")
    lose_library()
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"'authority' does not answer.*plugged in"):
            key.sign((b"message",))
    with pytest.raises(Unavailable, match="does not answer"):
        store.names()
    plug_in()
    assert holds(key, b"message", key.sign((b"message",))[0])


def test_a_token_is_asked_whether_it_is_there(
    request: pytest.FixtureRequest, store: Pkcs11KeyStore, name: str
) -> None:
    """Of no message nothing is signed; with the token gone that fails too, and passes again after."""
    key = store.make(name, KeyAlgorithm.P256)
    assert key.sign([]) == []
    plug_in = request.getfixturevalue("unplugged")
    with pytest.raises(Unavailable):
        key.sign([])
    plug_in()
    assert key.sign([]) == []


def test_another_key_under_the_name_is_not_used(
    store: Pkcs11KeyStore,
    name: str,
    in_token: Callable[[Callable[[Any], Any]], Any],
    lose_library: Callable[[], None],
) -> None:
    """If the token comes back with another key of that name, an open key does not sign with it."""
    pkcs11 = pytest.importorskip("pkcs11")
    key = store.make(name, KeyAlgorithm.P256)

    def remove(session: Any) -> None:
        for found in list(session.get_objects({pkcs11.Attribute.LABEL: name})):
            found.destroy()

    in_token(remove)
    lose_library()
    with pytest.raises(Refused, match="none named"):
        key.sign((b"message",))
    other = store.make(name, KeyAlgorithm.P256)
    assert other.public_key != key.public_key
    with pytest.raises(Inconsistent, match="another key than the one that was opened"):
        key.sign((b"message",))


def test_a_wrong_pin_is_tried_once(
    token: Token, store: Pkcs11KeyStore, lose_library: Callable[[], None]
) -> None:
    """A PIN that the token refused is refused from then on without asking the token again."""
    assert store.names() is not None
    with pytest.raises(Refused, match="another one opened it") as caught:
        Pkcs11KeyStore(token.module, token.label, "000000")
    assert caught.value.rule == "keys.pin.wrong"
    library = token_library(str(token.module))
    lose_library()
    library._thread.submit(library._begin_anew).result()
    with pytest.raises(Refused, match="PinIncorrect"):
        Pkcs11KeyStore(token.module, token.label, "111111")
    with pytest.raises(Refused, match="is not tried again"):
        Pkcs11KeyStore(token.module, token.label, "111111")
    assert Pkcs11KeyStore(token.module, token.label, token.pin).names() == store.names()


def test_a_token_that_is_not_there_is_unavailable(token: Token, store: Pkcs11KeyStore) -> None:
    """Another label is unavailable with its name, and tokens that are there go on."""
    with pytest.raises(Unavailable, match="'nobody' does not answer"):
        Pkcs11KeyStore(token.module, "nobody", token.pin)
    assert store.names() == store.names()


def test_a_forked_process_is_told(token: Token, store: Pkcs11KeyStore, name: str) -> None:
    """In a process forked after the module was loaded, signing says so instead of hanging."""
    key = store.make(name, KeyAlgorithm.P256)
    library = token_library(str(token.module))
    library._process = os.getpid() + 1
    try:
        with pytest.raises(Inconsistent, match="before this process was forked"):
            key.sign((b"message",))
    finally:
        library._process = os.getpid()


def test_settings_open_the_token(token: Token, tmp_path: Path, name: str) -> None:
    """A token is opened by its settings, with the PIN from the variable that they name."""
    settings = KeyStoreSettings(
        kind=KeyStoreKind.PKCS11, module=token.module, token=token.label, pin_variable="OCA_PIN"
    )
    store = open_key_store(settings, {"OCA_PIN": token.pin})
    assert store.make(name, KeyAlgorithm.P256).public_key == store.open(name).public_key
    assert token.pin not in repr(store)
