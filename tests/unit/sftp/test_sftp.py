"""SFTP: who has a registered key reads its own tree; nobody writes, gets out, or takes too much."""

import asyncio
import inspect
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncssh
import pytest

from smki.interfaces.sftp import SftpLimits
from smki.interfaces.sftp.files import ReadOnlyFiles
from smki.interfaces.sftp.limits import Attempts
from smki.interfaces.sftp.tree import Tree

REFUSED = (
    asyncssh.SFTPNoSuchFile,
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPFailure,
    asyncssh.SFTPOpUnsupported,
)


def seen(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, with its mode and content."""
    return {
        str(path): (path.stat().st_mode, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.clause("sec-app-p:1.2")
def test_a_party_reads_the_bulk_files_and_its_own(site: Any) -> None:
    """What is listed is what can be read, octet for octet, and another's files are not there."""

    async def visit(here: Any) -> None:
        async with here.connect() as conn, conn.start_sftp_client() as sftp:
            assert sorted(await sftp.listdir("/")) == [".", "..", "bulk", "own"]
            assert sorted(await sftp.listdir("own")) == [".", "..", "mine.csv"]
            async with sftp.open("/bulk/full.bulk", "rb") as file:
                assert await file.read() == bytes(range(256)) * 4_000
            async with sftp.open("own/mine.csv", "rb") as file:
                assert await file.read() == b"alpha's"
            assert (await sftp.stat("bulk/full.bulk")).size == 1_024_000

    site.run(visit)
    assert site.fetched == ["alpha", "alpha"]  # two files; what was listed is none


PATHS = [
    b"/own/theirs.csv", b"/own/../own/beta/theirs.csv", b"/secret/key.pem", b"../secret/key.pem",
    b"/../../../../etc/passwd", b"/etc/passwd", b"//etc/passwd", b"///bulk/../../etc/passwd",
    b"/bulk/../../secret/key.pem", b"/bulk/..%2fsecret", b"/bulk/full.bulk/../../../etc/passwd",
    b"/bulk/full.bulk\x00.txt", b"/bulk/\x00", b"\x00", b"/bulk/" + b"a" * 129, b"a" * 70_000,
    b"/bulk/" + b"../" * 5_000 + b"etc/passwd", b"/bulk/.lock", b"/bulk/.full.bulk.part",
    b"/bulk/\xff\xfe", b"/bulk/full.bulk/", b"/bulk/full.bulk/x", b"/bulk//x//y",
    b"/own/alpha/mine.csv", b"~/x", b"/proc/self/environ", b"/dev/stdin", b"/bulk/a\nb",
    b"/bulk/symlink", b"/bulk/hardlink", b"/bulk/folder", b"/bulk/folder/inside", b"/bulk/pipe",
    b"/outside/key.pem", b"/bulk\\..\\secret", b"C:\\", b"/bulk/*",
]  # fmt: skip


@pytest.mark.clause("sec-app-p:1.2")
def test_no_path_leads_out(site: Any) -> None:
    """Above the root, absolute, too long, NUL, links, pipes, hidden names: nothing of it is there."""
    bulk, secret = site.root / "bulk", site.root / "secret"
    (bulk / "symlink").symlink_to(secret / "key.pem")
    (bulk / "hardlink").hardlink_to(secret / "key.pem")
    (bulk / "folder").mkdir()
    (bulk / "folder" / "inside").write_bytes(b"inside")
    (bulk / ".lock").touch()
    os.mkfifo(bulk / "pipe")

    async def visit(here: Any) -> None:
        async with here.connect() as conn, conn.start_sftp_client() as sftp:
            for path in PATHS:
                if path == b"/bulk/full.bulk/":
                    continue  # the same as without its end
                for ask in (sftp.stat, sftp.lstat, sftp.open, sftp.readlink, sftp.listdir):
                    with pytest.raises((*REFUSED, asyncssh.SFTPBadMessage)):
                        await ask(path)
            names = sorted(await sftp.listdir("/bulk"))
            assert names == [".", "..", "full.bulk", "full.json"]

    site.run(visit)


@pytest.mark.clause("sec-app-p:1.2")
def test_nothing_can_be_changed(site: Any) -> None:
    """Writing, making, removing, renaming, linking, setting and locking are refused, each of them."""
    before = seen(site.root)

    async def visit(here: Any) -> None:
        async with here.connect() as conn, conn.start_sftp_client() as sftp:
            name, new = "/bulk/full.bulk", "/own/new"
            tries: list[Callable[[], Any]] = [
                *(lambda mode=mode: sftp.open(new, mode) for mode in ("w", "a", "x", "r+", "w+")),
                *(lambda mode=mode: sftp.open(name, mode) for mode in ("w", "a", "x", "r+", "w+")),
                lambda: sftp.remove(name),
                lambda: sftp.rename(name, new),
                lambda: sftp.posix_rename(name, new),
                lambda: sftp.symlink("/etc/passwd", new),
                lambda: sftp.link(name, new),
                lambda: sftp.readlink(name),
                lambda: sftp.mkdir(new),
                lambda: sftp.rmdir("/own"),
                lambda: sftp.setstat(name, asyncssh.SFTPAttrs(permissions=0o777)),
                lambda: sftp.truncate(name, 0),
                lambda: sftp.chmod(name, 0o777),
                lambda: sftp.chown(name, 1, 1),
                lambda: sftp.utime(name, (1, 1)),
                lambda: sftp.statvfs(name),
            ]
            for attempt in tries:
                with pytest.raises(REFUSED):
                    await attempt()
            async with sftp.open(name, "rb") as file:
                for change in (
                    lambda: file.write(b"x", 0),
                    lambda: file.truncate(0),
                    lambda: file.setstat(asyncssh.SFTPAttrs(size=0)),
                    file.fsync,
                    file.statvfs,
                ):
                    with pytest.raises(REFUSED):
                        await change()

    site.run(visit)
    assert seen(site.root) == before


def test_every_operation_of_the_library_is_answered_here() -> None:
    """No operation falls back to the library's own, which uses the disk of the machine."""
    inherited = {
        name
        for name, member in inspect.getmembers(asyncssh.SFTPServer, inspect.isfunction)
        if not name.startswith("_") and getattr(ReadOnlyFiles, name) is member
    }
    assert inherited == {"convert_attrs", "format_longname", "map_path", "reverse_map_path"}


@pytest.mark.clause("sec-app-p:1.2")
def test_only_registered_keys_open_the_door(site: Any) -> None:
    """Another key, a key of another party and a password open nothing; nor does a CA's say-so."""
    other = asyncssh.generate_private_key("ssh-ed25519")
    site.register("beta", other)

    async def visit(here: Any) -> None:
        wrong = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
        for user, key in (("alpha", wrong), ("alpha", other), ("beta", here.key), ("", here.key)):
            with pytest.raises((asyncssh.PermissionDenied, asyncssh.ConnectionLost)):
                await here.connect(user, key)
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect(
                "127.0.0.1",
                here.port,
                username="alpha",
                password="alpha",
                client_keys=None,
                known_hosts=None,
                config=None,
                agent_path=None,
            )
        async with here.connect("beta", other) as conn, conn.start_sftp_client() as sftp:
            assert sorted(await sftp.listdir("own")) == [".", "..", "theirs.csv"]

    site.run(visit)


@pytest.mark.clause("sec-app-p:1.2")
def test_nothing_but_files_is_served(site: Any) -> None:
    """No shell, no command, no other subsystem, no forwarding either way."""

    async def visit(here: Any) -> None:
        async with here.connect() as conn:
            for asked in (
                {},
                {"command": "id"},
                {"command": "scp -f /etc/passwd"},
                {"subsystem": "x"},
            ):
                with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ProcessError)):
                    await conn.create_process(**asked)
            with pytest.raises(asyncssh.ChannelOpenError):
                await conn.open_connection("127.0.0.1", here.port)
            with pytest.raises(asyncssh.ChannelOpenError):
                await conn.open_unix_connection("/tmp/x")
            with pytest.raises(asyncssh.ChannelListenError):
                await conn.forward_remote_port("", 0, "127.0.0.1", here.port)

    site.run(visit)


