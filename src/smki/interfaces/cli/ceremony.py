"""`smki ceremony`: the group; each command is imported when it is asked for."""

from typing import Final

import click

from smki.interfaces.cli.lazy import LazyGroup

_COMMANDS: Final[dict[str, str]] = {
    "credential": "smki.interfaces.cli.ceremony_papers:credential",
    "custodian": "smki.interfaces.cli.ceremony_custody:custodian",
    "finish": "smki.interfaces.cli.ceremony_running:finish",
    "list": "smki.interfaces.cli.ceremony_telling:list_scripts",
    "lists": "smki.interfaces.cli.ceremony_running:lists",
    "lodge": "smki.interfaces.cli.ceremony_running:lodge",
    "requests": "smki.interfaces.cli.ceremony_succeeding:requests",
    "run": "smki.interfaces.cli.ceremony_running:run",
    "share": "smki.interfaces.cli.ceremony_custody:share",
    "show": "smki.interfaces.cli.ceremony_telling:show",
    "sign": "smki.interfaces.cli.ceremony_papers:sign",
    "take": "smki.interfaces.cli.ceremony_succeeding:take",
    "verify": "smki.interfaces.cli.ceremony_telling:verify",
}


@click.group(
    cls=LazyGroup,
    places=_COMMANDS,
    short_help="Ceremonies with custodians: roots, recovery and contingency keys.",
)
def ceremony() -> None:
    """Root, recovery and contingency keys: made, used, renewed and destroyed by custodians."""
