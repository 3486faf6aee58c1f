"""Keys of remote parties in a store, in files and in a token: messages are made and read with them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.adapters.keys.token_library import _libraries, token_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.cli.conftest import House

pytestmark = pytest.mark.clause("gbcs:18.4")
MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
SUPPLIER = "0A-53-4D-4B-49-02-00-01"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The environment by which keys for messages are in a token of their own."""
    pytest.importorskip("pkcs11", reason="no token tested: python-pkcs11 is absent, extra hsm")
    module = next(filter(Path.is_file, MODULES), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no token tested: SoftHSM is absent, install the package softhsm2")
    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    making = ["softhsm2-util", "--init-token", "--free", "--label", "messages"]
    making += ["--pin", "246810", "--so-pin", "13579135"]
    subprocess.run(making, check=True, capture_output=True)
    settings = {"store": "pkcs11", "module": str(module), "token": "messages"}
    yield {"SMKI_KEYS": json.dumps({"messages": settings}), "SMKI_PIN": "246810"}
    token_library(str(module))._begin_anew()
    _libraries.clear()


@pytest.fixture(params=["files", "token"])
def variables(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The environment of a store of each kind."""
    if request.param == "files":
        return {}
    found: dict[str, Any] = request.getfixturevalue("token")
    return found


@pytest.mark.clause("gbcs:use-cases")
def test_messages_are_made_and_read_with_keys_in_a_store(
    house: House, tmp_path: Path, variables: dict[str, Any]
) -> None:
    """Devices obey what a supplier and a broker protected in the store; no key of theirs is outside.

    Without the devices' private keys the broker's in the store checks the MACs of commands.
    """
    out = tmp_path / "out"
    code, made = house.json("gbcs", "make", "--out", str(out), "--store", **variables)
    assert code == 0, made
    assert made["messages"] > 90
    private = {path.stem for path in (out / "keys").glob("*.key")}
    parties = {path.stem for path in (out / "keys").glob("0a534d4b50*.pem")}
    assert len(parties) > 10
    assert {name for name in parties & private if not name.startswith("0a534d4b50000063")} == set()
    for path in (out / "keys").glob("*.key"):
        path.unlink()
    files = sorted(str(path) for path in out.glob("*_COMMAND_*.HEX"))
    words = ("--keys", str(out / "keys"), "--repository", "--json")
    code, said = house.run("gbcs", "show", *files, *words, **variables)
    shown = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert {one["mac"] for one in shown} == {"valid", "absent"}
    assert {one["signature"] for one in shown} == {"valid", "absent"}
    code, said = house.run("gbcs", "show", *files, *words[:2], "--json")
    assert {json.loads(line)["mac"] for line in said.splitlines()} == {"unknown", "absent"}


@pytest.mark.clause("sec-app-m:F", "gbcs:4.3.1")
def test_a_key_is_made_certified_and_replaced(
    house: House, tmp_path: Path, variables: dict[str, Any]
) -> None:
    """The store's key signs its own request, a certificate is issued; a second one is used from now."""
    for number, usage in ((1, "ka"), (2, "ka"), (3, "ds")):
        out = str(tmp_path / f"{number}.csr")
        words = (SUPPLIER, "--role", "supplier", "--usage", usage, "--out", out)
        code, made = house.json("gbcs", "key", "make", *words, **variables)
        assert (code, made["usage"]) == (0, usage)
        asked = (out, "--party", "supplier", "--out", f"{out}.pem")
        code, issued = house.json("registration", "organisation", *asked, **variables)
        assert code == 0, issued
    code, listed = house.json("gbcs", "key", "list", **variables)
    found = {row["usage"]: len(set(row["public_keys_sha256"])) for row in listed["keys"]}
    assert found == {"ka": 2, "ds": 1}
    assert "-ka" in house.run("gbcs", "key", "list", **variables)[1]


def test_what_cannot_have_a_key_is_refused(house: House, tmp_path: Path) -> None:
    """A role without organisation certificates is told; nothing is made, and the file is not there."""
    out = tmp_path / "request"
    words = (SUPPLIER, "--role", "manufacturer", "--usage", "ds", "--out", str(out))
    code, said = house.json("gbcs", "key", "make", *words)
    assert (code, said["error"]["where"]) == (1, "--role")
    assert not out.exists()
    assert house.run("gbcs", "key", "list")[1] == "no keys\n"


@pytest.mark.clause("gbcs:CS02c", "gbcs:4.3.2.2")
def test_devices_obey_keys_in_a_token(house: House, tmp_path: Path, token: dict[str, Any]) -> None:
    """Supplier and broker move into the token; devices that trust those certificates are rotated."""
    for party, role, entity, usage in (
        ("supplier", "supplier", SUPPLIER, "ds"),
        ("dcc", "access_control_broker", "0A-53-4D-4B-49-04-00-04", "ka"),
    ):
        out = str(tmp_path / f"{party}.csr")
        words = (entity, "--role", role, "--usage", usage, "--out", out)
        assert house.run("gbcs", "key", "make", *words, **token)[0] == 0
        place = house.state / "parties" / party / f"{entity.replace('-', '').lower()}-{usage}"
        place.with_suffix(".key").unlink()
        place.with_suffix(".pem").unlink()
        asked = (out, "--party", party, "--out", str(place.with_suffix(".pem")))
        assert house.run("registration", "organisation", *asked, **token)[0] == 0
    made = ("estate", "make", "--devices", "3", "--processes", "1")
    assert house.run(*made, **token)[0] == 0
    code, listed = house.json("estate", "list", "--kind", "esme", **token)
    rotate = ("estate", "rotate", listed["devices"][0]["device"], "--usage", "ds")
    code, done = house.json(*rotate, **token)
    assert (code, done["renewed"]) == (0, 1), done
    code, said = house.json(*rotate, **{**token, "SMKI_KEYS": "{}"})
    assert code != 0
    assert f"{SUPPLIER.replace('-', '').lower()}-ds.key" in str(said)
