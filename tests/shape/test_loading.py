"""What a command loads: it starts in a fraction of a second, and that is mostly loading."""

import subprocess
import sys

ASKING = ("keeping", "house", "registration", "repository", "submit", "working")
SLOW = {"alembic", "jinja2", "uvicorn", "asyncssh"}
LOADING = """
import sys
for name in sys.argv[1:]:
    __import__(f"smki.interfaces.cli.{name}")
    print(name, *sys.modules)
"""
KEEPER_NEEDS_NOT = {"smki.interfaces.worker", "smki.interfaces.operations"}
CARRYING = {"smki.campaigns", "smki.headend", "smki.devices"}


def test_only_who_serves_or_migrates_loads_what_is_slow() -> None:
    """Commands that only ask, worker and keeper load neither the server's libraries nor alembic.

    The keeper loads nothing of the worker's, and nobody who lodges what a recovery leaves behind
    loads what carries one.
    """
    words = [sys.executable, "-c", LOADING, *ASKING]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in told] == list(ASKING)
    assert not KEEPER_NEEDS_NOT & set(told[0].split())
    assert "smki.interfaces.worker" in told[-1].split()
    assert not CARRYING & set(told[-1].split())
    assert {line.split()[0]: SLOW & set(line.split()) for line in told} == {
        name: set() for name in ASKING
    }
