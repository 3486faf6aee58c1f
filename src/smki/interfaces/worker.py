"""The worker: the one process of a house that holds the issuing keys and writes the record.

One thread issues. Between two chunks of a batch it answers what came in over the link; ad hoc
requests that wait together are issued together. It may be killed anywhere: what was journalled is
settled when it starts again. It ends when the process that started it does (`lifeline`).

What is away is waited for, and whoever asks is told of it meanwhile. A batch or a request that brings out a fault of ours is a
WORKFLOW_ERROR and the others go on. Where the house disagrees with itself, the worker stops.
"""

import base64
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from smki.adapters.files import prove_room, write_durably
from smki.adapters.helpers import Helpers, relax_garbage_collection
from smki.bootstrap import Settings, open_office, with_helpers
from smki.bootstrap.initialising import write_lists
from smki.flows.adhoc import failed, replace_device_certificates
from smki.flows.batch import (
    due_batches,
    fail_batch,
    forget_results,
    process_batch,
    sweep_spool,
)
from smki.flows.issue import conclude, settle
from smki.flows.office import Office
from smki.flows.revocation import refresh_lists
from smki.flows.revoking import finish_revocations
from smki.flows.succeeding import TAKE
from smki.interfaces.link import SOCKET, Answer, LinkServer, error_fields
from smki.interfaces.operations import carry_out
from smki.interfaces.processing_window import count_worked, may_work, pause
from smki.interfaces.register_heads import follow_register
from smki.interfaces.trouble import Trouble
from smki.interfaces.waiting import Message
from smki.ports import Batch
from smki.registration import requester_for
from smki.steps import Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import (
    Inconsistent,
    Interface,
    Refused,
    SerialNumber,
    SmkiError,
    Unavailable,
)

_LOG = logging.getLogger("smki.worker")

PROBLEM_FILE: Final = "worker.problem"  # why the last worker ended, if it ended by itself
INCONSISTENT_EXIT: Final = 4
AD_HOC: Final = "adhoc"
WAKE: Final = "wake"
STATE: Final = "state"
_GROUP: Final = 256  # ad hoc requests issued together at most: an answer waits for its group
_IDLE_SECONDS: Final = 1.0  # how often the workbook is looked at when nothing wakes us
_PROOF_SECONDS: Final = 10.0  # between two proofs that all is there that issuing needs
_CHORES_SECONDS: Final = 60.0  # lists, and results that are no longer owed
_PATIENCE_SECONDS: Final = 5.0  # after a key or a disk was away
_ROOM_OCTETS: Final = 4 << 20  # what a chunk of a batch takes on the disk, twice over
_ROOM_FOLDERS: Final = ("record", "spool")  # where what is issued and received is written
_WELL: Final = "worker.well"  # in the workbook: when last everything that is needed was there


def work(settings: Settings, environment: Mapping[str, str], lifeline: int | None) -> None:
    """Serves until told to stop, or until the other end of `lifeline` is closed.

    Raises:
        Unavailable: another process holds the record, or a store or the database is away.
        Inconsistent: the house disagrees with itself.
    """
    problem = settings.path(PROBLEM_FILE)
    try:
        _work(settings, environment, lifeline, lambda: problem.unlink(missing_ok=True))
    except SmkiError as error:
        with suppress(Unavailable):
            write_durably(problem, f"{error.family}: {error}".encode())
        raise


def _work(
    settings: Settings,
    environment: Mapping[str, str],
    lifeline: int | None,
    opened: Callable[[], None],
) -> None:
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if lifeline is not None:
        threading.Thread(target=_watch, args=(lifeline, stop), daemon=True).start()
    with open_office(settings, environment) as office:
        opened()
        relax_garbage_collection()
        trouble = Trouble()

        def received(operation: str, arguments: Mapping[str, Any], answer: Answer) -> None:
            if operation == STATE:
                problem = trouble.said_at(time.monotonic())
                answer({"result": {"problem": problem}})  # at once, whatever is under way
            else:
                inbox.put(Message(operation, arguments, answer, time.monotonic()))

        link = LinkServer(settings.path(SOCKET), received)
        try:
            with with_helpers(office, settings, environment, settings.processes) as helped:
                _Worker(settings, *helped, inbox, stop, trouble).run()
        finally:
            link.close()


def _watch(lifeline: int, stop: threading.Event) -> None:
    with suppress(OSError):
        os.read(lifeline, 1)
    stop.set()


