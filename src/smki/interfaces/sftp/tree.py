"""The tree that a party sees over SFTP: a table of folders, and the plain files in them.

    /                 bulk, own
    /bulk/<file>      the bulk files of the record, the same for everyone
    /own/<file>       what is for this party alone

A path of a client is never joined onto a folder of the disk: its first part is looked up in the
table, its second must be a plain name, and a third there is not. A file is opened by that name in
its folder, and is served only if it is a regular file with one name: no link of any kind leads out.

Clause: sec-app-p:1.2
"""

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATH_MAX_OCTETS: Final = 1_024
_NAME: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something in the tree.

    Attributes:
        path: its only path, from the root of the tree.
        folder: where its files are, or it is itself; None for the root.
        name: its name in that folder; empty for a folder.
    """

    path: bytes
    folder: Path | None = None
    name: str = ""


class Tree:
    """The tree of one party."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {name.encode(): path for name, path in folders.items()}

    def normal(self, path: bytes) -> bytes | None:
        """The only form of a path, whether or not there is something; None if it can be none."""
        if len(path) > PATH_MAX_OCTETS or b"\x00" in path:
            return None
        return posixpath.normpath(b"/" + path.lstrip(b"/"))

    def find(self, path: bytes) -> Node | None:
        """What is at that path; None if there is nothing, or nothing that is served."""
        normal = self.normal(path)
        if normal is None:
            return None
        parts = normal[1:].split(b"/") if normal != b"/" else []
        if not parts:
            return Node(path=normal)
        folder = self._folders.get(parts[0])
        if folder is None or len(parts) > 2:
            return None
        if len(parts) == 1:
            return Node(path=normal, folder=folder)
        if not _NAME.fullmatch(parts[1]):
            return None
        return Node(path=normal, folder=folder, name=parts[1].decode())

    def status(self, node: Node) -> os.stat_result | None:
        """What the disk says of the file; None if it is not there, or no file to be served."""
        if node.folder is None or not node.name:
            return None
        try:
            found = os.lstat(node.folder / node.name)
        except OSError:
            return None
        return found if _is_plain(found) else None

    def open(self, node: Node) -> int | None:
        """A descriptor of the file, to read; None if it is not there, or no file to be served."""
        if node.folder is None or not node.name:
            return None
        try:
            descriptor = os.open(node.folder / node.name, _READ)
        except OSError:
            return None
        if not _is_plain(os.fstat(descriptor)):
            os.close(descriptor)
            return None
        return descriptor

    def names(self, node: Node) -> Iterator[bytes]:
        """The names in the root or in a folder, sorted; nothing else than `find` finds."""
        if node.folder is None:
            yield from sorted(self._folders)
            return
        try:
            with os.scandir(os.fsencode(node.folder)) as found:
                names = sorted(entry.name for entry in found)
        except OSError:
            return  # made with its first file
        for name in names:
            if _NAME.fullmatch(name):
                inside = Node(path=node.path + b"/" + name, folder=node.folder, name=name.decode())
                if self.status(inside) is not None:
                    yield name


# Without O_NONBLOCK a named pipe would hold up everyone.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def _is_plain(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1
