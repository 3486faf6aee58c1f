from pathlib import Path

import pytest

from smki.adapters.keys import make_passphrase_file, passphrase_from
from smki.adapters.keys.passphrases import is_made
from smki.adapters.keys.private_files import create_private
from smki.terms import Refused


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """SMKI_PASSPHRASE, then the file of SMKI_PASSPHRASE_FILE, then the configured file."""
    named, configured = tmp_path / "named", tmp_path / "configured"
    create_private(named, b"named\n")
    create_private(configured, b"configured\n")
    environment = {"SMKI_PASSPHRASE": "said", "SMKI_PASSPHRASE_FILE": str(named)}
    assert passphrase_from(environment, configured) == b"said"
    del environment["SMKI_PASSPHRASE"]
    assert passphrase_from(environment, configured) == b"named"
    assert passphrase_from({}, configured) == b"configured"


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(b"a b \n", b"a b "), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b"\xff\x00", b"\xff\x00")],
)
def test_one_line_end_is_not_part_of_it(tmp_path: Path, content: bytes, passphrase: bytes) -> None:
    """One line end after the content is dropped, and nothing else."""
    create_private(tmp_path / "file", content)
    assert passphrase_from({}, tmp_path / "file") == passphrase


def test_none_given_is_refused_with_advice() -> None:
    """Without any source the refusal names all three."""
    with pytest.raises(Refused, match=r"SMKI_PASSPHRASE or SMKI_PASSPHRASE_FILE.*configuration"):
        passphrase_from({}, None)


def test_empty_is_refused(tmp_path: Path) -> None:
    """An empty variable or file is a mistake, not a passphrase."""
    create_private(tmp_path / "file", b"\n")
    for environment in ({"SMKI_PASSPHRASE": ""}, {"SMKI_PASSPHRASE_FILE": str(tmp_path / "file")}):
        with pytest.raises(Refused, match="empty"):
            passphrase_from(environment, None)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(Refused, match="no such file") as caught:
        passphrase_from({}, tmp_path / "gone")
    assert caught.value.where == str(tmp_path / "gone")


def test_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    """A passphrase that others can read protects nothing."""
    make_passphrase_file(tmp_path / "file")
    (tmp_path / "file").chmod(0o644)
    with pytest.raises(Refused, match="chmod 0600"):
        passphrase_from({}, tmp_path / "file")


def test_made_files_are_private_random_and_kept(tmp_path: Path) -> None:
    """Two made passphrases differ, have 48 characters, mode 0600, and are never replaced."""
    one, other = tmp_path / "one", tmp_path / "other"
    make_passphrase_file(one)
    make_passphrase_file(other)
    first = passphrase_from({}, one)
    assert first != passphrase_from({}, other)
    assert len(first) == 48
    assert one.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="must not be replaced"):
        make_passphrase_file(one)
    assert passphrase_from({}, one) == first


def test_a_made_one_is_told_from_all_others(tmp_path: Path) -> None:
    """With one character changed, left out or added it is like any other that somebody thought of."""
    make_passphrase_file(tmp_path / "file")
    made = passphrase_from({}, tmp_path / "file")
    assert is_made(made)
    changed = [
        made[:at] + (b"A" if made[at : at + 1] != b"A" else b"B") + made[at + 1 :]
        for at in range(len(made))
    ]
    others = [
        made[:-1],
        made + b"A",
        b"A" * 48,
        b"correct-horse-battery-staple-correct-horse-batte",
    ]
    assert not any(map(is_made, changed + others))
