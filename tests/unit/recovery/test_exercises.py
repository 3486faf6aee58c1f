"""The list of a live exercise is named by its digest, whoever works it out."""

from hashlib import sha256
from typing import Final

import pytest

from smki.recovery.exercises import ListDigest, digest_of, list_named
from smki.terms import EUI64

DEVICES: Final = tuple(EUI64((0xA0 + number).to_bytes(8, "big")) for number in range(3))
LINES: Final = "00-00-00-00-00-00-00-A0\n00-00-00-00-00-00-00-A1\n00-00-00-00-00-00-00-A2\n"


@pytest.mark.clause("sec:L10")
def test_the_digest_is_of_the_sorted_lines() -> None:
    """As `sort` and `sha256sum` have it, in whatever order devices are; one after the other as well."""
    wanted = sha256(LINES.encode()).hexdigest()
    assert digest_of(reversed(DEVICES)) == wanted
    one_by_one = ListDigest()
    for device in DEVICES:
        one_by_one.add(device)
    assert one_by_one.digits() == wanted
    assert digest_of(DEVICES[:2]) != wanted


@pytest.mark.parametrize(
    "incident", ["INC-7", "@" + "a" * 64, "EX@" + "A" * 64, "EX@" + "a" * 63, "EX@" + "a" * 65]
)
def test_an_incident_names_no_list(incident: str) -> None:
    """Nothing before the digest, other digits, or not so many of them: it is a name like another."""
    assert list_named(incident) == ""


@pytest.mark.clause("sec:L10")
def test_an_exercise_names_its_list() -> None:
    """What stands after the last '@'."""
    assert list_named("EX@1@" + "a1" * 32) == "a1" * 32
