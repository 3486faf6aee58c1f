"""Ceremonies that were held to their end, once for all tests."""

from pathlib import Path

import pytest
from tests.support.ceremony import (
    held,
    signed,
)


@pytest.fixture(scope="session", name="roots")
def fixture_roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The folder and signed transcript of a ceremony of initial roots."""
    folder = tmp_path_factory.mktemp("roots") / "ceremony"
    return folder, signed(folder, held(folder))


@pytest.fixture(scope="session", name="recovery")
def fixture_recovery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The folder and signed transcript of a ceremony of the recovery key."""
    folder = tmp_path_factory.mktemp("recovery") / "ceremony"
    return folder, signed(folder, held(folder, "recovery-key"))
