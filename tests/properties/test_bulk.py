"""Random logs: bulk files prove themselves, give back what was lodged, and bear no change."""

import hashlib
import io
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.merkle import CompactRange, TreeHead, VerifierKey, leaf_hash, sign_checkpoint
from smki.merkle.bulk import BulkKind, BulkManifest, before, read_bulk, write_bulk
from smki.merkle.hashing import node_hash
from smki.terms import Malformed, Refused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
VKEY = VerifierKey.from_spki(
    "example.com/bulk",
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
)
HISTORIES = st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=70)


def lodged(history: list[tuple[bytes, bool]]) -> tuple[list[bytes], dict[bytes, bytes]]:
    """The leaves, and the blobs of those that hold only a digest."""
    leaves, blobs = [], {}
    for octets, is_blob in history:
        digest = hashlib.sha256(octets).digest()
        length = len(octets).to_bytes(8, "big")
        leaves.append(b"\1\4\1" + bytes(8) + digest + length if is_blob else b"\1\4\0" + octets)
        if is_blob:
            blobs[digest] = octets
    return leaves, blobs


def made(leaves: list[bytes], blobs: dict[bytes, bytes], start: int) -> tuple[BulkManifest, bytes]:
    """The bulk file from `start` on, and its manifest."""
    tree = CompactRange()
    tree.extend(leaves)
    head = TreeHead(origin="example.com/bulk", size=len(leaves), root=tree.root())

    def node(level: int, index: int) -> bytes:
        if not level:
            return leaf_hash(leaves[index])
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    octets = b"".join(
        write_bulk(
            start, len(leaves), leaves[start:], lambda digest, length: blobs[digest][:length]
        )
    )
    manifest = BulkManifest(
        kind=BulkKind.DELTA,
        date="2026-11-21",
        made=0,
        file="delta.bulk",
        octets=len(octets),
        sha256=hashlib.sha256(octets).digest(),
        start=start,
        size=len(leaves),
        root=tree.root(),
        before=before(start, node),
        checkpoint=sign_checkpoint(head, [(VKEY, KEY.sign)]),
    )
    return manifest, octets


@given(history=HISTORIES, data=st.data())
@settings(max_examples=150)
@pytest.mark.clause("rfc6962:2.1")
def test_what_is_read_is_what_was_lodged(
    history: list[tuple[bytes, bool]], data: st.DataObject
) -> None:
    """For any log and any start the file gives its leaves and blobs, and its manifest round-trips."""
    leaves, blobs = lodged(history)
    start = data.draw(st.integers(0, len(leaves)))
    manifest, octets = made(leaves, blobs, start)
    assert BulkManifest.parse(manifest.encode()) == manifest
    assert manifest.verify(str(VKEY)).root == manifest.root
    read = list(read_bulk(manifest, io.BytesIO(octets).read))
    assert [leaf for leaf, _ in read] == leaves[start:]
    assert [blob for _, blob in read] == [
        octets if is_blob else None for octets, is_blob in history[start:]
    ]


@given(history=HISTORIES.filter(bool), data=st.data())
@settings(max_examples=150)
@pytest.mark.clause("rfc6962:2.1")
def test_any_change_is_found(history: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    """One octet changed, with the digest in the manifest made to fit it, never proves the root."""
    leaves, blobs = lodged(history)
    start = data.draw(st.integers(0, len(leaves) - 1))
    manifest, octets = made(leaves, blobs, start)
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = bytearray(octets)
    changed[at] ^= data.draw(st.integers(1, 255))
    fitted = replace(manifest, sha256=hashlib.sha256(changed).digest())
    with pytest.raises((Malformed, Refused)):
        list(read_bulk(fitted, io.BytesIO(changed).read))


@given(octets=st.binary(max_size=300), pad=st.booleans())
def test_any_octets_are_malformed_or_refused(octets: bytes, pad: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever stands in a file, reading it ends in Malformed or Refused."""
    manifest, whole = made(*lodged([(b"one", False), (b"two", True)]), 0)
    wrong = whole[:28] + octets if pad else octets
    if wrong == whole:
        return
    fitted = replace(manifest, octets=len(wrong), sha256=hashlib.sha256(wrong).digest())
    with pytest.raises((Malformed, Refused)):
        list(read_bulk(fitted, io.BytesIO(wrong).read))


@given(octets=st.binary(max_size=200))
def test_any_manifest_is_parsed_or_malformed(octets: bytes) -> None:
    """Any octets are a manifest in its only form, or Malformed."""
    with pytest.raises(Malformed):
        BulkManifest.parse(octets)
