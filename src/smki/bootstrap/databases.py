"""The database of a house: opened, brought up to date, or lost beside a record that is there.

A database that was lost is never made anew by the way: an empty register would turn everybody away,
and hide that there was another. Only `smki init` and `smki repository reindex` do, and say so.
"""

from typing import Final

from smki.adapters.record import FileRecordReader
from smki.adapters.sql import ABSENT, OLDER, Database, migrate, open_database
from smki.bootstrap.settings import Settings
from smki.terms import Unavailable

LOST: Final = "database.lost"  # rule


def open_house_database(settings: Settings) -> Database:
    """The database of the house, open.

    Raises:
        Unavailable: it cannot be reached, or is of an older version; with rule `database.lost`,
            nothing of ours is there while the record has entries.
    """
    try:
        return open_database(settings.database_url)
    except Unavailable as error:
        if error.rule != ABSENT or not _has_record(settings):
            raise
        raise Unavailable(
            f"{error.message.partition(';')[0]}, and the record is here: it was lost, or"
            " SMKI_DATABASE names another one; put a copy back, or have 'smki repository reindex'"
            " make again what the record and the state directory show",
            rule=LOST,
        ) from error


def update_database(settings: Settings) -> None:
    """The tables are those of this version, if there is an SMKI; nothing is made from nothing.

    Raises:
        Unavailable: as for `open_house_database`.
    """
    if not settings.initialised:
        return
    try:
        open_house_database(settings).close()
    except Unavailable as error:
        if error.rule != OLDER:
            raise
        migrate(settings.database_url)


def is_lost(settings: Settings) -> bool:
    """Whether the record has entries, and no database of ours is where one must be."""
    try:
        update_database(settings)
    except Unavailable as error:
        return error.rule == LOST
    return False


def _has_record(settings: Settings) -> bool:
    if not settings.path("record", "checkpoint").exists():
        return False
    reader = FileRecordReader(settings.path("record"), settings.log_vkey)
    return reader.checkpoint().size > 0
