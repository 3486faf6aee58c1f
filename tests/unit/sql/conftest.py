"""Both databases, a fresh one for each test, and rows to put in."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.support.postgresql import postgresql_server

from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.store import Store
from smki.ports import CertificateRow
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    SerialNumber,
)

RowMaker = Callable[..., CertificateRow]


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """A server of the session's own, or a skip that says why there is none."""
    with postgresql_server() as server:
        yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'smki.db'}"
        return
    server = make_url(request.getfixturevalue("postgresql_uri"))
    server = server.set(drivername="postgresql+psycopg")
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated, open database."""
    migrate(url)
    with open_database(url) as opened:
        yield opened


@pytest.fixture
def store(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the database, as one process after the other would."""
    stores: list[Store] = []

    def opening() -> Store:
        stores.append(Store(url))
        return stores[-1]

    yield opening
    for each in stores:
        each.engine.dispose()


@pytest.fixture
def row() -> RowMaker:
    """Makes rows: entry, device number and usage as given, everything else follows from them."""

    def make(
        entry: int,
        device: int | None = None,
        usage: KeyUsage = KeyUsage.DIGITAL_SIGNATURE,
        **changes: object,
    ) -> CertificateRow:
        number = entry if device is None else device
        fields: dict[str, object] = {
            "entry": entry,
            "serial": SerialNumber((0x51 << 120) + entry),
            "kind": CertificateKind.DEVICE,
            "identity": EUI64((0xFFB3_D51F_3001_0000 + number).to_bytes(8, "big")),
            "role": None,
            "usage": usage,
            "key": 0xF000_0000_0000_0000 + entry,
            "status": CertificateStatus.IN_USE,
            "not_after": 253402300799,
            "lodged_at": 1_795_000_000_000 + entry,
            "manufacturing": entry % 2 == 0,
            "subscriber": EUI64(bytes.fromhex("90B3D51F30000002")),
        }
        return CertificateRow(**(fields | changes))  # type: ignore[arg-type]  # fields by name

    return make
