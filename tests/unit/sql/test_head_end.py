"""What a head end keeps, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from smki.adapters.sql.forms import SqlForms
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.sql.store import Store
from smki.ports.outbox import Outgoing, OutgoingCommand, Settled
from smki.ports.rotations import RotationNote
from smki.terms import EUI64, Inconsistent, KeyUsage
from smki.wire.gbcs.forms import Form, Formed

Opening = Callable[[], SqlHeadEnd]
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MILLISECONDS = int(AT.timestamp() * 1_000)
SUPPLIER, METER, OTHER = (EUI64.parse(f"90B3D51F3000000{n}") for n in (1, 2, 3))


@pytest.fixture
def opened(store: Callable[[], Store]) -> Opening:
    """Opens the outbox."""
    return lambda: SqlHeadEnd(store())


FORM = Form(pieces=(b"\xdf message ", b" of ", b"!"), gaps=(3, 2))


def _command(
    counter: int, device: EUI64 = METER, message: bytes | Formed = b"\xdf whole"
) -> OutgoingCommand:
    return OutgoingCommand(
        originator=SUPPLIER,
        counter=counter,
        device=device,
        message_code=0x011B,
        message=message,
        at=AT,
    )


def _outgoing(*commands: OutgoingCommand) -> Outgoing:
    """These, as they are kept together."""
    return Outgoing(
        originator=SUPPLIER,
        message_code=0x011B,
        devices=tuple(one.device for one in commands),
        counters=[one.counter for one in commands],
        messages=[one.message for one in commands],
        at=AT,
    )


def _settled(*counters: int, outcome: str = "answered") -> Settled:
    return Settled(originator=SUPPLIER, counters=counters, outcome=outcome)


@pytest.mark.clause("gbcs:4.3.1")
def test_counters_rise_and_are_never_given_twice(opened: Opening) -> None:
    """Also to whoever opens the outbox next, and when the clock goes back; each party has its own."""
    first = opened()
    assert first.counters(SUPPLIER, 2, AT) == range(MILLISECONDS, MILLISECONDS + 2)
    assert first.counters(OTHER, 1, AT) == range(MILLISECONDS, MILLISECONDS + 1)
    assert first.counters(SUPPLIER, 1, AT)[0] == MILLISECONDS + 2
    again = opened()
    assert again.counters(SUPPLIER, 1, AT.replace(year=2020))[0] == MILLISECONDS + 3
    later = AT.replace(year=2027)
    assert again.counters(SUPPLIER, 1, later)[0] == int(later.timestamp() * 1_000)
    assert list(again.counters(SUPPLIER, 0, AT)) == []


@pytest.mark.clause("gbcs:4.3.1")
def test_many_at_once_get_different_counters(opened: Opening) -> None:
    """Four that ask at the same time, eight times each for three: 96 counters."""
    outboxes = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda n: outboxes[n % 4].counters(SUPPLIER, 3, AT), range(32)))
    assert len({counter for counters in given for counter in counters}) == 96


@pytest.mark.parametrize(
    "message", [b"\xdf whole", Formed(form=FORM, filling=b"oneof")], ids=["whole", "formed"]
)
def test_what_is_meant_to_be_sent_waits_until_it_is_settled(
    opened: Opening, message: bytes | Formed
) -> None:
    """It is there, octet for octet, for whoever opens the outbox, as long as it may be sent again."""
    first, second, third = (_command(counter, message=message) for counter in (1, 2, 3))
    opened().keep(_outgoing(first, second, third))
    outbox = opened()
    assert outbox.waiting((METER,)) == (first, second, third)
    assert outbox.waiting((OTHER,)) == ()
    outbox.settle((_settled(1),))
    assert outbox.waiting((OTHER, METER)) == (second, third)
    fourth = _command(4, OTHER, message)
    outbox.keep(_outgoing(fourth), (_settled(3, outcome="no answer came"),))
    assert outbox.waiting((OTHER, METER)) == (second, fourth)
    outbox.settle(())


def test_of_what_was_settled_the_digest_is_kept_or_the_few_octets_of_its_form(
    store: Callable[[], Store],
) -> None:
    """A whole message is gone but for its digest; one of a form can be put together for ever."""
    formed = Formed(form=FORM, filling=b"oneof")
    outbox = SqlHeadEnd(store())
    outbox.keep(_outgoing(_command(1), _command(2, message=formed)))
    outbox.settle((_settled(1, 2),))
    found = store().fetch("SELECT message, digest FROM headend_command ORDER BY counter", ())
    rows = [tuple(map(bytes, row)) for row in found]
    assert rows[0] == (b"", sha256(b"\xdf whole").digest())
    assert rows[1][1] == b""
    assert SqlForms(store()).message(rows[1][0]) == formed
    assert len(rows[1][0]) < len(formed.octets)


def test_of_commands_that_cannot_be_kept_none_is(opened: Opening) -> None:
    """The second has a counter that is there: the first is not kept, nor what would be settled."""
    outbox = opened()
    first = _command(1)
    outbox.keep(_outgoing(first))
    with pytest.raises(Inconsistent):
        outbox.keep(_outgoing(_command(2), first), (_settled(1),))
    assert outbox.waiting((METER,)) == (first,)


def test_a_message_of_a_form_that_is_gone_is_not_made_up(store: Callable[[], Store]) -> None:
    """Somebody threw the forms away: what was kept of them cannot be read, and that is said."""
    forms = SqlForms(store())
    (column,) = forms.columns((Formed(form=FORM, filling=b"twoof"),))
    assert forms.columns((b"\xdf whole",)) == [b"\xdf whole"]
    store().write(lambda connection: connection.exec_driver_sql("DELETE FROM message_form"))
    with pytest.raises(Inconsistent, match="is not there, and messages of it are"):
        SqlForms(store()).message(column)


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
