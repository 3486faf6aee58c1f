"""The published inclusion and consistency proofs, good and corrupted."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from smki.merkle import verify_consistency, verify_inclusion
from smki.terms import Malformed, Refused

VECTORS = Path(os.environ.get("SMKI_VECTORS", Path(__file__).parents[4] / "shared" / "vectors"))


def cases(kind: str) -> list[Any]:
    """The cases of one kind, in order of their names."""
    folder = VECTORS / "merkle" / kind
    if not folder.is_dir():
        pytest.skip(f"the published Merkle vectors are not in {folder}")
    return [(path, json.loads(path.read_text())) for path in sorted(folder.glob("*/*.json"))]


def octets(values: list[str] | None) -> list[bytes]:
    """The decoded hashes of a proof; none if it is null."""
    return [base64.b64decode(value) for value in values or []]


@pytest.mark.clause("rfc6962:2.1.1")
def test_published_inclusion_proofs() -> None:
    """Each published inclusion proof is accepted or refused as its publishers want."""
    found = cases("inclusion")
    assert len(found) > 80
    for path, case in found:
        root, leaf = octets([case["root"], case["leafHash"]])
        try:
            verify_inclusion(leaf, case["leafIdx"], case["treeSize"], octets(case["proof"]), root)
            failed = False
        except (Malformed, Refused):
            failed = True
        assert failed == case["wantErr"], path


@pytest.mark.clause("rfc6962:2.1.2")
def test_published_consistency_proofs() -> None:
    """Each published consistency proof is accepted or refused as its publishers want."""
    found = cases("consistency")
    assert len(found) > 70
    for path, case in found:
        before, after = octets([case["root1"], case["root2"]])
        try:
            verify_consistency(case["size1"], case["size2"], octets(case["proof"]), before, after)
            failed = False
        except (Malformed, Refused):
            failed = True
        assert failed == case["wantErr"], path
