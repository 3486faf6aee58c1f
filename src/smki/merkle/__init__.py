"""Hashes, tiles, checkpoints, proofs, and the leaves they stand on. Pure: octets and values.

Nothing here reads or writes a file, knows a private key or decides who may lodge what.
"""

from smki.merkle.checkpoints import TreeHead, sign_checkpoint, verify_checkpoint
from smki.merkle.gathered import GatheredVerifier, complement
from smki.merkle.hashing import CompactRange, leaf_hash, node_hash
from smki.merkle.leaf import CertificateBody, Leaf, LeafForm, LeafType
from smki.merkle.notes import SignedNote, VerifierKey
from smki.merkle.proofs import (
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from smki.merkle.tiles import TileName, TreeState, grow

__all__ = [
    "CertificateBody",
    "CompactRange",
    "GatheredVerifier",
    "Leaf",
    "LeafForm",
    "LeafType",
    "SignedNote",
    "TileName",
    "TreeHead",
    "TreeState",
    "VerifierKey",
    "complement",
    "grow",
    "leaf_hash",
    "node_hash",
    "prove_consistency",
    "prove_inclusion",
    "sign_checkpoint",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
]