def test_handles_and_listings_are_bounded(new_site: Callable[[SftpLimits], Any]) -> None:
    """A session opens so many files and lists so many folders, and no more."""
    site = new_site(SftpLimits(handles=3, listings=5))

    async def visit(here: Any) -> None:
        async with here.connect() as conn, conn.start_sftp_client() as sftp:
            files = [await sftp.open("/bulk/full.json", "rb") for _ in range(3)]
            with pytest.raises(asyncssh.SFTPFailure, match="too many open files"):
                await sftp.open("/bulk/full.json", "rb")
            await files[0].close()
            await sftp.open("/bulk/full.json", "rb")
            for _ in range(5):
                await sftp.listdir("/")
            with pytest.raises(asyncssh.SFTPFailure, match="too many listings"):
                await sftp.listdir("/")

    site.run(visit)


def test_one_party_leaves_room_for_others(new_site: Callable[[SftpLimits], Any]) -> None:
    """One connection too many of a party is closed, and another party still gets in."""
    site = new_site(SftpLimits(party_connections=2))
    other = asyncssh.generate_private_key("ssh-ed25519")
    site.register("beta", other)

    async def visit(here: Any) -> None:
        held = [await here.connect() for _ in range(2)]
        with pytest.raises((asyncssh.DisconnectError, asyncssh.ChannelOpenError, OSError)):
            async with here.connect() as third:
                await third.start_sftp_client()
        async with here.connect("beta", other) as conn:
            await conn.start_sftp_client()
        for one in held:
            one.abort()

    site.run(visit)


