"""The record in plain files: `ports.record` over a folder laid out as C2SP tlog-tiles.

One writer, any number of readers in any process, and an audit that re-reads every octet. No
network, no index, no rule about what may be lodged.
"""

from smki.adapters.record.audit import AuditProgress, Problem, audit
from smki.adapters.record.reader import FileRecordReader
from smki.adapters.record.rereading import Reread, Rereader
from smki.adapters.record.writer import LOCKED, FileRecord, is_locked

__all__ = [
    "LOCKED",
    "AuditProgress",
    "FileRecord",
    "FileRecordReader",
    "Problem",
    "Reread",
    "Rereader",
    "audit",
    "is_locked",
]
