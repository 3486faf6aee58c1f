"""`smki repository export`, `check-export` and `unpack`, as a user runs them."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.clause("sec-app-p:1")
@pytest.mark.parametrize(
    "what", [("--full",), ("--delta", "2026-01-01"), ("--delta", "2000-01-01")]
)
def test_an_export_is_checked_and_unpacked_elsewhere(
    original: Any, tmp_path: Path, what: tuple[str, ...]
) -> None:
    """The files are checked and made into a mirror with the same root, with no SMKI at hand."""
    nowhere = str(tmp_path / "nowhere")
    code, made = original.json("repository", "export", *what, "--out", str(tmp_path / "files"))
    assert code == 0
    _, head = original.json("repository", "checkpoint")
    _, status = original.json("status")
    key = ("--key", status["log"]["vkey"])
    assert (made["size"], made["root"], made["from"]) == (head["size"], head["root"], 0)
    assert {path.suffix for path in (tmp_path / "files").iterdir()} >= {".bulk", ".json"}
    code, checked = original.json(
        "repository", "check-export", made["manifest"], *key, SMKI_STATE=nowhere
    )
    assert (code, checked["verified"], checked["files"][0]["root"]) == (0, True, head["root"])
    code, mirror = original.json(
        "repository",
        "unpack",
        made["manifest"],
        "--out",
        str(tmp_path / "mirror"),
        *key,
        SMKI_STATE=nowhere,
    )
    assert (code, mirror["root"], mirror["size"]) == (0, head["root"], head["size"])
    for path in (original.state / "record" / "tile" / "0").iterdir():
        if path.is_file():
            assert (
                tmp_path / "mirror" / "tile" / "0" / path.name
            ).read_bytes() == path.read_bytes()


def test_a_damaged_export_is_told(original: Any, tmp_path: Path) -> None:
    """A file in which one octet was changed ends with exit code 1 and says that it is not right."""
    _, made = original.json("repository", "export", "--full", "--out", str(tmp_path))
    octets = bytearray(Path(made["file"]).read_bytes())
    octets[-1] ^= 1
    Path(made["file"]).write_bytes(octets)
    code, said = original.json("repository", "check-export", made["manifest"])
    assert (code, said["error"]["family"]) == (1, "refused")
    assert "SHA-256" in said["error"]["message"]


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-13-01", "2026-11-2x", "20261121"])
def test_a_day_that_is_none_is_refused(original: Any, tmp_path: Path, day: str) -> None:
    """What is no day is refused with an example, and nothing is made."""
    code, said = original.json("repository", "export", "--delta", day, "--out", str(tmp_path / "f"))
    assert code in {1, 2}
    assert said["error"]["family"] in {"malformed", "usage"}
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("what", [(), ("--full", "--delta", "2026-11-21")])
def test_one_of_full_and_delta_is_given(
    original: Any, tmp_path: Path, what: tuple[str, ...]
) -> None:
    """Neither, or both, is a wrong use: exit code 2."""
    code, said = original.json("repository", "export", *what, "--out", str(tmp_path))
    assert (code, said["error"]["family"]) == (2, "usage")


def test_nothing_to_check_by_is_told(original: Any, tmp_path: Path) -> None:
    """Without a key, and without an SMKI that knows one, nothing is believed."""
    _, made = original.json("repository", "export", "--full", "--out", str(tmp_path))
    code, said = original.json(
        "repository", "check-export", made["manifest"], SMKI_STATE=str(tmp_path / "nowhere")
    )
    assert (code, said["error"]["where"]) == (1, "--key")


@pytest.mark.clause("sec-app-p:A")
def test_daily_files_are_made_once(house: Any) -> None:
    """What is due is made for SFTP; called again nothing is due, and what is old is dropped."""
    _, head = house.json("repository", "checkpoint")
    code, first = house.json("repository", "daily")
    assert (code, first["files"]) == (0, 2)
    assert {one["kind"] for one in first["made"]} == {"full", "delta"}
    assert {one["root"] for one in first["made"]} == {head["root"]}
    assert {Path(one["file"]).parent for one in first["made"]} == {house.state / "sftp" / "bulk"}
    assert house.json("repository", "daily")[1] == {"made": [], "files": 2}
