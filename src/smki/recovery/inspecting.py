"""What somebody found in the cells of devices, as they hand it in: a line for each cell.

    file   CSV in UTF-8, lines end in LF or CR LF; the first is
           device,cell,subject_unique_id,subject_key_identifier
    line   EUI-64, role/usage/use, 16 and 16 hexadecimal digits
    order  a device's lines stand together, devices ascend

Clause: sec:L10
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from smki.recovery.evidence_fields import cell_named, malformed
from smki.recovery.evidence_rows import FoundRow
from smki.recovery.outcomes import Identified
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier

HEADER: Final = "device,cell,subject_unique_id,subject_key_identifier"
_WHAT: Final = "inspection"
_FIELDS: Final = 4
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]{16}")

Line = tuple[EUI64, TrustAnchorCellIdentifier, Identified]


def read_found(lines: Iterable[str]) -> Iterator[FoundRow]:
    """What was found in each device, as the lines are read; memory flat.

    Raises:
        Malformed: a line is not of the form above, with its number; devices do not ascend, or a
            cell of a device stands twice.

    Clause: sec:L10
    """
    newest: EUI64 | None = None
    for device, some in groupby(_lines(lines), lambda line: line[0]):
        if newest is not None and device <= newest:
            raise malformed(_WHAT, f"device {device} after {newest}, must ascend")
        newest = device
        found: dict[TrustAnchorCellIdentifier, Identified] = {}
        for _, cell, held in some:
            if cell in found:
                raise malformed(_WHAT, f"device {device}: a cell stands twice, must once")
            found[cell] = held
        yield FoundRow(device=device, found=found)


def _lines(lines: Iterable[str]) -> Iterator[Line]:
    rest = iter(lines)
    first = next(rest, "").rstrip("\r\n")
    if first != HEADER:
        raise malformed(_WHAT, f"line 1: {first[:80]!r}, must be {HEADER}", "line 1")
    for number, line in enumerate(rest, 2):
        text = line.rstrip("\r\n")
        try:
            yield _line(text.split(","))
        except Malformed as error:
            raise malformed(_WHAT, f"line {number}: {error.message}", f"line {number}") from error


def _line(fields: list[str]) -> Line:
    if len(fields) != _FIELDS:
        raise malformed("fields", f"{len(fields)}, must be {_FIELDS}")
    device, cell, unique_id, key = fields
    held = Identified(unique_id=_octets(unique_id), key_identifier=_octets(key))
    return EUI64.parse(device), cell_named(cell), held


def _octets(text: str) -> bytes:
    if not _DIGITS.fullmatch(text):
        raise malformed("identifier", f"{text[:40]!r}, must be 16 hexadecimal digits")
    return bytes.fromhex(text)
