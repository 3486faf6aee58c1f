"""Who serves the hubs of an estate, and where."""

import fcntl
from pathlib import Path
from types import SimpleNamespace

import pytest

from smki.bootstrap import load_settings
from smki.interfaces import line_serving
from smki.interfaces.line_serving import LOCK_FILE, line_address
from smki.terms import Unavailable


def test_who_asks_for_the_address_keeps_nobody_from_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock that is held for the instant of asking is waited for; one that stays is told."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    with (tmp_path / LOCK_FILE).open("ab") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if sum(slept) > 0.2:
                fcntl.flock(asking, fcntl.LOCK_UN)

        clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=sleep)
        monkeypatch.setattr(line_serving, "time", clock)
        with line_serving._alone(settings):
            assert sum(slept) == pytest.approx(0.22)
            with pytest.raises(Unavailable, match="only one can be"), line_serving._alone(settings):
                pass
    assert line_address(settings) == (settings.line.host, settings.line.port)
