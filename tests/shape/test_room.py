"""Where tests write is a folder that can be written to; who names one is taken at the word."""

import os
import subprocess
import sys
from pathlib import Path

ROOM = Path(__file__).parents[2] / "tools" / "room.py"


def room(**environment: str) -> Path:
    """The folder that is told."""
    kept = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    words = [sys.executable, str(ROOM)]
    done = subprocess.run(words, env=kept | environment, stdout=subprocess.PIPE, check=True)
    return Path(done.stdout.decode().strip())


def test_tests_write_where_they_can(tmp_path: Path) -> None:
    """In memory or on the disk, a file can be made there; and where TMPDIR says, if it says so."""
    assert os.access(room(), os.W_OK | os.X_OK)
    assert room(TMPDIR=str(tmp_path)) == tmp_path
