"""Devices as commands of recoveries take them, a file of EUI-64, one a line; and how many are told."""

from typing import Final

import click

from smki.interfaces.cli.output import read_input
from smki.terms import EUI64, Malformed

_LIST_MOST: Final = 64 << 20  # three million devices, a line each

devices_option = click.option("--devices", metavar="FILE", help="These EUI-64 alone, one a line.")


def listed_devices(path: str | None) -> frozenset[EUI64] | None:
    """The devices of the file; None if none is named.

    Raises:
        Malformed: a line is no EUI-64, or there is none.
        Unavailable: it cannot be read.
    """
    if path is None:
        return None
    lines = read_input(path, limit=_LIST_MOST).decode("utf-8-sig", errors="replace").split()
    if not lines:
        raise Malformed("devices: none is listed, must be one at least", where="--devices")
    return frozenset(map(EUI64.parse, lines))


def devices_told(count: int) -> str:
    """So many devices, in words."""
    return f"{count:,} device" if count == 1 else f"{count:,} devices"
