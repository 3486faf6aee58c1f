"""The worker: the one process of a house that holds the issuing keys and writes the record.

One thread issues. Between two chunks of a batch it answers what came in over the link; ad hoc
requests that wait together are issued together. It may be killed anywhere: what was journalled is
settled when it starts again. It ends when the process that started it does (`lifeline`).
"""

import base64
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from smki.adapters.examiners import examiner
from smki.bootstrap import Settings, open_office
from smki.bootstrap.initialising import write_lists
from smki.flows.adhoc import replace_device_certificates
from smki.flows.batch import due_batches, forget_results, process_batch
from smki.flows.issue import settle
from smki.flows.office import Office
from smki.flows.revocation import refresh_lists
from smki.interfaces.link import Answer, LinkServer, error_fields
from smki.interfaces.operations import SOCKET, carry_out
from smki.ports import Batch
from smki.registration import requester_for
from smki.steps import Requester
from smki.terms import BatchStatus, Interface, SerialNumber, SmkiError, Unavailable

_LOG = logging.getLogger("smki.worker")

AD_HOC: Final = "adhoc"
WAKE: Final = "wake"
_GROUP: Final = 256  # ad hoc requests issued together at most: an answer waits for its group
_IDLE_SECONDS: Final = 1.0  # how often the workbook is looked at when nothing wakes us
_CHORES_SECONDS: Final = 60.0  # lists, and results that are no longer owed
_PATIENCE_SECONDS: Final = 5.0  # after a key or a disk was away


@dataclass(frozen=True, slots=True)
class _Message:
    operation: str
    arguments: Mapping[str, Any]
    answer: Answer


def work(settings: Settings, environment: Mapping[str, str], lifeline: int | None) -> None:
    """Serves until told to stop, or until the other end of `lifeline` is closed.

    Raises:
        Unavailable: another process holds the record, or a store or the database is away.
    """
    inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if lifeline is not None:
        threading.Thread(target=_watch, args=(lifeline, stop), daemon=True).start()
    with open_office(settings, environment) as office:
        link = LinkServer(
            settings.path(SOCKET),
            lambda operation, arguments, answer: inbox.put(_Message(operation, arguments, answer)),
        )
        try:
            _Worker(settings, office, inbox, stop).run()
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
        inbox: "queue.SimpleQueue[_Message]",
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._office = office
        self._inbox = inbox
        self._stop = stop
        self._examine = examiner(settings.processes)
        self._work: Iterator[int] | None = None
        self._troubled = False
        self._next_chores = 0.0

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                self._answer(self._receive())
                if not self._advance():
                    continue
        finally:
            self._examine.close()

    def _receive(self) -> list[_Message]:
        """What came in: at once if there is a batch to go on with, else after a short wait."""
        messages: list[_Message] = []
        with suppress(queue.Empty):
            timeout = 0.0 if self._work else _IDLE_SECONDS
            messages.append(self._inbox.get(block=timeout > 0, timeout=timeout or None))
            while len(messages) < _GROUP:
                messages.append(self._inbox.get_nowait())
        return messages

    def _answer(self, messages: list[_Message]) -> None:
        ad_hoc = [one for one in messages if one.operation == AD_HOC]
        if ad_hoc:
            self._replace(ad_hoc)
        for one in messages:
            if one.operation == WAKE:
                one.answer({"result": {}})
            elif one.operation != AD_HOC:
                self._carry_out(one)

    def _replace(self, messages: list[_Message]) -> None:
        try:
            self._mend()
            answers = replace_device_certificates(
                self._office,
                [(self._requester(one.arguments), one.arguments["csr"]) for one in messages],
            )
        except SmkiError as error:
            self._trouble(error)
            for one in messages:
                one.answer({"error": error_fields(error)})
            return
        for one, answer in zip(messages, answers, strict=True):
            certificate = answer.certificate
            one.answer(
                {
                    "result": {
                        "transaction_id": answer.transaction_id,
                        "status": answer.status.value,
                        "certificate": certificate and base64.b64encode(certificate).decode(),
                        "code": answer.code,
                        "text": answer.text,
                    }
                }
            )

    def _requester(self, arguments: Mapping[str, Any]) -> Requester:
        party = self._office.front.registry.party(arguments["party"])
        if party is None:
            raise Unavailable(f"party {arguments['party']} is not registered any more")
        credential = arguments["credential"]
        return requester_for(
            party, Interface.AD_HOC, SerialNumber.parse(credential) if credential else None
        )

    def _carry_out(self, message: _Message) -> None:
        try:
            self._mend()
            result = carry_out(self._settings, self._office, message.operation, message.arguments)
        except SmkiError as error:
            self._trouble(error)
            message.answer({"error": error_fields(error)})
        else:
            message.answer({"result": result})

    def _advance(self) -> bool:
        """One chunk further, or on to the next batch; False if there is nothing to do."""
        try:
            self._mend()
            self._chores()
            if self._work is None:
                batch = self._next()
                if batch is None:
                    return False
                self._work = process_batch(self._office, batch, self._examine)
            if next(self._work, None) is None:
                self._work = None
        except SmkiError as error:
            self._work = None
            self._trouble(error)
            if not isinstance(error, Unavailable):
                raise
            self._stop.wait(_PATIENCE_SECONDS)
        return True

    def _next(self) -> Batch | None:
        front = self._office.front
        due = due_batches(front)
        if self._settings.processing_window.contains(front.clock.now().time()):
            return due[0] if due else None
        for batch in due:
            if batch.status not in (BatchStatus.PAUSED, BatchStatus.PENDING):
                front.workbook.set_status(batch.number, BatchStatus.PAUSED)
        return None

    def _chores(self) -> None:
        if time.monotonic() < self._next_chores:
            return
        self._next_chores = time.monotonic() + _CHORES_SECONDS
        if refresh_lists(self._office):
            write_lists(self._settings, self._office)
        forget_results(self._office.front)

    def _trouble(self, error: SmkiError) -> None:
        _LOG.error("%s: %s", error.family, error)
        self._troubled = self._troubled or isinstance(error, Unavailable)

    def _mend(self) -> None:
        """After trouble, what was journalled and not finished is finished first."""
        if self._troubled:
            settle(self._office)
            self._troubled = False
