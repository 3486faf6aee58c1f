"""Targets: texts that people write for the register, meetings and tables."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tests.fuzz.claims import claim, read

from smki.governance.text import parse_meeting, parse_tables, write_meeting, write_tables


def meeting_file(octets: bytes) -> None:
    """A meeting's file is read, and written it is read as the same."""
    found = read(lambda each: parse_meeting(each.decode("utf-8", "replace")), octets)
    if found is not None:
        text = write_meeting(found.file)
        again = parse_meeting(text)
        claim(holds=again.file == found.file, what="read again, it is another meeting")
        claim(holds=write_meeting(again.file) == text, what="written again, it is another text")


def tables(octets: bytes) -> None:
    """Tables are read, and written they are read as the same."""
    found = read(lambda each: parse_tables(each.decode("utf-8", "replace")), octets)
    if found is not None:
        again = parse_tables(write_tables(found))
        claim(holds=set(again) == set(found), what="read again, they are other entities")


def seeds() -> Iterator[tuple[str, bytes]]:
    """Short texts of each form."""
    yield "meeting-file", _MEETING.encode()
    yield "meeting-file", _ITEM.encode()
    yield "tables", _TABLES.encode()


_MEETING: Final = """# PMA_21_0803 (Green)

- Date: 8 March 2026
- Starts: 10.00
- Apologies: a; b

## Attendance

- a; of B; seat PMA/a; votes; teleconference; items 1, 2; from 10:00; alternate for c

## Minutes open

## 1. Report (Amber)

- Stub: A report
- Joint bodies: PMA; TG

### Paper PMA_21_0803_CONF01: Report

- Ask: views
- Attachment: 3 octets; sha256 00; a.pdf

#### Section (Red)

- one
- two
"""
_ITEM: Final = """# PMA_21_0803

## Item 1

### Open minutes

7. {Green; decision; of PMA 21/01} Agreed[^1]. \\
    More.

    [^1]: A note.
- Next.

### Decision 1

- Verb: agreed
- Bodies: PMA
- Criterion: that
- Shown: this
- Tally in favour: a

Words.

#### Condition 1

- Kind: precedent

### Action PMA 21/O1

- Owner: a
- Raised: 8/3/2026
- Due: before PMA 22 12O3 at 17:00
- Update: 8 March 2026; -; said

### Update action PMA 20/03

- On: 8 March 2026
- State: closed
"""
_TABLES: Final = """[[person]]
ref = "a"
name = "b"

[[seat]]
ref = "PMA/a"
body = "PMA"
category = "chair"
votes = true
start = 2025-10-01
"""

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {"meeting-file": meeting_file, "tables": tables}
)
"""Each target by its name."""
