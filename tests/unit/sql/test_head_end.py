"""What a head end keeps, on both databases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.sql.store import Store
from smki.ports.outbox import OutgoingCommand
from smki.ports.rotations import RotationNote
from smki.terms import EUI64, Inconsistent, KeyUsage

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


def _command(counter: int, message: bytes = b"octets") -> OutgoingCommand:
    return OutgoingCommand(
        originator=SUPPLIER,
        counter=counter,
        device=METER,
        message_code=0x011B,
        message=message,
        digest=sha256(message).digest(),
        at=AT,
    )


@pytest.mark.clause("gbcs:4.3.1")
def test_counters_rise_and_are_never_given_twice(opened: Opening) -> None:
    """Also to whoever opens the outbox next, and when the clock goes back; each party has its own."""
    first = opened()
    assert first.counters(SUPPLIER, AT, 2) == range(MILLISECONDS, MILLISECONDS + 2)
    assert first.counters(SUPPLIER, AT, 1) == range(MILLISECONDS + 2, MILLISECONDS + 3)
    again = opened()
    before = AT.replace(year=2020)
    assert again.counters(SUPPLIER, before, 1) == range(MILLISECONDS + 3, MILLISECONDS + 4)
    assert again.counters(OTHER, AT, 1) == range(MILLISECONDS, MILLISECONDS + 1)
    later = AT.replace(year=2027)
    assert again.counters(SUPPLIER, later, 1).start == int(later.timestamp() * 1_000)


@pytest.mark.clause("gbcs:4.3.1")
def test_many_at_once_get_different_counters(opened: Opening) -> None:
    """Four that ask at the same time, eight times each: 32 counters."""
    outboxes = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda n: outboxes[n % 4].counters(SUPPLIER, AT, 1)[0], range(32)))
    assert len(set(given)) == 32


def test_what_is_meant_to_be_sent_waits_until_it_is_settled(opened: Opening) -> None:
    """Its octets are there as long as it may be sent again, its digest for ever."""
    opened().intend((_command(2), _command(1)))
    outbox = opened()
    assert outbox.waiting(METER) == (_command(1), _command(2))
    assert outbox.waiting(OTHER) == ()
    outbox.settle(SUPPLIER, 1, "answered")
    assert outbox.waiting(METER) == (_command(2),)


@pytest.mark.clause("gbcs:4.3.1")
def test_a_counter_that_was_used_is_never_kept_again(opened: Opening) -> None:
    """Not for other octets, and not after it was settled; nothing of the same call is kept."""
    outbox = opened()
    outbox.intend((_command(1),))
    outbox.settle(SUPPLIER, 1, "answered")
    with pytest.raises(Inconsistent):
        outbox.intend((_command(2), _command(1, b"others")))
    assert outbox.waiting(METER) == ()


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
