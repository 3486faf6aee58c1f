"""Killed at each effect that the world is asked for: lost, and done but the answer lost."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
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
    return make_document(110)


@pytest.fixture(scope="module")
def driver() -> Iterator[Callable[..., Any]]:
    """Works a batch off in a house and dies of a fault; then the batch's number, unless it is left."""
    with subprocess.Popen(
        [sys.executable, str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        given, answered = process.stdin, process.stdout
        assert given is not None
        assert answered is not None

        def drive(
            house: Any, document: Any, serial: int, *fault: object, left: bool = False
        ) -> Any:
            path = house.state.parent / "batch.xml"
            path.write_bytes(document.octets)
            case = {
                "state": house.environment,
                "document": str(path),
                "serial": str(SerialNumber(serial)),
                "fault": fault,
                "left": left,
            }
            given.write(json.dumps(case) + "\n")
            given.flush()
            answer = json.loads(answered.readline())
            assert "wrong" not in answer, answer["wrong"]
            return answer["number"]

        yield drive
        given.close()


def credential(house: Any) -> int:
    """The serial number of a credential that nobody revoked yet."""
    certificate, _ = credential_path(house.settings, "network", Interface.BATCH)
    return x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
@pytest.mark.parametrize("fault", ["lost", "done"])
@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_killed_at_an_effect(
    house: Any, driver: Callable[..., Any], three_chunks: Any, point: str, nth: int, fault: str
) -> None:
    """The process dies before or after the effect; run again, each request has one certificate."""
    serial = credential(house)
    number = driver(house, three_chunks, serial, point, nth, fault)
    house.check((number,), (three_chunks,))
    assert house.on_list(serial)


@pytest.mark.slow
@pytest.mark.clause("sec-app-q:B", "sec-app-b:B-crl")
def test_a_revocation_cut_off_reaches_the_list(
    house: Any, driver: Callable[..., Any], make_document: Callable[[int], Any]
) -> None:
    """Killed between register and list: the next start of the house makes the list, by itself."""
    serial = SerialNumber(credential(house))
    fault = ("SqlRegistry.revoke_credential", 1, "done")
    driver(house, make_document(2), serial.value, *fault, left=True)
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
