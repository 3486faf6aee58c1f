"""A head end's connection to simulated hubs: records in time, in order and in bounds, or refused.

What the records mean is for the hubs. A head end that leaves its answers unread is cut off.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final, Protocol, cast

from smki.simulator.line_records import (
    VERSION,
    Done,
    Hello,
    LineFrame,
    Record,
    Records,
    RefusedLine,
    Welcome,
    encode_record,
)
from smki.terms import Inconsistent, Malformed, Refused, SmkiError

_LOG = logging.getLogger("smki.line")

RECORD_SECONDS: Final = 10.0  # for a record that has begun, and for the first
UNREAD_OCTETS_MAX: Final = 16 << 20  # that a head end leaves lying


class Hears(Protocol):
    """Who hears what comes over connections."""

    @property
    def welcome(self) -> Welcome:
        """What a head end is told first."""
        ...

    def connected(self, connection: "HeadEndConnection") -> None:
        """A head end is there; Refused if it may not be."""
        ...

    def gone(self, connection: "HeadEndConnection") -> None:
        """It is there no more."""
        ...

    def frame(self, connection: "HeadEndConnection", record: LineFrame) -> None:
        """It sent a frame."""
        ...

    def done(self, connection: "HeadEndConnection", record: Done) -> None:
        """It waits for nothing of a line."""
        ...

    def fail(self, error: SmkiError) -> None:
        """Nothing more can be done."""
        ...


class HeadEndConnection(asyncio.Protocol):
    """One head end's; what comes over it is checked here, and heard by the hubs."""

    def __init__(self, hubs: Hears) -> None:
        self._hubs = hubs
        self._records = Records()
        self._transport: asyncio.Transport | None = None
        self._slow: asyncio.TimerHandle | None = None
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.Transport", transport)  # of a TCP connection it is one
        try:
            self._hubs.connected(self)
        except Refused as error:
            self._refuse(error)
        else:
            self._wait_for_record()

    def data_received(self, data: bytes) -> None:
        """Octets came."""
        whole = False
        try:
            for record in self._records.feed(data):
                whole = True
                self._take(record)
        except Inconsistent as error:
            self._hubs.fail(error)
            self._refuse(error)
        except SmkiError as error:
            self._refuse(error)
        self._time_record(whole=whole)

    def _time_record(self, *, whole: bool) -> None:
        """A record that has begun is waited for so long, and no longer."""
        if self._slow is not None and (whole or not self._records.half):
            self._slow.cancel()
            self._slow = None
        if self._records.half and self._slow is None:
            self._wait_for_record()

    def eof_received(self) -> bool:
        """Nothing more comes: a half record is told before the connection ends."""
        try:
            self._records.end()
        except Malformed as error:
            self._refuse(error)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        del exc
        if self._slow is not None:
            self._slow.cancel()
        self._transport = None
        self._hubs.gone(self)

    def write(self, record: Record) -> None:
        """The record is on its way, unless the head end has gone or does not read."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > UNREAD_OCTETS_MAX:
            _LOG.warning(
                "a head end is left: %d octets wait to be read, must be at most %d",
                self._transport.get_write_buffer_size(),
                UNREAD_OCTETS_MAX,
            )
            self._transport.abort()
            return
        self._transport.write(encode_record(record))

    def abort(self) -> None:
        """The connection is closed at once."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, record: Record) -> None:
        match record:
            case Hello(version=version) if not self._greeted:
                if version != VERSION:
                    raise Refused(
                        f"line: version {version} of the records, must be {VERSION}",
                        rule="line.version",
                    )
                self._greeted = True
                self.write(self._hubs.welcome)
            case LineFrame() if self._greeted:
                self._hubs.frame(self, record)
            case Done() if self._greeted:
                self._hubs.done(self, record)
            case _:
                raise Refused(
                    f"line: {type(record).__name__.lower()} came, must be a hello first, then"
                    " frames and dones",
                    rule="line.order",
                )

    def _wait_for_record(self) -> None:
        loop = asyncio.get_running_loop()
        self._slow = loop.call_later(
            RECORD_SECONDS,
            self._refuse,
            Refused(
                f"line: a record is not whole after {RECORD_SECONDS:g} s, must be by then",
                rule="line.slow",
            ),
        )

    def _refuse(self, error: SmkiError) -> None:
        """The head end is told why, and the connection ends."""
        _LOG.info("a connection ends: %s", error)
        self.write(RefusedLine(reason=f"{error.family}: {error}"))
        if self._transport is not None:
            with suppress(OSError):
                self._transport.close()
