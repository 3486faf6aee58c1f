"""A statement for many rows at a time, compiled once: what a row costs is what the driver costs.

SQLAlchemy looks at the values of each row of each execution. With six statements for each of a
million devices that takes longer than the database does.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Update


class Many:
    """Runs a statement whose values are all bound by name.

    Args:
        statement: an INSERT, UPDATE or DELETE without literals.
        names: of its values, in the order in which they stand in it.
    """

    def __init__(self, statement: Insert | Update | Delete, *names: str) -> None:
        self._statement: Final = statement
        self._names: Final = names
        self._texts: dict[str, tuple[str, bool]] = {}  # by dialect; whether values go by place

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """The statement ran for each row, whose values are in the order of the names."""
        if not rows:
            return
        text, by_place = self._texts.get(connection.dialect.name) or self._text(connection)
        if by_place:
            connection.exec_driver_sql(text, list(rows))
            return
        named = [dict(zip(self._names, row, strict=True)) for row in rows]
        connection.exec_driver_sql(text, named)

    def _text(self, connection: Connection) -> tuple[str, bool]:
        compiled = self._statement.compile(dialect=connection.dialect)
        found = tuple(compiled.positiontup or self._names)
        if found != self._names or set(compiled.params) != set(self._names):
            raise TypeError(f"{compiled}: its values are {found}, not {self._names}")
        made = (str(compiled), bool(compiled.positional))
        self._texts[connection.dialect.name] = made
        return made
