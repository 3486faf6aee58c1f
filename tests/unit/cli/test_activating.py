"""Keys act under recorded decisions: what they must say, and that refusals are recorded too."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.founding import quick_stores

from smki.bootstrap import load_settings, open_front, open_office
from smki.ceremonies.activating import Wanted
from smki.ceremonies.custodians import Purpose
from smki.flows.activating import RecordedAuthority, lodge_asked
from smki.flows.lodged import lodged_entry
from smki.merkle.canonical import parse_json
from smki.merkle.leaf import LeafType
from smki.terms import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.unit.cli.conftest import Authority

    from smki.merkle.canonical import JSON

NOW = datetime(2031, 1, 1, tzinfo=UTC)
WANTED = Wanted(
    key="recovery",
    fingerprint="ab" * 32,
    key_purpose=Purpose.LIVE,
    decision="K-1",
    recovery="M-1",
    incident="INC-7",
    method="method-3",
    purpose="replace certificates",
)
SCOPE = ("--scope", "INC-7: replace certificates")
METHOD = ("--scope", "method-3")


@contextmanager
def _asked(authority: Authority) -> Iterator[tuple[RecordedAuthority, list[Any]]]:
    """The authority by that house's record, and what it tells of refusals."""
    told: list[Any] = []
    with open_front(load_settings({"SMKI_STATE": str(authority.house.state)})) as front:
        yield RecordedAuthority(front, told.append), told


def _refused(authority: Authority, wanted: Wanted, at: datetime = NOW) -> str:
    with _asked(authority) as (asked, told):
        with pytest.raises(Refused) as caught:
            asked.permitted(wanted, at)
        assert [one["outcome"] for one in told] == ["refused"]
        assert told[0]["wanted"]["key"] == wanted.key
    return caught.value.message


@pytest.mark.clause("sec:L10.9", "sec:L10")
def test_key_and_method_are_decided(authority: Authority) -> None:
    """Both decisions in the record, naming key, incident, purpose and method: the key may act."""
    authority.lodge("K-1", "use-key", "recovery", *SCOPE, "--expiry", "2032-01-01")
    authority.lodge("M-1", "recovery-method", "INC-7", *METHOD, "--expiry", "2033-01-01")
    with _asked(authority) as (asked, told):
        warrant = asked.permitted(WANTED, NOW)
    assert (warrant.expiry, len(warrant.entries)) == (datetime(2032, 1, 1, tzinfo=UTC), 2)
    assert [(one["outcome"], one["reasons"]) for one in told] == [("permitted", [])]
    for change, said in (
        ({"key": "contingency"}, "'recovery'"),
        ({"incident": "INC-8"}, "'INC-7: replace certificates'"),
        ({"purpose": "anything"}, "has the scope"),
        ({"method": "method-2"}, "'method-3'"),
        ({"recovery": "", "method": ""}, "the decision for the method must be named"),
        ({"recovery": ""}, "must be both"),
        ({"decision": "K-9"}, "'K-9': not in the record"),
        ({"decision": "M-1"}, "M-1"),
        ({"key_purpose": Purpose.REHEARSAL}, "is a rehearsal key, must never act"),
    ):
        assert said in _refused(authority, replace(WANTED, **change))
    assert "is in force from" in _refused(authority, WANTED, datetime(2032, 6, 1, tzinfo=UTC))


@pytest.mark.clause("sec:L10.9")
def test_one_signature_opens_nothing(authority: Authority) -> None:
    """What the chair alone signed permits no use of a key."""
    words = authority.decide("K-1", "use-key", "recovery", *SCOPE, officers=("chair",))
    assert authority.house.run("governance", "lodge", *words)[0] == 0
    authority.lodge("M-1", "recovery-method", "INC-7", *METHOD)
    assert "secretary" in _refused(authority, WANTED)


@pytest.mark.clause("sec:L10.9")
def test_refusals_are_in_the_record(authority: Authority) -> None:
    """What was wanted and why it was refused is an entry, and the record stays whole."""
    settings = load_settings({"SMKI_STATE": str(authority.house.state)})
    said: Mapping[str, JSON] = {
        "outcome": "refused",
        "reasons": ["no quorum"],
        "wanted": {"key": "recovery"},
    }
    with quick_stores(), open_office(settings, os.environ) as office:
        entry = lodge_asked(office, said)
        (item,) = office.front.index.items(of=LeafType.TRANSCRIPT, name="refused: recovery")
        found = lodged_entry(office.front, entry)
    assert found is not None
    assert item.entry == entry
    assert parse_json(found.content, "refusal") == said
    assert authority.house.json("repository", "audit")[1]["problems"] == []
