import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```console(?P<how>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> tuple[str, ...]:
    """The commands of a page in their order: lines after `$ ` in fences marked `console`.

    A line that ends in a backslash goes on in the next. A fence marked `console no-run` is shown
    only: it needs something (a token, a database server) that the test does not have.
    """
    found: list[str] = []
    for fence in _FENCE.finditer(text):
        if "no-run" in fence["how"]:
            continue
        body = fence["body"].replace("\\\n", " ")
        found += [line[2:].strip() for line in body.splitlines() if line.startswith("$ ")]
    return tuple(found)


@pytest.fixture(scope="session")
def commands_of() -> Callable[[str], tuple[str, ...]]:
    """Reads the commands of a page's text."""
    return commands


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment with a scratch SMKI of its own, on ports that nobody else uses."""
    free = 20_000 + 3 * os.getpid() % 10_000  # three each, also for neighbours
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "SMKI_STATE": str(tmp_path / "var"),
        "SMKI_HTTPS_PORT": str(free),
        "SMKI_LOCAL_PORT": str(free + 1),
        "SMKI_SFTP_PORT": str(free + 2),
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case for each page that shows commands, none as long as there is no command line."""
    if "page" in metafunc.fixturenames:
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        ready = (
            find_spec("smki.interfaces.cli")
            and (ROOT / "src/smki/interfaces/cli/__init__.py").exists()
        )
        shown = [p for p in pages if ready and commands(p.read_text(encoding="utf-8"))]
        metafunc.parametrize("page", shown, ids=[p.relative_to(ROOT).as_posix() for p in shown])
