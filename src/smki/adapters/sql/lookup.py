"""A question that is asked thousands of times a second: one SELECT with one value.

Its text is made once and the driver is asked directly; an SQL toolkit between takes several times
as long as the database. What comes back is what the toolkit would give. Knows no table.
"""

from typing import Any, Final

from sqlalchemy import BindParameter, Select, bindparam

from smki.adapters.sql.store import Store

_NAME: Final = "wanted"


def wanted() -> BindParameter[Any]:
    """The value, where it stands in the statement."""
    return bindparam(_NAME)


class Lookup:
    """The rows for one value. Safe for threads."""

    def __init__(self, store: Store, statement: Select[Any]) -> None:
        """Asks `statement`, in which `wanted()` stands once."""
        dialect = store.engine.dialect
        compiled = statement.compile(dialect=dialect)
        self._store = store
        self._text = str(compiled)
        self._by_place = bool(compiled.positional)
        types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        made = [kind.result_processor(dialect, None) for kind in types]
        self._processors = tuple((at, one) for at, one in enumerate(made) if one)

    def __call__(self, value: object) -> list[list[Any]]:
        """The columns of each row, in the statement's order.

        Raises:
            Unavailable: the database cannot be reached, or is busy.
            Inconsistent: it is damaged, or not what this version expects.
        """
        rows = list(map(list, self._store.fetch(self._text, self._values(value))))
        for row in rows:
            for at, process in self._processors:
                row[at] = process(row[at])
        return rows

    def _values(self, value: object) -> object:
        return (value,) if self._by_place else {_NAME: value}
