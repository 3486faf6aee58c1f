"""Works a batch off and revokes a credential, and kills itself at one point of one effect.

Arguments: the document; the serial number; `Class.method`, which call of it, and `lost` (before the
effect) or `done` (after it, the answer lost). A process that was forked off before anything was
opened dies there; the next one finishes the work, unless `left` is the last argument.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from smki.adapters.helpers import helpers
from smki.adapters.keys.software import SoftwareSigningKey
from smki.adapters.record import FileRecord
from smki.adapters.spool import FileSpool
from smki.adapters.sql.index import SqlCertificateIndex
from smki.adapters.sql.registry import SqlRegistry
from smki.adapters.sql.workbook import SqlWorkbook
from smki.bootstrap import load_settings, open_office
from smki.flows.batch import process_batch, receive_batch
from smki.flows.revocation import revoke_credential
from smki.ports import DeviceStanding
from smki.registration import requester_for
from smki.terms import EUI64, BatchStatus, Interface, SerialNumber, SmiStatus

CHUNK = 400  # of 1,100: one is journalled, one being signed, one lodged
PORTS: dict[str, type] = {
    port.__name__: port
    for port in (
        SqlCertificateIndex,
        SqlWorkbook,
        SqlRegistry,
        FileRecord,
        FileSpool,
        SoftwareSigningKey,
    )
}


def die_at(point: str, nth: int, *, done: bool) -> None:
    """The process kills itself at the call with that number, before or after its effect."""
    port, _, method = point.partition(".")
    real, calls = getattr(PORTS[port], method), [0]

    def fatal(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == nth and not done:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if calls[0] == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(PORTS[port], method, fatal)


def work(document: Path, serial: SerialNumber, fault: list[str]) -> int:
    """The batch is finished, the credential revoked, a device known; the batch's number."""
    settings = load_settings(os.environ)
    with open_office(settings, os.environ) as office:
        if fault:
            die_at(fault[0], int(fault[1]), done=fault[2] == "done")
        front = office.front
        party = front.registry.party("supplier")
        assert party is not None
        requester = requester_for(party, Interface.BATCH, None)
        number = receive_batch(front, requester, [document.read_bytes()]).number
        assert number is not None
        batch = front.workbook.batch(number)
        assert batch is not None
        examine = helpers(1, dict)
        if batch.status is not BatchStatus.COMPLETED:
            for _ in process_batch(office, batch, examine, CHUNK):
                pass
        examine.close()
        standing = DeviceStanding(status=SmiStatus.COMMISSIONED)
        front.registry.set_standing(EUI64(bytes(range(8))), standing)
        revoke_credential(office, serial)
        return number


def dies(document: Path, serial: SerialNumber, fault: list[str]) -> bool:
    """Whether a process that works with the fault was killed."""
    child = os.fork()
    if child == 0:
        work(document, serial, fault)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


if __name__ == "__main__":
    path, number = Path(sys.argv[1]), SerialNumber.parse(sys.argv[2])
    if not dies(path, number, sys.argv[3:6]):
        sys.exit("the fault was not reached, or another one before it")
    if sys.argv[6:] != ["left"]:
        sys.stdout.write(f"{work(path, number, [])}\n")
