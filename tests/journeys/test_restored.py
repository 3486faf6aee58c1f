"""A database that was lost, or restored from an older copy, beside a record that went on."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.adapters.requesters import request_for_system
from smki.adapters.sql.store import Store
from smki.adapters.sql.upgrading import upgrade
from smki.bootstrap import open_front, open_office
from smki.bootstrap.samples import API_KEY
from smki.flows.apikeys import identify
from smki.flows.revocation import current_list, publish_list, refresh_lists, revoke_credential
from smki.repository import compare_index
from smki.terms import CertificateKind, Interface, SerialNumber, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.journeys.conftest import House

ICA, OCA = CertificateKind.ISSUING_ICA, CertificateKind.ISSUING_OCA


def _serial(house: House, party: str, interface: Interface) -> SerialNumber:
    pem = house.credential(party, interface).certificate.read_bytes()
    return SerialNumber(x509.load_pem_x509_certificate(pem).serial_number)


def _numbers(house: House) -> dict[x509.Name, list[int]]:
    """The numbers of all lists in the record, in its order, by issuer."""
    found: dict[x509.Name, list[int]] = {}
    with house.front() as front:
        for one in front.index.lists():
            crl = x509.load_der_x509_crl(front.reader.leaf(one.entry)[11:])
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
            found.setdefault(crl.issuer, []).append(number)
    return found


@pytest.mark.clause("sec-app-b:B-crl", "sec-app-q:B")
def test_an_older_database_uses_no_number_again(
    new_house: Callable[[Mapping[str, str]], House], tmp_path: Path
) -> None:
    """Lists made since the copy count: numbers go on, revocations stay, the register obeys them."""
    house = new_house({})
    house.move_in()
    serial = _serial(house, "network", Interface.BATCH)
    shutil.copy(house.state / "smki.sqlite", tmp_path)
    with open_office(house.settings, house.variables) as office:
        revoke_credential(office, serial)
        newest = publish_list(office, ICA)
        publish_list(office, OCA)
    _lose(house)
    shutil.copy(tmp_path / "smki.sqlite", house.state)
    with open_office(house.settings, house.variables) as office:
        known = office.front.registry.credential(serial)
        assert known is not None
        assert not known.revoked
        assert refresh_lists(office) == ()
        assert office.front.registry.revoked_credentials() == (serial,)
        assert current_list(office.front, ICA) == newest
        found = publish_list(office, ICA)
        publish_list(office, OCA)
        assert found.number == newest.number + 1
        assert [one for one, _ in found.entries] == [serial]
        front = office.front
        assert list(compare_index(front.reader, front.index, front.describe)) == []
    for numbers in _numbers(house).values():
        assert numbers == sorted(set(numbers))


def _lose(house: House) -> None:
    for path in house.state.glob("smki.sqlite*"):
        path.unlink()


def _opens(house: House, serial: SerialNumber) -> bool | None:
    """Whether the register lets the credential in; None if it does not know it."""
    with house.front() as front:
        known = front.registry.credential(serial)
    return None if known is None else not known.revoked


@pytest.mark.clause("sec-app-m:G", "sec-app-q:B")
def test_a_lost_database_is_said_and_never_made_by_the_way(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """Without its database nothing is opened or served; each says what to do, none makes a new one."""
    house = new_house({})
    house.move_in()
    _lose(house)
    for attempt in (
        lambda: open_front(house.settings),
        lambda: open_office(house.settings, house.variables),
    ):
        with pytest.raises(Unavailable, match="'smki repository reindex'") as told, attempt():
            pass
        assert told.value.rule == "database.lost"
    for words in (("serve",), ("registration", "revoke", "12"), ("party", "list")):
        done = house.command(*words)
        assert done.returncode == 3
        assert "'smki repository reindex'" in done.stderr
    assert "'smki repository reindex'" in house.status()["problem"]
    assert list(house.state.glob("smki.sqlite*")) == []


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:G", "sec-app-q:B")
def test_what_the_record_shows_is_registered_again(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """Sample parties and all credentials come back, revoked ones revoked; the rest is named."""
    house = new_house({})
    house.move_in()
    revoked = _serial(house, "network", Interface.BATCH)
    good = _serial(house, "supplier", Interface.AD_HOC)
    acme = (
        *("party", "add", "acme", "--trading-name", "Acme Energy", "--import-supplier"),
        *("--identity", "0A-53-4D-4B-4C-02-00-01=supplier"),
    )
    assert house.command(*acme).returncode == 0
    request = base64.b64encode(request_for_system("Acme Energy", "02", "its system").request)
    made = house.perform("credential", party="acme", interface="batch", request=request.decode())
    own = SerialNumber.parse(made["serial"])
    house.perform("revoke", serial=str(revoked))
    (house.state / "spool" / "supplier-00.xml").write_bytes(b"<a batch/>")
    _lose(house)

    first = json.loads(house.command("repository", "reindex", "--json").stdout)
    assert (_opens(house, good), _opens(house, revoked)) == (True, False)
    assert _opens(house, own) is None
    (stranger,) = (one for one in first["restored"] if "Acme" in one)
    assert "--identity 0A-53-4D-4B-4C-02-00-01=02'" in stranger
    assert first["gone"][0].startswith("the database was lost")
    kept = house.state / "spool.lost-1" / "supplier-00.xml"
    assert str(kept.parent) in first["gone"][-1]
    assert kept.read_bytes() == b"<a batch/>"
    with house.front() as front:
        assert identify(front, API_KEY) == "supplier"

    assert house.command(*acme).returncode == 0
    second = json.loads(house.command("repository", "reindex", "--json").stdout)
    assert second["restored"] == [
        "credentials registered again: 1; those that were revoked stay so"
    ]
    assert second["gone"] == []
    assert _opens(house, own)
    assert house.command("repository", "audit").returncode == 0
    house.start("serve")
    answer = house.ad_hoc(house.device_request(house.fresh_device()))
    assert answer.status.value == "UNKNOWN_DEVICE"
    house.stop()


@pytest.mark.clause("sec-app-m:G")
def test_making_it_again_restores_it(new_house: Callable[[Mapping[str, str]], House]) -> None:
    """`smki init` after a loss issues nothing, and the credentials that were issued open again."""
    house = new_house({})
    house.move_in()
    size, certificates = house.stored()
    serial = _serial(house, "dcc", Interface.PORTAL)
    _lose(house)
    told = house.command("init").stderr
    assert "the database was lost" in told
    assert "credentials registered again: 8;" in told
    assert house.stored() == (size, certificates)
    assert _opens(house, serial)
    assert "lost" not in house.command("init").stderr


@pytest.mark.slow
def test_an_older_database_is_brought_up_to_date(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """A house of the first revision is served: its index is made anew, the register kept."""
    house = new_house({})
    house.move_in()
    _as_first_made(house.state / "smki.sqlite")
    house.start("serve")
    with house.front() as front:
        size = front.reader.checkpoint().size
        house.until(lambda: front.index.size() >= size, "the index stays behind the record")
        assert front.index.lists()
    assert house.ad_hoc(house.device_request(house.fresh_device())).status.value == "UNKNOWN_DEVICE"
    house.stop()


def test_an_index_that_covers_less_is_filled_before_the_office_opens(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """The authorities and their keys are there at once, not only when it is opened again."""
    house = new_house({})
    house.move_in()
    with house.front() as front:
        front.index.clear()
    with open_office(house.settings, house.variables) as office:
        assert set(office.keys) == {ICA, OCA, CertificateKind.ISSUING_DCA}
        assert office.hierarchy.authority(ICA).certificate


def _as_first_made(path: Path) -> None:
    """The database is of the first revision, with what it holds that this revision knows."""
    newer = path.rename(path.with_suffix(".newer"))
    store = Store(f"sqlite:///{path}")
    store.write(lambda connection: upgrade(connection, "0001"))
    store.engine.dispose()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ATTACH ? AS newer", (str(newer),))
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        for (table,) in database.execute(tables).fetchall():
            if table != "alembic_version":
                columns = [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]
                names = ", ".join(f'"{name}"' for name in columns)
                copied = f"INSERT OR REPLACE INTO main.{table} ({names})"
                known = "WHERE name IN (SELECT name FROM main.work_counter)"  # no later counters
                only = known if table == "work_counter" else ""
                database.execute(f"{copied} SELECT {names} FROM newer.{table} {only}")  # noqa: S608 - own names
