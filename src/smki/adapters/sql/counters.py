"""Numbers that are given out one after the other, without gaps, to whoever holds the row."""

from sqlalchemy import Connection, select, update

from smki.adapters.sql.tables import COUNTER


def lock(connection: Connection, name: str) -> int:
    """The last number given out; until the transaction ends nobody else is given one."""
    value: int = connection.execute(
        select(COUNTER.c.value).where(COUNTER.c.name == name).with_for_update()
    ).scalar_one()
    return value


def take(connection: Connection, name: str) -> int:
    """The next number, from 1; given back if the transaction fails."""
    number = lock(connection, name) + 1
    connection.execute(update(COUNTER).where(COUNTER.c.name == name).values(value=number))
    return number
