"""A whole meeting as one text file that people write, everything else as tables; both ways.

Pure: texts and values. Who may read what a file holds was decided before it was written.
"""

from smki.governance.text.files import (
    Amendment,
    MeetingFile,
    amended,
    meeting_file,
    told_in,
)
from smki.governance.text.parsing import ReadFile, parse_meeting
from smki.governance.text.tables import parse_tables, write_tables
from smki.governance.text.writing import write_meeting

__all__ = [
    "Amendment",
    "MeetingFile",
    "ReadFile",
    "amended",
    "meeting_file",
    "parse_meeting",
    "parse_tables",
    "told_in",
    "write_meeting",
    "write_tables",
]
