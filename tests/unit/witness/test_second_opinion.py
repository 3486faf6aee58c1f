"""Verifiers of other people, in two languages: tlog-scales of a log as it is served, and sigstore's.

They are installed by the ordinary package clients into a cache folder and run as programs of their
own; nothing of them is part of this project.
"""

from __future__ import annotations

import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.adapters.keys import SoftwareKeyStore
from smki.adapters.record import FileRecordReader
from smki.adapters.record.publishing import publish_cosigned
from smki.bootstrap.witnesses import Follower, make_witness, open_witness
from smki.merkle.hashing import leaf_hash
from smki.merkle.travelling import TlogProof
from smki.ports import KeyAlgorithm
from smki.repository.travelling import prove_one

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

VERSION = "0.0.3"
SECRET = {"SMKI_PASSPHRASE": "open"}
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
try:
    proof.check(bytes.fromhex(old_root), checkpoint.root_hash)
    consistent = True
except Exception:
    consistent = False
reader.get_inclusion_proof(int(entry), checkpoint.size).check(bytes.fromhex(leaf), root)
print(json.dumps({"size": checkpoint.size, "same": root == checkpoint.root_hash,
    "signed": sorted(key.name for key, _ in signed), "consistent": consistent}))
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, as any web server would, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


@pytest.fixture(scope="session")
def scales() -> Path:
    """The folder of the installed package, or a skip that says why there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "smki-tests" / f"tlog-scales-{VERSION}"
    if not (folder / "tlog_scales" / "reader.py").is_file():
        words = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
        try:
            done = subprocess.run(
                [*words, f"tlog-scales=={VERSION}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("tlog-scales not run: pip install took more than two minutes")
        if done.returncode:
            pytest.skip(f"tlog-scales not run: pip install failed: {done.stderr[-300:]}")
    return folder


@pytest.mark.clause("c2sp:tlog-tiles", "c2sp:tlog-checkpoint", "c2sp:tlog-cosignature")
def test_tlog_scales_accepts_ours(log: Log, scales: Path, tmp_path: Path) -> None:
    """Checkpoint by both keys, root, consistency, inclusion, cosignatures of both kinds: as it finds."""
    reader = FileRecordReader(log.folder, log.vkey)
    before = reader.checkpoint()
    second = SoftwareKeyStore(tmp_path / "keys", b"open", cost=16).make(
        "log", KeyAlgorithm.ML_DSA_44
    )
    vkeys = [*log.grow(700, beside=[second])]
    for algorithm in (KeyAlgorithm.ED25519, KeyAlgorithm.ML_DSA_44):
        folder = tmp_path / algorithm.value
        key = make_witness(
            folder,
            name=f"witness.example/{algorithm.value}",
            log=log.vkey,
            place=str(log.folder),
            algorithm=algorithm,
            environment=SECRET,
        )
        vkeys.append(str(key))
        with open_witness(folder, SECRET) as (witness, logs):
            _, path = Follower(folder, witness, logs[0]).follow()
        publish_cosigned(log.folder, path.read_bytes())
    handler = functools.partial(Quiet, directory=str(log.folder))
    leaf = leaf_hash(reader.leaf(417)).hex()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            found = [
                asked(scales, address, "300", root.hex(), "417", leaf, *known)
                for root, known in ((before.root, vkeys), (bytes(32), vkeys[:1]))
            ]
        finally:
            server.shutdown()
    good, bad = found
    assert good == {
        "size": 1000,
        "same": True,
        "signed": [
            "example.com/smki",
            "example.com/smki",
            "witness.example/ed25519",
            "witness.example/ml-dsa-44",
        ],
        "consistent": True,
    }
    assert (bad["consistent"], bad["signed"]) == (False, ["example.com/smki"])


def asked(scales: Path, *words: str) -> dict[str, Any]:
    """What the other program finds."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(scales)},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


SIGSTORE = "@sigstore/verify"
SIGSTORE_VERSION = "4.1.3"
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


@pytest.fixture(scope="session")
def sigstore() -> Path:
    """The folder of the installed package, or a skip that says why there is none."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("@sigstore/verify not run: node and npm are not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "smki-tests" / f"sigstore-{SIGSTORE_VERSION}"
    installed = folder / "node_modules" / SIGSTORE
    if not (installed / "package.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
        try:
            done = subprocess.run(
                [*words, str(folder), f"{SIGSTORE}@{SIGSTORE_VERSION}"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("@sigstore/verify not run: npm install took more than two minutes")
        if done.returncode:
            pytest.skip(f"@sigstore/verify not run: npm install failed: {done.stderr[-300:]}")
    return installed


@pytest.mark.clause("rfc6962:2.1.1", "c2sp:tlog-proof")
def test_sigstore_accepts_our_inclusion_proofs(log: Log, sigstore: Path) -> None:
    """The paths of our tlog-proofs lead to the root by its reckoning too; a changed entry does not."""
    log.grow(217)
    reader = FileRecordReader(log.folder, log.vkey)
    checkpoint = reader.checkpoint()
    asked: list[dict[str, Any]] = []
    for entry in (0, 255, 256, 299, 511, 512, 516, 516):
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
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True] * 7 + ["TLOG_INCLUSION_PROOF_ERROR"]
