"""Pages of devices in the order of their EUI-64, which is not that of the numbers in the database.

    in the database   64 bits with a sign: 80-00-... to FF-FF-... come first
    asked for         00-00-... to 7F-FF-..., then those

Each half is read in the order of the index, so that a page costs what its rows cost.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_

from smki.adapters.sql.estate_tables import number_of
from smki.terms import EUI64


def halves(column: ColumnElement[int], after: EUI64 | None) -> tuple[ColumnElement[bool], ...]:
    """What is asked of the column, one after the other, for the devices after `after`; None for all."""
    if after is None:
        return column >= 0, column < 0
    number = number_of(after)
    if number < 0:
        return (and_(column > number, column < 0),)
    return column > number, column < 0


def page_of(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[int],
    after: EUI64 | None,
    limit: int,
) -> list[Any]:
    """At most so many rows, a device each, from the first one after `after`."""
    rows: list[Any] = []
    for half in halves(column, after):
        if len(rows) < limit:
            some = query.where(half).order_by(column).limit(limit - len(rows))
            rows += connection.execute(some).all()
    return rows
