"""Issuing keys in a PKCS#11 token, chosen for each authority in the configuration."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.terms import CertificateKind

if TYPE_CHECKING:
    from tests.journeys.conftest import House

_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)


@pytest.mark.clause("sec-app-a:1")
def test_a_house_signs_in_a_token_that_goes_away_and_comes_back(
    new_house: "Callable[[Mapping[str, str]], House]", tmp_path: Path
) -> None:
    """The journey is made by keys in a token; while it is away CA_ERROR, and then on by itself.

    issuing DCA and ICA: token          issuing OCA, log: encrypted files
    """
    module = next(filter(Path.exists, _MODULES), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no token tested: SoftHSM is absent, install the package softhsm2")
    tokens, configuration = tmp_path / "tokens", tmp_path / "softhsm2.conf"
    tokens.mkdir()
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    house = new_house({"SOFTHSM2_CONF": str(configuration), "SMKI_PIN": "1234"})
    making = ["softhsm2-util", "--init-token", "--free", "--label", "ca", "--so-pin", "5678"]
    subprocess.run([*making, "--pin", "1234"], env=house.environment, check=True)
    house.state.mkdir(parents=True, mode=0o700)
    authorities = (CertificateKind.ISSUING_DCA, CertificateKind.ISSUING_ICA)
    (house.state / "smki.toml").write_text(
        "".join(
            f'[keys.{kind.value}]\nstore = "pkcs11"\nmodule = "{module}"\ntoken = "ca"\n'
            for kind in authorities
        )
    )
    house.start("run")
    files = {path.stem for path in (house.state / "keys" / "issuing").glob("*.pem")}
    assert files == {"log", "issuing-oca"}
    meter = _meter(house)
    request = tmp_path / "meter.csr"
    made = house.command("csr", "make", "--device", meter, "--usage", "ds", "--out", str(request))
    assert made.returncode == 0, made.stderr

    away = tokens.rename(tmp_path / "away")
    refused = house.command("submit", "adhoc", str(request))
    assert (refused.returncode, refused.stdout[:8]) == (1, "CA_ERROR")
    away.rename(tokens)
    issued = house.command("submit", "adhoc", str(request))
    assert (issued.returncode, issued.stdout[:7]) == (0, "SUCCESS")
    assert house.command("repository", "audit").returncode == 0


def _meter(house: "House") -> Any:
    with house.front() as front:
        return front.workbook.noted("journey.meter")
