"""The corpus, tried again without a fuzzer: each input holds, also those that once did not."""

import pytest
from tests.fuzz.claims import Broken, read
from tests.fuzz.corpus import FOLDER, TARGETS, inputs

from smki.terms import Malformed


@pytest.mark.clause("gbcs:7.2.7", "gbcs:GBT", "x690:8.1.3")
@pytest.mark.parametrize("target", TARGETS)
def test_every_input_that_was_kept_holds(target: str) -> None:
    """A value or the one family of errors, the same octets again, one reading."""
    for octets in inputs(target):
        TARGETS[target](octets)


def test_every_target_has_inputs_and_every_input_a_target() -> None:
    """A decoder that is not tried, or a file that nobody tries, would be seen."""
    assert {path.stem for path in FOLDER.glob("*.hex")} == set(TARGETS)
    assert all(inputs(target) for target in TARGETS)


def _crash(octets: bytes) -> bytes:
    return octets[octets[0] :]


def _refuse(octets: bytes) -> bytes:
    raise Malformed(f"{len(octets)} octets")


def test_a_claim_that_does_not_hold_is_told() -> None:
    """What raises, what is written otherwise, what is refused without a word: none passes."""
    with pytest.raises(IndexError):
        read(_crash, b"")
    with pytest.raises(Broken, match="written again: 00"):
        read(bytes, b"\x01", encode=lambda _: b"\x00")
    assert read(_refuse, b"") is None
    assert read(bytes, b"\x01", encode=bytes) == b"\x01"
