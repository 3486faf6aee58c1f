from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from smki.authority import JournalSeal, restore
from smki.ports import JournalEntry
from smki.steps import Prepared
from smki.terms import Inconsistent

SEAL = JournalSeal(b"k" * 32)
Write = Callable[[JournalSeal], JournalEntry]


@pytest.mark.clause("sec-app-b:4.3")
def test_what_was_written_is_restored(written: Write, prepared: tuple[Prepared, ...]) -> None:
    """Requests of every form, serials, TBSCertificates, annex and size come back as they were."""
    journalled, annex, size = restore(written(SEAL), SEAL)
    assert (journalled.journal, annex, size) == (7, b"the plan", 5)
    assert journalled.prepared == prepared


@pytest.mark.clause("sec-app-b:4.3")
def test_a_changed_octet_is_noticed(written: Write) -> None:
    """Whichever octet of an entry is another one, the entry is not ours any more."""
    entry = written(SEAL)
    for at in range(len(entry.intents)):
        changed = bytearray(entry.intents)
        changed[at] ^= 1
        with pytest.raises(Inconsistent, match="nothing is signed"):
            restore(replace(entry, intents=bytes(changed)), SEAL)


@pytest.mark.clause("sec-app-b:4.3")
@pytest.mark.parametrize(
    "change",
    [
        {"batch": 4},
        {"batch": None},
        {"chunk": 0},
        {"intents": b""},
        {"intents": bytes(31)},
    ],
)
def test_an_entry_belongs_to_its_place(written: Write, change: dict[str, Any]) -> None:
    """Moved to another batch or chunk, or cut, an entry is not ours any more."""
    moved = replace(written(SEAL), **change)
    with pytest.raises(Inconsistent, match="journal entry 7: its seal does not hold"):
        restore(moved, SEAL)


@pytest.mark.clause("sec-app-b:4.3")
def test_a_seal_of_another_key_does_not_hold(written: Write) -> None:
    """Who can write entries, but has not our key, cannot make one that is signed."""
    with pytest.raises(Inconsistent, match="its seal does not hold"):
        restore(written(JournalSeal(b"x" * 32)), SEAL)


def test_a_seal_does_not_show_its_key() -> None:
    """What is printed of a seal tells its length and nothing else."""
    assert repr(SEAL) == "JournalSeal(32 octets, not shown)"
