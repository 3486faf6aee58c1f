"""A recovery by each key, made once."""

import pytest
from tests.support.evidence import Recovery
from tests.support.evidence_story import Story
from tests.support.recovering import CONTINGENCY, MODES

from smki.wire.gbcs.update_credentials import CredentialsReplacementMode


@pytest.fixture(scope="session")
def recoveries() -> dict[CredentialsReplacementMode, Recovery]:
    """A recovery by each key."""
    return {mode: Recovery(mode) for mode in MODES}


@pytest.fixture(scope="session")
def right(recoveries: dict[CredentialsReplacementMode, Recovery]) -> Story:
    """The recovery by the contingency key."""
    return recoveries[CONTINGENCY].story
