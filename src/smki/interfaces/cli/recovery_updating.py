"""`smki recovery update`: one further ordinary update on recovered devices, before the report."""

import os
from typing import Final

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.recovery_devices import devices_option, devices_told, listed_devices
from smki.interfaces.cli.roles import role_words
from smki.interfaces.recovery_updating import ROLES, begin_update

_ROLES: Final = role_words(ROLES)


@click.command("update")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(sorted(_ROLES)),
    default="supplier",
    show_default=True,
    help="Whose certificates are updated; each role is a campaign.",
)
@devices_option
@json_option
def update_devices(name: str, *, role: str, devices: str | None, as_json: bool) -> None:
    """Begin one further ordinary update on the devices that recovery NAME recovered.

    It shows that they can be used: a party replaces its own certificates, which must have been issued
    since ('smki renew'), by its own key. No part of the recovery, by no decision, and told apart in
    its report: before 'smki recovery conclude'. Nothing is commanded yet.
    """
    with reporting(as_json=as_json):
        meant = listed_devices(devices)
        carried, count = begin_update(load_settings(os.environ), name, _ROLES[role], meant)
    emit(
        {"name": carried.name, "state": carried.state.value, "devices": count},
        [
            f"campaign {carried.name}: {devices_told(count)}, to be updated",
            f"next: 'smki recovery carry {carried.name}'",
        ],
        as_json=as_json,
    )
