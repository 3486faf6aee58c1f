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
def recovery(recoveries: dict[CredentialsReplacementMode, Recovery]) -> Recovery:
    """The recovery by the contingency key, whose devices were updated once more."""
    return recoveries[CONTINGENCY]


@pytest.fixture(scope="session")
def right(recovery: Recovery) -> Story:
    """All that it left, which is right."""
    return recovery.story
