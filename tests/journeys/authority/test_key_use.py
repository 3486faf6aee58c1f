"""The use of a named key: refused without, by an expired, another's, withdrawn or forged decision."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from smki.adapters.files import read_octets
from smki.bootstrap import load_settings, open_front, open_office
from smki.flows.deciding import lodge_decision
from smki.flows.key_use import KeyUse, must_permit_key_use, permit_key_use
from smki.governance import recorded_body
from smki.merkle.leaf import LeafType, decode_leaf
from smki.repository import catch_up, lodge_leaf, metadata_of
from smki.terms import Malformed, Refused, SmkiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.authority.conftest import Bodies

    from smki.flows.office import FrontOffice, Office

pytestmark = pytest.mark.clause("sec:L10.9", "sec:L5.3")
SPKI = b"the public key of the recovery key"
USE = KeyUse(name="recovery", public_key=SPKI, incident="INC-7", purpose="method-2")
SCOPE = ("--scope", USE.scope)
LATER = datetime(2090, 6, 1, tzinfo=UTC)


@contextmanager
def opened(bodies: Bodies) -> Iterator[Office]:
    """The house, open to lodge."""
    with open_office(load_settings(bodies.variables), bodies.variables) as office:
        yield office


def refused(bodies: Bodies, use: KeyUse, *, at: datetime | None = None) -> str:
    """Why the use is refused."""
    with open_front(load_settings(bodies.variables)) as front, pytest.raises(Refused) as caught:
        permit_key_use(front, use, at=at or front.clock.now(), before=front.index.size())
    return "\n".join(finding.message for finding in caught.value.findings)


def of(incident: str) -> tuple[KeyUse, tuple[str, str]]:
    """The use in that incident, and the options of a decision that permits it."""
    use = replace(USE, incident=incident)
    return use, ("--scope", use.scope)


def notes(front: FrontOffice) -> list[dict[str, object]]:
    """What the record says of uses of keys."""
    leaves = (
        decode_leaf(front.reader.leaf(one.entry))
        for one in front.index.items(of=LeafType.STATUS_NOTE)
    )
    return [dict(metadata_of(front.reader, leaf)) for leaf in leaves]


def test_without_a_decision_it_is_refused_and_the_record_says_so(bodies: Bodies) -> None:
    """The refusal names what is missing and is an entry that refers to no decision."""
    use, _ = of("INC-0")
    with opened(bodies) as office:
        with pytest.raises(Refused, match="no decision permits its use for 'INC-0: method-2'"):
            must_permit_key_use(office, use)
        note = notes(office.front)[-1]
    assert (note["outcome"], note["refers"], note["decision"]) == ("refused", None, "")
    assert note["key"] == use.digest
    assert "no decision permits" in json.dumps(note["reasons"])


@pytest.mark.parametrize("named", ["name", "digest"])
def test_a_decision_about_this_key_permits_it_and_the_record_says_so_first(
    bodies: Bodies, named: str
) -> None:
    """By its name or by the digest of its public key; again and again, within the scope."""
    use, scope = of(f"INC-1-{named}")
    about = use.name if named == "name" else use.digest
    recorded = bodies.decide(f"K-1-{named}", "use-key", about, *scope)
    with opened(bodies) as office:
        for _ in range(2):
            permitted = must_permit_key_use(office, use)
            assert permitted.decision.decision.id == f"K-1-{named}"
            note = notes(office.front)[-1]
            assert (note["outcome"], note["refers"]) == ("permitted", recorded["entry"])
        with pytest.raises(Refused):
            must_permit_key_use(office, replace(use, purpose="method-3"))


def test_an_expired_one_does_not(bodies: Bodies) -> None:
    """Nor one whose time has not come."""
    use, scope = of("INC-2")
    bodies.decide("K-2", "use-key", use.name, *scope)
    assert "is in force from" in refused(bodies, use, at=LATER)
    early = datetime.now(UTC) - timedelta(days=1)
    assert "is in force from" in refused(bodies, use, at=early)


def test_another_keys_does_not(bodies: Bodies) -> None:
    """What permits one key in the incident permits no other there."""
    use, scope = of("INC-3")
    bodies.decide("K-3", "use-key", "contingency", *scope)
    assert "is about 'contingency', must be about" in refused(bodies, use)


def test_another_incidents_does_not(bodies: Bodies) -> None:
    """The same key in another incident needs a decision of its own."""
    use, scope = of("INC-4")
    bodies.decide("K-4", "use-key", use.name, *scope)
    assert "has the scope 'INC-4: method-2', must have" in refused(bodies, of("INC-40")[0])


def test_a_withdrawn_one_does_not(bodies: Bodies) -> None:
    """From the withdrawal on it is refused; what was done before is on record, and stays."""
    use, scope = of("INC-5")
    bodies.decide("K-5", "use-key", use.name, *scope)
    with opened(bodies) as office:
        entry = must_permit_key_use(office, use).entry
    bodies.decide("W-5", "withdraw-decision", "K-5")
    assert "was withdrawn by decision W-5" in refused(bodies, use)
    with open_front(load_settings(bodies.variables)) as front:
        assert permit_key_use(front, use, at=front.clock.now(), before=entry)


def test_a_conditional_one_waits_until_its_conditions_are_met(bodies: Bodies) -> None:
    """Released by a decision of the same body, and not before."""
    use, scope = of("INC-6")
    bodies.decide("K-6", "use-key", use.name, *scope, "--condition", "two custodians are there")
    assert "has conditions" in refused(bodies, use)
    bodies.decide("M-6", "conditions-met", "K-6", body="panel")
    assert "has conditions" in refused(bodies, use)
    bodies.decide("N-6", "conditions-met", "K-6")
    with opened(bodies) as office:
        assert must_permit_key_use(office, use)


@pytest.mark.parametrize("officer", ["chair", "secretary"])
def test_one_of_the_two_signatures_does_not(bodies: Bodies, officer: str) -> None:
    """Neither whoever presided alone nor the secretary alone."""
    use, scope = of(f"INC-7-{officer}")
    bodies.decide(f"K-7-{officer}", "use-key", use.name, *scope, by=(officer,))
    assert "is not signed by" in refused(bodies, use)


def test_another_bodys_does_not(bodies: Bodies) -> None:
    """The panel sits above, and decides nothing about keys."""
    use, scope = of("INC-8")
    bodies.decide("K-8", "use-key", use.name, *scope, body="panel")
    assert "is of panel, must be of smki-pma" in refused(bodies, use)


def test_a_forged_one_does_not(bodies: Bodies) -> None:
    """Other officers' signatures, or over other octets, put into the record past all rules."""
    use, scope = of("INC-9")
    mine, panels = bodies.signed("K-9", "use-key", use.name, *scope, body="panel")
    octets = mine.replace(b'"body":"panel"', b'"body":"smki-pma"')
    _, others = bodies.signed("K-10", "use-key", "another")
    file, strangers = bodies.signed("K-11", "use-key", use.name, *scope)
    stolen = [
        (octets, panels, "other octets"),
        (file, others, "other octets"),
        (file, [strangers[0][:-1] + bytes((strangers[0][-1] ^ 1,))], "does not hold"),
    ]
    with opened(bodies) as office:
        for decision, signatures, _ in stolen:
            with pytest.raises((Refused, Malformed)):
                lodge_decision(office, decision, signatures)
            body = recorded_body(decision, signatures)
            lodge_leaf(office.record, LeafType.DECISION, body, office.front.clock.now())
            catch_up(office.front.reader, office.front.index, office.front.describe)
    said = refused(bodies, use)
    assert said.count("counts for nothing") == len(stolen)
    for _, _, why in stolen:
        assert why in said


