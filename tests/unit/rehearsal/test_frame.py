"""A rehearsal's frame: what was asked stays, what a step made is there for the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from smki.bootstrap import load_settings
from smki.interfaces.rehearsal.frame import (
    Asked,
    Made,
    Run,
    Scenario,
    Step,
    asked_before,
    is_asked,
    take_steps,
)
from smki.interfaces.rehearsal.holding import must_be_a_name, next_name
from smki.interfaces.rehearsal.keeping import keep_items, kept_items
from smki.interfaces.rehearsal.scenarios import SCENARIOS, scenario_named
from smki.recovery import Compromised, Method
from smki.recovery.evidence import EvidenceKind, Item
from smki.terms import Inconsistent, Malformed, Refused

ASKED: Final = Asked(
    name="test", scenario="two", devices=10, seed=1, further=0, network={"loss": 0.25}
)


@contextmanager
def _no_bar(_: str) -> Iterator[object]:
    yield lambda _done, _total: None


def run_of(folder: Path, *steps: Step) -> Run:
    """A rehearsal of these steps, which tells nobody."""
    scenario = Scenario(
        name="two",
        title="two steps",
        compromised=Compromised.ROOT_OCA,
        method=Method.BY_CONTINGENCY,
        regions={"north": 1},
        steps=steps,
    )
    return Run(
        asked=ASKED,
        scenario=scenario,
        folder=folder,
        processes=1,
        tell=lambda _: None,
        progress=_no_bar,  # type: ignore[arg-type]
        environment={},
    )


def test_a_step_that_was_taken_is_not_taken_again(tmp_path: Path) -> None:
    """What it made is read from its file, also when a later step was cut off."""
    taken: list[str] = []

    def first(_: Run) -> Made:
        taken.append("first")
        return {"number": 7}

    def second(run: Run) -> Made:
        taken.append("second")
        if len(taken) < 3:
            raise KeyboardInterrupt
        return {"twice": 2 * run.number("first", "number")}

    steps = (Step(name="first", title="", take=first), Step(name="second", title="", take=second))
    with pytest.raises(KeyboardInterrupt):
        take_steps(run_of(tmp_path, *steps))
    again = run_of(tmp_path, *steps)
    take_steps(again)
    take_steps(again)
    assert taken == ["first", "second", "second"]
    assert again.made("second") == {"twice": 14}


def test_a_step_cannot_take_what_was_not_made(tmp_path: Path) -> None:
    """It is said which step was not taken."""
    step = Step(name="only", title="", take=lambda run: run.made("only"))
    with pytest.raises(Inconsistent, match="step 'only' was not taken"):
        take_steps(run_of(tmp_path, step))


def test_what_was_asked_stays(tmp_path: Path) -> None:
    """The same is taken up, anything else under its name is refused."""
    asked_before(tmp_path / "one", ASKED)
    asked_before(tmp_path / "one", ASKED)
    assert is_asked(tmp_path / "one", ASKED)
    for other, said in (
        (replace(ASKED, seed=ASKED.seed + 1), f"--seed {ASKED.seed}"),
        (replace(ASKED, network={"loss": 0.5}), "--network"),
    ):
        with pytest.raises(Refused, match=f"begun with {said}"):
            asked_before(tmp_path / "one", other)


def test_what_a_cut_off_write_leaves_is_nothing(tmp_path: Path) -> None:
    """Killed while its first file was written, or one of its evidence, a rehearsal goes on."""
    (tmp_path / ".rehearsal.json.cut-off").write_bytes(b"{")
    asked_before(tmp_path, ASKED)
    run = run_of(tmp_path)
    item = Item(kind=EvidenceKind.TRANSCRIPT, name="roots", octets=b"whole")
    keep_items(run, item)
    (tmp_path / "evidence" / item.kind.value / ".roots.cut-off").write_bytes(b"wh")
    assert list(kept_items(run)) == [item]


def test_a_real_recovery_is_never_made_a_rehearsal(tmp_path: Path) -> None:
    """Its folder stays as it is: what is kept there is not of a house of its own."""
    (tmp_path / "incident" / "carry").mkdir(parents=True)
    with pytest.raises(Refused, match="no rehearsal has that name"):
        asked_before(tmp_path / "incident", ASKED)
    assert [one.name for one in (tmp_path / "incident").iterdir()] == ["carry"]


def test_what_is_settled_once_stays(tmp_path: Path) -> None:
    """The first value that was given, whoever asks later."""
    run = run_of(tmp_path)
    assert [run.once("at", value) for value in ("1", "2")] == ["1", "1"]


def test_without_a_name_the_unfinished_one_is_meant(tmp_path: Path) -> None:
    """One that was asked for the same and has no report; else a name that nobody had."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    assert next_name(settings, ASKED) == "two-1"
    asked_before(tmp_path / "recoveries" / "two-1", replace(ASKED, name="two-1"))
    assert next_name(settings, ASKED) == "two-1"
    assert next_name(settings, replace(ASKED, devices=11)) == "two-2"
    (tmp_path / "recoveries" / "two-1" / "report.json").write_bytes(b"{}")
    assert next_name(settings, ASKED) == "two-2"


@pytest.mark.parametrize("name", ["", "A", "a--b", "-a", "a/b", "..", "a" * 31])
def test_names_that_none_can_have(name: str) -> None:
    """They become names of files, campaigns and decisions."""
    with pytest.raises(Malformed, match="must be small letters and digits"):
        must_be_a_name(name)


def test_each_scenario_has_its_name_and_steps_of_their_own() -> None:
    """No two steps of one share a file; an unknown scenario is refused with those that there are."""
    for name, scenario in SCENARIOS.items():
        assert scenario_named(name) is scenario
        names = [step.name for step in scenario.steps]
        assert len(names) == len(set(names))
    with pytest.raises(Refused, match="must be one of"):
        scenario_named("none")
