"""Notes of requests: none is lost by a kill, none is given twice, and what goes wrong is counted."""

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from smki.adapters import use_notes
from smki.adapters.use_notes import UseNoteFiles
from smki.ports import Use
from smki.terms import RequestType, Unavailable

USE = Use(
    at=1_763_700_000_000,
    request_type=RequestType.SEARCH,
    key=b"k" * 32,
    reference="1763700000000-0123456789",
    asked="device 90-B3-D5-1F-30-01-00-0A",
    code=200,
    results=2,
)


def _numbered(number: int) -> Use:
    return replace(USE, reference=f"1763700000000-{number:010x}")


class Taker:
    """Takes portions, or fails when it is told to."""

    def __init__(self) -> None:
        self.portions: list[tuple[int, Sequence[Use]]] = []
        self.fails = False

    @property
    def known(self) -> int:
        """The last portion."""
        return self.portions[-1][0] if self.portions else 0

    def __call__(self, number: int, uses: Sequence[Use]) -> None:
        """A portion."""
        if self.fails:
            raise Unavailable("the database is away")
        self.portions.append((number, uses))


@pytest.mark.clause("sec-app-o:web-service")
def test_what_is_noted_is_given_once(tmp_path: Path) -> None:
    """As it was noted, in portions with rising numbers; it can be read before."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()
    assert notes.pending() == ()
    notes.take(0, taker)
    notes.note(USE)
    portal = Use(at=5, request_type=RequestType.PORTAL, party="acmé")
    notes.note(portal)
    assert UseNoteFiles(tmp_path / "uses").pending() == (USE, portal)  # as another process
    notes.take(taker.known, taker)
    notes.note(_numbered(1))
    notes.take(taker.known, taker)
    notes.take(taker.known, taker)
    assert taker.portions == [(1, (USE, portal)), (2, (_numbered(1),))]
    assert notes.pending() == ()
    assert list((tmp_path / "uses").iterdir()) == []
    notes.close()


@pytest.mark.clause("sec-app-o:web-service")
def test_what_could_not_be_taken_is_given_again(tmp_path: Path) -> None:
    """With the database away notes wait and can be read, in their order."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()
    taker.fails = True
    for number in range(3):
        notes.note(_numbered(number))
        with pytest.raises(Unavailable, match="away"):
            notes.take(0, taker)
    assert notes.pending() == tuple(map(_numbered, range(3)))
    taker.fails = False
    notes.take(0, taker)
    assert [use for _, uses in taker.portions for use in uses] == list(map(_numbered, range(3)))
    notes.close()


@pytest.mark.clause("sec-app-o:web-service")
def test_a_portion_that_was_taken_before_the_end_is_not_given_again(tmp_path: Path) -> None:
    """Killed between the database and the folder, the file is known by its number, and goes."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()
    notes.note(USE)
    taker.fails = True
    with pytest.raises(Unavailable):
        notes.take(4, taker)
    assert [path.name for path in (tmp_path / "uses").iterdir()] == ["5.closed"]
    taker.fails = False
    UseNoteFiles(tmp_path / "uses").take(5, taker)
    assert (taker.portions, notes.pending()) == ([], ())
    notes.close()


@pytest.mark.clause("sec-app-o:web-service")
def test_killed_it_loses_nothing_that_was_noted(tmp_path: Path) -> None:
    """A process that is killed right after a note, with no chance to close anything."""
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from smki.adapters.use_notes import UseNoteFiles; from smki.ports import Use;"
        "from smki.terms import RequestType;"
        "notes = UseNoteFiles(Path(sys.argv[1]));"
        "notes.note(Use(at=7, request_type=RequestType.SFTP, party='acme'));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "uses")], check=False, timeout=60
    )
    assert done.returncode == -9
    noted = Use(at=7, request_type=RequestType.SFTP, party="acme")
    assert UseNoteFiles(tmp_path / "uses").pending() == (noted,)


@pytest.mark.clause("sec-app-o:web-service")
def test_threads_at_once(tmp_path: Path) -> None:
    """Notes of several threads, taken up meanwhile: each once."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()

    def work(number: int) -> None:
        notes.note(_numbered(number))
        if number % 50 == 0:
            notes.take(0, taker)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(400)))
    notes.take(0, taker)
    given = [use.reference for _, uses in taker.portions for use in uses]
    assert sorted(given) == [_numbered(number).reference for number in range(400)]
    notes.close()


@pytest.mark.clause("sec-app-o:web-service")
def test_what_cannot_be_noted_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full folder or disk never stops an answer; a line half written is taken back."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()
    monkeypatch.setattr(use_notes, "MOST_OCTETS", 400)
    for _ in range(5):
        notes.note(USE)
    assert (len(notes.pending()), notes.lost(), notes.lost()) == (1, 3, 0)  # two, both alike
    monkeypatch.undo()
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, octets: write(descriptor, octets[:20]))
    notes.note(USE)
    monkeypatch.setattr(os, "write", _full)
    notes.note(USE)
    assert notes.lost() == 2
    monkeypatch.undo()
    notes.note(_numbered(9))
    notes.take(0, taker)
    assert taker.portions == [(1, (USE, USE, _numbered(9)))]
    notes.close()


def _full(descriptor: int, octets: bytes) -> int:
    raise OSError(errno.ENOSPC, "no space left", descriptor, octets)


@pytest.mark.clause("sec-app-o:web-service")
def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    """What a cut of the power left of a line takes no other with it."""
    notes, taker = UseNoteFiles(tmp_path / "uses"), Taker()
    notes.note(USE)
    notes.close()
    path = tmp_path / "uses" / "open"
    path.write_bytes(b"[1,2]\n\x00\x00\n" + path.read_bytes() + b'{"a":1}\n[5,"por')
    notes.take(0, taker)
    assert taker.portions == [(1, (USE,))]
    (tmp_path / "uses" / "1.closed").mkdir()
    with pytest.raises(Unavailable, match="cannot be taken up"):
        notes.take(0, taker)
