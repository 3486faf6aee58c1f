"""Fuzzing that follows coverage, every target in turn, within the time of `make soak`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz.corpus import TARGETS, inputs

ROOT = Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("SMKI_FUZZ_SECONDS") or os.environ.get("SMKI_SOAK_SECONDS") or 600)
LEAST = 5  # seconds for a target
DEEP = {  # those with the most ways through them get so many times the share of the others
    "batch": 3,
    "block": 2,
    "certificate": 4,
    "cosem": 4,
    "device": 2,
    "device-command": 8,
    "device-state": 2,
    "document": 2,
    "message": 8,
    "payload-UpdateCredentialsCommand": 3,
    "proof": 3,
    "request": 4,
    "revocation-list": 2,
    "transfer": 3,
}
SHARE = SECONDS / sum(DEEP.get(target, 1) for target in TARGETS)
HANG = 10  # seconds for one input
MEMORY = 600  # MiB, with the interpreter and what follows coverage
LONGEST = 4_096  # octets of an input


@pytest.mark.soak
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: it follows coverage, and is there for Linux on x86-64 only",
)
@pytest.mark.clause("gbcs:7.2.7", "gbcs:GBT", "x690:8.1.3")
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_a_fuzzer_finds_breaks_a_claim(target: str, tmp_path: Path) -> None:
    """No crash, no hang, bounded memory; what breaks a claim is told in hexadecimal, to be kept."""
    grown, broken = tmp_path / "grown", tmp_path / "broken"
    grown.mkdir()
    broken.mkdir()
    for number, octets in enumerate(inputs(target)):
        (grown / f"kept-{number}").write_bytes(octets)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.drive", target, str(grown)),
            f"-max_total_time={max(LEAST, round(SHARE * DEEP.get(target, 1)))}",
            f"-timeout={HANG}",
            f"-rss_limit_mb={MEMORY}",
            f"-max_len={LONGEST}",
            f"-artifact_prefix={broken}/",
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    found = [path.read_bytes().hex() for path in broken.iterdir()]
    assert (done.returncode, found) == (0, []), done.stderr[-4_000:]