def test_too_many_failures_bar_an_address(
    new_site: Callable[[SftpLimits], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many failed log-ins nobody gets in from there until the window has passed."""
    site = new_site(SftpLimits(failures=2, failure_seconds=600))
    passed = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("smki.interfaces.sftp.server.time", clock)

    async def visit(here: Any) -> None:
        for _ in range(2):
            with pytest.raises((asyncssh.PermissionDenied, asyncssh.ConnectionLost)):
                await here.connect("alpha", asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises((asyncssh.ConnectionLost, OSError)):  # noqa: PT012  # which of them is varies
            for _ in range(600):
                (await here.connect()).abort()
                await asyncio.sleep(0.1)
        passed[0] = 600
        async with here.connect() as conn:
            await conn.start_sftp_client()

    site.run(visit)


def test_an_idle_connection_and_a_removed_key_are_closed(
    new_site: Callable[[SftpLimits], Any],
) -> None:
    """Who asks nothing for long, or whose key is taken away, is sent away within seconds."""
    idle, kept = new_site(SftpLimits(idle_seconds=1)), new_site(SftpLimits())

    async def wait(here: Any) -> None:
        async with here.connect() as conn:
            await conn.start_sftp_client()
            here.parties.clear() if here is kept else None
            await asyncio.wait_for(conn.wait_closed(), 60)

    idle.run(wait)
    kept.run(wait)


class _Full:
    """A channel whose client takes nothing, until it is asked for the size the third time."""

    def __init__(self, *, closing: bool) -> None:
        self.asked, self._closing = 0, closing

    def get_write_buffer_size(self) -> int:
        """Octets that wait."""
        self.asked += 1
        return 5 << 20 if self.asked < 3 else 0

    def is_closing(self) -> bool:
        """Whether it is being closed."""
        return self._closing


def test_an_answer_that_is_not_taken_does_not_fill_the_memory() -> None:
    """While a client takes nothing nothing more is read for it; if it goes, reading ends."""
    slow, gone = _Full(closing=False), _Full(closing=True)

    async def visit(channel: Any) -> None:
        await ReadOnlyFiles(channel, Tree({}), SftpLimits(), lambda: None, lambda: None).realpath(
            b"/"
        )

    asyncio.run(visit(slow))
    assert slow.asked == 3
    with pytest.raises(asyncssh.SFTPFailure):
        asyncio.run(visit(gone))


def test_attempts_are_counted_and_forgotten() -> None:
    """Connections are counted while they last, failures for their window; addresses are forgotten."""
    attempts = Attempts(limits=SftpLimits(connections=2, failures=2, failure_seconds=10))
    assert [attempts.admit("a", 0), attempts.admit("b", 0), attempts.admit("c", 0)] == [
        True,
        True,
        False,
    ]
    attempts.end("a", None, 1)
    attempts.end("b", None, 1)
    assert attempts.admit("a", 2)
    attempts.end("a", None, 2)
    assert not attempts.admit("a", 3)
    assert attempts.admit("b", 3)
    assert attempts.admit("a", 12)
    assert not attempts.is_barred("b", 12)
    assert attempts._failed == {}


@pytest.mark.parametrize("path", [b"", b"/", b".", b"/..", b"../..", b"//", b"/bulk/.."])
def test_every_way_to_the_root_is_the_root(tmp_path: Path, path: bytes) -> None:
    """However the root is written, it is the root, and never what is above it."""
    node = Tree({"bulk": tmp_path}).find(path)
    assert node is not None
    assert (node.path, node.folder, node.name) == (b"/", None, "")


@pytest.mark.clause("sec-app-p:1.2")
def test_the_client_of_openssh_fetches_and_is_refused(site: Any, tmp_path: Path) -> None:
    """OpenSSH's sftp lists and fetches; put, rm, a link and a command on the other side fail."""
    done = site.openssh(
        "sftp",
        "-b",
        "-",
        "alpha@127.0.0.1",
        given=f"ls -l /bulk\nget /bulk/full.bulk {tmp_path}/fetched\nget -r /own {tmp_path}/own2\n",
    )
    assert done.returncode == 0, done.stderr
    assert "full.json" in done.stdout
    assert (tmp_path / "fetched").read_bytes() == bytes(range(256)) * 4_000
    assert (tmp_path / "own2" / "mine.csv").read_bytes() == b"alpha's"
    for command in (
        f"put {tmp_path}/fetched /own/new",
        "rm /bulk/full.bulk",
        "rename /own/mine.csv /own/x",
        "symlink /etc/passwd /own/x",
        "ln /bulk/full.bulk /own/x",
        "mkdir /own/x",
        "rmdir /own",
        "chmod 777 /own/mine.csv",
        "get /../../etc/passwd /dev/null",
        "get ../secret/key.pem",
        "df /",
    ):
        done = site.openssh("sftp", "-b", "-", "alpha@127.0.0.1", given=command + "\n")
        assert done.returncode != 0, command
    assert site.openssh("ssh", "alpha@127.0.0.1", "id").returncode != 0
    assert site.openssh("ssh", "-T", "alpha@127.0.0.1").returncode != 0
    assert sorted(path.name for path in (site.root / "own/alpha").iterdir()) == ["mine.csv"]
