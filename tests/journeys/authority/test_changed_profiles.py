"""Another profile or policy OID: refused at start, until a decision about exactly that change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.authority.conftest import Bodies

CHANGED = {"SMKI_LIFETIME_YEARS": json.dumps({"iki-officer": 1})}
OTHER = {"SMKI_LIFETIME_YEARS": json.dumps({"iki-officer": 2, "iki-batch": 1})}
OPEN = ("registration", "refresh-crl", "issuing-oca")


@pytest.mark.clause("gbcs:12", "sec:L9")
def test_nothing_is_issued_under_profiles_that_nobody_decided(bodies: Bodies) -> None:
    """Refused without a decision, with the secretary's alone, and with one about another change."""
    bodies.run(*OPEN)
    assert bodies.run("governance", "profiles")["decision_needed"] is False
    wanted = bodies.run("governance", "profiles", **CHANGED)
    assert wanted["decision_needed"] is True
    code, said = bodies.ask(*OPEN, **CHANGED)
    assert (code, wanted["sha256"] in said["error"]["message"]) == (1, True)
    digest = wanted["sha256"]
    bodies.decide("C-1", "change-profiles", digest, by=("secretary",))
    code, said = bodies.ask(*OPEN, **CHANGED)
    assert (code, "not signed by whoever presided" in said["error"]["message"]) == (1, True)
    file, signatures = bodies.signed("C-2", "change-profiles", digest)
    (bodies.folder / "C-2").write_bytes(file)
    words = []
    for number, octets in enumerate(signatures):
        place = bodies.folder / f"C-2.{number}"
        place.write_bytes(octets)
        words += ["--signature", str(place)]
    bodies.run("governance", "lodge", str(bodies.folder / "C-2"), *words, **CHANGED)
    assert bodies.ask(*OPEN, **OTHER)[0] == 1
    bodies.run(*OPEN, **CHANGED)
    assert bodies.run("governance", "profiles", **CHANGED)["decision_needed"] is False
    assert bodies.ask(*OPEN)[0] == 1
