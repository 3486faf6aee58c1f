"""The use of a named key: refused without, by an expired, another's, withdrawn or forged decision."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from smki.flows.deciding import lodge_decision
from smki.flows.key_use import KeyUse, must_permit_key_use, permit_key_use
from smki.flows.revocation import revoke_credential
from smki.governance import recorded_body
from smki.merkle.leaf import LeafType, decode_leaf
from smki.repository import catch_up, lodge_leaf, metadata_of
from smki.terms import Malformed, Refused, SerialNumber, SmkiError

if TYPE_CHECKING:
    from tests.journeys.authority.conftest import Bodies

    from smki.flows.office import FrontOffice, Office
    from smki.flows.recorded import Recorded

pytestmark = pytest.mark.clause("sec:L10.9", "sec:L5.3")
SPKI = b"the public key of the recovery key"
USE = KeyUse(name="recovery", digest=sha256(SPKI).hexdigest(), incident="INC-7", purpose="method-2")
EARLIER, LATER = datetime(2025, 6, 1, tzinfo=UTC), datetime(2090, 6, 1, tzinfo=UTC)


def refused(office: Office, use: KeyUse, *, at: datetime | None = None) -> str:
    """Why the use is refused."""
    front = office.front
    now, size = at or front.clock.now(), front.index.size()
    with pytest.raises(Refused) as caught:
        permit_key_use(front, use, at=now, before=size)
    return "\n".join(finding.message for finding in caught.value.findings)


class Desks:
    """Lodges decisions in the house that is open."""

    def __init__(self, bodies: Bodies, office: Office) -> None:
        self._bodies, self._office = bodies, office

    def decide(self, identifier: str, kind: str, about: str, **more: Any) -> Recorded:
        """The decision is lodged, with the signatures of these officers of its body."""
        return lodge_decision(self._office, *self._bodies.signed(identifier, kind, about, **more))


@pytest.fixture
def desks(bodies: Bodies, office: Office) -> Desks:
    """The officers' desks."""
    return Desks(bodies, office)


def of(incident: str) -> tuple[KeyUse, dict[str, Any]]:
    """The use in that incident, and the scope of a decision that permits it."""
    use = replace(USE, incident=incident)
    return use, {"scope": use.scope}


def notes(front: FrontOffice) -> list[dict[str, object]]:
    """What the record says of uses of keys."""
    leaves = (
        decode_leaf(front.reader.leaf(one.entry))
        for one in front.index.items(of=LeafType.STATUS_NOTE)
    )
    return [dict(metadata_of(front.reader, leaf)) for leaf in leaves]


def test_without_a_decision_it_is_refused_and_the_record_says_so(office: Office) -> None:
    """The refusal names what is missing and is an entry that refers to no decision."""
    use, _ = of("INC-0")
    with pytest.raises(Refused, match="no decision permits its use for 'INC-0: method-2'"):
        must_permit_key_use(office, use)
    note = notes(office.front)[-1]
    assert (note["outcome"], note["refers"], note["decision"]) == ("refused", None, "")
    assert note["key"] == use.digest
    assert "no decision permits" in json.dumps(note["reasons"])


@pytest.mark.parametrize("named", ["name", "digest"])
def test_a_decision_about_this_key_permits_it_and_the_record_says_so_first(
    desks: Desks, office: Office, named: str
) -> None:
    """By its name or by the digest of its public key; again and again, within the scope."""
    use, scope = of(f"INC-1-{named}")
    about = use.name if named == "name" else use.digest
    recorded = desks.decide(f"K-1-{named}", "use-key", about, **scope)
    for _ in range(2):
        permitted = must_permit_key_use(office, use)
        assert permitted.decision.decision.id == f"K-1-{named}"
        note = notes(office.front)[-1]
        assert (note["outcome"], note["refers"]) == ("permitted", recorded.entry)
    with pytest.raises(Refused):
        must_permit_key_use(office, replace(use, purpose="method-3"))


def test_an_expired_one_does_not(desks: Desks, office: Office) -> None:
    """Nor one whose time has not come."""
    use, scope = of("INC-2")
    desks.decide("K-2", "use-key", use.name, **scope)
    assert "is in force from" in refused(office, use, at=LATER)
    assert "is in force from" in refused(office, use, at=EARLIER)


def test_another_keys_does_not(desks: Desks, office: Office) -> None:
    """What permits one key in the incident permits no other there."""
    use, scope = of("INC-3")
    desks.decide("K-3", "use-key", "contingency", **scope)
    assert "is about 'contingency', must be about" in refused(office, use)


