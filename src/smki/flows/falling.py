"""What falls with a resolution or version, of all that one reader knows."""

from collections.abc import Iterator
from typing import Final

from smki.flows.reading_register import Reading
from smki.governance.effects import what_falls
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.documents import DocumentVersion
from smki.governance.entities.minutes import Resolution
from smki.ports.register import Wanted
from smki.terms import Refused

_PAGE: Final = 500  # at once, of all resolutions there are


def falls_with(reading: Reading, failed: Key) -> tuple[Key, ...]:
    """All that rests on this resolution or version, directly or by others, as this reader knows it.

    Raises:
        Refused: the reader knows nothing of that name.

    Clause: sec:L1
    """
    if reading.get(failed) is None:
        raise Refused(f"{failed}: is not there", where="REF", rule="register.unknown")
    resolutions = (one for one in _all(reading, Kind.RESOLUTION) if isinstance(one, Resolution))
    versions = (one for one in _all(reading, Kind.VERSION) if isinstance(one, DocumentVersion))
    return what_falls(failed, resolutions, versions, reading)


def _all(reading: Reading, kind: Kind) -> Iterator[Entity]:
    after = ""
    while True:
        page = reading.find(Wanted(tokens=None, kinds=(kind,)), after=after, limit=_PAGE)
        yield from (one.entity for one in page.kept)
        after = page.more
        if not after:
            return
