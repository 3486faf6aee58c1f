"""The command line. Results on standard output, the story on standard error, errors as exit codes.

Commands are imported when they are run, so that `smki --help` and short commands start at once.
"""

from typing import Final

import click

from smki import VERSION
from smki.interfaces.cli.lazy import LazyGroup

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
    "recovery": "smki.interfaces.cli.recovery:recovery",
    "plan": "smki.interfaces.cli.plan:plan",
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
    "keeper": "smki.interfaces.cli.keeping:keeper",
}


@click.group(
    cls=LazyGroup,
    places=_COMMANDS,
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
