"""Packages of other people that tests run as programs of their own: each is fetched once.

They are installed by the ordinary package clients into a cache folder; nothing of them is part of
the project. Where one cannot be had the test is skipped, and says why. Any number of processes may
ask at once: one fetches, the others wait. What failed is not tried again for ten minutes.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

FETCH_SECONDS = 600
AGAIN_SECONDS = 600


def npm_package(name: str, version: str, what: str) -> Path:
    """The folder of the installed package of the npm registry, without what it would run."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(f"{what}: not run, node and npm are not installed")
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix")
    folder = _folder(name, version)
    _fetched(folder, what, "npm", "install", *options, str(folder), f"{name}@{version}")
    return folder / "node_modules" / name


def pip_package(name: str, version: str, what: str) -> Path:
    """The folder with the installed package of the Python index and what it needs."""
    folder = _folder(name, version)
    words = (sys.executable, "-m", "pip", "install", "-q", "--target", str(folder))
    _fetched(folder, what, *words, f"{name}=={version}")
    return folder


def _folder(name: str, version: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "smki-tests" / f"{name.strip('@').replace('/', '-')}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fetched(folder: Path, what: str, *words: str) -> None:
    """The package is in the folder, or the test is skipped."""
    whole, failed = folder / ".whole", folder / ".failed"
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if whole.exists():
            return
        if not failed.exists() or time.time() - failed.stat().st_mtime > AGAIN_SECONDS:
            why = _install(folder, words)
            if not why:
                whole.touch()
                return
            failed.write_text(why)
        pytest.skip(f"{what}: not run, {failed.read_text()}")


def _install(folder: Path, words: tuple[str, ...]) -> str:
    """Why it failed; empty if it did not."""
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{words[-1]} could not be fetched within {FETCH_SECONDS} seconds"
    if done.returncode:
        return f"{words[-1]} could not be fetched: {done.stderr[-300:].strip()}"
    return ""
