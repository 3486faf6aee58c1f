"""What other processes need to carry a campaign, as octets."""

import random
from dataclasses import replace
from typing import Any, Final

import pytest
from tests.support.recovering import CONTINGENCY, MODES, RECOVERY, new_world, told_by

from smki.recovery import Materials
from smki.recovery.arranging import Arranged, Floor, arranged, encode_arranged, parse_arranged
from smki.terms import EUI64, Malformed, RemotePartyRole
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode, TimeBasedChecks

WORLD: Final = new_world()
MADE: Final = {mode: WORLD.materials(mode) for mode in MODES}


def _arranged(materials: Materials) -> Arranged:
    return arranged(
        materials,
        told_by(materials.certificates),
        originator=EUI64(b"originat"),
        reader=EUI64(b"accessbr"),
        signing_key=b"public key",
        broker=b"certificate",
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.clause("sec:L10")
def test_another_process_has_the_same_materials(mode: CredentialsReplacementMode) -> None:
    """What is read is what was kept, floors and checks too; the symmetric key comes from elsewhere."""
    materials = replace(
        MADE[mode],
        floors={RemotePartyRole.SUPPLIER: 1 << 40, RemotePartyRole.RECOVERY: 7},
        top_up_floor=9,
        time_based_checks=TimeBasedChecks.DISAPPLY,
    )
    kept = _arranged(materials)
    read = parse_arranged(encode_arranged(kept))
    assert read == kept
    assert read.materials(materials.symmetric_key) == materials
    assert read.placed == told_by(materials.certificates)
    assert read.in_custody
    assert read.wants_symmetric_key is (mode is CONTINGENCY)


def test_no_secret_is_written() -> None:
    """Two arrangements that differ in the symmetric key alone are the same octets."""
    materials = MADE[CONTINGENCY]
    other = replace(materials, symmetric_key=b"another key 16 o")
    assert encode_arranged(_arranged(materials)) == encode_arranged(_arranged(other))
    with pytest.raises(Malformed, match="symmetric key"):
        _arranged(materials).materials()
    with pytest.raises(Malformed, match="symmetric key"):
        _arranged(MADE[RECOVERY]).materials(bytes(16))


def test_cells_that_stay_are_told_but_not_placed() -> None:
    """A cell that is read back and not replaced has no certificate in the materials."""
    materials = MADE[RECOVERY]
    cells = sorted(materials.certificates, key=lambda cell: (cell.role, cell.key_usage))
    fewer = replace(materials, certificates={cells[0]: materials.certificates[cells[0]]})
    kept = arranged(
        fewer,
        told_by(materials.certificates),
        originator=EUI64(b"originat"),
        reader=EUI64(b"accessbr"),
        signing_key=b"",
        broker=b"",
    )
    assert parse_arranged(encode_arranged(kept)).materials() == fewer
    assert len(kept.placed) == len(materials.certificates)


def test_any_other_octets_are_malformed() -> None:
    """Cut short or changed: refused, or another arrangement that is spelt its own way."""
    octets = encode_arranged(_arranged(MADE[RECOVERY]))
    chance = random.Random(5)  # noqa: S311 -- chooses what is spoilt
    for _ in range(150):
        with pytest.raises(Malformed):
            parse_arranged(octets[: chance.randrange(len(octets))])
        at = chance.randrange(len(octets))
        spoilt = octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]
        try:
            assert encode_arranged(parse_arranged(spoilt)) == spoilt
        except Malformed:
            continue


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": 77}, "77"),
        ({"time_based_checks": 5}, "5 is not a valid"),
        ({"cells": ()}, "arrangement|root|cell"),
    ],
)
def test_what_cannot_be_placed_is_malformed(change: dict[str, Any], said: str) -> None:
    """Unknown modes and checks, and no cell at all."""
    value = replace(_arranged(MADE[CONTINGENCY]), **change)
    with pytest.raises(Malformed, match=said):
        parse_arranged(encode_arranged(value))


def test_a_cell_stands_once_and_in_order() -> None:
    """Who writes it another way is refused: there is one spelling."""
    value = _arranged(MADE[CONTINGENCY])
    for cells in (value.cells[::-1], (*value.cells, value.cells[-1])):
        with pytest.raises(Malformed, match="twice or out of order"):
            parse_arranged(encode_arranged(replace(value, cells=cells)))


def test_a_role_counts_from_one_floor() -> None:
    """A role whose floor is told twice, or out of order, is refused: which one counted?"""
    value = _arranged(MADE[CONTINGENCY])
    first, last = Floor(role=1, floor=5), Floor(role=2, floor=5)
    assert parse_arranged(encode_arranged(replace(value, floors=(first, last)))).floors[1] == last
    for floors in ((last, first), (first, first)):
        with pytest.raises(Malformed, match="roles twice or out of order"):
            parse_arranged(encode_arranged(replace(value, floors=floors)))


@pytest.mark.parametrize("name", ["unique_id", "key_identifier"])
def test_what_a_cell_is_told_by_has_its_length(name: str) -> None:
    """An identifier that no device could answer with is refused."""
    value = _arranged(MADE[CONTINGENCY])
    first, *others = value.cells
    wrong: dict[str, Any] = {name: bytes(7)}
    with pytest.raises(Malformed, match="identifiers must have 8 octets each"):
        parse_arranged(encode_arranged(replace(value, cells=(replace(first, **wrong), *others))))
