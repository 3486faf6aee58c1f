"""`smki recovery cancel`: what waits on devices in a party's name is taken back."""

import os
from typing import Final

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.recovery_devices import devices_option, listed_devices
from smki.interfaces.cli.roles import role_words
from smki.interfaces.recovery_cancelling import cancel_for
from smki.terms import RemotePartyRole

_ROLES: Final = role_words(
    (
        RemotePartyRole.SUPPLIER,
        RemotePartyRole.NETWORK_OPERATOR,
        RemotePartyRole.TRANSITIONAL_COS,
        RemotePartyRole.WAN_PROVIDER,
    )
)


@click.command("cancel")
@click.option("--role", required=True, type=click.Choice(sorted(_ROLES)), help="In whose name.")
@devices_option
@json_option
def cancel(role: str, devices: str | None, *, as_json: bool) -> None:
    """Take back what waits on devices in a party's name, by the key that it has now.

    For after its key was lost and replaced: whoever had it may have scheduled what runs long
    afterwards. Does no harm where nothing waits. Exit code 3 if a device did not answer.
    """
    with reporting(as_json=as_json):
        meant = listed_devices(devices)
        done = cancel_for(load_settings(os.environ), _ROLES[role], meant)
    emit(
        {
            "role": role,
            "modes": [
                {"mode": int(one.mode), "asked": one.asked, "answered": one.answered}
                for one in done
            ],
        },
        [
            f"mode {int(one.mode)}: {one.answered:,} of {one.asked:,} devices took back what waited"
            for one in done
        ],
        as_json=as_json,
    )
    if any(one.answered < one.asked for one in done):
        click.get_current_context().exit(3)
