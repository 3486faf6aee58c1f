"""What a session may ask: list and read what is in its tree. Everything else is refused here.

Each operation of the library's server is answered or refused by name, so that none falls back to
the library's own, which would use the disk; a test compares the two lists. Octets are read where
they are asked for, in the event loop, since they come from the page cache; no more is read ahead
than a client takes.

Clause: sec-app-p:1.2
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NoReturn

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_TRUNC,
    FXF_WRITE,
    SFTPAttrs,
    SFTPFailure,
    SFTPName,
    SFTPNoSuchFile,
    SFTPPermissionDenied,
    SFTPServer,
    SSHServerChannel,
)

from smki.interfaces.sftp.limits import SftpLimits
from smki.interfaces.sftp.tree import Node, Tree

READ_MAX_OCTETS: Final = 256 * 1024  # at once, whatever a client asks for
BUFFER_OCTETS: Final = 4 * 1024 * 1024  # that a client has not taken yet
_PAUSE_SECONDS: Final = 0.005  # 4 MiB in it are more than any line carries
_WRITING: Final = FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC | FXF_EXCL
_FOLDER: Final = stat.S_IFDIR | 0o555
_FILE: Final = stat.S_IFREG | 0o444


async def _refused(files: "ReadOnlyFiles", *_arguments: object) -> NoReturn:
    """Nothing is changed, linked, locked or told of the disk."""
    await files.room()
    _refuse()


_REFUSED: Final[Any] = _refused  # each of the library's operations has a type of its own


class OpenFile:
    """A file that is being read."""

    __slots__ = ("descriptor", "status")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.status = os.fstat(descriptor)


class ReadOnlyFiles(SFTPServer):
    """One session over the tree of its party.

    `touch` is called for each request, `fetch` for each file that is opened.
    """

    def __init__(
        self,
        channel: "SSHServerChannel[bytes]",
        tree: Tree,
        limits: SftpLimits,
        touch: Callable[[], None],
        fetch: Callable[[], None],
    ) -> None:
        super().__init__(channel)
        self._tree, self._limits, self._touch, self._fetch = tree, limits, touch, fetch
        self._opened: set[OpenFile] = set()
        self._listed = 0

    async def room(self) -> None:
        """The client has taken most of what it was sent: it cannot fill the memory with answers."""
        self._touch()
        while self.channel.get_write_buffer_size() > BUFFER_OCTETS:
            if self.channel.is_closing():
                raise SFTPFailure("the connection is closing")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _find(self, path: bytes) -> tuple[Node, SFTPAttrs]:
        await self.room()
        node = self._tree.find(path)
        if node is None:
            raise _absent(path)
        if not node.name:
            return node, SFTPAttrs(permissions=_FOLDER, nlink=1, uid=0, gid=0)
        found = self._tree.status(node)
        if found is None:
            raise _absent(path)
        return node, _attributes(found)

    async def stat(self, path: bytes) -> SFTPAttrs:
        """What is said of a file or folder."""
        return (await self._find(path))[1]

    async def lstat(self, path: bytes) -> SFTPAttrs:
        """The same: there are no links."""
        return (await self._find(path))[1]

    async def fstat(self, file_obj: object) -> SFTPAttrs:
        """What is said of a file that is open."""
        await self.room()
        return _attributes(_opened(file_obj).status)

    async def realpath(self, path: bytes) -> bytes:
        """The only form of a path; one that would lead above the root ends there."""
        await self.room()
        normal = self._tree.normal(path)
        if normal is None:
            raise _absent(path)
        return normal

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """The names in a folder, with what is said of each."""
        node, attributes = await self._find(path)
        self._listed += 1
        if node.name or self._listed > self._limits.listings:
            raise SFTPFailure("not a folder" if node.name else "too many listings in one session")
        for name in (b".", b".."):
            yield SFTPName(name, attrs=attributes)
        for name in self._tree.names(node):
            inside = self._tree.find(node.path + b"/" + name)
            found = self._tree.status(inside) if inside and inside.name else None
            yield SFTPName(name, attrs=attributes if found is None else _attributes(found))

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> OpenFile:
        """The file, open to be read."""
        del attrs
        await self.room()
        if pflags & _WRITING:
            _refuse()
        if len(self._opened) >= self._limits.handles:
            raise SFTPFailure(f"too many open files, at most {self._limits.handles}")
        node = self._tree.find(path)
        descriptor = None if node is None else self._tree.open(node)
        if descriptor is None:
            raise _absent(path)
        opened = OpenFile(descriptor)
        self._opened.add(opened)
        self._fetch()
        return opened

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """So many octets at most, none at the end."""
        await self.room()
        opened = _opened(file_obj)
        if offset >= opened.status.st_size:
            return b""
        return os.pread(opened.descriptor, min(size, READ_MAX_OCTETS), offset)

    async def close(self, file_obj: object) -> None:
        """The file is not open any more."""
        opened = _opened(file_obj)
        if opened in self._opened:
            self._opened.discard(opened)
            os.close(opened.descriptor)

    async def exit(self) -> None:
        """The session has ended: nothing of it is open."""
        for opened in tuple(self._opened):
            await self.close(opened)

    def format_user(self, uid: int | None) -> str:
        """No name of this machine is told."""
        del uid
        return "smki"

    def format_group(self, gid: int | None) -> str:
        """No name of this machine is told."""
        del gid
        return "smki"

    open56 = write = setstat = lsetstat = fsetstat = remove = mkdir = rmdir = _REFUSED
    rename = posix_rename = readlink = symlink = link = lock = unlock = _REFUSED
    statvfs = fstatvfs = fsync = _REFUSED


def _opened(file_obj: object) -> OpenFile:
    if not isinstance(file_obj, OpenFile):
        raise SFTPFailure("not an open file")
    return file_obj


def _attributes(found: os.stat_result) -> SFTPAttrs:
    return SFTPAttrs(
        size=found.st_size,
        uid=0,
        gid=0,
        permissions=_FILE,
        atime=int(found.st_mtime),
        mtime=int(found.st_mtime),
        nlink=1,
    )


def _absent(path: bytes) -> SFTPNoSuchFile:
    return SFTPNoSuchFile(f"{path[:100].decode(errors='backslashreplace')}: there is no such file")


def _refuse() -> NoReturn:
    raise SFTPPermissionDenied("the repository can only be read")
