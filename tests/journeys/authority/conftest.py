"""An SMKI that is no development one, its policy authority and panel, and their officers at desks."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.founding import quick_stores

from smki.bootstrap import initialise, load_settings
from smki.interfaces.cli import main

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

    def signed(
        self,
        identifier: str,
        kind: str,
        about: str,
        *options: str,
        body: str = "smki-pma",
        by: tuple[str, ...] = OFFICERS,
    ) -> tuple[bytes, list[bytes]]:
        """A decision file, and signatures of officers of the body's party."""
        file = str(self.folder / identifier)
        words = ("--kind", kind, "--object", about, "--body", body, "--out", file)
        expiry = () if "--expiry" in options else ("--expiry", "2090-01-01")
        self.run("governance", "decide", identifier, *words, *options, *expiry)
        party = "panel" if body == "panel" else "pma"
        signatures = []
        for officer in by:
            place = f"{self.folder}/{party}-{officer}"
            out = f"{file}.{officer}"
            credential = ("--certificate", f"{place}.pem", "--key", f"{place}.key")
            self.run("governance", "sign", file, *credential, "--out", out)
            signatures.append(Path(out).read_bytes())
        return Path(file).read_bytes(), signatures

    def decide(
        self,
        identifier: str,
        kind: str,
        about: str,
        *options: str,
        body: str = "smki-pma",
        by: tuple[str, ...] = OFFICERS,
    ) -> dict[str, Any]:
        """The decision is lodged with the signatures of these officers."""
        self.signed(identifier, kind, about, *options, body=body, by=by)
        file = str(self.folder / identifier)
        words = [word for one in by for word in ("--signature", f"{file}.{one}")]
        return dict(self.run("governance", "lodge", file, *words))


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
