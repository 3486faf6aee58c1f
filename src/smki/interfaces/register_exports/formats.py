"""The formats of an export: one table, in which a new one is a row.

What sets pages and calendars is loaded when one is asked for: no other command waits for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Final

from smki.flows.exporting_register import Gathered
from smki.governance.entities import Kind
from smki.governance.text import write_meeting, write_tables
from smki.governance.text.copies import as_copy
from smki.interfaces.register_exports.lists import LISTS, csv_of
from smki.terms import Refused

_MEETINGS: Final = frozenset({Kind.MEETING, Kind.MINUTES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A format.

    Attributes:
        suffix: of a file's name, without the dot.
        media_type: as web pages name it.
        write: from what was gathered to octets.
    """

    suffix: str
    media_type: str
    write: Callable[[Gathered], bytes]


def export(found: Gathered, name: str) -> bytes:
    """What was gathered, in the format of that name.

    Raises:
        Refused: there is no such form of such a thing.
        Unavailable: it cannot be set just now.

    Clause: sec:M4.13
    """
    return FORMATS[name].write(found)


def _meeting_text(found: Gathered) -> bytes:
    if found.key.kind not in _MEETINGS:
        raise Refused(
            f"{found.key}: is no meeting and no minutes, must be one to be a meeting's file",
            where="format",
            rule="export.form",
        )
    return as_copy(write_meeting(found.file), found.reader).encode()


def _tables(found: Gathered) -> bytes:
    return as_copy(write_tables(found.entities), found.reader, comment="# {}").encode()


def _later(module: str, name: str) -> Callable[[Gathered], bytes]:
    """What that module of ours writes, loaded when it is asked for."""

    def write(found: Gathered) -> bytes:
        written: bytes = getattr(import_module(f"{__package__}.{module}"), name)(found)
        return written

    return write


def _list(name: str) -> Callable[[Gathered], bytes]:
    return lambda found: csv_of(found, name)


FORMATS: Final[Mapping[str, Export]] = MappingProxyType(
    {
        "md": Export(suffix="md", media_type="text/markdown; charset=utf-8", write=_meeting_text),
        "html": Export(
            suffix="html", media_type="text/html; charset=utf-8", write=_later("page", "html_of")
        ),
        "pdf": Export(suffix="pdf", media_type="application/pdf", write=_later("pdf", "pdf_of")),
        "ics": Export(
            suffix="ics",
            media_type="text/calendar; charset=utf-8",
            write=_later("calendar", "calendar_of"),
        ),
        "toml": Export(suffix="toml", media_type="application/toml", write=_tables),
        **{
            f"csv-{name}": Export(
                suffix="csv", media_type="text/csv; charset=utf-8", write=_list(name)
            )
            for name in LISTS
        },
    }
)
