"""What is refused is kept, and fits on its way to whoever lodges it."""

from hashlib import sha256
from typing import Final

import pytest

from smki.flows.notifying import CONTENT_KEPT, REFUSED, keep_refusal
from smki.interfaces.link import LINE_MAX_OCTETS
from smki.merkle.canonical import parse_json
from smki.recovery.notices import PARCEL_MAX_OCTETS
from smki.terms import Finding, Malformed, Refused, SmkiError

TWO: Final = Refused(
    findings=(
        Finding(rule="a", message="one is wrong", where="x", clause="sec-app-l:2"),
        Finding(rule="b", message="so is another", where="y", clause="sec-app-l:2"),
    )
)


@pytest.mark.clause("sec-app-l:2")
@pytest.mark.parametrize(
    ("octets", "error", "reasons", "kept"),
    [
        (b"\x30\x03abc", Malformed("parcel: not one", clause="sec-app-l:2"), 1, True),
        (bytes(CONTENT_KEPT), TWO, 2, True),
        (bytes(CONTENT_KEPT + 1), TWO, 2, False),
    ],
)
def test_every_reason_is_kept_with_what_came(
    octets: bytes, error: SmkiError, reasons: int, *, kept: bool
) -> None:
    """Each reason, digest and length always; the octets themselves unless there are too many."""
    lodged: dict[str, bytes] = {}

    def confide(name: str, content: bytes) -> int:
        lodged[name] = content
        return 7

    assert keep_refusal(octets, error, confide) == 7
    said = parse_json(lodged[REFUSED], "refusal")
    assert isinstance(said, dict)
    assert len(said["reasons"]) == reasons
    assert (said["length"], said["sha256"]) == (len(octets), sha256(octets).hexdigest())
    assert bool(said["came"]) is kept
    assert 4 * (len(lodged[REFUSED]) + 4_096) < 3 * LINE_MAX_OCTETS


def test_what_is_taken_fits_on_its_way_too() -> None:
    """A parcel of the largest size, in base64, is below what a line to the worker takes."""
    assert 4 * (PARCEL_MAX_OCTETS + 4_096) < 3 * LINE_MAX_OCTETS
