"""Questions that go to the driver directly are answered as the SQL toolkit answers them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from smki.adapters.sql import Database
from smki.adapters.sql.lookup import Lookup, wanted
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import CERTIFICATE
from smki.terms import Inconsistent, Unavailable


def test_the_same_rows_as_by_the_toolkit(
    database: Database, url: str, row: Callable[..., Any]
) -> None:
    """Every column has the same value and type, on either kind of database."""
    database.index.extend([row(0), row(1, device=0), row(2)], (), 3)
    store = Store(url)
    lookup = Lookup(store, select(CERTIFICATE).where(CERTIFICATE.c.entry >= wanted()))
    expected = store.read(lambda connection: connection.execute(select(CERTIFICATE)).all())
    found = lookup(0)
    assert found == [list(one) for one in expected]
    assert [[type(value) for value in one] for one in found] == [
        [type(value) for value in one] for one in expected
    ]
    assert lookup(3) == []
    store.engine.dispose()


def test_what_the_driver_raises_is_ours(url: str) -> None:
    """A fault of the database comes out in our words, as from any other question."""
    store = Store(url)
    lookup = Lookup(store, select(CERTIFICATE).where(CERTIFICATE.c.entry == wanted()))
    with pytest.raises((Unavailable, Inconsistent), match=r"database: .*index_certificate"):
        lookup(1)  # no tables were made
    store.engine.dispose()
