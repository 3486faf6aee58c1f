"""The head end's side of a TCP line: `ports.DeviceLink` in the time that the hubs tell.

Many devices over one connection. A connection that breaks is made again; what was on its way then
is lost, as frames in the air are, and the transfer's retries bring it over. Reads and writes while
it is asked for events, or sends: it has no thread of its own.

Clause: gbcs:GBT
"""

import heapq
import math
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smki.ports.links import FromDevice, NotDelivered
from smki.simulator.line_records import (
    VERSION,
    Done,
    Hello,
    LineFrame,
    Quiet,
    Record,
    Records,
    RefusedLine,
    Unknown,
    Welcome,
    encode_record,
)
from smki.simulator.transfer import TransferEnd, TransferFigures
from smki.terms import EUI64, Refused, SmkiError, Unavailable
from smki.wire.gbcs.blocks import Route

CONNECT_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 0.5  # between two attempts to connect again
_READ_OCTETS: Final = 1 << 16
_UNSENT_OCTETS_MAX: Final = 1 << 20  # whoever sends more waits until the socket takes it


@dataclass(slots=True, eq=False)
class _Line:
    """The near end of a device's line."""

    device: EUI64
    near: TransferEnd
    unheard: int = 0  # frames of which the hubs have not said that their line is quiet
    quiet: bool = False  # at the hubs
    noted: float | None = None  # when its next retry is due, in the queue


