"""Regenerates `src/smki/clauses/claims.json` and `docs/clauses.md`, or says what is wrong with them.

python tools/clauses.py            write both
python tools/clauses.py --check    write nothing; exit 1 if stale, unknown or unproved
"""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from smki.clauses import Claims, check, claims_to_json, scan, scan_tests, to_markdown

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ROOT / "src"
CATALOGUE: Final = SOURCES / "smki" / "clauses"  # its ids are the catalogue, not claims


def gather() -> Claims:
    """The claims of the whole tree, catalogue left out."""
    code = chain.from_iterable(
        scan(_module(path), path.read_text(encoding="utf-8")) for path in _python(SOURCES)
    )
    tests = chain.from_iterable(
        scan_tests(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in _python(ROOT / "tests")
    )
    return Claims(code=tuple(sorted(code)), tests=tuple(sorted(tests)))


def generated(claims: Claims) -> dict[Path, str]:
    """What each generated file should hold."""
    return {
        CATALOGUE / "claims.json": claims_to_json(claims),
        ROOT / "docs" / "clauses.md": to_markdown(claims),
    }


def stale(files: dict[Path, str]) -> Iterator[str]:
    """A sentence for each file that differs from what it should hold."""
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield f"{path.relative_to(ROOT)} is stale: run `make clauses`"


def main(arguments: list[str]) -> int:
    """Exit code: 0 all agree, 1 something does not."""
    claims = gather()
    files = generated(claims)
    problems = list(check(claims))
    if "--check" in arguments:
        problems += stale(files)
    else:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _python(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.parent != CATALOGUE)


def _module(path: Path) -> str:
    dotted = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
