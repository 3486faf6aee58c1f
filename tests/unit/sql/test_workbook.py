import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from smki.adapters.sql import Database
from smki.ports import Batch, CertificateRow, ChunkOutcome, ItemOutcome, JournalEntry
from smki.terms import BatchStatus, Inconsistent

RowMaker = Callable[..., CertificateRow]
AT = datetime(2026, 11, 21, 4, 5, 6, 789012, tzinfo=UTC)


def _add(database: Database, document: str, *, party: str = "acme") -> tuple[Batch, bool]:
    return database.workbook.add_batch(
        party=party,
        document_id="ID1",
        digest=document.encode().ljust(32, b"."),
        document=document,
        items=4,
        status=BatchStatus.PENDING,
        at=AT,
    )


_ADD_SIXTEEN = """
import json, sys
from datetime import UTC, datetime
from smki.adapters.sql import open_database
from smki.terms import BatchStatus
answers = []
with open_database(sys.argv[1]) as database:
    for number in range(16):
        batch, new = database.workbook.add_batch(
            party="acme", document_id="ID1", digest=bytes([number]) * 32, document=str(number),
            items=4, status=BatchStatus.PENDING, at=datetime(2026, 11, 21, tzinfo=UTC))
        answers.append((batch.document, batch.number, new))
print(json.dumps(answers))
"""


def _outcome(batch: int, chunk: int, first: int) -> ChunkOutcome:
    outcomes = (
        ItemOutcome(item=f"R{first}", entry=first),
        ItemOutcome(item=f"R{first + 1}", entry=None, code="E1", text='no "ключ" \ud800'),
    )
    return ChunkOutcome(batch=batch, chunk=chunk, outcomes=outcomes)


def test_add_batch(database: Database) -> None:
    """A batch is kept as it was given, numbered from 1 without gaps, its instant in UTC."""
    first, new = _add(database, "one")
    assert new
    assert first == Batch(
        number=1,
        party="acme",
        document_id="ID1",
        digest=b"one".ljust(32, b"."),
        document="one",
        items=4,
        done=0,
        status=BatchStatus.PENDING,
        error="",
        received_at=AT,
        finished_at=None,
    )
    assert first.received_at.tzinfo is UTC
    assert database.workbook.batch(1) == first
    assert database.workbook.batch(2) is None
    assert _add(database, "one") == (first, False)
    assert _add(database, "one", party="other")[0].number == 2
    assert _add(database, "two")[0].number == 3


def test_added_at_once_by_threads(database: Database) -> None:
    """Of threads that add the same batches at once one is first, all get its number, no gaps."""
    documents = [f"document {number // 4}" for number in range(16)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda document: _add(database, document), documents))
    assert sum(new for _, new in answers) == 4
    assert [batch.document for batch, _ in answers] == documents
    assert {batch.number for batch, _ in answers} == {1, 2, 3, 4}
    assert len({(batch.number, batch.document) for batch, _ in answers}) == 4


