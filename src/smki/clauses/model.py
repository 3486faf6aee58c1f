"""What a clause is, and the states in which our answer to it can be. Values only."""

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How far the project answers to a clause."""

    MET = "met"  # needs code and a test that claim it
    PARTLY = "partly"  # the note says what is missing
    EXCEPTED = "excepted"  # not followed, on purpose; the note says why
    TODO = "todo"  # to be built; the note says by which row of work
    NOT_OURS = "not ours"  # someone else must act; the note may say what we offer them


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document, pinned to the version that the catalogue speaks of.

    Attributes:
        id: the part of a clause's id before the colon, `sec-app-m`.
        title: the document's own title.
        version: the version or date read, and how much of it.
    """

    id: str
    title: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause, in our own words.

    Attributes:
        id: document and place, `sec-app-m:2.3.1.7`.
        title: a few words.
        summary: one sentence: what it asks.
        who: who must act.
        status: how far we are.
        note: what is missing, excepted or left to others; empty if the status says it all.
    """

    id: str
    title: str
    summary: str
    who: str
    status: Status
    note: str = ""

    @property
    def document(self) -> str:
        """The id of its document."""
        return self.id.partition(":")[0]
