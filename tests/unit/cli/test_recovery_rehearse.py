"""`smki recovery rehearse`: what is asked wrongly is said before anything is made."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.cli.conftest import House

from smki.interfaces.cli import main, recovery_rehearsing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scenario", "none"), "'none' is not one of"),
        (("--devices", "9"), "9 is not in the range"),
        (("--loss", "2"), "2.0 is not in the range"),
    ],
)
def test_wrong_words_are_a_wrong_use(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, and nothing was made."""
    state = tmp_path / "state"
    code, document = House(state=state).json("recovery", "rehearse", *words)
    assert (code, document["error"]["family"]) == (2, "usage")
    assert said in document["error"]["message"]
    assert not state.exists()


def test_beside_an_smki_of_custodians_none_is_made(tmp_path: Path) -> None:
    """Where one is configured that a ceremony founds, a development one is not put in its place."""
    house = House(state=tmp_path / "state")
    code, document = house.json("recovery", "rehearse", SMKI_KIND="ceremony")
    assert (code, document["error"]["family"]) == (1, "refused")
    assert "'smki init --ceremony" in document["error"]["message"]
    assert not (tmp_path / "state" / "recoveries").exists()


def test_a_name_that_none_can_have_is_refused(house: House, tmp_path: Path) -> None:
    """It becomes the name of a folder; nothing is made before, no SMKI either."""
    words = ("recovery", "rehearse", "--devices", "10", "--name", "../elsewhere")
    code, document = house.json(*words)
    assert (code, document["error"]["family"]) == (1, "malformed")
    assert not (house.state / "recoveries").exists()
    nowhere = tmp_path / "nowhere"
    assert House(state=nowhere).json(*words) == (1, document)
    assert not nowhere.exists()


def test_who_interrupts_it_is_told_that_the_same_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that it was aborted, which ends a campaign for ever; the exit code is the shell's."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recovery_rehearsing, "hold_rehearsal", interrupted)
    words = ("recovery", "rehearse", "--devices", "10", "--json")
    done = CliRunner().invoke(main, words, env={"SMKI_STATE": str(house.state)})
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "interrupted; the same command goes on where it was"
