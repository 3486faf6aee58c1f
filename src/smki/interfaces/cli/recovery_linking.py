"""`smki recovery link`: the old root's word for a new root, which a root update brings to devices."""

import os

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.recovery_linking import root_linked, root_to_sign

_MOST = 64 << 10  # octets of a certificate


@click.command("link")
@click.option("--signed", metavar="FILE", help="What was to be signed, and is.")
@click.option("--signature", metavar="FILE", help="By the old root's key, of its ceremony.")
@click.option("--out", required=True, metavar="FILE", help="What is made, DER; a new file.")
@json_option
def link(*, signed: str | None, signature: str | None, out: str, as_json: bool) -> None:
    """Make what the root before is to sign, so that devices believe the root in force now.

    The old root's key signs it in a ceremony 'activation'. With --signed and --signature the link is
    made of it: a certificate, for 'smki recovery begin --method root-update'.
    """
    if (signed is None) is not (signature is None):
        raise click.UsageError("--signed and --signature: both, or neither")
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        if signed is None or signature is None:
            octets = root_to_sign(settings)
            what, then = "to be signed", f"smki ceremony run activation --sign {out}"
        else:
            both = (read_input(one, limit=_MOST) for one in (signed, signature))
            octets = root_linked(settings, *both)
            what, then = "link", f"smki recovery begin NAME --method root-update --link {out}"
        with output_file(out) as write:
            write(octets)
    emit({"out": out, "made": what}, (f"{out}: {what}", f"next: '{then} ...'"), as_json=as_json)
