"""One small SMKI for the session, copies of it to be spoilt, and the commands as a user runs them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smki.bootstrap import initialise, load_settings
from smki.interfaces.cli import main


@dataclass(frozen=True, kw_only=True)
class House:
    """An SMKI in a folder, and the command line over it."""

    state: Path

    def run(self, *arguments: str, given: bytes | None = None, **variables: str) -> tuple[int, str]:
        """Exit code and standard output; `variables` are further ones of the environment."""
        environment = {"SMKI_STATE": str(self.state), **variables}
        done = CliRunner().invoke(main, arguments, input=given, env=environment)
        return done.exit_code, done.stdout

    def json(
        self, *arguments: str, given: bytes | None = None, **variables: str
    ) -> tuple[int, Any]:
        """Exit code and the document of `--json`."""
        code, out = self.run(*arguments, "--json", given=given, **variables)
        return code, json.loads(out)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A complete SMKI with the sample parties; read it, never change it."""
    state = tmp_path_factory.mktemp("house") / "state"
    environment = {"SMKI_STATE": str(state)}
    initialise(load_settings(environment), environment, bare=False, tell=lambda _: None)
    return House(state=state)


@pytest.fixture
def house(original: House, tmp_path: Path) -> House:
    """A copy, to be changed."""
    shutil.copytree(original.state, tmp_path / "state")
    return House(state=tmp_path / "state")


@pytest.fixture
def serial_of(original: House) -> Callable[[str, str], str]:
    """The serial number of a party's credential for an interface."""

    def find(party: str, interface: str) -> str:
        _, shown = original.json("registration", "party", party)
        return next(
            str(one["serial"]) for one in shown["credentials"] if one["interface"] == interface
        )

    return find
