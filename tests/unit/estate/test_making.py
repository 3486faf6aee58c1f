from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.estate_holdings import EstateHoldings
from smki.adapters.sql.estate_lots import SqlLots
from smki.devices import KINDS
from smki.interfaces import estate_making
from smki.interfaces.estate_issuing import Issuer
from smki.ports.estate import InventoryQuery
from smki.simulator import ScalarKeys
from smki.simulator.homes import SPAN
from smki.terms import ItemStatus, Refused, SmiStatus
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.xml import BatchItem

LOT = 15


class Cut(BaseException):
    """The power fails here."""


class Between:
    """Passes everything on, but for one step of one lot, before or after which the power fails."""

    through = "a test"

    def __init__(self, issuer: Issuer, step: str, lot: int) -> None:
        self._issuer = issuer
        self._step = step
        self._lots_left = lot

    def send(self, document: Path) -> int:
        """As the issuer."""
        self._lots_left -= 1
        self._fail_at("before send")
        number = self._issuer.send(document)
        self._fail_at("after send")
        return number

    def items(self, number: int, done: Callable[[int], None]) -> Iterable[BatchItem]:
        """As the issuer."""
        self._fail_at("before issuing")
        items = list(self._issuer.items(number, done))
        self._fail_at("after issuing")
        return items

    def _fail_at(self, step: str) -> None:
        if step == self._step and self._lots_left <= 0:
            raise Cut


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lots of a few devices, so that several are made."""
    monkeypatch.setattr(estate_making, "LOT", LOT)


def _whole(estate: SqlEstate, devices: int) -> None:
    """So many devices, each with two keys that match their certificates, and every cell filled."""
    keys = ScalarKeys(lambda _: b"")
    held = estate.held_after(None, 10_000)
    assert len(held) == devices == estate.count()
    points = set()
    for each in held:
        state = each.state
        assert set(state.anchors) == set(KINDS[state.kind].cells)
        assert set(state.own) == {KeyUsageBits.DIGITAL_SIGNATURE, KeyUsageBits.KEY_AGREEMENT}
        for own in state.own.values():
            certificate = x509.load_der_x509_certificate(own.certificate)
            point = certificate.public_key().public_bytes(
                Encoding.X962, PublicFormat.UncompressedPoint
            )
            assert point == keys.point(own.handle)
            assert state.device.octets in own.certificate
            points.add(point)
    assert len(points) == 2 * devices
    assert list(SqlLots(estate, SPAN).begun()) == []


def test_an_estate_is_made_and_made_larger(yard: Any) -> None:
    """Asked again for as many nothing is made; for more, only those; none is taken away."""
    before = yard.issued()
    assert yard.make(20).made == 20
    assert yard.make(20).made == 0
    assert yard.make(33).made == 13
    assert yard.make(5).devices == 33
    assert yard.issued() - before == 66
    with yard.estate() as estate:
        _whole(estate, 33)
        rows = estate.inventory(InventoryQuery(), None, 100)
        assert {row.status for row in rows} == {SmiStatus.COMMISSIONED}
        history = [each.status for each in estate.history(rows[0].device)]
    assert history == [SmiStatus.PENDING, SmiStatus.COMMISSIONED]


@pytest.mark.parametrize(
    ("step", "lot"),
    [
        ("before send", 1),
        ("after send", 2),
        ("before issuing", 1),
        ("after issuing", 2),
        ("finishing", 1),
        ("finishing", 2),
    ],
)
def test_cut_off_at_any_step_the_same_again_goes_on(
    yard: Any, step: str, lot: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly so many devices in the end, and two certificates for each: none was issued twice."""
    before = yard.issued()
    finish = SqlLots.finish
    if step == "finishing":
        left = [lot]

        def failing(lots: SqlLots, *words: Any) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Cut
            finish(lots, *words)

        monkeypatch.setattr(SqlLots, "finish", failing)
    with pytest.raises(Cut):
        yard.make(40, lambda issuer: Between(issuer, step, lot))
    monkeypatch.setattr(SqlLots, "finish", finish)
    made = yard.make(40)
    assert made.devices == 40
    assert made.finished
    assert yard.issued() - before == 80
    with yard.estate() as estate:
        _whole(estate, 40)


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_a_refused_request_ends_its_lot(yard: Any) -> None:
    """The lots before stay, this one is no more; the same again makes others in its place."""

    class Refusing(Between):
        """Refuses the last request of the second batch."""

        def items(self, number: int, done: Callable[[int], None]) -> Iterable[BatchItem]:
            """The outcomes, the last one changed."""
            items = list(super().items(number, done))
            if len(items) < 2 * LOT:
                text = "no row permits it"
                items[-1] = BatchItem(items[-1].item, ItemStatus.INELIGIBLE, None, "I1", text)
            return items

    with pytest.raises(Refused, match="was answered INELIGIBLE I1 no row permits it"):
        yard.make(LOT + 5, lambda issuer: Refusing(issuer, "", 9))
    with yard.estate() as estate:
        _whole(estate, LOT)
    assert yard.make(LOT + 5).made == 5
    with yard.estate() as estate:
        _whole(estate, LOT + 5)


@pytest.mark.clause("sec-app-m:2.3.1.7")
@pytest.mark.parametrize("step", ["send", "items"])
def test_a_batch_that_came_to_nothing_ends_its_lot(
    yard: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rejected when it was sent or later: the same again asks with other keys."""

    def rejecting(issuer: Issuer) -> Issuer:
        def rejected(*_: Any) -> Any:
            raise Refused("batch: REJECTED")

        monkeypatch.setattr(issuer, step, rejected)
        return issuer

    with pytest.raises(Refused, match="REJECTED"):
        yard.make(3, rejecting)
    monkeypatch.undo()
    made = yard.make(3)
    assert (made.made, made.finished) == (3, 0)


def test_an_estate_in_postgresql(postgresql_yard: Any) -> None:
    """Made and made larger as in a file; what devices hold is looked through as there."""
    assert postgresql_yard.make(20).made == 20
    assert postgresql_yard.make(25).made == 5
    with postgresql_yard.estate() as estate:
        _whole(estate, 25)
        assert estate.octets() > 0
        holdings = EstateHoldings(estate)
        first = holdings.held(None, 20)
        rest = holdings.held(first[-1].device, 20)
        known = {number for number, _ in holdings.anchors()}
        assert (len(first), len(rest)) == (20, 5)
        assert all(known.issuperset(one.anchors) for one in (*first, *rest))
        ids = [one.device for one in first]
        now = datetime.now(UTC) + timedelta(days=1)
        assert len(holdings.statuses_at(ids, now)) == len(ids)
