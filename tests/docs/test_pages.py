from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from smki.bootstrap import load_settings
from smki.interfaces.line_serving import ADDRESS_FILE
from smki.interfaces.said import read_serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docs.conftest import Step

    Steps = Callable[[str], tuple[Step, ...]]
    Scripts = Callable[[str], dict[str, str]]

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 600
READY_SECONDS = 180
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.slow
def test_the_commands_of_a_page_work(
    page: Path, shell: dict[str, str], tmp_path: Path, steps_of: Steps, scripts_of: Scripts
) -> None:
    """Each command that a page shows ends with exit code 0 and says what is shown, on a new SMKI."""
    text = page.read_text(encoding="utf-8")
    for name, body in scripts_of(text).items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    servers: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "server.log").open("wb")
    try:
        for step in steps_of(text):
            hubs = step.command.startswith("smki estate serve")
            if hubs or step.command in {"make run", "smki serve", "smki run"}:
                start = "smki run" if step.command == "make run" else step.command
                servers.append(
                    subprocess.Popen(
                        ["bash", "-c", f"exec {start}"],
                        cwd=tmp_path,
                        env=shell,
                        stdout=log,
                        stderr=log,
                    )
                )
                ready = _hubs_are_there if hubs else _is_ready
                _wait_until(ready, servers[-1], shell, tmp_path)
            elif step.command == "^C":
                _stop(servers.pop())
            else:
                _run(step, shell, tmp_path)
    finally:
        for server in servers:
            _stop(server)
        log.close()


def _run(step: Step, shell: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", step.command],
        cwd=folder,
        env=shell,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    said = f"{step.command}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    assert step.missing_in(f"{done.stdout}\n{done.stderr}") == [], said


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)
    server.wait(timeout=180)


def _is_ready(shell: dict[str, str]) -> bool:
    return bool(read_serving(load_settings(shell)).get("ready"))


def _hubs_are_there(shell: dict[str, str]) -> bool:
    return (Path(shell["SMKI_STATE"]) / ADDRESS_FILE).exists()


def _wait_until(
    ready: Callable[[dict[str, str]], bool],
    server: subprocess.Popen[bytes],
    shell: dict[str, str],
    folder: Path,
) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if ready(shell):
            return
        time.sleep(0.05)
    pytest.fail((folder / "server.log").read_text(errors="replace")[-3000:])


def test_commands_are_read_in_order(steps_of: Steps, scripts_of: Scripts) -> None:
    """Fences marked console are read, answers and other fences are not, long lines are joined."""
    text = (
        "```console\n$ a \\\n  b\nanswer\n$ c\n^C\n```\n```sh\n$ d\n```\n"
        "```console no-run\n$ e\n```\n```console says\n$ f\nit … so\n```\n"
        "```console few\n$ g --devices 1000 -x\n```\n"
        "```python one.py\nprint(1)\n```\n```python\nprint(2)\n```\n"
    )
    found = steps_of(text)
    assert [one.command for one in found] == ["a    b", "c", "^C", "f", "g --devices 12 -x"]
    assert [one.says for one in found] == [(), (), (), ("it … so",), ()]
    assert found[3].missing_in("first\n  it is so\n") == []
    assert found[3].missing_in("it is so.\n") == ["it … so"]
    assert scripts_of(text) == {"one.py": "print(1)\n"}


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of README and docs names a file that exists."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)} → {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_picture_can_be_read_aloud() -> None:
    """The picture has a title and a description, is named by both, and its text is text."""
    root = ET.fromstring((ROOT / "docs" / "architecture.svg").read_bytes())  # noqa: S314 - our own file
    space = "{http://www.w3.org/2000/svg}"
    title, described = root.find(f"{space}title"), root.find(f"{space}desc")
    assert title is not None
    assert described is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {described.get('id')}"
    words = " ".join("".join(text.itertext()) for text in root.iter(f"{space}text"))
    steps = (
        "received authenticated examined decided prepared journalled signed lodged published served"
    )
    assert [step for step in steps.split() if step not in words] == []
