"""The command line. Results on standard output, the story on standard error, errors as exit codes.

Commands are imported when they are run, so that `smki --help` and short commands start at once.
"""

import json
from importlib import import_module
from typing import Final

import click

from smki import VERSION

_JSON: Final = "smki.json"
_COMMANDS: Final = {
    "batch": "smki.interfaces.cli.requests:batch",
    "bench": "smki.interfaces.cli.bench:bench",
    "ceremony": "smki.interfaces.cli.ceremony:ceremony",
    "certificate": "smki.interfaces.cli.certificate:certificate",
    "clause": "smki.interfaces.cli.clause:clause",
    "csr": "smki.interfaces.cli.requests:csr",
    "document": "smki.interfaces.cli.document:document",
    "estate": "smki.interfaces.cli.estate:estate",
    "gbcs": "smki.interfaces.cli.gbcs:gbcs",
    "governance": "smki.interfaces.cli.governance:governance",
    "init": "smki.interfaces.cli.house:init",
    "mirror": "smki.interfaces.cli.mirror:mirror",
    "party": "smki.interfaces.cli.party:party",
    "registration": "smki.interfaces.cli.registration:registration",
    "renew": "smki.interfaces.cli.renewing:renew",
    "repository": "smki.interfaces.cli.repository:repository",
    "run": "smki.interfaces.cli.running:run",
    "serve": "smki.interfaces.cli.running:serve",
    "status": "smki.interfaces.cli.house:status",
    "submit": "smki.interfaces.cli.submit:submit",
    "user": "smki.interfaces.cli.users:user",
    "transcript": "smki.interfaces.cli.transcript:transcript",
    "witness": "smki.interfaces.cli.witness:witness",
    "worker": "smki.interfaces.cli.working:worker",
    "keeper": "smki.interfaces.cli.working:keeper",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for.

    Who asked for `--json` is told a wrong use in JSON too.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left for the command; whether it is to answer in JSON is noted."""
        ctx.meta[_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """What the command returns; a wrong use ends with exit code 2.

        Raises:
            UsageError: it was wrongly used, and `--json` not asked for.
        """
        try:
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
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        del ctx
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="smki")
def main() -> None:
    """An open, complete Smart Metering Key Infrastructure.

    Begin with 'smki run'. Everything is in the state directory, which SMKI_STATE names (var if it
    does not); the configuration is smki.toml in it, or variables, as SMKI_HTTPS_PORT.

    Exit codes: 0 done; 1 refused, or verification failed; 2 usage; 3 something that is needed is
    away, try again; 4 the house disagrees with itself, stop.
    """
