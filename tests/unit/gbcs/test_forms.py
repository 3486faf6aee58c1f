"""Messages that are alike but for gaps."""

import pytest

from smki.terms import Inconsistent
from smki.wire.gbcs.forms import Form, Formed, Likeness, form_between, whole

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
    """By as many octets as the gaps have, neither more nor fewer."""
    assert FORM.filled(b"us007") == b"to us, number 007."
    assert whole(Formed(form=FORM, filling=b"us007")) == b"to us, number 007."
    assert whole(b"as it is") == b"as it is"
    for wrong in (b"us", b"us00", b"us0070", b""):
        with pytest.raises(Inconsistent, match=r"gaps of \(2, 3\) are filled by"):
            FORM.filled(wrong)
    with pytest.raises(Inconsistent, match="1 pieces round 2 gaps"):
        Form(pieces=(b"",), gaps=(1, 2))


def test_messages_of_a_form_are_told_by_one_comparison() -> None:
    """Whatever is in the gaps; not with another piece, and not longer or shorter."""
    likeness = Likeness(FORM)
    for filling in (b"us007", bytes(5), b"\xff\xff\xff\xff\xff"):
        assert likeness.holds(FORM.filled(filling))
    for other in (b"to us, number 007!", b"\x00to us, number 007.", b"o us, number 007.", b""):
        assert not likeness.holds(other)
    zeros = Likeness(Form(pieces=(b"\x00\x00", b""), gaps=(1,)))
    assert zeros.holds(b"\x00\x00\x01")
    assert not zeros.holds(b"\x00\x01\x01")
