"""`smki ceremony`: the group; each command is imported when it is asked for."""

from importlib import import_module
from typing import Final

import click

_PLACES: Final = {
    "credential": "ceremony_papers",
    "custodian": "ceremony_custody",
    "finish": "ceremony_running",
    "list": "ceremony_telling:list_scripts",
    "lists": "ceremony_running",
    "lodge": "ceremony_running",
    "requests": "ceremony_succeeding",
    "run": "ceremony_running",
    "share": "ceremony_custody",
    "show": "ceremony_telling",
    "sign": "ceremony_papers",
    "take": "ceremony_succeeding",
    "verify": "ceremony_telling",
}


class _Commands(click.Group):
    """Its commands, by the modules that hold them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        del ctx
        return sorted(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        del ctx
        module, _, name = _PLACES.get(cmd_name, "").partition(":")
        if not module:
            return None
        found: click.Command = getattr(
            import_module(f"smki.interfaces.cli.{module}"), name or cmd_name
        )
        return found


@click.group(
    cls=_Commands, short_help="Ceremonies with custodians: roots, recovery and contingency keys."
)
def ceremony() -> None:
    """Root, recovery and contingency keys: made, used, renewed and destroyed by custodians."""
