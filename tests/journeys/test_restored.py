"""A database that was lost, or restored from an older copy, beside a record that went on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.bootstrap import open_office
from smki.flows.revocation import current_list, publish_list, refresh_lists, revoke_credential
from smki.repository import compare_index
from smki.terms import CertificateKind, Interface, SerialNumber

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
    house.initialise()
    serial = _serial(house, "network", Interface.BATCH)
    shutil.copy(house.state / "smki.sqlite", tmp_path)
    with open_office(house.settings, house.variables) as office:
        revoke_credential(office, serial)
        newest = publish_list(office, ICA)
        publish_list(office, OCA)
    for path in house.state.glob("smki.sqlite*"):
        path.unlink()
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
