"""Signatures come one after the other; the record holds nothing of a decision until it is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.flows import collecting
from smki.flows.collecting import collect_signatures, forget_over, waiting_decisions
from smki.flows.deciding import recorded_decision
from smki.flows.revocation import revoke_credential
from smki.interfaces.cli.officers import detached
from smki.terms import EUI64, Refused, SerialNumber, Unavailable

if TYPE_CHECKING:
    from tests.journeys.authority.conftest import Bodies


pytestmark = pytest.mark.clause("sec:L5.3")
PMA, PANEL = (EUI64.parse(f"0A-53-4D-4B-49-05-00-0{n}") for n in (1, 4))


@dataclass(frozen=True)
class Then:
    """A clock that stands."""

    instant: datetime

    def now(self) -> datetime:
        """That instant."""
        return self.instant


@pytest.mark.parametrize("order", [("chair", "secretary"), ("secretary", "chair")])
def test_two_officers_sign_one_after_the_other(bodies: Bodies, order: tuple[str, str]) -> None:
    """The first waits, through a restart of the house too; with the second it is lodged."""
    name = f"C-{order[0]}"
    file, signatures = bodies.signed(name, "withdraw-document", "Procedure", by=order)
    with bodies.opened() as office:
        first = collect_signatures(office, file, signatures[:1])
        assert (first.lodged, len(first.found.officers)) == (False, 1)
        again = collect_signatures(office, file, signatures[:1])
        assert (again.lodged, again.digest) == (False, first.digest)
        assert recorded_decision(office.front, name) is None
    with bodies.opened() as office:
        (waits,) = waiting_decisions(office.front, {PMA})
        assert (waits.file, waits.found.decision.id) == (file, name)
        assert waiting_decisions(office.front, {PANEL}) == ()
        second = collect_signatures(office, file, signatures[1:])
        assert (second.lodged, second.found.signed.missing) == (True, ())
        found = recorded_decision(office.front, name)
        assert found is not None
        assert {one.name for one in found.officers} == set(order)
        assert waiting_decisions(office.front, {PMA}) == ()
        assert collect_signatures(office, file, signatures).found.entry == found.entry


def test_nobody_else_adds_to_it(bodies: Bodies) -> None:
    """Neither an officer of another body nor a signature over other octets."""
    file, signatures = bodies.signed("C-2", "withdraw-document", "Procedure", by=("chair",))
    _, others = bodies.signed("C-3", "withdraw-document", "Another", by=("secretary",))
    _, panels = bodies.signed("C-4", "withdraw-document", "Procedure", body="panel")
    with bodies.opened() as office:
        collect_signatures(office, file, signatures)
        for wrong in (others, panels):
            with pytest.raises(Refused, match="other octets"):
                collect_signatures(office, file, wrong)
        changed = file.replace(b"Procedure", b"procedure")
        signed = detached(changed, *bodies.desk("pma", "chair"))
        with pytest.raises(Refused, match="waits already with other words"):
            collect_signatures(office, changed, [signed])


def test_what_is_over_is_forgotten(bodies: Bodies) -> None:
    """It is not taken in when its time is over, and waits no longer than that."""
    file, signatures = bodies.signed(
        "C-5",
        "withdraw-document",
        "Procedure",
        by=("chair",),
        expiry=datetime(2089, 1, 1, tzinfo=UTC),
    )
    late = Then(datetime(2089, 6, 1, tzinfo=UTC))
    with bodies.opened() as office:
        digest = collect_signatures(office, file, signatures).digest
        later = replace(office, front=replace(office.front, clock=late))
        assert digest not in {one.digest for one in waiting_decisions(later.front, {PMA})}
        with pytest.raises(Refused, match=r"is not valid on|is over since"):
            collect_signatures(later, file, signatures)
        assert digest in office.front.waiting.names()
        forget_over(office.front, late.instant)
        assert digest not in office.front.waiting.names()


def test_so_many_wait_and_no_more(bodies: Bodies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who fills the place is told; what waits already takes signatures all the same."""
    made = [bodies.signed(f"C-6-{n}", "withdraw-document", f"Procedure {n}") for n in range(2)]
    with bodies.opened() as office:
        (first, signed), (second, others) = made
        collect_signatures(office, first, signed[:1])
        monkeypatch.setattr(collecting, "WAITING_MAX", len(office.front.waiting.names()))
        with pytest.raises(Unavailable, match="must be fewer than"):
            collect_signatures(office, second, others[:1])
        assert collect_signatures(office, first, signed[1:]).lodged
        assert not collect_signatures(office, second, others[:1]).lodged


def test_a_body_does_not_fill_anothers_place(
    bodies: Bodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much of one body's waits, another's waits beside it, though its id was taken there."""
    full, signed = bodies.signed("C-9", "withdraw-document", "Procedure 9")
    with bodies.opened() as office:
        file, signatures = bodies.signed("C-9", "go-live", office.front.reader.origin, body="panel")
        collect_signatures(office, full, signed[:1])
        monkeypatch.setattr(collecting, "WAITING_MAX", 1)
        assert not collect_signatures(office, file, signatures[:1]).lodged


def test_a_signer_whose_credential_was_revoked_counts_no_more(bodies: Bodies) -> None:
    """What the chair of the panel signed while it was good does not complete the decision later."""
    with bodies.opened() as office:
        origin = office.front.reader.origin
        file, signatures = bodies.signed("C-8", "go-live", origin, body="panel")
        assert not collect_signatures(office, file, signatures[:1]).lodged
        chair = x509.load_pem_x509_certificate((bodies.folder / "panel-chair.pem").read_bytes())
        revoke_credential(office, SerialNumber(chair.serial_number))
        after = collect_signatures(office, file, signatures[1:])
        assert (after.lodged, [one.name for one in after.found.officers]) == (False, ["secretary"])
