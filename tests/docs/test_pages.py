import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 120
READY_SECONDS = 60
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.slow
def test_the_commands_of_a_page_work(
    page: Path, shell: dict[str, str], tmp_path: Path, commands_of: Callable[[str], tuple[str, ...]]
) -> None:
    """Each command that a page shows ends with exit code 0, in the page's order, on a new SMKI."""
    servers: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "server.log").open("wb")
    try:
        for command in commands_of(page.read_text(encoding="utf-8")):
            if command in {"make run", "smki serve", "smki run"}:
                start = "smki run" if command == "make run" else command
                servers.append(
                    subprocess.Popen(
                        ["bash", "-c", f"exec {start}"],
                        cwd=tmp_path,
                        env=shell,
                        stdout=log,
                        stderr=log,
                    )
                )
                _wait_until_ready(shell, tmp_path)
                continue
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=tmp_path,
                env=shell,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    finally:
        for server in servers:
            server.terminate()
            server.wait(timeout=30)
        log.close()


def _wait_until_ready(shell: dict[str, str], folder: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        asked = subprocess.run(
            ["smki", "status", "--json"], cwd=folder, env=shell, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return
        time.sleep(0.5)
    pytest.fail((folder / "server.log").read_text(errors="replace")[-3000:])


def test_commands_are_read_in_order(commands_of: Callable[[str], tuple[str, ...]]) -> None:
    """Fences marked console are read, answers and other fences are not, long lines are joined."""
    text = (
        "```console\n$ a \\\n  b\nanswer\n$ c\n```\n```sh\n$ d\n```\n```console no-run\n$ e\n```\n"
    )
    assert commands_of(text) == ("a    b", "c")


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
