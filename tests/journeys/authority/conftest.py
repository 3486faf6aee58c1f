"""An SMKI that is no development one, its policy authority and panel, and their officers at desks."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.founding import quick_stores

from smki.bootstrap import initialise, load_settings, open_office
from smki.flows.deciding import lodge_decision
from smki.flows.office import Office
from smki.flows.recorded import Recorded
from smki.governance import Body, Decision, DecisionKind, encode_decision
from smki.interfaces.cli import main
from smki.interfaces.cli.officers import detached

LIVE = {"device": "2.25.1111", "organisation": "2.25.2222"}
VARIABLES = {
    "SMKI_KIND": "ceremony",
    "SMKI_ENVIRONMENT": "trial",
    "SMKI_LIVE_POLICIES": json.dumps(LIVE),
}
PARTIES = {
    "pma": ("Trial Policy Authority", "0A-53-4D-4B-49-05-00-01"),
    "panel": ("Trial Panel", "0A-53-4D-4B-49-05-00-04"),
}
OFFICERS = ("chair", "secretary")
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bodies:
    """A house, and the files of the officers of its bodies."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """The house's configuration."""
        return {"SMKI_STATE": str(self.folder / "state"), **VARIABLES}

    def ask(self, *words: str, **variables: str) -> tuple[int, Any]:
        """Exit code of the command, and what it says in JSON."""
        done = CliRunner().invoke(main, [*words, "--json"], env=self.variables | variables)
        return done.exit_code, json.loads(done.stdout)

    def run(self, *words: str, **variables: str) -> Any:
        """What the command says; it does what it should."""
        code, said = self.ask(*words, **variables)
        assert code == 0, (words, said)
        return said

    def desk(self, party: str, officer: str) -> tuple[str, str]:
        """Certificate and key of an officer, PEM files."""
        place = f"{self.folder}/{party}-{officer}"
        return f"{place}.pem", f"{place}.key"

    def signed(
        self,
        identifier: str,
        kind: str,
        about: str,
        *,
        body: str = "smki-pma",
        by: tuple[str, ...] = OFFICERS,
        **more: Any,
    ) -> tuple[bytes, list[bytes]]:
        """A decision file, and signatures of officers of the body's party."""
        fields: dict[str, Any] = {
            "scope": "",
            "not_before": START,
            "expiry": END,
            "conditions": (),
        } | more
        decision = Decision(
            id=identifier, body=Body(body), kind=DecisionKind(kind), object=about, **fields
        )
        file = encode_decision(decision)
        party = "panel" if body == "panel" else "pma"
        return file, [detached(file, *self.desk(party, officer)) for officer in by]

    @contextmanager
    def opened(self, **variables: str) -> Iterator[Office]:
        """The house, open to issue and to lodge."""
        environment = self.variables | variables
        with open_office(load_settings(environment), environment) as office:
            yield office

    def decide(self, *words: str, **more: Any) -> Recorded:
        """The decision is lodged, with the signatures of the officers of its body."""
        with self.opened() as office:
            return lodge_decision(office, *self.signed(*words, **more))


@pytest.fixture(scope="session")
def seated(tmp_path_factory: pytest.TempPathFactory) -> Bodies:
    """The house with both bodies; copy it, never change it."""
    bodies = Bodies(tmp_path_factory.mktemp("bodies"))
    with quick_stores():
        initialise(
            load_settings(bodies.variables), bodies.variables, bare=False, tell=lambda _: None
        )
    for party, (name, identity) in PARTIES.items():
        bodies.run("party", "add", party, "--trading-name", name, "--identity", f"{identity}=other")
        for officer in OFFICERS:
            place = f"{bodies.folder}/{party}-{officer}"
            who = ("--organisation", name, "--role", "other", "--name", officer)
            files = ("--out", f"{place}.csr", "--key-out", f"{place}.key")
            bodies.run("csr", "system", *who, *files)
            wanted = ("--party", party, "--interface", "portal", "--out", f"{place}.pem")
            bodies.run("registration", "credential", f"{place}.csr", *wanted)
    return bodies


def copied(seated: Bodies, folder: Path) -> Bodies:
    """A copy of the house and its officers."""
    shutil.copytree(seated.folder, folder)
    return Bodies(folder)


@pytest.fixture(scope="module")
def bodies(seated: Bodies, tmp_path_factory: pytest.TempPathFactory) -> Bodies:
    """A copy for the tests of a file."""
    return copied(seated, tmp_path_factory.mktemp("copy") / "house")


@pytest.fixture(scope="module")
def office(bodies: Bodies) -> Iterator[Office]:
    """That copy, open for the tests of a file; no command can be run in it meanwhile."""
    with bodies.opened() as office:
        yield office
