"""`smki recovery hand-back`: after method 2, devices go back to their subscriber."""

import os

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.cli.recovery_devices import devices_told
from smki.interfaces.recovery_handing_back import begin_hand_back


@click.command("hand-back")
@click.argument("name")
@json_option
def hand_back(name: str, *, as_json: bool) -> None:
    """Begin to hand back the devices that campaign NAME of method 2 gave to the broker.

    The subscriber must have new certificates; the access control broker puts them into its cells,
    by its own keys, under the same decision. Nothing is commanded yet.
    """
    with reporting(as_json=as_json):
        carried, count = begin_hand_back(load_settings(os.environ), os.environ, name, tell)
    emit(
        {"name": carried.name, "state": carried.state.value, "devices": count},
        [
            f"campaign {carried.name}: {devices_told(count)}, to be handed back",
            f"next: 'smki recovery carry {carried.name}'",
        ],
        as_json=as_json,
    )