def test_added_at_once_by_processes(database: Database, url: str) -> None:
    """Of processes that add the same batches at once one is first, both get its number."""
    command = [sys.executable, "-c", _ADD_SIXTEEN, url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [answer for one in running for answer in json.loads(one.communicate()[0])]
    assert [one.returncode for one in running] == [0, 0]
    assert sum(new for _, _, new in answers) == 16
    numbers = {(document, number) for document, number, _ in answers}
    assert len(numbers) == 16
    assert {number for _, number in numbers} == set(range(1, 17))


def test_status(database: Database) -> None:
    """States change one batch only, final ones with their instant; lists are oldest first."""
    for document in ("one", "two", "three"):
        _add(database, document)
    book = database.workbook
    book.set_status(2, BatchStatus.PROCESSING)
    book.set_status(3, BatchStatus.FORMAT_ERROR, error="E2 bad", at=AT + timedelta(hours=1))
    done = book.batch(3)
    assert done is not None
    assert (done.status, done.error) == (BatchStatus.FORMAT_ERROR, "E2 bad")
    assert done.finished_at == AT + timedelta(hours=1)
    wanted = (BatchStatus.PROCESSING, BatchStatus.PENDING)
    assert [batch.number for batch in book.batches(wanted)] == [1, 2]
    assert book.batches((BatchStatus.TAMPERED,)) == ()
    assert book.batches(()) == ()
    with pytest.raises(Inconsistent, match="batch 9: there is none"):
        book.set_status(9, BatchStatus.PARSING)


def test_instants(database: Database) -> None:
    """An instant of another zone is the same instant in UTC; one without a zone is refused."""
    _add(database, "one")
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    database.workbook.set_status(1, BatchStatus.COMPLETED, at=elsewhere)
    batch = database.workbook.batch(1)
    assert batch is not None
    assert batch.finished_at == AT
    assert batch.finished_at.tzinfo is UTC
    with pytest.raises(Inconsistent, match="no zone"):
        database.workbook.forget(AT.replace(tzinfo=None))


def test_journal(database: Database, row: RowMaker) -> None:
    """Intents are there until closed; numbers are not given twice; closing twice is closing."""
    _add(database, "one")
    book = database.workbook
    assert book.open_entry(batch=1, chunk=3, intents=b"\x00\xff") == 1
    assert book.open_entry(batch=None, chunk=0, intents=b"") == 2
    assert book.open_entries() == (
        JournalEntry(number=1, batch=1, chunk=3, intents=b"\x00\xff"),
        JournalEntry(number=2, batch=None, chunk=0, intents=b""),
    )
    for _ in range(2):
        book.close(2, rows=(row(0), row(1)), size=2)
        assert [entry.number for entry in book.open_entries()] == [1]
        assert (database.index.count(), database.index.size()) == (2, 2)
    assert book.open_entry(batch=None, chunk=0, intents=b"x") == 3


def test_unknown_entry(database: Database, row: RowMaker) -> None:
    """Closing what was never opened, or opening for no batch, is a contradiction."""
    for number in (0, 1):
        with pytest.raises(Inconsistent, match="never opened"):
            database.workbook.close(number, rows=(row(0),), size=1)
    assert database.index.count() == 0
    with pytest.raises(Inconsistent, match="database: "):
        database.workbook.open_entry(batch=5, chunk=0, intents=b"x")
    assert database.workbook.open_entries() == ()


def test_close_is_one_transaction(database: Database, row: RowMaker) -> None:
    """If any part of closing fails, nothing of it happened."""
    _add(database, "one")
    book = database.workbook
    number = book.open_entry(batch=1, chunk=0, intents=b"x")
    too_many = ChunkOutcome(
        batch=1, chunk=0, outcomes=tuple(ItemOutcome(item=str(i), entry=i) for i in range(5))
    )
    with pytest.raises(Inconsistent, match="database: "):
        book.close(number, rows=(row(0),), size=1, outcome=too_many)
    assert len(book.open_entries()) == 1
    assert (database.index.count(), database.index.size()) == (0, 0)
    assert tuple(book.outcomes(1)) == ()


def test_outcomes(database: Database, row: RowMaker) -> None:
    """Outcomes come out in the order of chunks; a chunk that is there already is left."""
    _add(database, "one")
    book = database.workbook
    book.close(None, rows=(), size=0, outcome=_outcome(1, 1, 2))
    book.close(None, rows=(row(0),), size=1, outcome=_outcome(1, 0, 0))
    book.close(None, rows=(), size=1, outcome=_outcome(1, 0, 8))
    expected = _outcome(1, 0, 0).outcomes + _outcome(1, 1, 2).outcomes
    assert tuple(book.outcomes(1)) == expected
    assert tuple(book.outcomes(2)) == ()
    batch = book.batch(1)
    assert batch is not None
    assert batch.done == 4
    assert [one.status.value for one in database.index.rows()] == ["I"]
    with pytest.raises(Inconsistent, match="database: "):
        book.close(None, rows=(), size=1, outcome=_outcome(7, 0, 0))


@pytest.mark.parametrize("octets", [b"", b"{}", b"[[1],[],{}]", b"\xff", b'[["a"],[1],{"0":[1]}]'])
def test_damaged_outcomes(database: Database, octets: bytes) -> None:
    """Outcomes that cannot be read are a contradiction, whatever the octets."""
    _add(database, "one")
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO work_chunk (batch, chunk, outcomes) VALUES (1, 0, :octets)"),
            {"octets": octets},
        )
    with pytest.raises(Inconsistent, match="cannot be read"):
        tuple(database.workbook.outcomes(1))


def test_forget(database: Database) -> None:
    """Batches that finished before the instant are gone with their outcomes, no others."""
    book = database.workbook
    for number, document in enumerate(("one", "two", "three"), 1):
        _add(database, document)
        book.close(None, rows=(), size=0, outcome=_outcome(number, 0, 0))
    book.set_status(1, BatchStatus.COMPLETED, at=AT)
    book.set_status(2, BatchStatus.COMPLETED, at=AT + timedelta(microseconds=1))
    assert book.forget(AT) == ()
    assert book.forget(AT + timedelta(microseconds=1)) == ("one",)
    assert book.batch(1) is None
    assert tuple(book.outcomes(1)) == ()
    assert len(tuple(book.outcomes(2))) == 2
    assert _add(database, "one")[0].number == 4


def test_notes(database: Database) -> None:
    """A note says what was noted last."""
    assert database.workbook.noted("journey") is None
    database.workbook.note("journey", "begun")
    database.workbook.note("journey", "finished")
    assert database.workbook.noted("journey") == "finished"
