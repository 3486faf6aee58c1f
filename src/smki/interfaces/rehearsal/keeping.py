"""What a rehearsal keeps as evidence until it is lodged: a file for each item, beside its steps.

    recoveries/NAME/evidence/KIND/NAME

The same item again changes nothing; another under its name takes its place, as a step that was cut
off makes it again.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from smki.adapters.files import files_in, make_folder, read_octets, write_durably
from smki.interfaces.rehearsal.frame import Run
from smki.recovery.evidence import EvidenceKind, Item

EVIDENCE: Final = "evidence"


def keep_items(run: Run, *items: Item) -> None:
    """The items are durable."""
    keep_all(run, items)


def keep_all(run: Run, items: Iterable[Item]) -> int:
    """The items are durable, one at a time in memory; how many they are."""
    kept = 0
    for item in items:
        place = run.path(EVIDENCE, item.kind.value, item.name)
        make_folder(place.parent, 0o700)
        write_durably(place, item.octets, private=True)
        kept += 1
    return kept


def kept_items(run: Run) -> Iterator[Item]:
    """Everything that was kept, by kind and name, one at a time in memory."""
    for kind in EvidenceKind:
        yield from kept_of(run, kind)


def kept_of(run: Run, kind: EvidenceKind) -> Iterator[Item]:
    """Everything of that kind that was kept, by name, one at a time in memory."""
    for place in files_in(run.path(EVIDENCE, kind.value)):
        yield Item(kind=kind, name=place.name, octets=read_octets(place))
