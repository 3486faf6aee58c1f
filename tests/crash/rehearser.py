"""Holds a rehearsal, and is killed at one of its effects: `python -m tests.crash.rehearser STATE SCENARIO`.

An effect is a file that is put in its place, or a commit of a database. One line of JSON on standard
input for each turn: the number of the effect, and whether it is killed after it rather than before;
one on standard output: whether it was. All is loaded once; each turn is a fork of a process in which
nothing was opened yet.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine.default import DefaultDialect
from tests.support.killing import Through, was_killed

from smki.interfaces.rehearsal.frame import Asked, Run
from smki.interfaces.rehearsal.holding import hold_rehearsal
from smki.interfaces.rehearsal.scenarios import scenario_named


def run_of(state: Path, scenario: str) -> Run:
    """A rehearsal of that scenario by few devices, which tells nobody."""
    return Run(
        asked=Asked(name="killed", scenario=scenario, devices=10, seed=1, further=0, network={}),
        scenario=scenario_named(scenario),
        folder=state / "recoveries" / "killed",
        processes=1,
        tell=lambda _: None,
        progress=_no_bar,
        environment={"SMKI_STATE": str(state)},
    )


@contextmanager
def _no_bar(_: str) -> Iterator[Callable[[int, int], None]]:
    yield lambda _done, _of: None


if __name__ == "__main__":
    run = run_of(Path(sys.argv[1]), sys.argv[2])

    def hold(through: Through) -> None:
        """The rehearsal has come to its end, unless it was killed."""
        Path.replace = through(Path.replace)  # type: ignore[method-assign]
        DefaultDialect.do_commit = through(DefaultDialect.do_commit)  # type: ignore[method-assign]
        hold_rehearsal(run)

    for line in sys.stdin:
        at, after = json.loads(line)
        sys.stdout.write(json.dumps(was_killed(hold, at, after=after)) + "\n")
        sys.stdout.flush()
