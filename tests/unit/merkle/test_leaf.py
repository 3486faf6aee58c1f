"""The leaf format: golden octets, round trips, and refusals for everything else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.leaf import (
    CHANNELS,
    CertificateBody,
    LeafForm,
    LeafType,
    commit,
    decode_certificate,
    decode_framed,
    decode_leaf,
    encode_certificate,
    encode_commitment,
    encode_framed,
    encode_leaf,
)
from smki.steps import Channel
from smki.terms import Malformed

INSTANT = 0x018BCFE56800  # 2023-11-14T22:13:20Z in milliseconds
CERTIFICATE = CertificateBody(
    channel=3,
    manufacturing=True,
    subscriber=bytes.fromhex("90b3d51f30010000"),
    request=bytes(range(32)),
    certificate=bytes.fromhex("3003020101"),
)


def test_golden_certificate() -> None:
    """A certificate's leaf has exactly the octets of the notation; they are for ever."""
    golden = (
        "01 01 00 0000018bcfe56800 03 01 90b3d51f30010000"
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 3003020101"
    )
    leaf = encode_certificate(CERTIFICATE, INSTANT)
    assert leaf == bytes.fromhex(golden)
    assert decode_certificate(leaf) == (INSTANT, CERTIFICATE)
    assert decode_leaf(leaf).type is LeafType.CERTIFICATE


def test_golden_types() -> None:
    """The numbers of the types never change."""
    assert {kind.name: kind.value for kind in LeafType} == {
        "CERTIFICATE": 1, "CRL": 2, "ARL": 3, "DOCUMENT": 4, "STANDING": 5, "DECISION": 6,
        "TRANSCRIPT": 7, "LOG_KEY": 8, "INDEX_ROOT": 9, "STATUS_NOTE": 10, "TOMBSTONE": 11,
        "CONFIGURATION": 12,
    }  # fmt: skip


def test_channels_are_those_of_the_steps() -> None:
    """Every channel of the steps has a code in the leaf, and no other code is taken."""
    assert {channel.value for channel in Channel} == set(CHANNELS)


def test_golden_digest() -> None:
    """A body over 32 KiB stands in its leaf as SHA-256 and length; the body is the blob."""
    body = b"\x30" * 32769
    leaf, blob = encode_leaf(LeafType.CRL, body, INSTANT)
    assert leaf.hex() == (
        "0102010000018bcfe56800" + hashlib.sha256(body).hexdigest() + "0000000000008001"
    )
    assert blob == body
    assert (decode_leaf(leaf).form, decode_leaf(leaf).length) == (LeafForm.DIGEST, 32769)


def test_longest_inline_body() -> None:
    """A body of exactly 32 KiB stands in its leaf."""
    leaf, blob = encode_leaf(LeafType.ARL, b"\x30" * 32768, INSTANT)
    assert (len(leaf), blob) == (32779, None)
    assert decode_leaf(leaf).form is LeafForm.INLINE


def test_commitment() -> None:
    """A commitment says nothing of its body, and only types that may be removed have one."""
    commitment = commit(bytes(32), b"register")
    leaf = encode_commitment(LeafType.TRANSCRIPT, commitment, INSTANT)
    assert leaf.hex() == "010702" + "0000018bcfe56800" + commitment.hex()
    assert decode_leaf(leaf).body == hashlib.sha256(bytes(32) + b"register").digest()
    for kind in (LeafType.CERTIFICATE, LeafType.CRL, LeafType.ARL, LeafType.DOCUMENT):
        with pytest.raises(Malformed, match="form"):
            encode_commitment(kind, commitment, INSTANT)
    with pytest.raises(Malformed, match="salt of 8 octets"):
        commit(bytes(8), b"")


def test_framed_body() -> None:
    """Metadata and content come back as they went in."""
    body = encode_framed({"title": "Compliance Policy", "version": 3}, b"\x00content")
    assert decode_framed(body) == ({"title": "Compliance Policy", "version": 3}, b"\x00content")
    leaf, _ = encode_leaf(LeafType.DOCUMENT, body, INSTANT)
    assert decode_leaf(leaf).body == body


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        ("", "0 octets"),
        ("02 02 00 0000000000000000 30", "version 2"),
        ("01 00 00 0000000000000000 30", "type 0"),
        ("01 0d 00 0000000000000000 30", "type 13"),
        ("01 02 03 0000000000000000 30", "form 3"),
        ("01 01 01 0000000000000000" + "00" * 40, "form 1"),
        ("01 02 00 0000e677d21fdc00 30", "instant"),
        ("01 02 00 0000000000000000", "empty body"),
        ("01 02 01 0000000000000000" + "00" * 39, "39 octets"),
        ("01 02 01 0000000000000000" + "00" * 38 + "8000", "must stand inline"),
        ("01 07 02 0000000000000000" + "00" * 33, "33 octets"),
        ("01 08 00 0000000000000000 ff", "not UTF-8"),
        ("01 08 00 0000000000000000 41", "must be name"),
        ("01 05 00 0000000000000000" + b'{"a": 1}'.hex(), "not canonical"),
        ("01 05 00 0000000000000000" + b'{"a":1.5}'.hex(), "whole numbers"),
        ("01 04 00 0000000000000000 0003 7b7d", "at least 5"),
        ("01 01 00 0000000000000000 05 00" + "00" * 40 + "30", "channel 5"),
        ("01 01 00 0000000000000000 03 02" + "00" * 40 + "30", "flags 02"),
        ("01 01 00 0000000000000000 03 00" + "00" * 40, "octets"),
    ],
)
def test_refused(leaf: str, message: str) -> None:
    """What no encoder makes is refused, and the refusal says what was found."""
    with pytest.raises(Malformed, match=message):
        decode_leaf(bytes.fromhex(leaf))


@given(st.binary(max_size=200))
def test_total(octets: bytes) -> None:
    """Any octets are a leaf, or Malformed; nothing else."""
    for prefix in (b"", b"\x01\x01\x00", b"\x01\x05\x00" + bytes(8)):
        try:
            decode_leaf(prefix + octets)
        except Malformed:
            continue


@given(
    st.recursive(
        st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")) | st.none(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
        ),
        max_leaves=12,
    )
)
def test_canonical_json_round_trip(value: JSON) -> None:
    """A value has one encoding, and that encoding gives the value back."""
    assert parse_json(encode_json(value), "value") == value


def test_canonical_json_refuses_depth() -> None:
    """Nesting beyond 64 is refused before the parser recurses."""
    with pytest.raises(Malformed, match="nested 65"):
        parse_json(b"[" * 65 + b"]" * 65, "value")


def test_a_byte_order_mark_is_named() -> None:
    """What an editor put before it is said to be there, and is to be removed."""
    with pytest.raises(
        Malformed, match=r"begins with a byte order mark .EF BB BF., must be without"
    ):
        parse_json(b"\xef\xbb\xbf{}", "report")