def test_another_incidents_does_not(desks: Desks, office: Office) -> None:
    """The same key in another incident needs a decision of its own."""
    use, scope = of("INC-4")
    desks.decide("K-4", "use-key", use.name, **scope)
    assert "has the scope 'INC-4: method-2', must have" in refused(office, of("INC-40")[0])


def test_a_withdrawn_one_does_not(desks: Desks, office: Office) -> None:
    """From the withdrawal on it is refused; what was done before is on record, and stays."""
    use, scope = of("INC-5")
    desks.decide("K-5", "use-key", use.name, **scope)
    entry = must_permit_key_use(office, use).entry
    desks.decide("W-5", "withdraw-decision", "K-5")
    assert "was withdrawn by decision W-5" in refused(office, use)
    front = office.front
    assert permit_key_use(front, use, at=front.clock.now(), before=entry)


def test_a_conditional_one_waits_until_its_conditions_are_met(desks: Desks, office: Office) -> None:
    """Released by a decision of the same body, and not before."""
    use, scope = of("INC-6")
    desks.decide("K-6", "use-key", use.name, **scope, conditions=("two custodians are there",))
    assert "has conditions" in refused(office, use)
    desks.decide("M-6", "conditions-met", "K-6", body="panel")
    assert "has conditions" in refused(office, use)
    desks.decide("N-6", "conditions-met", "K-6")
    assert must_permit_key_use(office, use)


@pytest.mark.parametrize("officer", ["chair", "secretary"])
def test_one_of_the_two_signatures_does_not(desks: Desks, office: Office, officer: str) -> None:
    """Neither whoever presided alone nor the secretary alone."""
    use, scope = of(f"INC-7-{officer}")
    desks.decide(f"K-7-{officer}", "use-key", use.name, **scope, by=(officer,))
    assert "is not signed by" in refused(office, use)


def test_another_bodys_does_not(desks: Desks, office: Office) -> None:
    """The panel sits above, and decides nothing about keys."""
    use, scope = of("INC-8")
    desks.decide("K-8", "use-key", use.name, **scope, body="panel")
    assert "is of panel, must be of smki-pma" in refused(office, use)


def test_a_forged_one_does_not(bodies: Bodies, office: Office) -> None:
    """Other officers' signatures, or over other octets, put into the record past all rules."""
    use, scope = of("INC-9")
    mine, panels = bodies.signed("K-9", "use-key", use.name, **scope, body="panel")
    octets = mine.replace(b'"body":"panel"', b'"body":"smki-pma"')
    _, others = bodies.signed("K-10", "use-key", "another")
    file, strangers = bodies.signed("K-11", "use-key", use.name, **scope)
    stolen = [
        (octets, panels, "other octets"),
        (file, others, "other octets"),
        (file, [strangers[0][:-1] + bytes((strangers[0][-1] ^ 1,))], "does not hold"),
    ]
    for decision, signatures, _ in stolen:
        with pytest.raises((Refused, Malformed)):
            lodge_decision(office, decision, signatures)
        body = recorded_body(decision, signatures)
        lodge_leaf(office.record, LeafType.DECISION, body, office.front.clock.now())
        catch_up(office.front.reader, office.front.index, office.front.describe)
    said = refused(office, use)
    assert said.count("counts for nothing") == len(stolen)
    for _, _, why in stolen:
        assert why in said


def test_a_revoked_credential_signs_nothing(bodies: Bodies, office: Office) -> None:
    """What the chair signed with a credential that is on the list is refused at once."""
    use, scope = of("INC-12")
    decision, signatures = bodies.signed("K-12", "use-key", use.name, **scope)
    chair = x509.load_pem_x509_certificate((bodies.folder / "panel-chair.pem").read_bytes())
    revoke_credential(office, SerialNumber(chair.serial_number))
    panel = bodies.signed("K-13", "use-key", use.name, **scope, body="panel")
    with pytest.raises(Refused, match="was revoked on"):
        lodge_decision(office, *panel)
    assert lodge_decision(office, decision, signatures).signed.missing == ()


def test_any_bit_changed_permits_nothing(bodies: Bodies, office: Office) -> None:
    """Of the file, of a signature, of what comes along with it: nothing of it is lodged."""
    use, scope = of("INC-14")
    decision, signatures = bodies.signed("K-14", "use-key", use.name, **scope)
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
