"""`smki` for tests that run it hundreds of times: loaded once, a fork of its own for each command.

A command takes half a second to be loaded and a few milliseconds to run. Here one process has
everything loaded and forks for each command, which has the arguments, folder, variables and open
files of whoever called it. What serves, or makes processes of its own, is run as it is.
"""

import array
import atexit
import gc
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from subprocess import Popen
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
_LENGTH = 8
_SHIM = """#!{python} -IS
import array, json, os, socket, sys
asked = sys.argv[1:]
if {{"serve", "run", "bench", "worker", "keeper"}} & set(asked[:3]):
    os.execv({real!r}, [{real!r}, *asked])
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
said = json.dumps([asked, os.getcwd(), dict(os.environ)]).encode()
rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
link.sendmsg([len(said).to_bytes({length}, "big")], [rights])
link.sendall(said)
code = link.recv(1)
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
    shim = folder / "bin" / "smki"
    shim.parent.mkdir()
    real = Path(sys.executable).parent / "smki"
    shim.write_text(
        _SHIM.format(python=sys.executable, real=str(real), address=str(address), length=_LENGTH)
    )
    shim.chmod(0o755)
    with log.open("wb") as said, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        number = listening.fileno()
        server = Popen(
            [sys.executable, __file__, str(number)],
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


def _serve(number: int) -> None:
    """Forks for each caller; the child of each ends with its command."""
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
    head, control, _, _ = link.recvmsg(_LENGTH, socket.CMSG_SPACE(3 * 4))
    files = array.array("i")
    files.frombytes(control[0][2])
    left = int.from_bytes(head, "big")
    said = b""
    while len(said) < left:
        said += link.recv(left - len(said))
    asked, folder, environment = json.loads(said)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        link.sendall(bytes((code if code >= 0 else 128 - code,)))
        return
    link.close()
    for place, file in enumerate(files):
        os.dup2(file, place)
    os.closerange(3, 64)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["smki", *asked]
    import_module("smki.interfaces.cli").main()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
