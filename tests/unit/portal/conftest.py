"""A house with a campaign, for whoever changes it."""

from pathlib import Path

import pytest
from tests.support.recovery_pages import RecoveryHouse, begun


@pytest.fixture
def own(tmp_path: Path) -> RecoveryHouse:
    """A house with a campaign of forty devices, whose canaries are to be looked at."""
    return begun(tmp_path)
