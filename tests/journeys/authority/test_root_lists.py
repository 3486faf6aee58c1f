"""A root's key signs its revocation list under a recorded decision alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.authority.conftest import Bodies


@pytest.mark.clause("sec:L10.9", "sec-app-b:B-crl")
def test_a_roots_list_is_renewed_under_a_decision_alone(bodies: Bodies) -> None:
    """`smki renew` opens no root key before a decision permits it; a development SMKI is exempt."""
    code, said = bodies.ask("renew", "list/root-ica")
    assert (code, "no decision permits its use" in said["error"]["message"]) == (1, True), said
    bodies.decide("K-15", "use-key", "root-ica", scope="maintenance: revocation-list")
    done = bodies.run("renew", "list/root-ica")
    assert [one["name"] for one in done["renewed"]] == ["list/root-ica"]
