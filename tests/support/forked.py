"""`smki` for tests that run it hundreds of times: loaded once, a fork of its own for each command.

A command takes half a second to be loaded and a few milliseconds to run. Here one process has
everything loaded and forks for each command, which has the arguments, folder, variables and open
files of whoever called it, and gets the signals that are sent to him. What a server starts beside it
is forked too. What measures is run as it is.
"""

import array
import atexit
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from subprocess import Popen
from tempfile import TemporaryDirectory
from threading import Thread

ROOT = Path(__file__).resolve().parents[2]
_LENGTH = 8
_LIFELINE = "--lifeline"  # an open file more, of what a server starts
_FILES = 4
_HIGH = 256  # where that file is kept while others are put in their places
_BESIDE = "beside"  # the folder of what a server takes for its Python
_BEHIND = "behind"  # the folder in which each caller notes the process that does its work
_SHIM = """#!{python} -IS
import array, json, os, signal, socket, sys
asked = sys.argv[3:] if sys.argv[1:3] == ["-m", "smki"] else sys.argv[1:]
if "bench" in asked[:3]:
    os.execv({real!r}, [{real!r}, *asked])
files = [0, 1, 2]
if {lifeline!r} in asked:
    files.append(int(asked[asked.index({lifeline!r}) + 1]))
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
said = json.dumps([asked, os.getcwd(), dict(os.environ)]).encode()
rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
link.sendmsg([len(said).to_bytes({length}, "big")], [rights])
link.sendall(said)
pid = int.from_bytes(link.recv({length}), "big")
note = {behind!r} + "/" + str(os.getpid())
with open(note, "w") as file:
    file.write(str(pid))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(pid, number))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
code = link.recv(1)
os.unlink(note)
os._exit(code[0] if code else 70)
"""


@cache
def commands() -> Path:
    """A folder with a command `smki`, while this process of tests lives: one for all its tests."""
    opened = ExitStack()
    atexit.register(opened.close)
    folder = opened.enter_context(TemporaryDirectory(prefix="smki-"))
    return opened.enter_context(forking(Path(folder) / "forking"))


@contextmanager
def forking(folder: Path) -> Iterator[Path]:
    """A folder with a command `smki`, to be put first in PATH, while this lasts."""
    folder.mkdir(parents=True)
    address, log = folder / "socket", folder / "log"
    shim, beside = folder / "bin" / "smki", folder / _BESIDE / "python"
    text = _SHIM.format(
        python=sys.executable,
        real=str(Path(sys.executable).parent / "smki"),
        address=str(address),
        length=_LENGTH,
        lifeline=_LIFELINE,
        behind=str(folder / _BEHIND),
    )
    (folder / _BEHIND).mkdir()
    for one in (shim, beside):
        one.parent.mkdir()
        one.write_text(text)
        one.chmod(0o755)
    with log.open("wb") as said, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        number = listening.fileno()
        server = Popen(
            [sys.executable, __file__, str(number), str(beside)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=-3,
            stdout=said,
            stderr=said,
            pass_fds=(number,),
        )
        try:
            yield shim.parent
        finally:
            server.kill()
            server.wait()


def behind(pid: int) -> int:
    """The process that does the work of the one that was started: itself, if it was not forked."""
    note = commands().parent / _BEHIND / str(pid)
    return int(note.read_text()) if note.exists() else pid


def _serve(number: int, beside: str) -> None:
    """Forks for each caller; the child of each ends with its command.

    `beside` is what a server takes for its Python, which `multiprocessing` does not.
    """
    import_module("multiprocessing.spawn")
    sys.executable = beside
    commands = import_module("smki.interfaces.cli")
    quick_stores = import_module("tests.support.founding").quick_stores
    for module in iter_modules(commands.__path__, f"{commands.__name__}."):
        import_module(module.name)
    gc.freeze()  # what was loaded is not looked through in each fork
    listening = socket.socket(fileno=number)
    with quick_stores():
        while True:
            link, _ = listening.accept()
            if os.fork() == 0:
                if os.fork() == 0:
                    listening.close()
                    _run(link)
                os._exit(0)
            link.close()
            os.wait()


def _run(link: socket.socket) -> None:
    """One command; its exit code is the answer. A child keeps the code from the command's own exit."""
    head, control, _, _ = link.recvmsg(_LENGTH, socket.CMSG_SPACE(_FILES * 4))
    files = array.array("i")
    files.frombytes(control[0][2])
    left = int.from_bytes(head, "big")
    said = b""
    while len(said) < left:
        said += link.recv(left - len(said))
    asked, folder, environment = json.loads(said)
    child = os.fork()
    if child:
        link.sendall(child.to_bytes(_LENGTH, "big"))
        Thread(target=_end_with, args=(link, child), daemon=True).start()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        link.sendall(bytes((code if code >= 0 else 128 - code,)))
        return
    link.close()
    for place, file in zip((0, 1, 2, _HIGH), files, strict=False):
        os.dup2(file, place)
    os.closerange(3, 64)
    if len(files) == _FILES:
        os.dup2(_HIGH, int(asked[asked.index(_LIFELINE) + 1]))
        os.close(_HIGH)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["smki", *asked]
    import_module("smki.interfaces.cli").main()


def _end_with(link: socket.socket, child: int) -> None:
    """Who called it was killed: so is the command."""
    if not link.recv(1):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
