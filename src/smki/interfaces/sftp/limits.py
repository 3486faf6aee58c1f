"""How much anyone may take of the SFTP server, and how often one may fail to log in.

Counts alone: no socket, no clock; instants are seconds of any clock that does not go back.
"""

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpLimits:
    """The limits, each with the reason that it has this default.

    Attributes:
        connections: at once, of all; each takes some 100 kB and a descriptor.
        party_connections: at once, of one party: leaves room for others.
        handles: open files in one session; `sftp` needs one, mirrors a few.
        listings: of folders in one session, which the protocol does not tell the end of.
        login_seconds: from connection to log-in; a client has its key at hand.
        idle_seconds: without a request; as for the TLS sessions of the other services.
        keys: offered in one connection; an agent of a person holds a handful.
        failures: connections from one address that ended without log-in, in `failure_seconds`;
            after that many none is taken from there until the window has passed.
    """

    connections: int = 64
    party_connections: int = 4
    handles: int = 16
    listings: int = 4_096
    login_seconds: float = 20.0
    idle_seconds: float = 300.0
    keys: int = 6
    failures: int = 10
    failure_seconds: float = 60.0


@dataclass(slots=True)
class Attempts:
    """Who is connected, and who failed to log in lately."""

    limits: SftpLimits
    _open: int = 0
    _parties: Counter[str] = field(default_factory=Counter)
    _failed: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, address: str, now: float) -> bool:
        """One more connection from `address` is counted, if there may be one."""
        self._forget(now)
        if self._open >= self.limits.connections or self.is_barred(address, now):
            return False
        self._open += 1
        return True

    def is_barred(self, address: str, now: float) -> bool:
        """Whether too many connections from there have failed lately."""
        failed = self._failed.get(address, ())
        return sum(now - at < self.limits.failure_seconds for at in failed) >= self.limits.failures

    def log_in(self, party: str) -> bool:
        """One more connection of the party is counted, if it may have one."""
        if self._parties[party] >= self.limits.party_connections:
            return False
        self._parties[party] += 1
        return True

    def end(self, address: str, party: str | None, now: float) -> None:
        """An admitted connection has ended; without a party it failed to log in."""
        self._open -= 1
        if party is not None:
            self._parties[party] -= 1
            return
        self._failed.setdefault(address, deque(maxlen=self.limits.failures)).append(now)

    def _forget(self, now: float) -> None:
        """Addresses whose last failure is long ago are forgotten: what is kept is bounded."""
        old = [
            address
            for address, failed in self._failed.items()
            if now - failed[-1] >= self.limits.failure_seconds
        ]
        for address in old:
            del self._failed[address]
