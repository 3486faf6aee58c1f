"""One small SMKI for the session, copies of it to be spoilt, and the commands as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.founding import copied, founded

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.recoveries import recovery_of
from smki.interfaces.cli import main
from smki.merkle.leaf import LeafType, decode_framed, decode_leaf
from smki.repository import body_of


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
    return House(
        state=copied(founded(tmp_path_factory), tmp_path_factory.mktemp("house") / "state")
    )


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


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A house with officers of the policy authority, and where their credentials are."""

    house: House
    folder: Path

    def desk(self, officer: str) -> tuple[str, ...]:
        """The options by which the officer signs."""
        place = self.folder / officer
        return ("--certificate", f"{place}.pem", "--key", f"{place}.key")

    def decide(
        self, identifier: str, kind: str, about: str, *options: str, officers: tuple[str, ...]
    ) -> tuple[str, ...]:
        """A decision file, signed by the officers: the words with which it is lodged."""
        file = self.folder / identifier
        words = (identifier, "--kind", kind, "--object", about, *options, "--out", str(file))
        if "--expiry" not in options:
            words += ("--expiry", "2090-01-01")
        assert self.house.run("governance", "decide", *words)[0] == 0
        signatures: tuple[str, ...] = ()
        for officer in officers:
            out = f"{file}.{officer}"
            signed = self.house.run(
                "governance", "sign", str(file), *self.desk(officer), "--out", out
            )
            assert signed[0] == 0
            signatures += ("--signature", out)
        return (str(file), *signatures)

    def lodge(self, identifier: str, kind: str, about: str, *options: str) -> dict[str, Any]:
        """The decision of two officers is in the record."""
        words = self.decide(identifier, kind, about, *options, officers=("chair", "secretary"))
        code, lodged = self.house.json("governance", "lodge", *words)
        assert code == 0, lodged
        return dict(lodged)


OFFICERS = {
    "chair": ("pma", "Sample Policy Authority", "0A-53-4D-4B-49-05-00-01"),
    "secretary": ("pma", "Sample Policy Authority", "0A-53-4D-4B-49-05-00-01"),
    "clerk": ("code", "Sample Code Administrator", "0A-53-4D-4B-49-05-00-02"),
    "stranger": ("other", "Sample Other User", "0A-53-4D-4B-49-05-00-03"),
}


def seat(house: House, folder: Path, officers: tuple[str, ...]) -> Authority:
    """The house with these of `OFFICERS`, whose files are in the folder."""
    for officer in officers:
        party, name, identity = OFFICERS[officer]
        named = ("--trading-name", name, "--identity", f"{identity}=other")
        assert house.run("party", "add", party, *named)[0] == 0
        files = (f"{folder}/{officer}.csr", f"{folder}/{officer}.key", f"{folder}/{officer}.pem")
        who = ("--organisation", name, "--role", "other", "--name", officer)
        asked = ("csr", "system", *who, "--out", files[0], "--key-out", files[1])
        assert house.run(*asked)[0] == 0
        wanted = (files[0], "--party", party, "--interface", "portal", "--out", files[2])
        assert house.run("registration", "credential", *wanted)[0] == 0
    return Authority(house=house, folder=folder)


@pytest.fixture(scope="session")
def seated(original: House, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The house with officers of four parties; read it, never change it."""
    folder = tmp_path_factory.mktemp("officers")
    shutil.copytree(original.state, folder / "state")
    return seat(House(state=folder / "state"), folder, tuple(OFFICERS))


@pytest.fixture
def authority(seated: Authority, tmp_path: Path) -> Authority:
    """A copy, to be changed; its officers' files are the same."""
    shutil.copytree(seated.folder, tmp_path / "authority")
    folder = tmp_path / "authority"
    return Authority(house=House(state=folder / "state"), folder=folder)


def refused_in(house: House, key: str) -> list[tuple[str, str, list[str]]]:
    """What the record says was refused of that key: campaign, decision for the method, reasons."""
    found = []
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        for item in front.index.items(of=LeafType.TRANSCRIPT, name=f"refused: {key}"):
            body = body_of(front.reader, decode_leaf(front.reader.leaf(item.entry)))
            said = json.loads(decode_framed(body)[1])
            wanted = said["wanted"]
            found.append((wanted["campaign"], wanted["recovery"], said["reasons"]))
    return found


@contextmanager
def key_open(authority: Authority, name: str, method: str) -> Iterator[None]:
    """The recovery key is open in another process, under its decision, until it is ended."""
    house = authority.house
    environment = {**os.environ, "SMKI_STATE": str(house.state)}
    path = recovery_of(load_settings({"SMKI_STATE": str(house.state)}), name).key_socket
    said = {"incident": "INC-7", "purpose": "recover", "recovery": "M-1", "method": method}
    words: list[str] = []
    for prompt, text in (said | {"decision": "K-1"}).items():
        words += ["--answer", f"permit.recovery.{prompt}={text}"]
    command = ["recovery", "activate", name, "--development", "recovery", "--uses", "100", *words]
    log = authority.folder / "activate.txt"
    with log.open("wb") as out:
        holder = subprocess.Popen(
            [sys.executable, "-m", "smki", *command], env=environment, stdout=out, stderr=out
        )
    until = time.monotonic() + 180
    while not path.exists():
        assert holder.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    try:
        yield
        assert house.run("recovery", "activate", name, "--forget")[0] == 0
        assert holder.wait(180) == 0, log.read_text()
    finally:
        holder.kill()
        holder.wait()
