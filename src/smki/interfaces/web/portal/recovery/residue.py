"""Who is left of a campaign: what the page filters by, and the same as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from smki.adapters.sql.campaign_residue import ResidueQuery
from smki.interfaces.register_exports.lists import harmless
from smki.interfaces.web.portal.recovery import words
from smki.ports.campaigns import Member
from smki.recovery import Fate
from smki.recovery.progress import Progress, Reason

COLUMNS: Final = ("device", "kind", "make", "region", "wave", "fate", "tries", "why")
_TOGETHER: Final = 1_000  # lines that are sent at once
_LONGEST: Final = 300  # characters of a field that are worth reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Who is asked for.

    Attributes:
        chosen: what stands in the form, by field; empty for all.
        query: the same as a question.
    """

    chosen: Mapping[str, str]
    query: ResidueQuery

    @property
    def asked(self) -> str:
        """The same as part of an address."""
        return urlencode({name: value for name, value in self.chosen.items() if value})


def read_filter(found: Progress, given: Mapping[str, str]) -> Filter:
    """What was chosen; what there is nothing of finds nothing."""
    chosen = {name: given.get(name, "")[:_LONGEST] for name in ("fate", "reason", "region", "kind")}
    fates = {fate.value: fate for fate in fates_left(found)}
    wanted = frozenset(fates.values())
    if chosen["fate"]:
        wanted = frozenset({fates[chosen["fate"]]} if chosen["fate"] in fates else ())
    return Filter(
        chosen=chosen,
        query=ResidueQuery(
            campaign=found.name,
            fates=wanted,
            why=chosen["reason"] or None,
            region=chosen["region"],
            kind=chosen["kind"],
        ),
    )


def fates_left(found: Progress) -> tuple[Fate, ...]:
    """What becomes of devices that are left: of a campaign that is over, whatever is no recovery."""
    return tuple(
        fate
        for fate in Fate
        if fate is not Fate.RECOVERED and (fate.is_final or found.state in words.OVER)
    )


def left_over(found: Progress) -> int:
    """How many devices are left."""
    return sum(found.fates.get(fate, 0) for fate in fates_left(found))


def reasons_in(found: Progress) -> tuple[Reason, ...]:
    """Why devices are left, the most frequent reason first."""
    fates = fates_left(found)
    return tuple(one for one in found.reasons if one.fate in fates)


def csv_of(devices: Iterable[Member]) -> Iterator[bytes]:
    """A line for each device, UTF-8 with a mark for spreadsheets; no cell is ever a formula."""
    lines, rows = io.StringIO(newline=""), iter(devices)
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    yield b"\xef\xbb\xbf"
    while True:
        some = tuple(islice(rows, _TOGETHER))
        writer.writerows(map(_line, some))
        yield lines.getvalue().encode()
        if not some:
            return
        lines.seek(0)
        lines.truncate()


def _line(one: Member) -> tuple[str, ...]:
    cells = (
        str(one.device),
        one.kind,
        one.make,
        one.region,
        str(one.wave),
        one.fate.value,
        str(one.tries),
        one.why,
    )
    return tuple(map(harmless, cells))
