"""Who serves the hubs of an estate, and where."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.interfaces import line_serving
from smki.interfaces.line_serving import LOCK_FILE, line_address
from smki.terms import Unavailable


def test_who_asks_for_the_address_keeps_nobody_from_serving(tmp_path: Path) -> None:
    """The lock that is held for the instant of asking is waited for; one that stays is told."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    with (tmp_path / LOCK_FILE).open("ab") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.2, lambda: fcntl.flock(asking, fcntl.LOCK_UN)).start()
        began = time.monotonic()
        with line_serving._alone(settings):
            assert 0.1 < time.monotonic() - began < 1
            with pytest.raises(Unavailable, match="only one can be"), line_serving._alone(settings):
                pass
    assert line_address(settings) == (settings.line.host, settings.line.port)
