"""The monthly paper about modifications is drafted from the register, and put into it.

Clause: sec:D
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from smki.flows.keeping import keep
from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import AgendaItem, Attachment, Meeting, Paper
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.governance.monthly import Month, monthly_paper, paper_due
from smki.ports.register import Head, Register, Wanted
from smki.terms import Malformed, Refused

_PAGE: Final = 200  # modifications at once


def drafted(
    register: Register,
    item: str,
    month: Month,
    *,
    author: str,
    dated: date,
    attachments: tuple[Attachment, ...] = (),
) -> tuple[Paper, date]:
    """The paper to this agenda item, and the day by which it is to be out. Nothing is changed.

    Raises:
        Refused: the item is not there.
        Malformed: the month ends before it begins.

    Clause: sec:D
    """
    if month.until < month.since:
        raise Malformed(
            f"month: ends on {month.until}, must not be before {month.since}", where="month"
        )
    found = look(register, AgendaItem, item)
    meeting = look(register, Meeting, found.meeting) if found else None
    body = look(register, Committee, meeting.body) if meeting else None
    if found is None or meeting is None or body is None:
        raise Refused(f"agenda item {item}: is not there", where="ITEM", rule="register.unknown")
    paper = monthly_paper(
        found,
        body,
        month,
        _modifications(register),
        register,
        author=author,
        dated=dated,
        attachments=attachments,
    )
    return paper, paper_due(meeting.held_on)


def put_paper(register: Register, paper: Paper, *, at: datetime, by: str) -> Head:
    """The paper stands in the register.

    Raises:
        Refused: a rule forbids it, or whoever asks may not; every reason.
        Unavailable: the database is away.
    """
    said = f"{paper.ref}: the monthly paper about modifications"
    return keep(register, Change(at=at, by=by, said=said, entities=(paper,)))


def _modifications(register: Register) -> Iterator[Entity]:
    after = ""
    while True:
        wanted = Wanted(tokens=None, kinds=(Kind.MODIFICATION,))
        page = register.find(wanted, after=after, limit=_PAGE)
        yield from (one.entity for one in page.kept)
        after = page.more
        if not after:
            return