def test_a_revoked_credential_signs_nothing(bodies: Bodies) -> None:
    """What the chair signed with a credential that is on the list is refused at once."""
    use, scope = of("INC-12")
    decision, signatures = bodies.signed("K-12", "use-key", use.name, *scope)
    party = bodies.run("registration", "party", "panel")
    serial = party["credentials"][0]["serial"]
    bodies.run("registration", "revoke", serial)
    panel = bodies.signed("K-13", "use-key", use.name, *scope, body="panel")
    with opened(bodies) as office:
        with pytest.raises(Refused, match="was revoked on"):
            lodge_decision(office, *panel)
        assert lodge_decision(office, decision, signatures).signed.missing == ()


def test_any_bit_changed_permits_nothing(bodies: Bodies) -> None:
    """Of the file, of a signature, of what comes along with it: nothing of it is lodged."""
    use, scope = of("INC-14")
    decision, signatures = bodies.signed("K-14", "use-key", use.name, *scope)
    with opened(bodies) as office:
        size = office.front.reader.checkpoint().size
        for place in range(0, 8 * len(decision), 37):
            with pytest.raises(SmkiError):
                lodge_decision(office, flipped(decision, place), signatures)
        for place in range(0, 8 * len(signatures[0]), 101):
            with pytest.raises(SmkiError):
                lodge_decision(office, decision, [flipped(signatures[0], place), signatures[1]])
        assert office.front.reader.checkpoint().size == size


def flipped(octets: bytes, place: int) -> bytes:
    """The octets with that bit changed."""
    changed = bytearray(octets)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


@pytest.mark.clause("sec-app-b:B-crl")
def test_a_roots_list_is_renewed_under_a_decision_alone(bodies: Bodies) -> None:
    """`smki renew` opens no root key before a decision permits it; a development SMKI is exempt."""
    before = read_octets(bodies.folder / "state" / "smki.toml")
    code, said = bodies.ask("renew", "list/root-ica")
    assert (code, "no decision permits its use" in said["error"]["message"]) == (1, True), said
    bodies.decide("K-15", "use-key", "root-ica", "--scope", "maintenance: revocation-list")
    done = bodies.run("renew", "list/root-ica")
    assert [one["name"] for one in done["renewed"]] == ["list/root-ica"]
    assert read_octets(bodies.folder / "state" / "smki.toml") == before
