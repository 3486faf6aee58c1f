"""A root of the map by EUI-64 is lodged, as whoever keeps the map asks."""

from typing import Final

from smki.flows.office import Office
from smki.repository import catch_up, lodge_root

INDEX_ROOT: Final = "index-root"  # what the keeper asks the worker for


def lodge_index_root(office: Office, body: bytes) -> int:
    """The index root with this body is in the record and indexed; its entry's index.

    Raises:
        Malformed: no body of an index root.
        Refused: it covers more than the record has, or less than it must.
        Unavailable: the disk or the database is away.

    Clause: sec:L5
    """
    front = office.front
    entry = lodge_root(office.record, body, front.clock.now())
    catch_up(office.record, front.index, front.describe)
    return entry
