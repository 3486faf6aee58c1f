"""What stands in the register is made again from its states: what an older version made, or a fault.

All at once, under the lock: whoever changes the register waits until it is done. No entry and no
state is touched, and every entity keeps its number.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select, update

from smki.adapters.sql.proceedings_keeping import stand_again
from smki.adapters.sql.proceedings_rows import (
    STANDS,
    audience_text,
    next_number,
    standing_rows,
    to_kept,
)
from smki.adapters.sql.proceedings_tables import AUDIENCE, BELONGS, STANDING, STATE
from smki.adapters.sql.store import Store
from smki.governance.entities import Entity

PAGE: Final = 1_000  # entities in memory at a time
_S: Final = STANDING.c
_REBUILD: Final = "INSERT INTO proceedings_terms (proceedings_terms) VALUES ('rebuild')"


def make_again(
    store: Store, connection: Connection, audience: Callable[[Entity], frozenset[str]]
) -> None:
    """Each entity stands as its newest state says, and is read by its `audience`.

    That is asked for when all stands again, but for who may read it.
    """
    own = STATE.c.entity == _S.number
    none = {"number": next_number(connection, AUDIENCE.c.number), "tokens": audience_text(())}
    connection.execute(store.insert(AUDIENCE).values(none).on_conflict_do_nothing())
    nobody = select(AUDIENCE.c.number).where(AUDIENCE.c.tokens == none["tokens"])
    connection.execute(
        update(STANDING).values(
            first=select(func.min(STATE.c.state)).where(own).scalar_subquery(),
            state=select(func.max(STATE.c.state)).where(own).scalar_subquery(),
            audience=nobody.scalar_subquery(),
        )
    )
    connection.execute(delete(BELONGS))
    for page in _pages(connection):
        _belong(store, connection, page)
    for page in _pages(connection):  # whose readers follow from what they belong to
        entities = [to_kept(row).entity for row in page]
        stand_again(store, connection, entities, {one.key: audience(one) for one in entities})
    if store.is_sqlite:
        connection.exec_driver_sql(_REBUILD)


def _pages(connection: Connection) -> Iterator[list[Row[*tuple[Any, ...]]]]:
    query = STANDS.add_columns(_S.number).order_by(_S.number).limit(PAGE)
    rows = connection.execute(query).all()
    while rows:
        yield list(rows)
        rows = connection.execute(query.where(_S.number > rows[-1].number)).all()


def _belong(store: Store, connection: Connection, page: list[Row[*tuple[Any, ...]]]) -> None:
    children = [(row.number, to_kept(row).entity) for row in page]
    above = standing_rows(store, connection, {one for _, of in children for one in of.parents})
    rows = {
        (above[parent].number, of.KIND.value, child)
        for child, of in children
        for parent in of.parents
    }
    store.load(connection, BELONGS, sorted(rows))
