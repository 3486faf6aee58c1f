"""When batches are worked on: by the window, and by what was worked on in it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from smki.bootstrap import Settings, load_settings
from smki.interfaces.processing_window import count_worked, may_work

NIGHT = {
    "SMKI_PROCESSING_WINDOW": '{"start": "20:00", "end": "08:00"}',
    "SMKI_NIGHTLY_CAPACITY": "10",
}


class Notes(dict[str, str]):
    """The notes of a workbook."""

    note = dict.__setitem__
    noted = dict.get


def settings_of(environment: dict[str, str]) -> Settings:
    """A configuration without a file."""
    return load_settings({"SMKI_STATE": "/nonexistent", **environment})


def front_at(notes: Notes, day: int, hour: int) -> Any:
    """A front office of which only clock and workbook are there."""
    clock = SimpleNamespace(now=lambda: datetime(2026, 3, day, hour, tzinfo=UTC))
    return SimpleNamespace(clock=clock, workbook=notes)


@pytest.mark.clause("sec-app-n:3.1.1")
def test_a_window_over_midnight_is_one_window() -> None:
    """What was worked on before midnight counts after it; the next evening begins at nothing."""
    settings, notes = settings_of(NIGHT), Notes()
    count_worked(settings, front_at(notes, 1, 22), 6)
    assert may_work(settings, front_at(notes, 2, 3))
    count_worked(settings, front_at(notes, 2, 3), 4)
    assert not may_work(settings, front_at(notes, 2, 7))
    assert not may_work(settings, front_at(notes, 2, 12))
    assert may_work(settings, front_at(notes, 2, 20))


@pytest.mark.clause("sec-app-n:3.1.1")
def test_without_a_limit_nothing_is_counted() -> None:
    """Where nothing is configured, batches are worked on at any hour, and no note is written."""
    settings, notes = settings_of({}), Notes()
    count_worked(settings, front_at(notes, 1, 12), 1_000)
    assert may_work(settings, front_at(notes, 1, 12))
    assert not notes
