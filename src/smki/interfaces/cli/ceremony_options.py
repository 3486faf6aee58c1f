"""What every ceremony is told: its folder, prepared answers, who takes part; and what is said at its end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import TO_BE_SIGNED

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option("--answers", metavar="FILE", help="JSON object: an answer for each prompt."),
    click.option("--answer", "given", multiple=True, metavar="PROMPT=TEXT", help="One answer."),
    click.option("--quorum", type=int, default=3, show_default=True, help="m: so many open a key."),
    click.option(
        "--of-one-organisation",
        "most",
        type=int,
        default=1,
        show_default=True,
        help="At most so many.",
    ),
    click.option("--custodian", "custodians", multiple=True, metavar="FILE", help="Each of the n."),
    click.option("--operator", nargs=2, metavar="ORGANISATION CERT", help="Who runs it; PEM."),
    click.option(
        "--witness", "witnesses", nargs=2, multiple=True, metavar="ORGANISATION CERT", help="PEM."
    ),
    click.option(
        "--key", "keys", multiple=True, metavar="FILE", help="A key in custody, to be used."
    ),
)


def taking_part(command: _Command) -> _Command:
    """The command takes answers, and who takes part in the ceremony."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def closed(octets: bytes, folder: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is said of a ceremony that is closed, and to be signed."""
    digest = fingerprint(octets)
    place = str(Path(folder) / TO_BE_SIGNED)
    lines = (
        "the ceremony is closed; nothing was left out",
        f"to be signed by operator and witnesses: {place}",
        f"  SHA-256 {aloud(digest)}",
        f"next: 'smki ceremony sign {place} ...' by each, then 'smki ceremony finish --state {folder}'",
    )
    return {"state": folder, "to_be_signed": place, "sha256": digest}, lines
