"""`smki gbcs key`: keys of remote parties in the store that is configured for messages.

Made in files or in a token, and used there; a certificate is asked for as for any other key.
"""

import os
from hashlib import sha256

import click

from smki.adapters.gbcs_store import request_by
from smki.bootstrap import load_settings
from smki.bootstrap.message_keys import message_keys
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.interfaces.cli.roles import read_role
from smki.messages import KeyUse
from smki.terms import EUI64, Malformed
from smki.wire.encodings import write_pem


@click.group(cls=WholeSentences, short_help="Keys of remote parties, in files or in a token.")
def key() -> None:
    """Keys of remote parties, in the SMKI's store of keys for messages: files or a token."""


@key.command("make")
@click.argument("entity", metavar="EUI64")
@click.option("--role", required=True, metavar="ROLE", help="Remote party role, as csr does.")
@click.option(
    "--usage",
    required=True,
    type=click.Choice([use.value for use in KeyUse]),
    help="Signing, key agreement, or that for prepayment top-ups.",
)
@click.option("--out", required=True, metavar="FILE", help="The request, PEM; - for stdout.")
@json_option
def make_key(*, entity: str, role: str, usage: str, out: str, as_json: bool) -> None:
    """Make a key in the store, and the CSR for an organisation certificate that it signed.

    The private key never leaves the store. An earlier key of the same party and usage stays, to
    read older messages; from now on the new one is used.
    """
    with reporting(as_json=as_json):
        identity, held, use = EUI64.parse(entity), read_role(role), KeyUse(usage)
        if held is None:
            raise Malformed(
                f"role {role!r}: has no organisation certificates, must be one of the trust"
                " anchors",
                where="--role",
                clause="gbcs:4.3.2.2",
            )
        with output_file(out) as write:
            made = message_keys(load_settings(os.environ), os.environ).made(identity, use)
            write(write_pem(request_by(made, identity, held, use)))
    if out != "-":
        emit(
            {"entity": identity.digits, "usage": usage, "request": out},
            (
                f"a {usage.upper()} key of {identity} is in the store, its request in {out}",
                f"next: 'smki registration organisation {out} --party NAME --out CERT'",
            ),
            as_json=as_json,
        )


@key.command("list")
@json_option
def list_keys(*, as_json: bool) -> None:
    """List whose keys are in the store, and for what: fingerprints of public keys, newest first."""
    with reporting(as_json=as_json):
        stored = message_keys(load_settings(os.environ), os.environ)
        held = [
            (entity, use, [sha256(one.point).hexdigest() for one in stored.points(entity, use)])
            for entity, use in dict.fromkeys(stored.entities())
        ]
    emit(
        {
            "keys": [
                {"entity": entity.digits, "usage": use.value, "public_keys_sha256": prints}
                for entity, use, prints in held
            ]
        },
        [
            f"{entity.digits}-{use.value:<5}  {', '.join(one[:16] for one in prints)}"
            for entity, use, prints in held
        ]
        or ["no keys"],
        as_json=as_json,
    )