class TcpLink:
    """A line to the hubs at an address. Not for several threads.

    Args:
        host: name or address.
        port: where `TcpHubs` serve.
        transfer: how blocks are transferred.
        clock: seconds that only grow.

    Raises:
        Unavailable: nobody is there, or the connection ended at once.
        Refused: somebody is there who is no line of this version.
        Malformed: as for Refused.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        transfer: TransferFigures | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = (host, port)
        self._transfer = transfer or TransferFigures()
        self._clock = clock
        self._lines: dict[EUI64, _Line] = {}
        self._retries: list[tuple[float, int, EUI64]] = []  # also of lines that are no more
        self._number = 0
        self._untold: deque[FromDevice | NotDelivered] = deque()
        self._unsent = bytearray()
        self._socket: socket.socket | None = None
        self._records = Records()
        self._again_at = 0.0
        self._before = 0.0  # the line's seconds until it was last connected
        self._began = clock()
        self._pace = 1.0
        self.frames = 0
        self.reconnected = 0
        self.trouble = ""
        """Why the last connection ended; empty if none did."""
        welcome = self._connect()
        self._start = welcome.instant

    def close(self) -> None:
        """The connection is closed; nothing more is heard."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def now(self) -> datetime:
        """The line's time: that of the hubs when it was connected, and passing as they said."""
        return self._start + timedelta(seconds=self._seconds)

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way to the device.

        Raises:
            Malformed: it is not a GBCS message.
        """
        line = self._line(device)
        self._out(line, line.near.send(message, self._seconds))
        self._look(line)
        self._pump(0.0)
        while len(self._unsent) > _UNSENT_OCTETS_MAX:
            self._pump(AGAIN_SECONDS)

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then, each when it happens; it is waited for."""
        self._pump(0.0)
        while True:
            self._retry()
            while self._untold:
                yield self._untold.popleft()
            left = (until - self.now).total_seconds()
            if left <= 0:
                return
            if self._retries:
                left = min(left, self._retries[0][0] - self._seconds)
            self._pump(max(left, 0.0) / self._pace)

    @property
    def _seconds(self) -> float:
        """The line's time since it was first connected."""
        return self._before + (self._clock() - self._began) * self._pace

    def _line(self, device: EUI64) -> _Line:
        line = self._lines.get(device)
        if line is None:
            line = self._lines[device] = _Line(device=device, near=TransferEnd(self._transfer))
        return line

    def _out(self, line: _Line, frames: Iterable[bytes]) -> None:
        """Frames go to the hubs; while nobody is connected they are lost."""
        for frame in frames:
            self.frames += 1
            if self._socket is not None:
                line.unheard += 1
                line.quiet = False
                self._unsent += encode_record(LineFrame(device=line.device, frame=frame))

    def _look(self, line: _Line) -> None:
        """Its next retry is noted; if nothing of it waits anywhere it is forgotten."""
        due = line.near.next_retry
        if due is not None:
            if line.noted is None:  # one that is put off is looked at in vain, once
                self._number += 1
                line.noted = due
                heapq.heappush(self._retries, (due, self._number, line.device))
        elif line.quiet and self._lines.pop(line.device, None) is not None:
            self._unsent += encode_record(Done(device=line.device))

    def _retry(self) -> None:
        """Frames whose acknowledgement is due are sent again, or given up."""
        now = self._seconds
        while self._retries and self._retries[0][0] <= now:
            due, _, device = heapq.heappop(self._retries)
            line = self._lines.get(device)
            if line is None or line.noted != due:
                continue
            line.noted = None
            frames, lost = line.near.retry(now)
            self._out(line, frames)
            self._give_up(line, lost)
            self._look(line)

    def _give_up(self, line: _Line, routes: Iterable[Route]) -> None:
        self._untold.extend(
            NotDelivered(
                device=line.device, originator=route.originator, counter=route.counter, at=self.now
            )
            for route in routes
        )

    def _pump(self, seconds: float) -> None:
        """What can be written is, and what comes within so many seconds is heard."""
        if self._socket is None:
            self._connect_again(seconds)
            return
        try:
            self._exchange(self._socket, seconds)
        except OSError as error:
            self._lost(error.strerror or type(error).__name__)
        except SmkiError as error:
            self._lost(str(error))

    def _exchange(self, connection: socket.socket, seconds: float) -> None:
        if self._unsent:  # mostly the socket takes it all at once
            self._write(connection)
        self._poll.modify(connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        for _, ready in self._poll.poll(math.ceil(seconds * 1_000)):
            if ready & ~select.POLLOUT:
                self._read(connection)
            if self._unsent:
                self._write(connection)

    def _read(self, connection: socket.socket) -> None:
        octets = connection.recv(_READ_OCTETS)
        if not octets:
            self._records.end()
            raise Unavailable("line: the hubs have ended the connection", rule="line.away")
        for record in self._records.feed(octets):
            self._hear(record)

    def _write(self, connection: socket.socket) -> None:
        try:
            del self._unsent[: connection.send(self._unsent)]
        except BlockingIOError:
            return

    def _hear(self, record: Record) -> None:
        match record:
            case LineFrame():
                self._arrive(record)
            case Quiet():
                self._quiet(record)
            case Unknown(device=device):
                self._unknown(device)
            case RefusedLine(reason=reason):
                raise Refused(f"line: the hubs say: {reason}", rule="line.refused")
            case _:
                raise Refused(
                    f"line: {type(record).__name__.lower()} came from the hubs, must be a frame,"
                    " quiet, unknown or refused",
                    rule="line.order",
                )

    def _arrive(self, record: LineFrame) -> None:
        line = self._line(record.device)
        line.quiet = False
        arrived = line.near.arrive(record.frame, self._seconds)
        self._out(line, arrived.frames)
        if arrived.message is not None:
            self._untold.append(
                FromDevice(device=line.device, message=arrived.message, at=self.now)
            )
        self._look(line)

    def _quiet(self, record: Quiet) -> None:
        line = self._line(record.device)
        line.unheard -= record.frames
        line.quiet = line.unheard <= 0
        self._look(line)

    def _unknown(self, device: EUI64) -> None:
        line = self._lines.pop(device, None)
        if line is not None:
            self._give_up(line, line.near.give_up())

    def _connect(self) -> Welcome:
        """Connected, and welcome.

        Raises:
            Unavailable: nobody is there, or the connection ended.
            Refused: whoever is there speaks otherwise.
            Malformed: as for Refused.
        """
        place = f"{self._address[0]}:{self._address[1]}"
        try:
            connection = socket.create_connection(self._address, CONNECT_SECONDS)
        except OSError as error:
            raise Unavailable(
                f"line: no hubs are there ({error.strerror or error}), must be served:"
                " run 'smki estate serve'",
                where=place,
                rule="line.away",
            ) from error
        try:
            welcome = _welcome(connection)
        except OSError as error:
            connection.close()
            raise Unavailable(
                f"line: no welcome ({error.strerror or error}), must come within"
                f" {CONNECT_SECONDS:g} s",
                where=place,
                rule="line.away",
            ) from error
        except SmkiError:
            connection.close()
            raise
        connection.setblocking(False)  # noqa: FBT003 -- the socket's own way to be told
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._records = Records()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._unsent.clear()
        self._before, self._began, self._pace = self._seconds, self._clock(), welcome.pace
        return welcome

    def _connect_again(self, seconds: float) -> None:
        """Tried at most every `AGAIN_SECONDS`; the rest of the time is slept."""
        now = self._clock()
        if now < self._again_at:
            time.sleep(min(seconds, self._again_at - now))
            return
        self._again_at = now + AGAIN_SECONDS
        try:
            self._connect()
        except SmkiError as error:
            self.trouble = str(error)
            return
        self.reconnected += 1

    def _lost(self, why: str) -> None:
        """The connection is gone, with all that was on its way over it."""
        self.trouble = why
        self.close()
        self._again_at = self._clock()
        for line in tuple(self._lines.values()):
            line.unheard = 0
            if line.near.idle:
                del self._lines[line.device]


def _welcome(connection: socket.socket) -> Welcome:
    """What the hubs say first.

    Raises:
        OSError: nothing comes.
        Unavailable: the connection ended.
        Refused: they refuse, or say something else.
        Malformed: as for Refused.
    """
    connection.sendall(encode_record(Hello()))
    records = Records()
    while octets := connection.recv(_READ_OCTETS):
        for record in records.feed(octets):
            match record:
                case Welcome(version=version) if version == VERSION:
                    return record
                case RefusedLine(reason=reason):
                    raise Refused(f"line: the hubs say: {reason}", rule="line.refused")
                case _:
                    raise Refused(
                        f"line: {type(record).__name__.lower()} came first, must be a welcome of"
                        f" version {VERSION}",
                        rule="line.order",
                    )
    raise Unavailable("line: the hubs have ended the connection", rule="line.away")
