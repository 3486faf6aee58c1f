"""What commands are given: words, whichever command it is."""

import json

import pytest
from click.testing import CliRunner

from smki.interfaces.cli import main


@pytest.mark.parametrize(
    "given",
    [
        ("clause", "\udcff"),
        ("recovery", "show", "\udcff.json"),
        ("recovery", "begin", "lost", "--incident", "\udcff\udcfe"),
        ("governance", "list", "--from", "\udc80"),
    ],
)
def test_octets_that_are_no_text_are_a_wrong_use(given: tuple[str, ...]) -> None:
    """Said before anything is done, by exit code 2; in JSON, if that was asked for."""
    found = CliRunner().invoke(main, given)
    assert found.exit_code == 2
    assert "is not UTF-8, must be" in found.stderr
    found = CliRunner().invoke(main, (*given, "--json"))
    assert found.exit_code == 2
    assert json.loads(found.stdout)["error"]["family"] == "usage"
    assert "is not UTF-8, must be" in json.loads(found.stdout)["error"]["message"]
