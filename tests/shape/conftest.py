import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _parsed(folder: str) -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@pytest.fixture(scope="session")
def modules() -> dict[str, ast.Module]:
    """Every module of the package, parsed, by its path."""
    return _parsed("src/smki")


@pytest.fixture(scope="session")
def test_files() -> dict[str, ast.Module]:
    """Every test file, parsed, by its path."""
    return {path: tree for path, tree in _parsed("tests").items() if "/test_" in path}


@pytest.fixture(scope="session")
def tracked() -> dict[str, str]:
    """Every text file that git holds, by its path."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git or no clone here: the list of tracked files is not known")
    texts = {}
    for name in listed.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            texts[name] = path.read_bytes().decode("utf-8", errors="replace")
    return texts
