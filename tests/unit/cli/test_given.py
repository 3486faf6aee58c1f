"""What commands are given, words or Ctrl-C, and how they tell of themselves: whichever it is."""

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from smki.interfaces.cli import lazy, main


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


def _groups(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of each group of commands, this one's first."""
    yield words
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from _groups(found, *words, name)


def test_no_sentence_of_a_list_of_commands_is_cut() -> None:
    """In any group each command is told in its whole first sentence, however narrow the terminal."""
    found = list(_groups(main))
    assert ("recovery", "incident") in found
    for words in found:
        said = CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": "60"})
        assert said.exit_code == 0, said.output
        assert "..." not in said.stdout.partition("Commands:")[2], words


@pytest.mark.parametrize("by", [KeyboardInterrupt, click.Abort])
@pytest.mark.parametrize("words", [("status",), ("recovery", "list"), ("ceremony", "list")])
def test_whoever_interrupts_is_told_what_holds(
    words: tuple[str, ...], by: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a command is being loaded, or asks: not that it was aborted, but how to go on."""

    def interrupted(_: str) -> object:
        raise by

    monkeypatch.setattr(lazy, "import_module", interrupted)
    found = CliRunner().invoke(main, words)
    assert (found.exit_code, found.stdout) == (130, "")
    assert found.stderr == (
        "interrupted; what was finished stays, nothing is there by half: give the command again\n"
    )
