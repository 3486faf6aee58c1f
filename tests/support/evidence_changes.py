"""What a recovery left behind, with something changed in it: one lie at a time."""

from collections.abc import Callable
from copy import copy
from dataclasses import fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from tests.support.evidence_people import people
from tests.support.evidence_story import INCIDENT, Story, decision, kept
from tests.support.recovering import AT

from smki.governance import DecisionKind
from smki.recovery import Identified
from smki.recovery.evidence import Turn
from smki.recovery.evidence_rows import Exchange
from smki.recovery.proving import Examined, examine
from smki.recovery.replacing import BROKER_CELL

NONE: Final[frozenset[bytes]] = frozenset()
NOTHING: Final = Identified(unique_id=bytes(8), key_identifier=b"12345678")
Change = Callable[[Story], object]


def changed(story: Story, change: Change) -> Story:
    """The story with something changed; what was told is not touched."""
    other = copy(story)
    for field in fields(Story):
        value = getattr(story, field.name)
        if isinstance(value, list):
            setattr(other, field.name, list(value))
    change(other)
    return other


def told(story: Story) -> str:
    """What is wrong with the evidence."""
    found = examined(story)
    assert found.wrong == len(found.findings)
    return said_of(found.findings)


def examined(story: Story) -> Examined:
    """What its evidence comes to."""
    library, listed = story.shelved()
    return examine(story.about, listed, library, NONE)


def said_of(findings: tuple[Any, ...]) -> str:
    return "\n".join(one.message for one in findings)


def first(story: Story, change: Callable[[Exchange], Exchange]) -> None:
    """The answered exchange of the first device is another."""
    device = story.exchanges[0]
    *others, last = device.exchanges
    story.exchanges[0] = replace(device, exchanges=(*others, change(last)))


def turned(octets: bytes, place: int = -1) -> bytes:
    """A bit of it is turned."""
    other = bytearray(octets)
    other[place] ^= 1
    return bytes(other)


def answer_of(story: Story, number: int) -> bytes:
    """What that device answered."""
    return story.exchanges[number].exchanges[-1].response


def drop(rows: list[Any], number: int) -> None:
    """A row is not there."""
    del rows[number]


def replays(story: Story) -> None:
    """An answer to an earlier command is given for one to a later."""
    device = story.exchanges[0]
    unheard, heard = device.exchanges
    again = replace(unheard, at=AT + timedelta(hours=3), response=b"")
    later = replace(again, command=heard.command, response=heard.response)
    mixed = (heard, replace(later, command=unheard.command))
    story.exchanges[0] = replace(device, exchanges=mixed)


def unanswered(story: Story) -> None:
    """The first device gave no answer at all."""
    first(story, lambda one: replace(one, response=b""))
    drop(story.read_backs, 0)


def set_row(rows: list[Any], number: int, **values: object) -> None:
    """A row has other values."""
    rows[number] = replace(rows[number], **values)


def reports(story: Story, **values: object) -> None:
    """What it is about is told otherwise."""
    story.about = replace(story.about, **values)  # type: ignore[arg-type]  # values are of its fields


def decides(story: Story, place: int, **values: object) -> None:
    """A decision is another, signed by the same."""
    who = people()
    key = place == 1
    made = decision(
        f"PMA/{place + 1}",
        DecisionKind.USE_KEY if key else DecisionKind.RECOVER,
        "contingency" if key else INCIDENT,
        f"{INCIDENT}: recovery" if key else story.about.method.value,
    )
    other = replace(made, **values)  # type: ignore[arg-type]  # values are of its fields
    story.decisions[place] = kept(other, who.chair, who.secretary)


def places(story: Story, **values: object) -> None:
    """What was placed is told otherwise."""
    story.placed[0] = replace(story.placed[0], **values)  # type: ignore[arg-type]  # values are of its fields


def turns(story: Story, number: int, place: int, turn: Turn) -> None:
    """An exchange of the further updates is said to have been for something else."""
    some = list(story.updates[number].exchanges)
    some[place] = replace(some[place], turn=turn)
    set_row(story.updates, number, exchanges=tuple(some))


def outdates(story: Story, **values: Any) -> None:
    """The first command under the old anchors is another."""
    first_, last = story.updates[0].exchanges
    set_row(story.updates, 0, exchanges=(first_, replace(last, **values)))


def repeats_outdated(story: Story) -> None:
    """The command under the old anchors is one that was sent before."""
    used = story.updates[0].exchanges[0]
    outdates(story, command=used.command)


def asks(story: Story, **values: Any) -> None:
    """The first device is asked something else."""
    (asked,) = story.read_backs[0].exchanges
    set_row(story.read_backs, 0, exchanges=(replace(asked, **values),))


def rooted(story: Story, octets: bytes = b'{"contingency":1}', **values: object) -> None:
    """A ceremony is told otherwise; by default the one that made the new root."""
    held = replace(story.ceremonies[octets], **values)  # type: ignore[arg-type]  # values are of its fields
    story.ceremonies = {**story.ceremonies, octets: held}


def made_at_first(story: Story) -> tuple[bytes, ...]:
    """The certificates of the first ceremony; the last is the root of people's credentials."""
    return story.ceremonies[b'{"roots":1}'].certificates


def inspects(story: Story, number: int, held: Identified = NOTHING) -> None:
    """The inspection finds something else in a cell."""
    row = story.found[number]
    other = {**row.found, BROKER_CELL: held}
    story.found[number] = replace(row, found=other)


def before(story: Story, number: int) -> None:
    """The roster says that a device held something else before."""
    row = story.roster[number]
    held = MappingProxyType({**row.before, BROKER_CELL: NOTHING})
    story.roster[number] = replace(row, before=held)
