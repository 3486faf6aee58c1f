"""`smki recovery`: when a key is lost. The group alone; each command is in a module of its own."""

from typing import Final

import click

from smki.interfaces.cli.lazy import LazyGroup

_COMMANDS: Final[dict[str, str]] = {
    "abort": "smki.interfaces.cli.recovery_campaigns:abort",
    "activate": "smki.interfaces.cli.recovery_activating:activate",
    "begin": "smki.interfaces.cli.recovery_beginning:begin_recovery",
    "cancel": "smki.interfaces.cli.recovery_cancelling:cancel",
    "carry": "smki.interfaces.cli.recovery_carry:carry_campaign",
    "checklist": "smki.interfaces.cli.recovery_deciding:checklist",
    "conclude": "smki.interfaces.cli.recovery_concluding:conclude_recovery",
    "correct": "smki.interfaces.cli.recovery_corrections:correct",
    "hand-back": "smki.interfaces.cli.recovery_handing_back:hand_back",
    "incident": "smki.interfaces.cli.recovery_incidents:incident",
    "inspect": "smki.interfaces.cli.recovery_inspecting:inspect",
    "link": "smki.interfaces.cli.recovery_linking:link",
    "list": "smki.interfaces.cli.recovery_campaigns:list_campaigns",
    "lodge": "smki.interfaces.cli.recovery_corrections:lodge",
    "look": "smki.interfaces.cli.recovery_campaigns:look",
    "notice": "smki.interfaces.cli.recovery_notices:notice",
    "notify": "smki.interfaces.cli.recovery_notices:notify",
    "open": "smki.interfaces.cli.recovery_progress_files:open_file",
    "options": "smki.interfaces.cli.recovery_deciding:options",
    "pause": "smki.interfaces.cli.recovery_campaigns:pause",
    "progress": "smki.interfaces.cli.recovery_progress_files:show_progress",
    "progress-file": "smki.interfaces.cli.recovery_progress_files:write_progress",
    "rehearse": "smki.interfaces.cli.recovery_rehearsing:rehearse",
    "residue": "smki.interfaces.cli.recovery_campaigns:name_residue",
    "resume": "smki.interfaces.cli.recovery_campaigns:resume",
    "show": "smki.interfaces.cli.recovery_reports:show",
    "sign-items": "smki.interfaces.cli.recovery_deciding:sign",
    "status": "smki.interfaces.cli.recovery_campaigns:status",
    "update": "smki.interfaces.cli.recovery_updating:update_devices",
    "verify": "smki.interfaces.cli.recovery_reports:verify",
}


@click.group(cls=LazyGroup, places=_COMMANDS)
def recovery() -> None:
    """A key is lost, and devices trust it: recover them."""
