"""Killed at each effect that the world is asked for: lost, and done but the answer lost."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from smki.bootstrap import open_front
from smki.bootstrap.initialising import credential_path
from smki.terms import Interface, SerialNumber

DRIVER = Path(__file__).with_name("driver.py")
POINTS = (
    ("FileSpool.keep", 1),
    ("SqlWorkbook.add_batch", 1),
    ("SqlWorkbook.set_status", 1),  # parsing
    ("SqlWorkbook.set_status", 3),  # processing
    ("SqlWorkbook.open_entry", 2),  # while the first chunk is being signed
    ("SqlWorkbook.open_entry", 3),
    ("SoftwareSigningKey.sign", 1),  # of the first chunk
    ("FileRecord.append", 1),  # of the first chunk, the second one journalled
    ("FileRecord.append", 2),
    ("SqlWorkbook.close", 1),
    ("SqlWorkbook.close", 3),
    ("SqlWorkbook.set_status", 4),  # completed
    ("SqlRegistry.set_standing", 1),
    ("SqlRegistry.revoke_credential", 1),
    ("FileRecord.append", 4),  # of the list
    ("SqlCertificateIndex.extend", 1),  # by the list
)


@pytest.fixture(scope="module")
def three_chunks(make_document: Callable[[int], Any]) -> Any:
    """A document of three chunks of the driver: new to each of the houses."""
    return make_document(1100)


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
@pytest.mark.parametrize("fault", ["lost", "done"])
@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_killed_at_an_effect(
    house: Any, three_chunks: Any, point: str, nth: int, fault: str
) -> None:
    """The process dies before or after the effect; run again, each request has one certificate."""
    document = three_chunks
    path = house.state.parent / "batch.xml"
    path.write_bytes(document.octets)
    certificate, _ = credential_path(house.settings, "network", Interface.BATCH)
    credential = x509.load_pem_x509_certificate(certificate.read_bytes())
    serial = str(SerialNumber(credential.serial_number))
    finished = subprocess.run(
        [house.python, str(DRIVER), str(path), serial, point, str(nth), fault],
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    house.check((int(finished.stdout),), (document,))
    assert house.on_list(credential.serial_number)


@pytest.mark.slow
@pytest.mark.clause("sec-app-q:B", "sec-app-b:B-crl")
def test_a_revocation_cut_off_reaches_the_list(house: Any, make_document: Any) -> None:
    """Killed between register and list: the next start of the house makes the list, by itself."""
    path = house.state.parent / "batch.xml"
    path.write_bytes(make_document(2).octets)
    certificate, _ = credential_path(house.settings, "network", Interface.BATCH)
    serial = SerialNumber(x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number)
    killed = subprocess.run(
        [
            *(house.python, str(DRIVER), str(path), str(serial)),
            *("SqlRegistry.revoke_credential", "1", "done", "left"),
        ],
        env=house.environment,
        check=False,
    )
    assert killed.returncode == 0
    with open_front(house.settings) as front:
        assert front.registry.revoked_credentials() == (serial,)
    assert not house.on_list(serial.value)
    house.start()
    house.wait_ready()
    house.until(lambda: house.on_list(serial.value))
    shown = x509.load_pem_x509_crl((house.state / "tls" / "issuing-ica.crl.pem").read_bytes())
    assert [entry.serial_number for entry in shown] == [serial.value]
    house.stop()
    house.check((), ())
