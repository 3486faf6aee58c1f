"""Opens what audits a record, its index and its index roots: here, or in several processes if it is large."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final, TypeVar

from smki.adapters.auditors import Auditors
from smki.adapters.record import FileRecordReader, Rereader
from smki.adapters.shelves import FolderShelves
from smki.bootstrap.databases import open_house_database
from smki.bootstrap.opening import describer
from smki.bootstrap.settings import Settings
from smki.ports import Each, Shelves
from smki.repository import Looker, RootAuditor
from smki.terms import Inconsistent, Unavailable

PROCESSES_MOST: Final = 4  # beyond that the disk, and who puts the answers in order, are the limit
LARGE: Final = 100_000  # entries: one process is done with fewer before others have started

_Opened = TypeVar("_Opened")
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditing:
    """What an audit is made with; None where this process is as quick by itself.

    Attributes:
        record: re-reads the record.
        index: looks through the index; None also for a record without one.
        roots: makes the verifiable index anew.
        shelves: empty, for the last, and gone with it.
    """

    shelves: Shelves
    record: Each[Rereader] | None = None
    index: Each[Looker] | None = None
    roots: Each[RootAuditor] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where what is audited lies."""

    directory: Path
    key: str
    settings: Settings | None


class _Tools:
    """What a process works with, opened when it is first wanted."""

    def __init__(self, place: _Place, scratch: Path, stack: ExitStack) -> None:
        self._place = place
        self._scratch = scratch
        self._stack = stack

    @cached_property
    def rereader(self) -> Rereader:
        return Rereader(self._place.directory)

    @cached_property
    def looker(self) -> Looker:
        settings = self._place.settings
        if settings is None:
            raise Inconsistent("audit: a record without an index has nothing to look through")
        database = self._stack.enter_context(open_house_database(settings))
        return Looker(self._reader, database.index, describer(settings.profiles()))

    @cached_property
    def auditor(self) -> RootAuditor:
        return RootAuditor(self._reader, FolderShelves(self._scratch))

    @cached_property
    def _reader(self) -> FileRecordReader:
        return FileRecordReader(self._place.directory, self._place.key)


@contextmanager
def open_auditing(settings: Settings, processes: int | None = None) -> Iterator[Auditing]:
    """What audits the house in this state directory.

    `processes` of them; without it, as many as the machine has processors, four at the most, if
    the record is large.
    """
    place = _Place(directory=settings.path("record"), key=settings.log_vkey, settings=settings)
    with _opened(place, processes) as auditing:
        yield auditing


@contextmanager
def open_auditing_copy(
    directory: Path, verifier_key: str, processes: int | None = None
) -> Iterator[Auditing]:
    """What audits a copy of a record, which has no index."""
    with _opened(_Place(directory=directory, key=verifier_key, settings=None), processes) as one:
        yield one


@contextmanager
def _opened(place: _Place, processes: int | None) -> Iterator[Auditing]:
    with tempfile.TemporaryDirectory(prefix="smki-audit-") as folder:
        scratch = Path(folder)
        shelves = FolderShelves(scratch)
        if processes is None:
            processes = min(os.cpu_count() or 1, PROCESSES_MOST) if _is_large(place) else 1
        if processes == 1:
            yield Auditing(shelves=shelves)
            return
        with Auditors(partial(_open_tools, place, scratch), processes) as each:
            yield Auditing(
                shelves=shelves,
                record=_with(each, _rereader),
                index=None if place.settings is None else _with(each, _looker),
                roots=_with(each, _auditor),
            )


def _is_large(place: _Place) -> bool:
    try:
        return FileRecordReader(place.directory, place.key).checkpoint().size >= LARGE
    except (Inconsistent, Unavailable):
        return False  # the audit says what is wrong with it


@contextmanager
def _open_tools(place: _Place, scratch: Path) -> Iterator[_Tools]:
    with ExitStack() as stack:
        yield _Tools(place, scratch, stack)


def _with(each: Each[_Tools], tool: Callable[[_Tools], _Opened]) -> Each[_Opened]:
    """The same processes, which work with one of their tools."""

    def one(
        work: Callable[[_Opened, _Asked], _Answer], asked: Iterable[_Asked]
    ) -> Iterator[_Answer]:
        return each(partial(_work, tool, work), asked)

    return one


def _work(
    tool: Callable[[_Tools], _Opened],
    work: Callable[[_Opened, _Asked], _Answer],
    tools: _Tools,
    asked: _Asked,
) -> _Answer:
    return work(tool(tools), asked)


def _rereader(tools: _Tools) -> Rereader:
    return tools.rereader


def _looker(tools: _Tools) -> Looker:
    return tools.looker


def _auditor(tools: _Tools) -> RootAuditor:
    return tools.auditor
