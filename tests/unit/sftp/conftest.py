"""An SFTP server over folders of a test, in a thread of its own, and those who come to it."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import asyncssh
import pytest

from smki.interfaces.sftp import SftpLimits, sftp_serving

_Result = TypeVar("_Result")


def new_key() -> asyncssh.SSHKey:
    """A fresh key pair."""
    return asyncssh.generate_private_key("ssh-ed25519")


@dataclass
class Site:
    """A served tree for each of two parties, and what is registered.

    Attributes:
        root: folder of everything: `bulk`, `own/<party>`, and `secret`, which nobody may see.
        port: where it listens.
        parties: party by SHA-256 of a key.
        key: a key of the party `alpha`.
        fetched: whose files were opened, once for each.
    """

    root: Path
    port: int = 0
    parties: dict[bytes, str] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    key: asyncssh.SSHKey = field(default_factory=new_key)
    host: asyncssh.SSHKey = field(default_factory=new_key)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def register(self, party: str, key: asyncssh.SSHKey) -> None:
        """The key is one of the party."""
        self.parties[sha256(key.public_data).digest()] = party

    async def party_of(self, digest: bytes) -> str | None:
        """The party of a key."""
        return self.parties.get(digest)

    def connect(
        self, user: str = "alpha", key: asyncssh.SSHKey | None = None
    ) -> Awaitable[asyncssh.SSHClientConnection]:
        """A connection of a client that has one key."""
        return asyncssh.connect(
            "127.0.0.1",
            self.port,
            username=user,
            client_keys=[key or self.key],
            known_hosts=None,
            config=None,
            agent_path=None,
        )

    def run(self, visit: Callable[["Site"], Awaitable[_Result]]) -> _Result:
        """What a visit comes to, in a loop of its own."""

        async def bounded() -> _Result:
            return await asyncio.wait_for(visit(self), 20)

        return asyncio.run(bounded())

    def openssh(self, tool: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """What OpenSSH's own client does there; skipped where it is not installed."""
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} of OpenSSH is not installed: not tried with its client")
        key, known = self.root / "client-key", self.root / "known_hosts"
        if not key.exists():
            key.touch(0o600)
            key.write_bytes(self.key.export_private_key())
            line = self.host.export_public_key().decode()
            known.write_text(f"[127.0.0.1]:{self.port} {line}")
        options: tuple[str, ...] = (
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-F",
            "none",
        )
        options += ("-o", f"UserKnownHostsFile={known}", "-o", "IdentitiesOnly=yes")
        options += ("-i", str(key), "-P" if tool == "sftp" else "-p", str(self.port))
        return subprocess.run(
            [tool, *options, *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Callable[[SftpLimits], Site]]:
    """Serves sites with given limits."""
    stops: list[Callable[[], None]] = []

    def make(limits: SftpLimits) -> Site:
        site = Site(root=tmp_path)
        for folder in ("bulk", "own/alpha", "own/beta", "secret"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "bulk/full.bulk").write_bytes(bytes(range(256)) * 4_000)
        (tmp_path / "bulk/full.json").write_bytes(b"{}")
        (tmp_path / "own/alpha/mine.csv").write_bytes(b"alpha's")
        (tmp_path / "own/beta/theirs.csv").write_bytes(b"beta's")
        (tmp_path / "secret/key.pem").write_bytes(b"secret")
        site.register("alpha", site.key)
        started, stop = threading.Event(), asyncio.Event()

        async def serve() -> None:
            async with sftp_serving(
                host="127.0.0.1",
                port=0,
                host_key=site.host.export_private_key(),
                party_of=site.party_of,
                tree_of=lambda party: {
                    "bulk": tmp_path / "bulk",
                    "own": tmp_path / "own" / party,
                },
                fetched=site.fetched.append,
                limits=limits,
            ) as site.port:
                started.set()
                await stop.wait()

        thread = threading.Thread(target=site.loop.run_until_complete, args=(serve(),))
        thread.start()

        def end() -> None:
            site.loop.call_soon_threadsafe(stop.set)
            thread.join(60)
            site.loop.close()

        stops.append(end)
        assert started.wait(60)
        return site

    yield make
    for end in stops:
        end()


@pytest.fixture
def site(new_site: Callable[[SftpLimits], Site]) -> Site:
    """A site with the limits that are the default."""
    return new_site(SftpLimits())
