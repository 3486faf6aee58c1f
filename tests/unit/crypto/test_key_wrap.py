from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from smki.crypto import WRAP_ALGORITHMS, spki_p256, unwrap, wrap
from smki.crypto.key_wrap import AES128_WRAP, AES128_WRAP_PAD, AES256_WRAP_PAD
from smki.terms import Malformed, Refused

KEY: Final = bytes(range(16))
KEYS: Final = {AES128_WRAP: KEY, AES128_WRAP_PAD: KEY, AES256_WRAP_PAD: bytes(range(32))}
PUBLIC_KEY: Final = spki_p256(b"\x04" + bytes(range(64)))


def test_every_algorithm_of_the_table_is_tried_here() -> None:
    """The keys of these tests are those of the table."""
    assert KEYS.keys() == WRAP_ALGORITHMS.keys()


@pytest.mark.clause("rfc3394:2.2")
def test_published_example_without_padding() -> None:
    """RFC 3394, 4.1: 128 bits of key data under a key of 128 bits."""
    plaintext = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    wrapped = bytes.fromhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")
    assert wrap(AES128_WRAP, KEY, plaintext) == wrapped
    assert unwrap(AES128_WRAP, KEY, wrapped) == plaintext


@pytest.mark.clause("rfc5649:4.1")
@pytest.mark.parametrize("oid", [AES128_WRAP_PAD, AES256_WRAP_PAD])
def test_short_keys_are_one_block_of_aes(oid: str) -> None:
    """Up to 8 octets: A65959A6, the length, the octets and zeros, as one block of AES."""
    block = bytes.fromhex("A65959A6 00000005") + b"abcde" + bytes(3)
    # the standard's own definition, so the mode is its mode
    encryptor = Cipher(algorithms.AES(KEYS[oid]), modes.ECB()).encryptor()  # noqa: S305
    assert wrap(oid, KEYS[oid], b"abcde") == encryptor.update(block) + encryptor.finalize()


@pytest.mark.clause("rfc5649:4.1", "rfc5649:4.2")
@pytest.mark.parametrize("oid", [AES128_WRAP_PAD, AES256_WRAP_PAD])
@given(plaintext=st.binary(min_size=1, max_size=200))
def test_what_is_wrapped_with_padding_is_unwrapped(oid: str, plaintext: bytes) -> None:
    """Any length from one octet on comes back; the wrapped form is 8 to 15 octets longer."""
    wrapped = wrap(oid, KEYS[oid], plaintext)
    assert len(wrapped) == -(-len(plaintext) // 8) * 8 + 8
    assert unwrap(oid, KEYS[oid], wrapped) == plaintext


@pytest.mark.clause("rfc5649:4.2")
@given(wrapped=st.binary(max_size=150))
def test_anything_else_does_not_open(wrapped: bytes) -> None:
    """Octets that were not wrapped under the key are malformed, of whatever length."""
    for oid, key in KEYS.items():
        with pytest.raises(Malformed, match="do not open") as caught:
            unwrap(oid, key, wrapped)
        assert caught.value.rule == "wrap.integrity"


@pytest.mark.clause("rfc5649:4.2")
def test_changed_octets_or_another_key_do_not_open() -> None:
    """A wrapped public key opens under its own key only, and unchanged."""
    wrapped = wrap(AES128_WRAP_PAD, KEY, PUBLIC_KEY)
    assert unwrap(AES128_WRAP_PAD, KEY, wrapped) == PUBLIC_KEY
    other = bytes(16)
    for key, octets in ((other, wrapped), (KEY, wrapped[:-1] + bytes((wrapped[-1] ^ 1,)))):
        with pytest.raises(Malformed):
            unwrap(AES128_WRAP_PAD, key, octets)


@pytest.mark.clause("rfc5649:5", "rfc5649:4.1", "rfc3394:2.2")
@pytest.mark.parametrize(
    ("oid", "key", "plaintext", "rule"),
    [
        ("2.16.840.1.101.3.4.1.6", KEY, PUBLIC_KEY, "wrap.algorithm"),
        ("", KEY, PUBLIC_KEY, "wrap.algorithm"),
        (AES128_WRAP_PAD, KEY[:-1], PUBLIC_KEY, "wrap.key"),
        (AES128_WRAP_PAD, bytes(32), PUBLIC_KEY, "wrap.key"),
        (AES256_WRAP_PAD, KEY, PUBLIC_KEY, "wrap.key"),
        (AES128_WRAP_PAD, KEY, b"", "wrap.length"),
        (AES128_WRAP_PAD, KEY, bytes(4_097), "wrap.length"),
        (AES128_WRAP, KEY, PUBLIC_KEY, "wrap.length"),
        (AES128_WRAP, KEY, bytes(8), "wrap.length"),
    ],
)
def test_what_an_algorithm_does_not_take_is_refused(
    oid: str, key: bytes, plaintext: bytes, rule: str
) -> None:
    """Unknown algorithms, and keys and plaintexts of other lengths, are refused by rule."""
    with pytest.raises(Refused, match="must") as caught:
        wrap(oid, key, plaintext)
    assert caught.value.rule == rule
    assert caught.value.clause
