"""What the thief of a rehearsal did is kept between its steps, and gone on with as it was."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smki.interfaces.rehearsal.attacking import keep_tally, tally_in
from smki.recovery.attacks import Abuse, Tally
from smki.terms import EUI64, Inconsistent, Malformed


def test_what_he_did_is_gone_on_with(tmp_path: Path) -> None:
    """Before he began it is nothing; then it is what was kept."""
    run: Any = SimpleNamespace(path=tmp_path.joinpath)
    attacker: Any = SimpleNamespace(scheduled={b"payload"})
    assert tally_in(run) == Tally()
    tally = Tally()
    tally.note(Abuse.READS, EUI64(bytes(8)), obeyed=True, effects=frozenset())
    keep_tally(run, attacker, tally)
    assert tally_in(run) == tally


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"[]", "not as it was written"),
        (b'{"scheduled":[]}', "not as it was written"),
        (b'{"scheduled":"ab","tally":{}}', "not as it was written"),
        (b'{"scheduled":["x"],"tally":{}}', "not as it was written"),
        (b'{"scheduled":[],"tally":{}}', "keys , must be had, obeyed, sent"),
    ],
)
def test_what_was_changed_is_not_taken_for_nothing(
    tmp_path: Path, octets: bytes, said: str
) -> None:
    """A tally that somebody changed is told, and never counted anew from nothing."""
    (tmp_path / "attack").mkdir()
    (tmp_path / "attack" / "tally.json").write_bytes(octets)
    run: Any = SimpleNamespace(path=tmp_path.joinpath)
    with pytest.raises((Inconsistent, Malformed), match=said):
        tally_in(run)
