"""One SMKI for a whole run of the tests, and copies of it for each that wants its own.

To found an SMKI takes seconds (a dozen RSA keys, and passphrases stretched), to copy one takes
none. How one is founded is proven where that is the matter: by `tests/crash/test_kill.py`,
`tests/journeys/test_life.py` and the pages that begin with `make run`.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smki.adapters.keys import SoftwareKeyStore
from smki.adapters.vault import lock_away
from smki.bootstrap import initialise, load_settings

QUICK = 4  # log2 n of scrypt, noted in each store and vault by itself: tests need no strength


@contextmanager
def quick_stores() -> Iterator[None]:
    """Key stores and vaults that are made inside cost nothing to open, also later."""
    with pytest.MonkeyPatch.context() as patch:
        for makes, cost in ((SoftwareKeyStore.__init__, 1 << QUICK), (lock_away, QUICK)):
            assert makes.__kwdefaults__ is not None
            patch.setitem(makes.__kwdefaults__, "cost", cost)
        yield


def founded(folders: pytest.TempPathFactory) -> Path:
    """The state directory of a complete SMKI with the sample parties: copy it, never change it.

    The processes of a run share it; the first that asks makes it, the others wait.
    """
    base = folders.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    state = shared / "founded"
    with (shared / "founded.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.exists():
            _found(shared / "founding")
            (shared / "founding").rename(state)
    return state


def copied(model: Path, state: Path) -> Path:
    """The state directory, which is now a copy of that one."""
    shutil.copytree(model, state)
    state.chmod(0o700)
    return state


def _found(state: Path) -> None:
    environment = {"SMKI_STATE": str(state)}
    with quick_stores():
        initialise(load_settings(environment), environment, bare=False, tell=lambda _: None)
