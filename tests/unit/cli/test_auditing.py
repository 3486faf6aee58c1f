"""What is wrong is found the same, whoever looks through the index, and however many."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from smki.adapters.auditors import Auditors
from smki.adapters.record import Problem, audit
from smki.bootstrap import load_settings, open_front, open_record
from smki.bootstrap.auditing import open_auditing
from smki.merkle.identity_map import encode_root
from smki.merkle.leaf import LeafType, encode_leaf
from smki.repository import Looked, Looker, audit_roots, compare_index, lodge_root
from smki.terms import EUI64, Inconsistent, Unavailable

INVENT = (
    "INSERT INTO index_certificate SELECT ?, ?, 6, ?, NULL, ?, 1, ?, not_after, lodged_at,"
    " manufacturing, subscriber FROM index_certificate WHERE entry = 5"
)
DAMAGES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("UPDATE index_certificate SET not_after = 5 WHERE entry = 4", ()),
    ("UPDATE index_certificate SET status = 5 WHERE entry = 6", ()),
    ("UPDATE index_certificate SET status = 3 WHERE entry = 7", ()),
    ("DELETE FROM index_certificate WHERE entry = 3", ()),
    # of devices that the record does not know: statuses that cannot be, and one that can
    *(
        (INVENT, (900 + number, number.to_bytes(16, "big"), device, usage, status))
        for number, (device, usage, status) in enumerate(
            ((7, 1, 2), (7, 1, 2), (-8, 2, 3), (9, 1, 3), (9, 1, 2), (9, 2, 2)), start=1
        )
    ),
)


def distrust(work: Any, asked: Iterable[Any]) -> Iterator[Any]:
    """Says of nothing that it is as it must be; of devices all, in the database's order."""
    if work is Looker.look:
        return (Looked(same=False) for _ in asked)
    return iter([[EUI64((n % (1 << 64)).to_bytes(8, "big")) for n in (-8, 7, 9)]])


def test_the_same_is_found_by_any_number_of_processes(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged index: row by row with care, quickly, and by two processes, in the same order."""
    monkeypatch.setattr("smki.repository.comparing._TOGETHER", 8)
    settings = load_settings({"SMKI_STATE": str(house.state)})
    file = settings.database_url.removeprefix("sqlite:///")
    with open_front(settings) as front, open_auditing(settings, 2) as auditing:
        two = auditing.index
        assert two is not None
        given = (front.reader, front.index, front.describe)
        assert list(compare_index(*given, each=two)) == []
        with closing(sqlite3.connect(file)) as database, database:
            for damage in DAMAGES:
                database.execute(*damage)
        careful = list(compare_index(*given, each=distrust))
        assert list(compare_index(*given)) == careful
        assert list(compare_index(*given, each=two)) == careful
        for said in ("entry 4: not_after", "entry 6: status R", "entry 7: status N", "entry 3: is"):
            assert any(said in one for one in careful), careful
        assert [one for one in careful if "status" in one and "entry 90" in one] == [
            "index: entry 903: status N, must be I as the record has it",
            "index: entry 901: status I, must be N as the record has it",
        ]


def test_what_stops_one_stops_all(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is damaged is said in its place by two processes as by one."""
    monkeypatch.setattr("smki.repository.comparing._TOGETHER", 8)
    settings = load_settings({"SMKI_STATE": str(house.state)})
    bundles = (house.state / "record" / "tile" / "entries").rglob("000.p/*")
    bundle = max(bundles, key=lambda path: int(path.name))
    octets = bytearray(bundle.read_bytes())
    octets[-1] ^= 1
    bundle.write_bytes(octets)
    messages = []
    with open_front(settings) as front, open_auditing(settings, 2) as auditing:
        for look in (None, auditing.index):
            with pytest.raises(Inconsistent, match="record: ") as caught:
                list(compare_index(front.reader, front.index, front.describe, None, look))
            messages.append(str(caught.value))
    assert messages[0] == messages[1]


@pytest.mark.clause("c2sp:tlog-tiles")
def test_record_and_roots_are_audited_by_processes_as_by_one(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root that lies and a bundle that was changed are named in the same words."""
    monkeypatch.setattr("smki.repository.auditing._TOGETHER", 8)
    settings = load_settings({"SMKI_STATE": str(house.state)})
    with open_record(settings, {}) as (front, record):
        size = record.checkpoint().size
        lodge_root(record, encode_root(size, bytes(32)), front.clock.now())
        note, _ = encode_leaf(LeafType.STATUS_NOTE, b"{}", 0)
        record.append([note] * 5_000)
    bundle = house.state / "record" / "tile" / "entries" / "003"
    whole = bundle.read_bytes()

    def found(processes: int) -> tuple[list[Any], list[str]]:
        with open_front(settings) as front, open_auditing(settings, processes) as auditing:
            problems = audit(settings.path("record"), settings.log_vkey, auditing.record)
            wrong = [one for one in problems if isinstance(one, Problem)]
            try:
                return wrong, [*audit_roots(front.reader, auditing.shelves, auditing.roots)]
            except Inconsistent as error:
                return wrong, [str(error)]

    assert found(2) == found(1)
    assert "lies: it says 000000" in found(1)[1][0]
    bundle.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    assert found(2) == found(1)
    problems, _ = found(1)
    assert [one.file for one in problems if "was changed" in one.message] == ["tile/entries/003"]


def test_a_process_that_ends_is_told() -> None:
    """It is no finding: the audit could not be made, and can be made again."""
    ends: Any = partial(os._exit, 1)
    with Auditors(ends, 1) as each, pytest.raises(Unavailable, match="ended before its work"):
        list(each(max, [1]))
