"""The keys with which the log signs its checkpoints are entries of it: those beside the first.

The writer is opened with the keys that are configured, and signs with all of them. What is lodged
here follows at once: the key and a note that it signs, together; a note that it signs no more. So
the checkpoint that first covers a note has, or has not, the line that the note tells of.

Clause: c2sp:tlog-checkpoint
"""

from collections.abc import Sequence

from smki.flows.office import FrontOffice
from smki.merkle.leaf import LeafType, decode_leaf
from smki.merkle.log_keys import LogKeyNote
from smki.ports import Record
from smki.repository import catch_up, lodge_leaves


def signing_beside(front: FrontOffice) -> tuple[LogKeyNote, ...]:
    """The newest note about each key that signs beside the log's first one, as the record says.

    Raises:
        Inconsistent: the record is damaged.

    Clause: c2sp:tlog-checkpoint
    """
    found: dict[str, LogKeyNote] = {}
    for item in front.index.items(of=LeafType.STATUS_NOTE, name=""):
        note = LogKeyNote.of(decode_leaf(front.reader.leaf(item.entry)))
        if note is not None:
            found[note.key] = note
    return tuple(note for note in found.values() if note.signs)


def keep_log_keys(front: FrontOffice, record: Record, beside: Sequence[str]) -> tuple[int, ...]:
    """The record says that `beside`, and no others, sign beside the log's first key.

    The entries that it took; none if nothing changed. The writer signs with them already.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: c2sp:tlog-checkpoint
    """
    catch_up(front.reader, front.index, front.describe)
    now = {note.key: note for note in signing_beside(front)}
    size = record.checkpoint().size
    bodies: list[tuple[LeafType, bytes]] = []
    for key in beside:
        if key not in now:
            note = LogKeyNote(key=key, refers=size + len(bodies), signs=True)
            bodies += [
                (LeafType.LOG_KEY, key.encode()),
                (LeafType.STATUS_NOTE, note.encode()),
            ]
    for key, before in now.items():
        if key not in beside:
            note = LogKeyNote(key=key, refers=before.refers, signs=False)
            bodies.append((LeafType.STATUS_NOTE, note.encode()))
    if not bodies:
        return ()
    entries = lodge_leaves(record, bodies, front.clock.now())
    catch_up(front.reader, front.index, front.describe)
    return entries
