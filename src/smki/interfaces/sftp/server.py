"""The SFTP server: public keys of parties, one read-only tree for each, and nothing else of SSH.

No shell, no command, no forwarding, no agent, no other subsystem, no password. Who may log in is
asked of the register for each log-in and again while the connection lasts, so that a key that was
taken away closes what it opened.

Clause: sec-app-p:1.2
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncssh

from smki.interfaces.sftp.files import ReadOnlyFiles
from smki.interfaces.sftp.limits import Attempts, SftpLimits
from smki.interfaces.sftp.tree import Tree
from smki.terms import Malformed, Unavailable

_LOG: Final = logging.getLogger("smki.sftp")
_LOOK_SECONDS: Final = 2.0  # between two looks at who is idle, or may not be here any more
_ENCRYPTION: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
)
_SIGNATURES: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-256",
    "rsa-sha2-512",
)

PartyOf = Callable[[bytes], Awaitable[str | None]]
"""The party that the key with this SHA-256 identifies."""
TreeOf = Callable[[str], Mapping[str, Path]]
"""The folders that a party sees, by name."""
Fetched = Callable[[str], None]
"""Told of each file that a party opens."""


@dataclass(eq=False)
class _House:
    """What all connections share."""

    party_of: PartyOf
    tree_of: TreeOf
    fetched: Fetched
    limits: SftpLimits
    attempts: Attempts
    visitors: "set[_Visitor]" = field(default_factory=set)


class _Visitor(asyncssh.SSHServer):
    """One connection, from its first octet to its last."""

    def __init__(self, house: _House) -> None:
        self._house = house
        self._address = ""
        self._admitted = False
        self._offered = 0
        self.digest = b""
        self.party: str | None = None
        self.connection: asyncssh.SSHServerConnection | None = None
        self.touched = time.monotonic()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """It may stay, or is gone at once: too many are here, or failed to log in from there."""
        self.connection = conn
        self._address = str((conn.get_extra_info("peername") or ("?",))[0])
        self._admitted = self._house.attempts.admit(self._address, time.monotonic())
        if not self._admitted:
            _LOG.warning("sftp: a connection from %s was not taken: too many", self._address)
            conn.abort()
            return
        self._house.visitors.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is not counted any more."""
        del exc
        if self._admitted:
            self._house.attempts.end(self._address, self.party, time.monotonic())
        self._house.visitors.discard(self)

    def begin_auth(self, username: str) -> bool:
        """Everyone has to show a key."""
        del username
        return True

    def public_key_auth_supported(self) -> bool:
        """The only way in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key is one of the party of that name; asked twice in a log-in.

        Clause: sec-app-p:1.2
        """
        digest = sha256(key.public_data).digest()
        if digest != self.digest:
            self._offered += 1
        if self._offered > self._house.limits.keys and self.connection is not None:
            self.connection.abort()
            return False
        self.digest = digest
        try:
            return await self._house.party_of(digest) == username
        except Unavailable:
            return False

    def auth_completed(self) -> None:
        """The party is known; one too many of its connections is closed."""
        if self.connection is None:
            return
        party = str(self.connection.get_extra_info("username"))
        if not self._house.attempts.log_in(party):
            self.connection.disconnect(
                asyncssh.DISC_TOO_MANY_CONNECTIONS, "too many connections of this party"
            )
            return
        self.party = party
        _LOG.info("sftp: %s logged in from %s", party, self._address)

    def touch(self) -> None:
        """It has asked for something now."""
        self.touched = time.monotonic()

    def files(self, channel: "asyncssh.SSHServerChannel[bytes]") -> ReadOnlyFiles:
        """A session over the tree of its party."""
        tree = Tree(self._house.tree_of(self.party) if self.party else {})
        return ReadOnlyFiles(channel, tree, self._house.limits, self.touch, self.fetch)

    def fetch(self) -> None:
        """A file of its party's tree was opened."""
        if self.party is not None:
            self._house.fetched(self.party)

    async def must_go(self, now: float) -> str:
        """Why it is closed now; empty if it may stay."""
        if now - self.touched > self._house.limits.idle_seconds:
            return "idle for too long"
        if self.party is None:
            return ""
        try:
            party = await self._house.party_of(self.digest)
        except Unavailable:
            return ""  # what cannot be asked now is asked again
        return "" if party == self.party else "the key is not registered any more"


@asynccontextmanager
async def sftp_serving(
    *,
    host: str,
    port: int,
    host_key: bytes,
    party_of: PartyOf,
    tree_of: TreeOf,
    fetched: Fetched = lambda _: None,
    limits: SftpLimits | None = None,
) -> AsyncIterator[int]:
    """Parties are served inside, at the port that is given; afterwards nobody is.

    `host_key` is a private key in OpenSSH's form.

    Raises:
        Unavailable: the port cannot be had.
        Malformed: `host_key` is no key.

    Clause: sec-app-p:1.2
    """
    bounds = limits or SftpLimits()
    house = _House(
        party_of=party_of,
        tree_of=tree_of,
        fetched=fetched,
        limits=bounds,
        attempts=Attempts(limits=bounds),
    )
    acceptor = await _listen(house, host, port, host_key)
    looking = asyncio.create_task(_look(house))
    try:
        yield acceptor.get_port()
    finally:
        looking.cancel()
        acceptor.close()
        for visitor in tuple(house.visitors):
            if visitor.connection is not None:
                visitor.connection.abort()
        with suppress(asyncio.CancelledError):
            await looking


async def _listen(house: _House, host: str, port: int, host_key: bytes) -> asyncssh.SSHAcceptor:
    options: dict[str, Any] = {
        "server_host_keys": [_private(host_key)],
        "sftp_factory": _files,
        "sftp_version": 3,
        "allow_scp": False,
        "encoding": None,
        "line_editor": False,
        "allow_pty": False,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "password_auth": False,
        "kbdint_auth": False,
        "host_based_auth": False,
        "gss_host": None,
        "public_key_auth": True,
        "compression_algs": None,
        "encryption_algs": _ENCRYPTION,
        "signature_algs": _SIGNATURES,
        "login_timeout": house.limits.login_seconds,
        "keepalive_interval": 60,
        "server_version": "SMKI",
    }
    try:
        return await asyncssh.listen(host, port, server_factory=lambda: _Visitor(house), **options)
    except OSError as error:
        raise Unavailable(
            f"SFTP: port {port} of {host} cannot be had ({error.strerror}): another program listens"
            " there, or name another one with SMKI_SFTP_PORT (-1: none)",
            where="sftp_port",
            rule="sftp.port",
        ) from error


def _private(octets: bytes) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(octets)
    except asyncssh.KeyImportError as error:
        raise Malformed(
            f"SFTP: its host key is no private key ({error}), must be one in OpenSSH's form",
            rule="sftp.key",
        ) from error


def _files(channel: "asyncssh.SSHServerChannel[bytes]") -> ReadOnlyFiles:
    visitor = channel.get_connection().get_owner()
    assert isinstance(visitor, _Visitor)  # the only kind that `_listen` makes
    return visitor.files(channel)


async def _look(house: _House) -> None:
    """Who is idle, takes no answers, or may not be here any more, is sent away."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        for visitor in tuple(house.visitors):
            reason = await visitor.must_go(time.monotonic())
            if reason and visitor.connection is not None:
                _LOG.info("sftp: a connection is closed: %s", reason)
                visitor.connection.abort()
