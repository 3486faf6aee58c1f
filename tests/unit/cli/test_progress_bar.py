"""The bar of long commands: how much is done, how fast, and nothing where nobody looks."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from smki.interfaces.cli import progress
from smki.interfaces.cli.progress import progress_bar


def _console(out: io.StringIO, *, terminal: bool) -> Callable[..., Console]:
    return lambda **_: Console(file=out, force_terminal=terminal, width=100, color_system=None)


def test_whoever_looks_sees_share_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal: the name, the share that is done, and so many a second."""
    out = io.StringIO()
    monkeypatch.setattr(progress, "Console", _console(out, terminal=True))
    with progress_bar("supplier-lost") as tell:
        for done in range(4):
            tell(done * 100, 1_000)
    assert "supplier-lost" in out.getvalue()
    assert "30%" in out.getvalue()
    assert "/s" in out.getvalue()


def test_where_nobody_looks_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file or a pipe nothing of it is written."""
    out = io.StringIO()
    monkeypatch.setattr(progress, "Console", _console(out, terminal=False))
    with progress_bar("supplier-lost") as tell:
        tell(1, 2)
    assert out.getvalue().strip() == ""