class _Worker:
    def __init__(
        self,
        settings: Settings,
        office: Office,
        examine: Helpers,
        inbox: "queue.SimpleQueue[Message]",
        stop: threading.Event,
        trouble: Trouble | None = None,
    ) -> None:
        self._settings = settings
        self._office = office
        self._inbox = inbox
        self._stop = stop
        self._said = trouble or Trouble()
        self._examine = examine
        self._work: Iterator[int] | None = None
        self._batch = self._done = self._items = 0
        self._troubled = False
        self._next_proof = self._next_chores = 0.0

    def run(self) -> None:
        busy = self._advance()  # first the lists: nobody can connect by those that expired
        while not self._stop.is_set():
            self._said.step = time.monotonic()
            self._answer(self._receive(wait=not busy))
            busy = self._advance()

    def _receive(self, *, wait: bool) -> list[Message]:
        """What came in: at once, or after a short wait if there may be nothing else to do."""
        messages: list[Message] = []
        with suppress(queue.Empty):
            messages.append(self._inbox.get(block=wait, timeout=_IDLE_SECONDS))
            while len(messages) < _GROUP:
                messages.append(self._inbox.get_nowait())
        return messages

    def _answer(self, messages: list[Message]) -> None:
        ad_hoc = [one for one in messages if one.operation == AD_HOC and self._in_time(one)]
        if ad_hoc:
            self._replace(ad_hoc)
        for one in messages:
            if one.operation == WAKE:
                one.answer({"result": {}})
            elif one.operation != AD_HOC and self._in_time(one):
                self._carry_out(one)

    def _in_time(self, message: Message) -> bool:
        return message.in_time(self._settings.checkpoint_seconds, time.monotonic())

    def _replace(self, messages: list[Message]) -> None:
        front, size = self._office.front, -1
        asked: list[tuple[Requester, str]] = []
        try:
            self._mend()
            size = front.reader.checkpoint().size
            for one in tuple(messages):
                try:
                    asked.append((self._requester(one.arguments), one.arguments["csr"]))
                except Refused as error:  # that one alone
                    one.answer({"error": error_fields(error)})
                    messages = [other for other in messages if other is not one]
            answers = replace_device_certificates(self._office, asked)
        except (Unavailable, Inconsistent) as error:
            self._trouble(error)
            for one in messages:
                one.answer({"error": error_fields(error)})
            self._stop_if_inconsistent(error)
        except Exception:  # noqa: BLE001 - one fault must not end the service of all the others
            _LOG.exception("a group of %d ad hoc requests", len(messages))
            self._settle()
            alone = len(messages) == 1 or front.reader.checkpoint().size != size
            for one in messages:  # those that are not to blame, if nothing was issued yet
                one.answer({"result": _fields(failed(front))}) if alone else self._replace([one])
        else:
            for one, answer in zip(messages, answers, strict=True):
                one.answer({"result": _fields(answer)})

    def _requester(self, arguments: Mapping[str, Any]) -> Requester:
        """Who asked: the party that the server named, if the credential is its own and opens this.

        The credential may have been revoked since the server let it in; and a server that was
        taken over names whom it likes.
        """
        registry = self._office.front.registry
        serial = SerialNumber.parse(arguments["credential"])
        credential, party = registry.credential(serial), registry.party(arguments["party"])
        if (
            party is None
            or credential is None
            or credential.revoked
            or (credential.party, credential.interface) != (party.party, Interface.AD_HOC)
        ):
            raise Refused(
                f"certificate {serial} opens nothing any more, must be a credential of"
                f" {arguments['party']!r} for this interface",
                where="client certificate",
                clause="sec-app-m:G",
                rule="credential.revoked",
            )
        return requester_for(party, Interface.AD_HOC, serial)

    def _carry_out(self, message: Message) -> None:
        try:
            self._mend()
            result = carry_out(self._settings, self._office, message.operation, message.arguments)
        except SmkiError as error:
            self._trouble(error)
            message.answer({"error": error_fields(error)})
            self._stop_if_inconsistent(error)
        except Exception:  # noqa: BLE001 - as for ad hoc requests
            _LOG.exception("operation %r", message.operation)
            self._settle()
            fault = Unavailable(
                f"operation {message.operation!r} brought out a fault of ours, see the log",
                rule="internal",
            )
            message.answer({"error": error_fields(fault)})
        else:
            message.answer({"result": result})
            if message.operation == TAKE and result["began"]:
                self._stop.set()  # begun anew, it goes by the authorities that are in force now

    def _advance(self) -> bool:
        """One chunk further, or on to the next batch; False if there is nothing to do."""
        try:
            self._mend()
            self._chores()
            self._mend()  # a chore may have been cut off, which keeps no request waiting
            busy = self._go_on()
        except Unavailable as error:
            self._trouble(error)
            self._stop.wait(_PATIENCE_SECONDS)
            return True
        self._said.issuing = ""  # all went well, the work that could not be done before too
        return busy

    def _go_on(self) -> bool:
        only_to_conclude = self._work is not None and self._done == self._items
        if not only_to_conclude and not may_work(self._settings, self._office.front):
            self._leave()
            pause(self._office.front)
            return False
        if self._work is None:
            batch = self._next()
            if batch is None:
                return False
            self._batch, self._done, self._items = batch.number, batch.done, batch.items
            self._work = process_batch(self._office, batch, self._examine, self._settings.chunk)
        try:
            done = next(self._work, None)
            if done is None:
                self._work = None
            else:
                count_worked(self._settings, self._office.front, done - self._done)
                self._done = done
        except (Unavailable, Inconsistent):
            raise
        except Exception:  # noqa: BLE001 - the other batches must not wait for ever
            _LOG.exception("batch %d", self._batch)
            self._work = None
            self._settle()
            fail_batch(
                self._office.front,
                self._batch,
                "cannot be worked on, a fault of ours; the operator sees why",
            )
        return True

    def _leave(self) -> None:
        """No batch is worked on, and nothing of one is under way."""
        if self._work is not None:
            self._work = None
            count_worked(self._settings, self._office.front, self._office.desk.items)
            conclude(self._office)

    def _next(self) -> Batch | None:
        due = due_batches(self._office.front)
        return due[0] if due else None

    def _chores(self) -> None:
        """What is to be done now and then; what keeps one from being done keeps no request waiting."""
        now = time.monotonic()
        if now < self._next_proof:
            return
        self._next_proof = now + _PROOF_SECONDS
        try:
            if now >= self._next_chores:
                self._do_chores()
                self._next_chores = now + _CHORES_SECONDS
            follow_register(self._settings, self._office)
            self._prove_well()
            for key in self._office.keys.values():
                key.sign([])  # nothing is signed: a token says whether it is there
        except Unavailable as error:
            self._trouble(error)
            self._said.chores = f"cannot be done now, it is tried again: {error}"
            self._next_proof = now + _PATIENCE_SECONDS
        else:
            self._said.chores = ""

    def _do_chores(self) -> None:
        try:
            finish_revocations(self._office)
            refresh_lists(self._office)
        finally:
            write_lists(
                self._settings, self._office
            )  # one that could be made; a crash left one older
        forget_results(self._office.front)
        sweep_spool(self._office.front)

    def _prove_well(self) -> None:
        """Disks and database take what is written to them.

        Raises:
            Unavailable: one does not, and nothing could be issued now.
        """
        for folder in _ROOM_FOLDERS:
            prove_room(self._settings.path(folder), _ROOM_OCTETS)
        front = self._office.front
        front.workbook.note(_WELL, front.clock.now().isoformat())

    def _trouble(self, error: SmkiError) -> None:
        """The batch is taken up again from what is durable, after what was journalled."""
        _LOG.error("%s: %s", error.family, error)
        if isinstance(error, Unavailable):
            self._work = None
            self._troubled = True
            self._said.issuing = f"nothing can be issued now, it is tried again: {error}"

    def _stop_if_inconsistent(self, error: SmkiError) -> None:
        if isinstance(error, Inconsistent):
            raise error

    def _mend(self) -> None:
        """After trouble, what was journalled and not finished is finished first."""
        if self._troubled:
            self._settle()
            self._prove_well()
            self._troubled = False

    def _settle(self) -> None:
        """What was journalled is finished; if even that cannot be, the worker must stop."""
        try:
            settle(self._office)
        except (Unavailable, Inconsistent):
            self._troubled = True
            raise
        except Exception as error:
            raise Inconsistent(
                f"journal: what was promised cannot be finished ({error!r}); stop"
            ) from error


def _fields(answer: AdHocAnswer) -> dict[str, Any]:
    certificate = answer.certificate
    return {
        "transaction_id": answer.transaction_id,
        "status": answer.status.value,
        "certificate": certificate and base64.b64encode(certificate).decode(),
        "code": answer.code,
        "text": answer.text,
    }
