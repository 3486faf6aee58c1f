"""What an enemy who can write the database, and nothing else, may try with the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from sqlalchemy import create_engine, text

from smki.adapters.requesters import request_for_organisation
from smki.bootstrap import open_office
from smki.flows.issue import settle
from smki.flows.registering import certify_organisation
from smki.terms import EUI64, Inconsistent, KeyUsage, Refused, RemotePartyRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.journeys.conftest import House

    from smki.flows.office import Office

SUPPLIER = EUI64.parse("0A534D4B49020001")


@pytest.fixture(scope="module")
def quiet(new_house: Callable[[Mapping[str, str]], House]) -> House:
    """A house that is not served."""
    made = new_house({})
    made.move_in()
    return made


@pytest.fixture
def office(quiet: House) -> Iterator[Office]:
    """Its office, with all keys."""
    with open_office(quiet.settings, quiet.variables) as opened:
        yield opened


def _intents(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is written into the journal from now on, as it is written."""
    written: list[dict[str, Any]] = []
    real = type(office.front.workbook).open_entry

    def noting(workbook: Any, **entry: Any) -> int:
        written.append(entry)
        return real(workbook, **entry)

    monkeypatch.setattr(type(office.front.workbook), "open_entry", noting)
    return written


def _organisation(office: Office) -> bytes:
    """The supplier has one more organisation certificate, DER."""
    request = request_for_organisation(
        SUPPLIER, RemotePartyRole.SUPPLIER, KeyUsage.DIGITAL_SIGNATURE
    )
    return certify_organisation(office, "supplier", request.request).certificate


@pytest.mark.clause("sec-app-b:4.3")
def test_an_entry_put_back_issues_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A genuine entry of the journal, written there again after it was finished, is only closed."""
    written = _intents(office, monkeypatch)
    _organisation(office)
    front = office.front
    size = front.reader.checkpoint().size
    front.workbook.open_entry(**written[0])
    assert settle(office) == 1
    assert front.workbook.open_entries() == ()
    assert front.reader.checkpoint().size == size == front.index.size()


@pytest.mark.clause("sec-app-b:4.3")
def test_an_entry_put_back_and_the_index_cut(
    quiet: House, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who also removes the certificate from the index has nothing signed: the record has it."""
    written = _intents(office, monkeypatch)
    made = x509.load_der_x509_certificate(_organisation(office))
    front = office.front
    size = front.reader.checkpoint().size
    engine = create_engine(quiet.settings.database_url)
    with engine.begin() as connection:
        connection.execute(
            text("DELETE FROM index_certificate WHERE serial = :serial"),
            {"serial": made.serial_number.to_bytes(16, "big")},
        )
    engine.dispose()
    number = front.workbook.open_entry(**written[0])
    with pytest.raises(Inconsistent, match=f"is entry {size - 1} of the record, must be in the"):
        settle(office)
    assert front.reader.checkpoint().size == size
    front.workbook.close(number, rows=(), size=0)
    front.index.clear()
    assert settle(office) == 0


@pytest.mark.clause("sec-app-b:4.3")
def test_an_edited_journal_is_not_signed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry with another subject in it, which would pass every lint, stops whoever signs."""
    written = _intents(office, monkeypatch)
    _organisation(office)
    front = office.front
    size = front.reader.checkpoint().size
    other = bytes.fromhex("0A534D4B49020002")
    intents = written[0]["intents"].replace(SUPPLIER.octets, other)
    assert intents != written[0]["intents"]
    number = front.workbook.open_entry(batch=None, chunk=0, intents=intents)
    try:
        with pytest.raises(Inconsistent, match=f"journal entry {number}: its seal does not hold"):
            settle(office)
    finally:
        front.workbook.close(number, rows=(), size=0)
    assert front.reader.checkpoint().size == size


@pytest.mark.clause("sec-app-b:4.3")
def test_a_house_without_a_key_for_its_journal(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """One made before gets the key; if entries wait that nobody can check it says what to do."""
    house = new_house({})
    house.move_in()
    vault = house.state / "keys" / "journal.vault"
    first = vault.read_bytes()
    vault.unlink()
    with open_office(house.settings, house.variables) as office:
        number = office.front.workbook.open_entry(batch=None, chunk=0, intents=b"of its own time")
    assert vault.read_bytes() != first
    vault.unlink()
    with (
        pytest.raises(Refused, match="the key that says whether they are our own is missing"),
        open_office(house.settings, house.variables),
    ):
        pass
    assert not vault.exists()
    with house.front() as front:
        front.workbook.close(number, rows=(), size=0)
    with open_office(house.settings, house.variables) as office:
        assert _organisation(office)
