"""Groups of commands that are imported when they are run, so that help and short commands start at once."""

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import click

from smki.interfaces.cli.interrupting import AT_ANY_TIME, interruptible

_JSON: Final = "smki.json"
_GIVEN: Final = "smki.given"
_SENTENCE_MOST: Final = 400  # characters of a command's first sentence


class WholeSentences(click.Group):
    """A group whose list of commands has the whole first sentence of each, on as many lines as it takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list is written."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(_SENTENCE_MOST)) for name, one in found if one]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


class LazyGroup(WholeSentences):
    """A group whose commands are imported when they are asked for.

    Who asked for `--json` is told a wrong use in JSON too.

    Args:
        places: `module:command` of each name.
    """

    def __init__(self, *args: Any, places: Mapping[str, str], **named: Any) -> None:
        super().__init__(*args, **named)
        self._places = places

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left for the command; whether it is to answer in JSON is noted."""
        ctx.meta[_JSON], ctx.meta[_GIVEN] = "--json" in args, tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """What the command returns; a wrong use ends with exit code 2, an interruption with 130.

        Raises:
            UsageError: it was wrongly used, and `--json` not asked for.
        """
        try:
            _must_be_text(ctx.meta[_GIVEN])
            with interruptible(AT_ANY_TIME):
                return super().invoke(ctx)
        except click.UsageError as error:
            if not ctx.meta[_JSON]:
                raise
            fields = {"family": "usage", "message": error.format_message()}
            click.echo(json.dumps({"error": {**fields, "clause": "", "where": ""}}))
            ctx.exit(error.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        del ctx
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        del ctx
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        with _no_garbage():
            command: click.Command = getattr(import_module(module), name)
        return command


def _must_be_text(given: tuple[str, ...]) -> None:
    """Raises: UsageError: octets that are no text: neither database nor record could keep it."""
    for one in given:
        try:
            one.encode()
        except UnicodeEncodeError as error:
            raise click.UsageError(f"{one!r:.80}: is not UTF-8, must be") from error


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Inside, none is looked for: what is loaded stays, and a tenth of the time went into looking."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
