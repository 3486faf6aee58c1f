"""Works a batch off and revokes a credential, and kills itself at one point of one effect.

One line of JSON on standard input for each case, one on standard output for what came of it:

    state     the state directory, in a configuration of environment variables
    document  the path of the document
    serial    the serial number of the credential
    fault     `Class.method`, which call of it, and `lost` (before the effect) or `done` (after it,
              the answer lost)
    left      whether it is left so

All is loaded once; a process that is forked off before anything was opened dies of the fault, and
another one finishes the work, unless it is `left`. The answer is the number of the batch, null if it
was left, or what went wrong.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
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

CHUNK = 40  # of 110: one is journalled, one being signed, one lodged
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


def work(case: Mapping[str, Any], fault: list[str]) -> int:
    """The batch is finished, the credential revoked, a device known; the batch's number."""
    environment = case["state"]
    settings = load_settings(environment)
    with open_office(settings, environment) as office:
        if fault:
            die_at(fault[0], int(fault[1]), done=fault[2] == "done")
        front = office.front
        party = front.registry.party("supplier")
        assert party is not None
        requester = requester_for(party, Interface.BATCH, None)
        number = receive_batch(front, requester, [Path(case["document"]).read_bytes()]).number
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
        revoke_credential(office, SerialNumber.parse(case["serial"]))
        return number


def forked(act: Callable[[], int]) -> tuple[int, str]:
    """The exit code of a process that did it, negative if a signal ended it; and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(act()).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told by the exit code; nothing of it may go on
            os.write(writing, traceback.format_exc().encode()[-4_000:])
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        text = said.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def outcome(case: Mapping[str, Any]) -> dict[str, Any]:
    """What came of it."""
    code, said = forked(lambda: work(case, case["fault"]))
    if code != -signal.SIGKILL:
        return {"wrong": f"the fault was not reached, or another one before it: {said}"}
    if case["left"]:
        return {"number": None}
    code, said = forked(lambda: work(case, []))
    return {"wrong": said} if code else {"number": int(said)}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(outcome(json.loads(line))) + "\n")
        sys.stdout.flush()
