"""Opens what looks through an index and its record: here, or in several processes if it is large."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from smki.adapters.auditors import Auditors
from smki.adapters.record import FileRecordReader
from smki.bootstrap.databases import open_house_database
from smki.bootstrap.opening import describer
from smki.bootstrap.settings import Settings
from smki.ports import CertificateIndex
from smki.repository import Looker, LooksThrough

PROCESSES_MOST: Final = 4  # beyond that the disk, and who puts the answers in order, are the limit
LARGE: Final = 200_000  # entries: one process is done with fewer before others have started


@contextmanager
def open_looking(
    settings: Settings, index: CertificateIndex, processes: int | None = None
) -> Iterator[LooksThrough | None]:
    """Whoever looks through this index in other processes; None if one process is as quick.

    `processes` of them; without it, as many as the machine has processors, four at the most.
    """
    if processes is None:
        processes = min(os.cpu_count() or 1, PROCESSES_MOST) if index.size() >= LARGE else 1
    if processes == 1:
        yield None
        return
    with Auditors(partial(_open_looker, settings), index, processes) as auditors:
        yield auditors


@contextmanager
def _open_looker(settings: Settings) -> Iterator[Looker]:
    reader = FileRecordReader(settings.path("record"), settings.log_vkey)
    with open_house_database(settings) as database:
        yield Looker(reader, database.index, describer(settings.profiles()))
