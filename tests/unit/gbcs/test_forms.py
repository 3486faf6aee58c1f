"""Messages that are alike but for gaps."""

import pytest

from smki.terms import Inconsistent
from smki.wire.gbcs.forms import Form, Formed, Likeness, begins, form_between, whole

FORM = Form(pieces=(b"to ", b", number ", b"."), gaps=(2, 3))


def test_a_form_is_found_between_two_messages_that_differ_in_every_octet_of_a_gap() -> None:
    """At the beginning, in the middle, and at the end; two that are alike have no gap."""
    assert form_between(b"to AA, number 111.", b"to BB, number 222.") == FORM
    ends = form_between(b"11 of 11", b"22 of 22")
    assert ends == Form(pieces=(b"", b" of ", b""), gaps=(2, 2))
    assert form_between(b"alike", b"alike") == Form(pieces=(b"alike",), gaps=())
    with pytest.raises(Inconsistent, match="messages of 1 and of 2 octets have none"):
        form_between(b"1", b"22")


def test_a_message_is_its_form_with_the_gaps_filled() -> None:
    """Each gap by as many octets as it has, neither more nor fewer."""
    filling = (b"us", b"007")
    assert FORM.filled(filling) == b"to us, number 007."
    assert FORM.parted(b"us007") == filling
    assert whole(Formed(form=FORM, filling=filling)) == b"to us, number 007."
    assert whole(b"as it is") == b"as it is"
    for wrong in ((b"us",), (b"u", b"s007"), (b"us", b"007", b"")):
        with pytest.raises(Inconsistent, match=r"gaps of \(2, 3\) are filled by"):
            FORM.filled(wrong)
    with pytest.raises(Inconsistent, match="are filled by 4 octets"):
        FORM.parted(b"us00")
    with pytest.raises(Inconsistent, match="1 pieces round 2 gaps"):
        Form(pieces=(b"",), gaps=(1, 2))


@pytest.mark.parametrize("message", [b"to us, number 007.", None], ids=["whole", "formed"])
def test_with_what_a_message_begins_is_told_without_the_rest(message: bytes | None) -> None:
    """Of a whole one and of one that is kept as its form, up to its end."""
    given = message or Formed(form=FORM, filling=(b"us", b"007"))
    for opening in (b"", b"to us", b"to us, num", b"to us, number 007", b"to us, number 007."):
        assert begins(given, opening)
    for opening in (b"to me", b"to us, number 008", b"to us, number 007. "):
        assert not begins(given, opening)


def test_messages_of_a_form_are_told_by_one_comparison() -> None:
    """Whatever is in the gaps; not with another piece, and not longer or shorter."""
    likeness = Likeness(FORM)
    for filling in ((b"us", b"007"), (bytes(2), bytes(3)), (b"\xff\xff", b"\xff\xff\xff")):
        assert likeness.holds(FORM.filled(filling))
    for other in (b"to us, number 007!", b"\x00to us, number 007.", b"o us, number 007.", b""):
        assert not likeness.holds(other)
    zeros = Likeness(Form(pieces=(b"\x00\x00", b""), gaps=(1,)))
    assert zeros.holds(b"\x00\x00\x01")
    assert not zeros.holds(b"\x00\x01\x01")
