"""What a command loads: it starts in a fraction of a second, and that is mostly loading."""

import subprocess
import sys

import pytest

SLOW = ("alembic", "jinja2", "uvicorn", "asyncssh")


@pytest.mark.parametrize("module", ["house", "registration", "repository", "submit", "working"])
def test_only_who_serves_or_migrates_loads_what_is_slow(module: str) -> None:
    """A command that only asks, and the worker, load neither the server's libraries nor alembic."""
    asking = f"import smki.interfaces.cli.{module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, check=True
    )
    assert set(SLOW) & set(done.stdout.split()) == set()
