import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.support.forked import commands
from tests.support.founding import copied, founded

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```console(?P<how>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_SCRIPT = re.compile(
    r"^```python (?P<name>[a-z_]+\.py)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_DEVICES = re.compile(r"--devices \d+")
FEW = "--devices 12"
INTERRUPT = "^C"
BEGINNING = ROOT / "docs" / "tutorial.md"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command that a page shows, and the lines that its output must have, `…` for anything."""

    command: str
    says: tuple[str, ...] = ()

    def missing_in(self, output: str) -> list[str]:
        """The lines shown that are not in this output."""
        lines = [" ".join(line.split()) for line in output.splitlines()]
        patterns = [
            (one, ".*".join(map(re.escape, " ".join(one.split()).split("…")))) for one in self.says
        ]
        return [
            one
            for one, pattern in patterns
            if not any(re.fullmatch(pattern, line) for line in lines)
        ]


def steps(text: str) -> tuple[Step, ...]:
    """The commands of a page in their order: lines after `$ ` in fences marked `console`.

    A line that ends in a backslash goes on in the next. `^C` interrupts the server. In a fence
    marked `console says` what stands under a command is what it says. One marked `console no-run`
    is shown only: it needs something (a token, a database server) that the test does not have. In
    one marked `console few` what people do with many devices is done with few.
    """
    found: list[Step] = []
    for fence in _FENCE.finditer(text):
        if "no-run" in fence["how"]:
            continue
        body = _DEVICES.sub(FEW, fence["body"]) if "few" in fence["how"] else fence["body"]
        for line in body.replace("\\\n", " ").splitlines():
            if line.startswith("$ ") or line == INTERRUPT:
                found.append(Step(command=line.removeprefix("$ ").strip()))
            elif "says" in fence["how"] and found:
                found[-1] = replace(found[-1], says=(*found[-1].says, line))
    return tuple(found)


def scripts(text: str) -> dict[str, str]:
    """The scripts that a page shows: fences marked `python` and a file's name."""
    return {fence["name"]: fence["body"] for fence in _SCRIPT.finditer(text)}


@pytest.fixture(scope="session")
def steps_of() -> Callable[[str], tuple[Step, ...]]:
    """Reads the commands of a page's text."""
    return steps


@pytest.fixture(scope="session")
def scripts_of() -> Callable[[str], dict[str, str]]:
    """Reads the scripts of a page's text."""
    return scripts


@pytest.fixture
def shell(page: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a scratch SMKI of its own, on ports that are free when it is served.

    The page for beginners makes one from nothing; others find one that nobody has used. Commands
    are loaded already.
    """
    if page != BEGINNING:
        copied(founded(tmp_path_factory), tmp_path / "var")
    return {
        "PATH": f"{commands()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "SMKI_STATE": str(tmp_path / "var"),
        "SMKI_HTTPS_PORT": "0",
        "SMKI_LOCAL_PORT": "0",
        "SMKI_SFTP_PORT": "0",
        "SMKI_BULK_TIME": "",  # a process more whenever a page serves its SMKI
        "SMKI_LINE__PORT": "0",
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case for each page that shows commands, none as long as there is no command line."""
    if "page" in metafunc.fixturenames:
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        ready = (
            find_spec("smki.interfaces.cli")
            and (ROOT / "src/smki/interfaces/cli/__init__.py").exists()
        )
        shown = [p for p in pages if ready and steps(p.read_text(encoding="utf-8"))]
        metafunc.parametrize("page", shown, ids=[p.relative_to(ROOT).as_posix() for p in shown])
