"""Killed at each effect that the world is asked for: lost, and done but the answer lost."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from smki.bootstrap.initialising import credential_path
from smki.terms import Interface, SerialNumber

DRIVER = Path(__file__).with_name("driver.py")
POINTS = (
    ("FileSpool.keep", 1),
    ("SqlWorkbook.add_batch", 1),
    ("SqlWorkbook.set_status", 1),  # parsing
    ("SqlWorkbook.set_status", 3),  # processing
    ("SqlWorkbook.open_entry", 2),
    ("SoftwareSigningKey.sign", 1),  # of the first chunk
    ("FileRecord.append", 2),
    ("SqlWorkbook.close", 2),
    ("SqlWorkbook.set_status", 4),  # completed
    ("SqlRegistry.set_standing", 1),
    ("SqlRegistry.revoke_credential", 1),
    ("SqlWorkbook.note", 1),  # where the list will be
    ("FileRecord.append", 3),  # of the list
    ("SqlWorkbook.close", 3),  # of the list
)


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
@pytest.mark.parametrize("fault", ["lost", "done"])
@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_killed_at_an_effect(
    house: Any, make_document: Callable[[int], Any], point: str, nth: int, fault: str
) -> None:
    """The process dies before or after the effect; run again, each request has one certificate."""
    document = make_document(1100)  # two chunks
    path = house.state.parent / "batch.xml"
    path.write_bytes(document.octets)
    certificate, _ = credential_path(house.settings, "network", Interface.BATCH)
    credential = x509.load_pem_x509_certificate(certificate.read_bytes())
    serial = str(SerialNumber(credential.serial_number))
    command = [house.python, str(DRIVER), str(path), serial]

    def drive(*fatal: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *fatal], env=house.environment, capture_output=True, text=True, check=False
        )

    killed = drive(point, str(nth), fault)
    assert killed.returncode == -9, killed.stderr
    finished = drive()
    assert finished.returncode == 0, finished.stderr
    house.check((int(finished.stdout),), (document,))
    assert house.on_list(credential.serial_number)
