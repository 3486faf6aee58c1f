"""Verifiers of other people, in two languages, accept the log as a running server serves it.

tlog-scales (Python) reads the log over HTTP by itself: checkpoint, tiles, cosignatures, consistency,
inclusion. @sigstore/verify (JavaScript) follows inclusion paths that were made from what is served.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.fetching import npm_package, pip_package

from smki.adapters.addresses import files_at
from smki.adapters.record import FileRecordReader
from smki.adapters.record.publishing import publish_cosigned, publishing
from smki.adapters.record.reader import CHECKPOINT
from smki.bootstrap.witnesses import Follower, make_witness, open_witness
from smki.merkle.hashing import leaf_hash
from smki.merkle.notes import SignedNote
from smki.merkle.travelling import TlogProof
from smki.ports import Checkpoint, KeyAlgorithm
from smki.repository.travelling import prove_one

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.journeys.conftest import House

    from smki.merkle.notes import VerifierKey

SECRET = {"SMKI_PASSPHRASE": "open"}
ATTEMPTS = 20
ASK = """
import json, sys
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey, VkeySet

address, old, old_root, entry, leaf, *vkeys = sys.argv[1:]
reader = TilesReader(HttpBackend(address))
checkpoint = reader.get_checkpoint()
root = reader.calculate_root_hash()
signed = VkeySet(*map(Vkey.from_string, vkeys)).verify(checkpoint.signatures, checkpoint)
proof = reader.get_consistency_proof(int(old), checkpoint.size)
consistent = []
for begun in (old_root, "00" * 32):
    try:
        proof.check(bytes.fromhex(begun), checkpoint.root_hash)
        consistent.append(True)
    except Exception:
        consistent.append(False)
reader.get_inclusion_proof(int(entry), checkpoint.size).check(bytes.fromhex(leaf), root)
print(json.dumps({"size": checkpoint.size, "same": root == checkpoint.root_hash,
    "signed": sorted(key.name for key, _ in signed), "consistent": consistent}))
"""
VERIFY = """
const { verifyMerkleInclusion } = require(process.argv[1] + "/dist/tlog/merkle.js");
const bytes = (text) => Buffer.from(text, "base64");
const found = JSON.parse(process.argv[2]).map((one) => {
    const proof = { logIndex: one.index, hashes: one.path.map(bytes) };
    try {
        verifyMerkleInclusion(
            { inclusionProof: proof, canonicalizedBody: bytes(one.entry) },
            { logSize: one.size, logHash: bytes(one.root) },
        );
        return true;
    } catch (error) {
        return error.code;
    }
});
console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def earlier(house: House) -> Checkpoint:
    """A checkpoint of the house, which lodged some hundred certificates since."""
    with house.front() as front:
        checkpoint = front.reader.checkpoint()
    devices = [house.fresh_device() for _ in range(300)]
    house.batch([(f"d{n}", house.device_request(one)) for n, one in enumerate(devices)])
    return checkpoint


@pytest.fixture(scope="module")
def log(house: House) -> str:
    """Where the running server serves the log."""
    return f"{house.address('repository_local')}/log"


@contextmanager
def standing(house: House, witnesses: Mapping[VerifierKey, Path]) -> Iterator[None]:
    """Inside, the published checkpoint is one that all of these signed, and no other follows.

    The house lodges entries of itself at any time, also between two signatures: then all sign
    again. It waits to publish the next checkpoint until the end.
    """
    record = house.settings.path("record")
    for _ in range(ATTEMPTS):
        for folder in witnesses.values():
            with open_witness(folder, SECRET) as (witness, logs):
                _, path = Follower(folder, witness, logs[0]).follow()
            publish_cosigned(record, path.read_bytes())
        with publishing(record):
            published = SignedNote.parse((record / CHECKPOINT).read_bytes())
            if {one.name for one in witnesses} <= {one.name for one in published.signatures}:
                yield
                return
    pytest.fail(f"a new checkpoint came before both witnesses had signed, {ATTEMPTS} times")


@pytest.mark.clause("c2sp:tlog-tiles", "c2sp:tlog-checkpoint", "c2sp:tlog-cosignature")
def test_tlog_scales_accepts_ours(
    house: House, log: str, earlier: Checkpoint, tmp_path: Path
) -> None:
    """Checkpoint, root, consistency, inclusion, and cosignatures of both kinds are as it finds them."""
    scales = pip_package("tlog-scales", "0.0.3", "second opinion of tlog-scales")
    key = house.settings.log_vkey
    folders = {
        make_witness(
            tmp_path / algorithm.value,
            name=f"witness.example/{algorithm.value}",
            log=key,
            place=log,
            algorithm=algorithm,
            environment=SECRET,
        ): tmp_path / algorithm.value
        for algorithm in (KeyAlgorithm.ED25519, KeyAlgorithm.ML_DSA_44)
    }
    vkeys = [key, *map(str, folders)]
    with files_at(log) as files:
        leaf = leaf_hash(FileRecordReader(files, key).leaf(earlier.size + 7)).hex()
    words = [f"{log}/", str(earlier.size), earlier.root.hex(), str(earlier.size + 7), leaf, *vkeys]
    with standing(house, folders):
        done = subprocess.run(
            [sys.executable, "-c", ASK, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            env={**os.environ, "PYTHONPATH": str(scales)},
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("size") >= earlier.size + 300
    assert found == {
        "same": True,
        "signed": sorted([house.settings.log_origin, *[one.name for one in folders]]),
        "consistent": [True, False],
    }


@pytest.mark.clause("rfc6962:2.1.1", "c2sp:tlog-proof")
def test_sigstore_accepts_our_inclusion_proofs(house: House, log: str, earlier: Checkpoint) -> None:
    """The paths of our tlog-proofs lead to the root by its reckoning too; a changed entry does not."""
    sigstore = npm_package("@sigstore/verify", "4.1.3", "second opinion of @sigstore/verify")
    asked: list[dict[str, Any]] = []
    with files_at(log) as files:
        reader = FileRecordReader(files, house.settings.log_vkey)
        checkpoint = reader.checkpoint()
        last = checkpoint.size - 1
        for entry in (0, 1, 255, 256, earlier.size - 1, earlier.size, last, last):
            proof = TlogProof.parse(prove_one(reader, entry, checkpoint).encode())
            leaf = proof.extra or b""
            asked.append(
                {
                    "index": str(proof.index),
                    "path": [base64.b64encode(one).decode() for one in proof.path],
                    "entry": base64.b64encode(leaf + b"x" * (len(asked) == 7)).decode(),
                    "size": str(checkpoint.size),
                    "root": base64.b64encode(checkpoint.root).decode(),
                }
            )
    done = subprocess.run(
        ["node", "-e", VERIFY, str(sigstore), json.dumps(asked)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True] * 7 + ["TLOG_INCLUSION_PROOF_ERROR"]
