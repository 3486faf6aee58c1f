"""A party fetches the record over SFTP from a house that is served, with OpenSSH's client."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from smki.interfaces.cli import main
from smki.interfaces.status import status_document


def smki(house: Any, *words: str, given: bytes | None = None) -> tuple[int, Any]:
    """Exit code and document of a command."""
    done = CliRunner().invoke(main, [*words, "--json"], input=given, env=house.variables)
    return done.exit_code, json.loads(done.stdout)


def sftp(
    house: Any, folder: Path, commands: str, *, user: str = "", key: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """What OpenSSH's client does there, which knows the host by the fingerprint in the status."""
    if shutil.which("sftp") is None:
        pytest.skip("sftp of OpenSSH is not installed: the journey over SFTP is not made")
    said = status_document(house.settings)
    address, credential = urlsplit(said["endpoints"]["sftp"]), said["credentials"]["sftp"]
    public = (house.state / "tls" / "sftp.key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{address.port} {public}")
    options: tuple[str, ...] = (
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=yes",
    )
    options += ("-o", f"UserKnownHostsFile={folder}/known_hosts", "-o", "IdentitiesOnly=yes")
    return subprocess.run(
        [
            "sftp",
            *options,
            "-i",
            str(key or credential["key"]),
            "-P",
            str(address.port),
            "-b",
            "-",
            f"{user or credential['user']}@127.0.0.1",
        ],
        input=commands,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@pytest.fixture
def served(new_house: Callable[[Mapping[str, str]], Any]) -> Any:
    """A house of its own, served."""
    house = new_house({"SMKI_LOCAL_PORT": "-1"})
    house.move_in()
    house.start("serve")
    return house


@pytest.mark.clause("sec-app-p:1.2")
@pytest.mark.slow
def test_the_record_is_fetched_and_mirrored(served: Any, tmp_path: Path) -> None:
    """What the sample party fetches makes a mirror with the record's root; it can change nothing."""
    code, made = smki(
        served, "repository", "export", "--full", "--out", f"{served.state}/sftp/bulk"
    )
    assert code == 0
    done = sftp(served, tmp_path, f"ls -1 /\nget -r /bulk {tmp_path}/fetched\n")
    assert done.returncode == 0, done.stderr
    manifest = str(tmp_path / "fetched" / Path(made["manifest"]).name)
    key = status_document(served.settings)["log"]["vkey"]
    code, mirror = smki(
        served, "repository", "unpack", manifest, "--out", str(tmp_path / "mirror"), "--key", key
    )
    assert (code, mirror["root"]) == (0, made["root"])
    for refused in (
        f"put {manifest} /own/x",
        "rm /bulk/*",
        "get /../smki.toml",
        "get /own/../../keys",
    ):
        assert sftp(served, tmp_path, refused + "\n").returncode != 0, refused


@pytest.mark.clause("sec-app-p:1.2")
@pytest.mark.slow
def test_a_key_is_registered_and_taken_away(served: Any, tmp_path: Path) -> None:
    """A key opens the server once it is registered, for its party alone, and not once it is removed."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen of OpenSSH is not installed: the journey over SFTP is not made")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    own = served.state / "sftp" / "own" / "network"
    own.mkdir(parents=True)
    (own / "note.txt").write_text("for the network operator")

    def enter(user: str) -> "subprocess.CompletedProcess[str]":
        return sftp(served, tmp_path, f"get /own/note.txt {tmp_path}/note\n", user=user, key=key)

    assert enter("network").returncode != 0
    code, given = smki(served, "party", "sshkey", "network", f"{key}.pub")
    assert code == 0
    assert enter("network").returncode == 0
    assert (tmp_path / "note").read_text() == "for the network operator"
    assert enter("supplier").returncode != 0
    shown = smki(served, "party", "show", "network")[1]["sshkeys"]
    assert given["fingerprint"] in {one["fingerprint"] for one in shown}
    words = ("party", "sshkey", "supplier", "--remove", given["fingerprint"])
    assert smki(served, *words)[0] == 1
    assert smki(served, "party", "sshkey", "network", "--remove", given["fingerprint"])[0] == 0
    assert enter("network").returncode != 0


@pytest.mark.clause("sec-app-p:A")
@pytest.mark.slow
def test_the_server_makes_the_daily_files_by_itself(
    new_house: Callable[[Mapping[str, str]], Any], tmp_path: Path
) -> None:
    """A served house has the files of the day before; what a killed run left goes, and is no file."""
    house = new_house({"SMKI_LOCAL_PORT": "-1", "SMKI_BULK_TIME": "00:00"})
    house.move_in()
    bulk = house.state / "sftp" / "bulk"
    bulk.mkdir(parents=True)
    (bulk / ".full-2026-11-20-7.bulk.part").write_bytes(b"half")
    house.start("serve")
    until = time.monotonic() + 180
    while len(list(bulk.glob("*.json"))) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    done = sftp(house, tmp_path, f"get -r /bulk {tmp_path}/fetched\n")
    assert done.returncode == 0, done.stderr
    manifests = sorted(map(str, (tmp_path / "fetched").glob("*.json")))
    assert len(manifests) == 2
    assert len(list((tmp_path / "fetched").iterdir())) == 4
    assert smki(house, "repository", "check-export", *manifests)[0] == 0
    assert not list(bulk.glob(".*.part"))
    house.stop()
