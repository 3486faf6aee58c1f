"""What a head end keeps, on both databases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.sql.store import Store
from smki.ports.outbox import Draft, Settled
from smki.ports.rotations import RotationNote
from smki.terms import EUI64, KeyUsage, Unavailable

Opening = Callable[[], SqlHeadEnd]
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MILLISECONDS = int(AT.timestamp() * 1_000)
SUPPLIER, METER, OTHER = (EUI64.parse(f"90B3D51F3000000{n}") for n in (1, 2, 3))


@pytest.fixture
def opened(url: str) -> Iterator[Opening]:
    """Opens the database, as one process after the other would."""
    stores: list[Store] = []

    def opening() -> SqlHeadEnd:
        stores.append(Store(url))
        return SqlHeadEnd(stores[-1])

    yield opening
    for store in stores:
        store.engine.dispose()


def _draft(originator: EUI64 = SUPPLIER, device: EUI64 = METER) -> Draft:
    return Draft(
        originator=originator,
        device=device,
        message_code=0x011B,
        make=lambda counter: b"message %d" % counter,
    )


def _counters(outbox: SqlHeadEnd, at: datetime, *drafts: Draft) -> list[int]:
    return [each.counter for each in outbox.keep(drafts, at)]


@pytest.mark.clause("gbcs:4.3.1")
def test_counters_rise_and_are_never_given_twice(opened: Opening) -> None:
    """Also to whoever opens the outbox next, and when the clock goes back; each party has its own."""
    first = opened()
    many = (_draft(), _draft(OTHER), _draft())
    assert _counters(first, AT, *many) == [MILLISECONDS, MILLISECONDS, MILLISECONDS + 1]
    assert _counters(first, AT, _draft()) == [MILLISECONDS + 2]
    again = opened()
    assert _counters(again, AT.replace(year=2020), _draft()) == [MILLISECONDS + 3]
    later = AT.replace(year=2027)
    assert _counters(again, later, _draft()) == [int(later.timestamp() * 1_000)]
    assert again.keep((), AT) == ()


@pytest.mark.clause("gbcs:4.3.1")
def test_many_at_once_get_different_counters(opened: Opening) -> None:
    """Four that ask at the same time, eight times each: 32 counters."""
    outboxes = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda n: _counters(outboxes[n % 4], AT, _draft())[0], range(32)))
    assert len(set(given)) == 32


def test_what_is_meant_to_be_sent_waits_until_it_is_settled(opened: Opening) -> None:
    """Its octets are there as long as it may be sent again, its digest for ever."""
    kept = opened().keep((_draft(), _draft(), _draft()), AT)
    first, second, third = kept
    assert first.message == b"message %d" % MILLISECONDS
    assert first.digest == sha256(first.message).digest()
    outbox = opened()
    assert outbox.waiting(METER) == kept
    assert outbox.waiting(OTHER) == ()
    answered = Settled(originator=SUPPLIER, counter=first.counter, outcome="answered")
    outbox.settle((answered,))
    assert outbox.waiting(METER) == (second, third)
    given_up = replace(answered, counter=third.counter, outcome="no answer came")
    (fourth,) = outbox.keep((_draft(),), AT, (given_up,))
    assert outbox.waiting(METER) == (second, fourth)
    outbox.settle(())


def test_of_a_command_that_cannot_be_made_nothing_is_kept(opened: Opening) -> None:
    """Nor of the others of the same call, nor what would have been settled; counters are no loss."""

    def unmade(counter: int) -> bytes:
        raise Unavailable(f"token: is away, {counter} is not signed")

    outbox = opened()
    (first,) = outbox.keep((_draft(),), AT)
    settled = Settled(originator=SUPPLIER, counter=first.counter, outcome="answered")
    with pytest.raises(Unavailable, match="token"):
        outbox.keep((_draft(), replace(_draft(), make=unmade)), AT, (settled,))
    assert outbox.waiting(METER) == (first,)


def test_a_rotation_goes_on_where_it_was_cut_off(opened: Opening) -> None:
    """The last note of each device and usage stands until it is finished."""
    note = RotationNote(device=METER, usage=KeyUsage.DIGITAL_SIGNATURE, request=b"csr")
    opened().note(note)
    issued = replace(note, certificate=b"certificate")
    opened().note(issued)
    notes = opened()
    assert notes.under_way(METER, KeyUsage.DIGITAL_SIGNATURE) == issued
    assert notes.under_way(METER, KeyUsage.KEY_AGREEMENT) is None
    assert notes.under_way(OTHER, KeyUsage.DIGITAL_SIGNATURE) is None
    notes.finish(METER, KeyUsage.DIGITAL_SIGNATURE)
    notes.finish(METER, KeyUsage.DIGITAL_SIGNATURE)
    assert notes.under_way(METER, KeyUsage.DIGITAL_SIGNATURE) is None
