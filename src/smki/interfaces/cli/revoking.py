"""`smki registration revoke-organisation`: an officer asks in signed words, at a desk of their own."""

import os
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.revoking import revocation_statement
from smki.flows.statements import said
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.operations import perform
from smki.merkle.canonical import encode_json
from smki.policy.revocation import REVOCATION_ROWS, Circumstance
from smki.terms import SerialNumber


@click.command("revoke-organisation")
@click.argument("serial")
@click.option(
    "--circumstance",
    required=True,
    type=click.Choice([one.value for one in Circumstance]),
    help="Why; 'smki registration circumstances' shows who may ask for what.",
)
@click.option("--decision", default="", metavar="ID", help="The recorded decision it rests on.")
@certificate_option
@key_option
@json_option
def revoke_organisation(serial: str, *, as_json: bool, **options: str) -> None:
    """Revoke an organisation certificate: the list that names it is out at once.

    CERT and KEY are those of an officer of its subscriber, or of whoever else may ask; the signed
    request is lodged. A subscriber that finds its certificate wrong rejects it by this. Cannot be
    undone.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        with open_front(settings) as front:
            asked = revocation_statement(
                front,
                SerialNumber.parse(serial),
                Circumstance(options["circumstance"]),
                options["decision"],
            )
        signature = detached(encode_json(asked), options["certificate"], options["key"])
        result: dict[str, Any] = perform(
            settings, os.environ, "revoke-organisation", {"asked": said(asked, signature)}
        )
    lines = (
        f"{result['serial']} is revoked, on CRL {result['crl_number']} of issuing-oca",
        f"the request is entry {result['entry']} of the record",
        "next: 'smki repository audit'",
    )
    emit(result, lines, as_json=as_json)


@click.command
@json_option
def circumstances(*, as_json: bool) -> None:
    """Show in which circumstances an organisation certificate is revoked, and who may ask."""
    rows = [
        {
            "circumstance": row.circumstance.value,
            "askers": sorted(one.value for one in row.askers),
            "decision": row.decision,
            "waits": row.waits,
            "clause": row.clause,
        }
        for row in REVOCATION_ROWS
    ]
    lines = [
        f"{row.circumstance.value:18} {' or '.join(sorted(one.value for one in row.askers))}"
        f"{', under a decision' if row.decision else ''}"
        f"{', unless withheld' if row.waits else ''}  {row.clause}"
        for row in REVOCATION_ROWS
    ]
    emit({"circumstances": rows}, lines, as_json=as_json)
